"""One sensor's post: where its actor leaves what the sensor says, and where others read how it is."""

import threading
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from actors.fmi.counter import Counter, News, Shown, Unsaved
from actors.fmi.counting import CountingSettings, Finding, Reset
from actors.fmi.drivers.driver import Passages
from club.attendance_records import SensorRecord
from config.sentence import Sentence

_UNATTENDED_SECONDS: Final = 2.5
"""An actor that reads, or tries to open its port, comes by more often than that."""
_OPENING_SECONDS: Final = 15.0
"""So long a try to open a port on the network may take: until then it is as far as it was."""
_SHORTEST_RESET_SECONDS: Final = 1.0
_NOISY: Final = 0.2
"""When more than a fifth of a minute's reads had noise in them, people should look at the cable."""
_LEAST_READS: Final = 50


class SensorState(StrEnum):
    """How a sensor is; the values are those of `status` and of the database."""

    STARTING = "starting"
    COUNTING = "counting"
    SILENT = "silent"
    AWAY = "away"
    UNATTENDED = "unattended"
    STOPPED = "stopped"


_UNATTENDED: Final = Sentence.of("nobody reads this sensor now: its actor is being restarted, or was stopped")
_STARTING: Final = Sentence.of("nothing was heard from the sensor yet")
_SILENT: Final = Sentence.of("the sensor says nothing any more, though its port is there: is it switched on")


@attrs.frozen
class Traits:
    """What an open driver says of its kind of sensor; seconds."""

    silence_seconds: float | None
    forgets_when_unplugged: bool
    words_are_checked: bool
    largest_step: int = 500
    counts_events: bool = False
    """Whether it tells of each passage alone, so that what nobody hears is lost."""


@attrs.frozen
class Look:
    """How a sensor is at one moment, and what the database does not have of it yet."""

    state: SensorState
    reason: Sentence | None
    news: News
    finding: Finding | None
    remark: Sentence | None
    """What people should know of it though it counts."""
    since_at: datetime | None
    """Since when it has counted without interruption."""

    @property
    def known(self) -> bool:
        """Whether nobody can pass unseen now."""
        return self.state is SensorState.COUNTING


class SensorPost:
    """Where one sensor's actor leaves what the sensor says; `look` may be called by any other thread.

    `told` is called, by the actor's thread, when there is something that should be written soon. `counter` knows what
    the database has once `begin` was called.
    """

    def __init__(
        self,
        unsaved: Unsaved | None,
        told: Callable[[bool], None],
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._lock = threading.Lock()
        self._counter = Counter(unsaved, now)
        self._told = told
        self._now = now
        self._monotonic = monotonic
        self._traits: Traits | None = None
        self._reason: Sentence | None = None
        self._came_by: float | None = None
        self._heard: float | None = None
        self._was_unplugged = False
        self._has_power_gap = False
        self._blind_since: float | None = None
        self._record: SensorRecord | None = None
        self._longest_gap = 0.0
        self._known_since: datetime | None = None
        self._reads = self._noisy_reads = 0
        self._noise: Sentence | None = None
        self._noise_at = float("-inf")
        self.forbid = False
        """Whether entries are to be forbidden; the writer of the zones decides, the sensor's actor obeys."""

    # -- the sensor's actor ------------------------------------------------------------------------------------------

    def come_by(self) -> None:
        """Note that the actor is at work, whatever the sensor does."""
        self._came_by = self._monotonic()

    def opened(self, traits: Traits) -> None:
        """Note that the port is open."""
        with self._lock:
            self._counter.settings = CountingSettings(traits.largest_step, traits.words_are_checked)
            if self._was_unplugged and traits.forgets_when_unplugged:
                self._counter.stand_at_zero()
                self._has_power_gap = True
            self._go_blind()  # an actor that crashed had no time to say so
            self._was_unplugged = False
            self._traits = traits
            self._reason = None
            if traits.silence_seconds is None:
                self._heard = self._monotonic()
                self._see_again(self._heard)
        self.come_by()
        self._told(False)

    def away(self, reason: Sentence, *, is_unplugged: bool) -> None:
        """Note that the port is not there, or cannot be had; `is_unplugged`: what it powers has lost its power."""
        with self._lock:
            is_news = self._traits is not None or self._reason != reason
            self._go_blind()
            self._was_unplugged = self._was_unplugged or is_unplugged
            self._traits = None
            self._reason = reason
        self.come_by()
        if is_news:
            self._told(False)

    def heard(self) -> None:
        """Note a sign of life."""
        now = self._monotonic()
        self._came_by = now
        with self._lock:
            was = self._heard
            self._heard = now
            self._longest_gap = max(self._longest_gap, 0.0 if was is None else now - was)
            is_back = was is None or self._is_over(was, now)
            if is_back:
                if was is not None and self._blind_since is None:
                    self._blind_since = was
                self._see_again(now)
        if is_back:
            self._told(False)

    def see(self, seen: Shown) -> Finding | None:
        """Take a word of the sensor; return what was found besides passages."""
        self.heard()
        with self._lock:
            changes = self._counter.changes
            finding = self._counter.see(seen)
            is_news = finding is not None or self._counter.changes != changes or isinstance(seen, Passages)
            if isinstance(finding, Reset):
                self._counter.miss(max(_SHORTEST_RESET_SECONDS, self._longest_gap))
            self._longest_gap = 0.0
        if is_news:
            self._told(isinstance(seen, Passages))
        return finding

    def read(self, noise: Sentence | None) -> None:
        """Note that something was read, and the noise in it."""
        self._reads += 1
        if noise is not None:
            self._noisy_reads += 1
            self._noise = noise
            self._noise_at = self._monotonic()
        if self._reads >= 4 * _LEAST_READS:
            self._reads //= 2
            self._noisy_reads //= 2

    def left(self) -> None:
        """Note that the actor has stopped: from now on nobody reads the sensor."""
        with self._lock:
            self._go_blind()
            self._traits = None
            self._came_by = None
        self._told(False)

    @property
    def is_left(self) -> bool:
        """Whether no actor reads the sensor, because it has stopped in order."""
        return self._came_by is None

    # -- the writer --------------------------------------------------------------------------------------------------

    def begin(self, record: SensorRecord | None) -> None:
        """Tell what the database has of the sensor."""
        with self._lock:
            self._record = record
            self._counter.begin(record)
            if self._heard is not None:
                self._reckon_with_the_unseen(self._monotonic())

    def look(self) -> Look:
        """Return how the sensor is now."""
        with self._lock:
            state, reason = self._state(self._monotonic())
            since_at = self._known_since if state is SensorState.COUNTING else None
            return Look(state, reason, self._counter.news(), self._counter.finding, self._remark(), since_at)

    def saved(self, news: News) -> None:
        """Forget what the database has now."""
        with self._lock:
            self._counter.saved(news)

    def unsaved(self) -> Unsaved | None:
        """Return what has to outlive the program while the database does not take it."""
        with self._lock:
            return self._counter.unsaved()

    # -- inside, under the lock --------------------------------------------------------------------------------------

    def _state(self, now: float) -> tuple[SensorState, Sentence | None]:
        idle = None if self._came_by is None else now - self._came_by
        if idle is not None and idle <= _OPENING_SECONDS and self._traits is None and self._reason is not None:
            return SensorState.AWAY, self._reason
        if idle is None or idle > _UNATTENDED_SECONDS:
            return SensorState.UNATTENDED, _UNATTENDED
        if self._traits is None or self._heard is None:
            return SensorState.STARTING, self._noise or _STARTING
        if self._is_over(self._heard, now):
            is_noisy = now - self._noise_at < _UNATTENDED_SECONDS
            return SensorState.SILENT, self._noise if is_noisy else _SILENT
        return SensorState.COUNTING, None

    def _is_over(self, heard: float, now: float) -> bool:
        silence = None if self._traits is None else self._traits.silence_seconds
        return silence is not None and now - heard > silence

    def _go_blind(self) -> None:
        if self._blind_since is None and self._traits is not None:
            self._blind_since = self._heard if self._traits.silence_seconds is not None else self._came_by
        self._heard = None

    def _see_again(self, now: float) -> None:
        self._known_since = self._counter.heard_since_at = self._now()
        if self._counter.has_begun:
            self._reckon_with_the_unseen(now)

    def _reckon_with_the_unseen(self, now: float) -> None:
        """Reckon with who may have passed unseen: of a device that counted on meanwhile its next word tells."""
        blind_since, self._blind_since = self._blind_since, None
        if self._has_power_gap or (self._traits is not None and self._traits.counts_events):
            if blind_since is not None:
                self._counter.miss(now - blind_since)
            elif self._record is not None and self._record.seen_at is not None and self._known_since is not None:
                self._counter.miss((self._known_since - self._record.seen_at).total_seconds())
        self._has_power_gap = False
        self._record = None

    def _remark(self) -> Sentence | None:
        if self._reads >= _LEAST_READS and self._noisy_reads > _NOISY * self._reads:
            return self._noise
        return None
