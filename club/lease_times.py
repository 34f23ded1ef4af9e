"""How long a lease lives, how long its holder works, and by which clock."""

import time
from collections.abc import Callable
from datetime import timedelta

import attrs


def boot_clock() -> float:
    """Return seconds since start that go on while the PC sleeps: a lease does not wait for a lid to be opened."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)  # Linux; elsewhere monotonic() counts sleep (GetTickCount64)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


@attrs.frozen
class Times:
    """How long a lease lives without a renewal, how long before that its holder stops by itself, and by which clock.

    `margin` must exceed the longest database call. `stagger` is how much longer each standby waits than the one before
    it. `clock` gives seconds that never go back and count sleep.
    """

    ttl: timedelta = timedelta(seconds=30)
    margin: timedelta = timedelta(seconds=10)
    stagger: timedelta = timedelta(seconds=3)
    clock: Callable[[], float] = boot_clock

    def __attrs_post_init__(self) -> None:
        if not timedelta(0) <= self.margin < self.ttl:
            raise ValueError(f"the margin {self.margin} of a lease must be shorter than its time to live {self.ttl}")
