"""How many restarts are too many: an exact sliding window on monotonic time. Pure."""

from collections import deque

import attrs

from supervisor.checks import at_least, finite, positive, whole


@attrs.frozen(slots=True)
class Intensity:
    """At most `max_restarts` restarts within any `period_seconds`; one more is too many (OTP: intensity, period)."""

    max_restarts: int = attrs.field(default=5, validator=[whole, at_least(0)])
    period_seconds: float = attrs.field(default=60.0, validator=[finite, positive])


class RestartWindow:
    """The restarts of the last period, to the sub-second; OTP's own window counts whole seconds."""

    def __init__(self, intensity: Intensity) -> None:
        self.intensity = intensity
        self._at: deque[float] = deque(maxlen=intensity.max_restarts + 1)

    def add(self, now: float) -> bool:
        """Count a restart at monotonic time `now`; return whether this one is too many.

        A restart exactly one period old does not count any more.
        """
        while self._at and now - self._at[0] >= self.intensity.period_seconds:
            self._at.popleft()
        self._at.append(now)
        return len(self._at) > self.intensity.max_restarts

    def clear(self) -> None:
        """Forget all restarts."""
        self._at.clear()
