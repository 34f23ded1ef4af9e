"""Start at login for one user, the way each system does it, and the guard that starts a program anew that died."""

from service.autostart.launch import Launch, launch_of
from service.autostart.way import AutostartFailed, State, Way
from service.autostart.ways import NoSuchWay, disable, enable, find_state, states, ways

__all__ = [
    "AutostartFailed",
    "Launch",
    "NoSuchWay",
    "State",
    "Way",
    "disable",
    "enable",
    "find_state",
    "launch_of",
    "states",
    "ways",
]
