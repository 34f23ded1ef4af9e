"""How long to wait before the next attempt: exponential, capped, spread. Pure."""

import math
from collections.abc import Callable

import attrs

from config.sentence import Sentence
from supervisor.checks import at_least, finite, positive, refuse, unless_none


@attrs.frozen(slots=True)
class Backoff:
    """The delays before restarts: `min_seconds` times `factor` to the power of the attempts, never over `max_seconds`.

    `jitter` (0 to 1) takes up to that part off a delay at random, so that children which fell together do not rise
    together, and so that no delay is ever over the cap. After a run of `reset_after_seconds` (None: half-way between
    min and max, as in Pekko) a failure counts as the first again. `Backoff(0, 0)` restarts at once.
    """

    min_seconds: float = attrs.field(default=0.5, validator=[finite, at_least(0)])
    max_seconds: float = attrs.field(default=60.0, validator=[finite, at_least(0)])
    factor: float = attrs.field(default=2.0, validator=[finite, at_least(1)])
    jitter: float = attrs.field(default=0.2, validator=[finite, at_least(0)])
    reset_after_seconds: float | None = attrs.field(default=None, validator=unless_none(finite, at_least(0)))

    def __attrs_post_init__(self) -> None:
        if self.min_seconds > self.max_seconds:
            raise refuse(
                self,
                "min_seconds",
                Sentence.of("{least} is over max_seconds {most}", least=self.min_seconds, most=self.max_seconds),
            )
        if self.jitter > 1:
            raise refuse(self, "jitter", Sentence.of("must be at most 1, not {value}", value=self.jitter))

    def full_delay(self, attempts: int) -> float:
        """Return the delay in seconds after `attempts` earlier failures in a row, before jitter.

        Computed with logarithms, which do not overflow: attempt 10**9 waits `max_seconds`, no more.
        """
        if self.min_seconds == 0 or attempts <= 0:
            return self.min_seconds
        power = math.log(self.min_seconds) + attempts * math.log(self.factor)
        if power >= math.log(self.max_seconds):
            return self.max_seconds
        return min(math.exp(power), self.max_seconds)

    def shortest_delay(self, attempts: int) -> float:
        """Return the shortest delay that the jitter can give."""
        return self.full_delay(attempts) * (1 - self.jitter)

    def delay(self, attempts: int, random: Callable[[], float]) -> float:
        """Return the delay in seconds, jitter included; `random` gives numbers from 0 up to, not including, 1."""
        return self.full_delay(attempts) * (1 - self.jitter * random())

    @property
    def reset_seconds(self) -> float:
        """How long a run must be to be a good one."""
        if self.reset_after_seconds is not None:
            return self.reset_after_seconds
        return (self.min_seconds + self.max_seconds) / 2


@attrs.frozen(slots=True)
class Escalate:
    """Too many restarts end the supervisor, abnormally, and its own parent decides (OTP)."""


@attrs.frozen(slots=True)
class Park:
    """Too many restarts set the child aside as FAILED; it is tried again every `cool_down_seconds`, for ever."""

    cool_down_seconds: float = attrs.field(default=60.0, validator=[finite, positive])
