"""How many are inside a zone: by what its sensors counted, the day, what staff corrected, what nobody saw. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from math import ceil, sqrt
from typing import Final

import attrs

from club.attendance_records import Blind, Minute, Picture, SensorKey, SensorRecord, Step, ZoneRecord
from config.sentence import Sentence

STALE: Final = timedelta(seconds=45)
"""A sensor of which its station says nothing for so long is as silent as one without power."""
_SLEWED: Final = timedelta(seconds=5)
"""By so much clocks are moved all the time, to keep them right."""
_MISSED: Final = 0.02
"""Of the people who pass, counters of this kind miss about one in fifty."""
_BUSY: Final = 3
"""The busiest hour of a day has about three times the passages of the mean."""
_DAY_SECONDS: Final = 14 * 3600
_MINUTE: Final = timedelta(minutes=1)


@attrs.frozen
class ZoneRule:
    """A zone by the settings.

    With `includes` it has no sensors of its own: its number is the sum of those zones, as for a whole establishment or
    for all swimmers. `staff` are inside, come through the sensors, and are not to be counted.
    """

    name: str
    limit: int | None = None
    day_limit: int | None = None
    includes: tuple[str, ...] = ()
    staff: int = 0
    counts: str = ""
    """Whom it counts, for people: `swimmers`, `others`."""

    @property
    def members(self) -> frozenset[str]:
        """Return the zones whose doors to the outside are its doors."""
        return frozenset(self.includes or (self.name,))


@attrs.frozen
class SensorRule:
    """A sensor that a zone needs: where it stands by the settings, and which zones are on its two sides."""

    key: SensorKey
    zone: str
    from_zone: str | None = None


@attrs.frozen
class Sight:
    """Whether a zone is known: since when it is, or is not, and why not."""

    known: bool
    since: datetime | None
    reason: Sentence | None = None


def crossing(rule: ZoneRule, step: Step) -> tuple[int, int]:
    """Return how many a step brought into a zone and out of it: nobody when it is inside, or outside, on both sides."""
    leads_in, leads_out = step.zone in rule.members, step.from_zone in rule.members
    if leads_in == leads_out:
        return 0, 0
    return (step.entries, step.exits) if leads_in else (step.exits, step.entries)


def is_needed(rule: ZoneRule, sensor: SensorRule) -> bool:
    """Whether a zone's number depends on a sensor."""
    return (sensor.zone in rule.members) != (sensor.from_zone in rule.members)


def sight_of(rule: ZoneRule, sensors: Collection[SensorRule], picture: Picture) -> Sight:
    """Return whether each sensor that a zone needs is known, by what its station last said of it."""
    needed = sorted((sensor for sensor in sensors if is_needed(rule, sensor)), key=_place)
    if not needed:
        return Sight(known=False, since=None, reason=Sentence.of("no sensor of the settings counts for this zone"))
    known_since: datetime | None = None
    for sensor in needed:
        record = picture.sensors.get(sensor.key)
        if record is None or record.seen_at is None:
            return Sight(
                known=False,
                since=None,
                reason=Sentence.of(
                    "the sensor {sensor} of {station} has not counted yet",
                    sensor=sensor.key.name,
                    station=sensor.key.station,
                ),
            )
        if (blindness := _blindness(record, picture.now)) is not None:
            return blindness
        if record.since is not None and (known_since is None or record.since > known_since):
            known_since = record.since
    return Sight(known=True, since=known_since)


def _place(sensor: SensorRule) -> tuple[str, str]:
    return sensor.key.station, sensor.key.name  # the key compares so by itself, at a hundred times the cost


def _blindness(record: SensorRecord, now: datetime) -> Sight | None:
    if record.seen_at is not None and now - record.seen_at > STALE:
        reason = Sentence.of(
            "the station {station} says nothing of its sensor {sensor}",
            station=record.key.station,
            sensor=record.key.name,
        )
        return Sight(known=False, since=record.seen_at, reason=reason)
    if not record.known:
        reason = Sentence.of(
            "the sensor {sensor} of {station} is silent", sensor=record.key.name, station=record.key.station
        )
        return Sight(known=False, since=record.since, reason=reason)
    return None


def not_ahead(record: ZoneRecord, steps: Sequence[Step], now: datetime) -> ZoneRecord:
    """Return a zone whose number was made before now, and before these passages: the clock may have been set back.

    Else whoever passes until it is as late again would be taken for one of those who were counted already.
    """
    if record.anchor_at is None or record.anchor_at - now <= _SLEWED:
        return record
    anchor = min((now, *(step.since_at for step in steps)))
    below_at = None if record.below_at is None else min(record.below_at, now)
    return attrs.evolve(record, anchor_at=anchor, below_at=below_at)


def people_in(record: ZoneRecord, rule: ZoneRule) -> int:
    """Return how many are to be shown in a zone: never less than nobody, and without staff."""
    return max(0, record.balance + record.below - rule.staff)


def with_steps(record: ZoneRecord, rule: ZoneRule, steps: Sequence[Step], day_begins_at: datetime) -> ZoneRecord:
    """Return a zone after passages; those from before its number was made (`anchor_at`) are not in it any more.

    A stretch that nobody watched counts as a whole, from its middle: who came when cannot be known, and so its people
    are the uncertainty when the day began, or somebody counted, within it.
    """
    for step in steps:
        entries, exits = crossing(rule, step)
        if not entries and not exits:
            continue
        middle = middle_of(step)
        if middle >= day_begins_at:
            record = attrs.evolve(record, day_entries=record.day_entries + entries)
        anchor = record.anchor_at
        if not _is_before_anchor(record, step):
            record = attrs.evolve(
                record, balance=record.balance + entries - exits, passages=record.passages + entries + exits
            )
        if anchor is not None and step.since_at < anchor < step.at and step.at - step.since_at >= _MINUTE:
            record = unseen(record, max(entries, exits), anchor)
    return record


def with_deficit(record: ZoneRecord, rule: ZoneRule, steps: Sequence[Step], now: datetime) -> ZoneRecord:
    """Return a zone whose balance is below 0 with what is missing (`below`), given passages that it has already.

    Who went out without having come in came in unseen, or by a door whose station has yet to say so: what was before
    the balance fell, and is known only now, takes from what is missing.
    """
    late = _late_for_deficit(record, rule, steps)
    below = max(0, record.below - late)
    if -record.balance > below:
        return attrs.evolve(record, below=-record.balance, below_at=now)
    return attrs.evolve(record, below=below, below_at=record.below_at if below else None)


def _late_for_deficit(record: ZoneRecord, rule: ZoneRule, steps: Sequence[Step]) -> int:
    at = record.below_at
    if at is None:
        return 0
    counted = (step for step in steps if middle_of(step) < at and not _is_before_anchor(record, step))
    return sum(entries - exits for entries, exits in (crossing(rule, step) for step in counted))


def minutes_of(record: ZoneRecord, rule: ZoneRule, steps: Sequence[Step]) -> tuple[Minute, ...]:
    """Return what passages add to a zone's history, each in its minute."""
    minutes = []
    missing = record.below
    for step in steps:
        entries, exits = crossing(rule, step)
        if not entries and not exits:
            continue
        at, shift = minute_of(step.at), entries - exits
        if record.anchor_at is not None and _is_before_anchor(record, step):
            # The number at the end of the minute in which somebody counted is theirs.
            minutes.append(Minute(rule.name, at, entries, exits, shift, minute_of(record.anchor_at)))
            continue
        explained = 0
        if record.below_at is not None and middle_of(step) < record.below_at and shift > 0:
            # From where they were missed on, the number has them already.
            explained = min(missing, shift)
            missing -= explained
            minutes.append(Minute(rule.name, at, present_shift=explained, until_at=minute_of(record.below_at)))
        minutes.append(Minute(rule.name, at, entries, exits, shift - explained))
    return tuple(minutes)


def minute_of(at: datetime) -> datetime:
    """Return the minute in which an instant lies."""
    return at.replace(second=0, microsecond=0)


def middle_of(step: Step) -> datetime:
    """Return the instant for which a step counts: the middle of the stretch in which its people passed."""
    return step.since_at + (step.at - step.since_at) / 2


def _is_before_anchor(record: ZoneRecord, step: Step) -> bool:
    # By minutes: within the one in which somebody counted, what comes after it is told from what came before by being
    # written later.
    return record.anchor_at is not None and middle_of(step) < minute_of(record.anchor_at)


def with_blind(record: ZoneRecord, rule: ZoneRule, blind: Sequence[Blind], now: datetime) -> ZoneRecord:
    """Return a zone past whose sensors people may have gone unseen: less certain, and since when."""
    for each in blind:
        if (each.zone in rule.members) == (each.from_zone in rule.members):
            continue
        seconds = each.seconds
        if record.anchor_at is not None:  # what nobody saw before somebody counted is told by who counted
            seconds = min(seconds, (now - record.anchor_at).total_seconds())
        people = each.strays + unseen_people(each.day_passages, seconds)
        record = unseen(record, people, now - timedelta(seconds=max(0.0, seconds)))
    return record


def unseen(record: ZoneRecord, people: int, since: datetime) -> ZoneRecord:
    """Return a zone into or out of which some people may have gone unseen."""
    if people <= 0:
        return record
    return attrs.evolve(record, lost=record.lost + people, estimated_since=record.estimated_since or since)


def unseen_people(day_passages: int, seconds: float) -> int:
    """Return how many may have passed a sensor while it was blind: as in its busiest hour, and at least one."""
    if seconds <= 0:
        return 0
    return max(1, ceil(_BUSY * day_passages * seconds / _DAY_SECONDS))


def uncertainty_of(record: ZoneRecord) -> int:
    """Return by how many people a number may be wrong, 19 times in 20: it grows with passages, not with time.

    Each passage is missed with a small probability, in both directions alike: the errors add up as a random walk does.
    """
    return ceil(2 * sqrt(record.passages * _MISSED * (1 - _MISSED))) + record.lost


def begun(record: ZoneRecord, day: str, begins_at: datetime) -> ZoneRecord:
    """Return a zone at the beginning of a day: nobody is inside, and nothing is uncertain."""
    return attrs.evolve(
        record,
        day=day,
        day_entries=0,
        day_level="normal",
        balance=0,
        anchor_at=begins_at,
        passages=0,
        lost=0,
        estimated_since=None,
        below=0,
        below_at=None,
    )


def corrected(record: ZoneRecord, people: int, at: datetime) -> ZoneRecord:
    """Return a zone in which somebody counted the people: what was uncertain before is no longer."""
    return attrs.evolve(
        record, balance=people, anchor_at=at, passages=0, lost=0, estimated_since=None, below=0, below_at=None
    )


def passed_since(record: ZoneRecord, rule: ZoneRule, steps: Sequence[Step], now: datetime) -> ZoneRecord:
    """Return a zone whose people were counted some time ago (`corrected`), with those that have passed since then."""
    at = record.anchor_at
    since = [step for step in steps if at is None or step.at > at]
    after = with_steps(record, rule, since, now)
    return with_deficit(attrs.evolve(after, day_entries=record.day_entries), rule, (), now)
