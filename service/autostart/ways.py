"""The ways of starting at login that a system has, the one that is taken when nobody names one, and that it is one."""

import sys
from collections.abc import Mapping
from pathlib import Path

from config.sentence import SentenceError
from service.autostart.launch import Launch
from service.autostart.launch_agent import LaunchAgent
from service.autostart.run_key import RunKey
from service.autostart.systemd import SystemdUnit
from service.autostart.task import ScheduledTask
from service.autostart.way import AutostartFailed, State, Way
from service.autostart.windows_calls import ThisWindows
from service.autostart.xdg import XdgEntry
from service.exit_codes import Exit


class NoSuchWay(SentenceError):  # noqa: N818 - what the reader sees
    """A way that this system does not have."""

    exit_code = Exit.USAGE


def ways(environment: Mapping[str, str], system: str = sys.platform, home: Path | None = None) -> tuple[Way, ...]:
    """Return the ways of this system, the one that is taken by default first."""
    folder = Path.home() if home is None else home
    if system == "win32":
        windows = ThisWindows()
        return (ScheduledTask(windows), RunKey(windows))
    if system == "darwin":
        return (LaunchAgent(folder),)
    return (XdgEntry(environment, folder), SystemdUnit(environment, folder))


def enable(choices: tuple[Way, ...], launch: Launch, how: str | None = None) -> State:
    """Set up one way, take the others back, and return how it stands.

    Without a desktop the entry of a desktop would start nothing: then the manager of the user is taken by default.
    Raises `NoSuchWay` and `AutostartFailed`.
    """
    way = _chosen(choices, launch, how)
    way.enable(launch)
    for other in choices:
        if other is not way:
            other.disable()
    return way.state()


def disable(choices: tuple[Way, ...]) -> tuple[str, ...]:
    """Take every way back and return the names of those that were set up. Raises `AutostartFailed`."""
    return tuple(way.name for way in choices if way.disable())


def states(choices: tuple[Way, ...]) -> tuple[State, ...]:
    """Return how each way stands."""
    return tuple(way.state() for way in choices)


def find_state(choices: tuple[Way, ...]) -> State:
    """Return the way that counts: the one that is set up, else one that was and is kept from it, else the default."""
    found = states(choices)
    for state in (*(each for each in found if each.is_enabled), *(each for each in found if each.problem is not None)):
        return state
    return found[0]


def _chosen(choices: tuple[Way, ...], launch: Launch, how: str | None) -> Way:
    by_name = {way.name: way for way in choices}
    if how is not None:
        if how not in by_name:
            raise NoSuchWay(
                "this system has no start at login by {how}: there is {names}", how=how, names=", ".join(by_name)
            )
        return by_name[how]
    if launch.is_headless and "systemd" in by_name:
        return by_name["systemd"]
    usable = [way for way in choices if way.is_usable()]
    if not usable:
        raise AutostartFailed("this system has no way of starting a program at login that is known here")
    return usable[0]
