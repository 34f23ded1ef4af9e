"""When a child is taken for hung, and when the next one is started: pure decisions on monotonic seconds."""

from typing import Final

import attrs


@attrs.frozen(slots=True)
class Pace:
    """How often the child is asked for a sign of life, how long it may owe one, and how fast it comes back.

    The greatest pause between two children is well below the half minute in which the icon must be back.
    """

    beat_seconds: float = 5.0
    hung_after_seconds: float = 10.0
    start_seconds: float = 20.0
    shortest_seconds: float = 0.2
    longest_seconds: float = 15.0
    stable_seconds: float = 3.0
    look_seconds: float = 0.1


PACE: Final = Pace()


@attrs.frozen(slots=True)
class Lifeline:
    """One child's life as its keeper sees it: when it began, when it came up, since when it owes an answer."""

    started_at: float
    up_at: float | None = None
    asked_at: float | None = None

    def is_hung(self, now: float, pace: Pace) -> bool:
        """Whether it owes a sign of life for too long."""
        if self.up_at is None:
            return now - self.started_at > pace.start_seconds
        return self.asked_at is not None and now - self.asked_at > pace.hung_after_seconds

    def was_stable(self, now: float, pace: Pace) -> bool:
        """Whether it worked long enough that its end says nothing about the next one."""
        return self.up_at is not None and now - self.up_at >= pace.stable_seconds


def next_pause(pause: float, pace: Pace, *, was_stable: bool) -> float:
    """Return how long to wait before the next child: twice as long after each that did not get on its feet."""
    if was_stable or pause == 0:
        return pace.shortest_seconds
    return min(pace.longest_seconds, pause * 2)
