"""One serial port at a time, found by its name, opened for us alone: what every operation with a device shares."""

from actors.serial_port.opening import LineMode, NotOpened
from actors.serial_port.port import Interrupted, Port, PortLost, open_port

__all__ = ["Interrupted", "LineMode", "NotOpened", "Port", "PortLost", "open_port"]
