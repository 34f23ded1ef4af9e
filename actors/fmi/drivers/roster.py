"""Every driver by its settings: the one place that knows them all."""

import time
from collections.abc import Callable
from typing import Final, assert_never

from actors.fmi.drivers.driver import Driver
from actors.fmi.drivers.line import line
from actors.fmi.drivers.settings import DriverSettings, LineSettings, ModbusSettings, TerabeeSettings, Tpw321Settings
from actors.fmi.drivers.terabee import terabee
from actors.fmi.drivers.tpw321 import Tpw321
from actors.serial_port import Port, open_port

_BITS_PER_BYTE: Final = 10
_LEAST_PER_SECOND: Final = 1000.0


def open_driver(settings: DriverSettings, monotonic: Callable[[], float] = time.monotonic) -> Driver:
    """Return the driver of a sensor on its port, opened for it alone. Raises `actors.serial_port.NotOpened`."""
    return driver_on(open_port(settings.port, settings.mode, most_per_second=pace_of(settings)), settings, monotonic)


def driver_on(port: Port, settings: DriverSettings, monotonic: Callable[[], float] = time.monotonic) -> Driver:
    """Return the driver of a sensor on a port that is open."""
    match settings:
        case TerabeeSettings():
            return terabee(port, settings, monotonic)
        case ModbusSettings():
            from actors.fmi.drivers.modbus import Modbus  # noqa: PLC0415 - pymodbus takes 140 ms, for those who need it

            return Modbus(port, settings, monotonic)
        case Tpw321Settings():
            return Tpw321(port, settings, monotonic)
        case LineSettings():
            return line(port, settings, monotonic)
    assert_never(settings)


def pace_of(settings: DriverSettings) -> float:
    """Return how many bytes in a second are taken at most: twice what the wire can carry at its speed.

    A port on USB or the network has no speed, and a sensor gone mad could keep a processor busy by itself.
    """
    return max(2.0 * settings.baud / _BITS_PER_BYTE, _LEAST_PER_SECOND)
