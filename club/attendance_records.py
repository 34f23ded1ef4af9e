"""What the club database holds of attendance, and what one transaction makes of it. No statement, no arithmetic."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, Protocol, TypeAlias

import attrs

Level: TypeAlias = Literal["normal", "notice", "warning", "stop"]
LEVELS: tuple[Level, ...] = ("normal", "notice", "warning", "stop")

CorrectionKind: TypeAlias = Literal["staff", "below_zero", "new_day"]

MOST_PEOPLE: Final = 100_000
"""No zone holds more: a larger number is a slip of the hand."""


@attrs.frozen(order=True)
class SensorKey:
    """A sensor of the club: two stations may each have an `entree`."""

    station: str
    name: str


@attrs.frozen
class Reading:
    """What a sensor has counted since the club has known it, as it stood at an instant: never less than before.

    The same reading twice counts nobody twice: what is new in it is its difference from what the database has.
    `since_at`: when the passages that it adds may have begun, where that is longer ago than the reading before it.
    """

    at: datetime
    entries: int
    exits: int
    since_at: datetime | None = None


@attrs.frozen
class SensorChange:
    """What a station has to say of one of its sensors: its readings since the last word, oldest first, and its state.

    `known`: nobody can pass it unseen now. `blind_seconds`: for how long people may have passed unseen since the last
    word; `strays`: how many people a reading may be wrong by (a jump that was held, a first frame). `memory` is the
    counter's own, which the next reading is compared with; None leaves the one that is there. `state` is a key of the
    sensor's state, `reason` a sentence for people. `since_at`: since when it is known without interruption, also while
    the database was away; None: since it is written so.
    """

    name: str
    zone: str
    known: bool
    readings: Sequence[Reading] = ()
    from_zone: str | None = None
    memory: str | None = attrs.field(default=None, repr=False)
    state: str = "counting"
    reason: str | None = None
    since_at: datetime | None = None
    blind_seconds: float = 0.0
    strays: int = 0


@attrs.frozen
class SensorRecord:
    """A sensor as the database has it; `entries` and `exits` are those of its readings, never those of its device."""

    key: SensorKey
    zone: str
    from_zone: str | None
    known: bool
    state: str
    reason: str | None
    since: datetime | None
    """Since when it is known, or is not."""
    seen_at: datetime | None
    """When its station last spoke of it."""
    entries: int
    exits: int
    memory: str | None = attrs.field(repr=False)
    day: str = ""
    day_entries: int = 0
    day_exits: int = 0


@attrs.frozen
class ZoneRecord:
    """A zone as the database has it.

    Others read `present` to `updated_at`. `balance` is what entries less exits make since `anchor_at`, when the day
    began or somebody counted; it may be below 0 until all sensors have spoken, `present` never is. `passages` counts
    both ways since then, `lost` the people that may have passed unseen. `crossings` numbers the alerts.
    """

    name: str
    present: int = 0
    known: bool = False
    since: datetime | None = None
    reason: str | None = None
    present_limit: int | None = None
    level: Level = "normal"
    day: str = ""
    """The day by the club's calendar, `2026-11-24`; it ends at a quiet hour, not at midnight. "": none has begun."""
    day_total: int = 0
    day_limit: int | None = None
    day_level: Level = "normal"
    uncertainty: int = 0
    """By how many people the number may be wrong."""
    estimated_since: datetime | None = None
    """Since when people may have passed unseen; None: since the day began or somebody counted, nobody has."""
    updated_at: datetime | None = None
    balance: int = 0
    anchor_at: datetime | None = None
    day_entries: int = 0
    passages: int = 0
    lost: int = 0
    crossings: int = 0
    told: Level = "normal"
    """The highest level of `present` that people were told of."""
    below: int = 0
    """By how many `balance` has been below 0 since `below_at`, and it is not yet sure that they came in unseen."""
    below_at: datetime | None = None


@attrs.frozen
class Correction:
    """People in a zone as somebody counted them (`present`), or a difference (`delta`), with author and reason."""

    id: int
    zone: str
    present: int | None
    delta: int | None
    author: str
    reason: str
    created_at: datetime | None
    kind: str = "staff"
    before: int | None = None
    """What the number was; None while it is not applied."""
    after: int | None = None
    applied_at: datetime | None = None
    error: str | None = None


@attrs.frozen
class Step:
    """Passages that a reading has added: `entries` lead to the sensor's zone, `exits` from it."""

    key: SensorKey
    zone: str
    from_zone: str | None
    at: datetime
    since_at: datetime
    entries: int
    exits: int


@attrs.frozen
class Blind:
    """A sensor past which people may have gone unseen: for how long, and by how many a reading of it may be wrong."""

    key: SensorKey
    zone: str
    from_zone: str | None
    seconds: float
    strays: int
    day_passages: int


@attrs.frozen
class Picture:
    """What one transaction has before it, all zones locked; instants by the database's clock."""

    now: datetime
    zones: Mapping[str, ZoneRecord]
    sensors: Mapping[SensorKey, SensorRecord]
    """Of the whole club, as they stand after this transaction."""
    steps: Sequence[Step] = ()
    blind: Sequence[Blind] = ()
    corrections: Sequence[Correction] = ()
    """Of others, not applied yet, oldest first."""


@attrs.frozen
class Minute:
    """What a transaction adds to one minute of a zone's history.

    `present_shift` moves this minute and the later ones up to `until_at`: passages that came late belong into it.
    """

    zone: str
    at: datetime
    entries: int = 0
    exits: int = 0
    present_shift: int = 0
    until_at: datetime | None = None


@attrs.frozen
class OwnCorrection:
    """What the arithmetic itself corrected, traced like what people do."""

    zone: str
    kind: CorrectionKind
    before: int
    after: int
    reason: str


@attrs.frozen
class Alert:
    """A message written with the number that caused it; by its `reference` it is once per crossing for the club."""

    channel: Literal["sms", "email"]
    recipient: str = attrs.field(repr=False)
    body: str
    reference: str
    subject: str = ""


@attrs.frozen
class Settled:
    """What a transaction writes: zones as they stand now, what their history gains, corrections, alerts.

    `known_from`: since when each zone that is known was so without interruption, also while nobody could write it down.
    `began`: when the day began of each zone in which a new one has begun.
    `sensors`: of the whole club, as they stand then; `Attendance` adds them.
    """

    zones: Sequence[ZoneRecord]
    known_from: Mapping[str, datetime] = attrs.field(factory=dict)
    began: Mapping[str, datetime] = attrs.field(factory=dict)
    minutes: Sequence[Minute] = ()
    applied: Sequence[Correction] = ()
    own: Sequence[OwnCorrection] = ()
    alerts: Sequence[Alert] = ()
    sensors: Sequence[SensorRecord] = ()


class Reckoner(Protocol):
    """The arithmetic of a club's settings: pure, for it runs again when the engine undid the transaction."""

    @property
    def zones(self) -> Collection[str]:
        """Return the names of all zones of the settings."""

    def day_of(self, at: datetime) -> str:
        """Return the day of an instant, as `2026-11-24`."""

    def settle(self, picture: Picture) -> Settled:
        """Return what is to be written."""


@attrs.frozen
class HistoryMinute:
    """One minute of a zone. Minutes of which nobody knew anything are not in the history at all."""

    at: datetime
    present: int
    known: bool
    estimated: bool
    """Known, but people may have passed unseen since the day began."""
    entries: int
    exits: int
    uncertainty: int
    present_limit: int | None
