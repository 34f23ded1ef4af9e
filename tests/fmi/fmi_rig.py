"""Simulated sensors that can be unplugged, at ports whose names stay: for the tests and benchmarks of attendance."""

import fcntl
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sensor_simulators

from actors.fmi.simulation.play import STEP_SECONDS
from actors.fmi.simulation.sensor import SimulatedSensor


class Cable(sensor_simulators.Cable):
    """The far end of a port, as an outlet of a simulated sensor; what is written to an unplugged one is lost."""

    @property
    def port(self) -> str:
        return str(self.link)

    def write(self, frames: bytes) -> bool:
        with self._lock:
            return self._master >= 0 and self.say(frames) == len(frames)

    @property
    def unread(self) -> int:
        """How many bytes of what was written nobody has read yet; they are lost when the cable is pulled."""
        with self._lock:
            if self._slave < 0:
                return 0
            return int.from_bytes(fcntl.ioctl(self._slave, termios.FIONREAD, bytes(4)), sys.byteorder)

    def fileno(self) -> int:
        """Return the sensor's end, for a process that writes into it."""
        return self._master

    def close(self) -> None:
        self.unplug()


@contextmanager
def living(*sensors: SimulatedSensor) -> Iterator[threading.Event]:
    """Have the sensors give signs of life until the end, or until the event is set."""
    stop = threading.Event()

    def live() -> None:
        while not stop.wait(STEP_SECONDS):
            for sensor in sensors:
                sensor.live()

    thread = threading.Thread(target=live)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join()
