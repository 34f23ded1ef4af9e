"""Clocks that a test steps: libfaketime moves the time of day of a process, and leaves the clocks that only count."""

from pathlib import Path
from typing import Final

from database_servers import Missing

# Not libfaketimeMT: under its lock a station was seen to stand still for good in a reading of the clock, all its
# threads waiting for the one that held the interpreter (libfaketime issue 331 is of that kind).
_LIBRARIES: Final = "lib/*/faketime/libfaketime.so.1"


def library() -> Path:
    """Return libfaketime. Raises Missing."""
    found = next(Path("/usr").glob(_LIBRARIES), None)
    if found is None:
        raise Missing("libfaketime (package faketime) is not installed: sh tools/test-packages names the packages")
    return found


def environment(clock_file: Path) -> dict[str, str]:
    """Return what puts a process under the clock of a file; it looks into it once a second."""
    return {
        "LD_PRELOAD": str(library()),
        "FAKETIME_TIMESTAMP_FILE": str(clock_file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # nor CLOCK_BOOTTIME: a clock that is set does not change what has passed
        "DONT_FAKE_MONOTONIC": "1",
    }


def step(clock_file: Path, seconds: int) -> None:
    """Let the processes under `clock_file` see a time so many seconds beside the true one."""
    clock_file.write_text(f"{seconds:+d}", encoding="ascii")


def sweep() -> None:
    """Remove what libfaketime of killed processes has left in shared memory."""
    for leftover in Path("/dev/shm").glob("*faketime_*_*"):
        pid = leftover.name.rpartition("_")[2]
        if pid.isdecimal() and not Path("/proc", pid).exists():
            leftover.unlink(missing_ok=True)
