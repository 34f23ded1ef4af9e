"""Simulated sensors that can be unplugged, at ports whose names stay: for the tests and benchmarks of attendance."""

import contextlib
import os
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actors.fmi.simulation.play import STEP_SECONDS
from actors.fmi.simulation.sensor import SimulatedSensor


class Cable:
    """A pseudo-terminal under a name of its own, as udev gives a device one; `unplug` takes both away."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._lock = threading.Lock()
        self._ends: tuple[int, int] | None = None
        self.plug()

    @property
    def port(self) -> str:
        return str(self._link)

    def plug(self) -> None:
        with self._lock:
            sensor, line = os.openpty()
            tty.setraw(line)
            os.set_blocking(sensor, False)
            self._ends = (sensor, line)
            fresh = self._link.with_name(self._link.name + ".new")
            fresh.symlink_to(os.ttyname(line))
            fresh.replace(self._link)

    def unplug(self) -> None:
        with self._lock:
            ends, self._ends = self._ends, None
            if ends is not None:
                self._link.unlink(missing_ok=True)
                for descriptor in ends:
                    os.close(descriptor)

    def write(self, frames: bytes) -> None:
        with self._lock, contextlib.suppress(BlockingIOError):
            if self._ends is not None:
                os.write(self._ends[0], frames)

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
