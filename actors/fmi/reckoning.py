"""What one transaction makes of a club's attendance: numbers, days, corrections, levels, alerts. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal

import attrs

from actors.fmi.days import Days
from actors.fmi.levels import LevelSettings, is_above, level_after, told_after
from actors.fmi.zones import (
    SensorRule,
    Sight,
    ZoneRule,
    begun,
    corrected,
    is_needed,
    middle_of,
    minutes_of,
    not_ahead,
    passed_since,
    people_in,
    sight_of,
    uncertainty_of,
    with_blind,
    with_deficit,
    with_steps,
)
from club.attendance_records import (
    MOST_PEOPLE,
    Alert,
    Correction,
    Level,
    Minute,
    OwnCorrection,
    Picture,
    Settled,
    ZoneRecord,
)
from config.sentence import Sentence

_UNKNOWN_ZONE_WAITS: Final = timedelta(minutes=10)
"""So long another station's settings may know the zone of a correction that ours do not."""
_AT_ONCE: Final = timedelta(minutes=1)
"""A station that counts applies a correction within seconds; what passes meanwhile is less than who counts can tell."""


@attrs.frozen
class Crossing:
    """A limit that comes near, or is reached, to be told once: `reference` is the same for the whole club."""

    rule: ZoneRule
    record: ZoneRecord
    of: Literal["present", "day"]
    level: Level
    reference: str


Announce = Callable[[Crossing], Sequence[Alert]]
"""Makes the messages of a crossing; pure too."""


def _silent(_crossing: Crossing) -> Sequence[Alert]:
    return ()


@attrs.frozen
class SettingsReckoner:
    """The arithmetic of one club's settings; `language` is that of the sentences that are kept in the database."""

    rules: Sequence[ZoneRule]
    sensors: Collection[SensorRule]
    days: Days
    levels: LevelSettings = attrs.field(factory=LevelSettings)
    announce: Announce = _silent
    language: str = "en"

    @property
    def zones(self) -> Collection[str]:
        """Return the names of all zones."""
        return tuple(rule.name for rule in self.rules)

    def day_of(self, at: datetime) -> str:
        """Return the day of an instant, as `2026-11-24`."""
        return self.days.key(at)

    def settle(self, picture: Picture) -> Settled:
        """Return what is to be written: first what was counted, then what people say, then what follows from both."""
        own: list[OwnCorrection] = []
        minutes: list[Minute] = []
        zones: dict[str, ZoneRecord] = {}
        began: dict[str, datetime] = {}
        for rule in self.rules:
            before = picture.zones.get(rule.name) or ZoneRecord(rule.name)
            record, ended = self._in_its_day(not_ahead(before, picture.steps, picture.now), rule, picture)
            own += ended
            if before.day and record.day != before.day:
                began[rule.name] = self._day_begins_at(record)
            minutes += minutes_of(record, rule, picture.steps)
            record = with_steps(record, rule, picture.steps, self._day_begins_at(record))
            if not rule.includes:
                record = with_deficit(record, rule, picture.steps, picture.now)
            zones[rule.name] = with_blind(record, rule, picture.blind, picture.now)
        applied = [done for each in picture.corrections if (done := self._applied(each, zones, picture)) is not None]
        alerts: list[Alert] = []
        sights: dict[str, Sight] = {}
        for rule in sorted(self.rules, key=lambda each: bool(each.includes)):  # sums after what they are made of
            sight = sights[rule.name] = sight_of(rule, self.sensors, picture)
            if sight.known and not rule.includes:
                own += self._raise(zones, rule, picture)
            shown = self._shown(self._summed(zones, rule), rule, sight, picture.now)
            zones[rule.name], told = self._levelled(shown, rule, picture.now)
            alerts += told
        known_from = {name: sight.since for name, sight in sights.items() if sight.known and sight.since is not None}
        return Settled(
            tuple(zones.values()), known_from, began, tuple(minutes), tuple(applied), tuple(own), tuple(alerts)
        )

    def _in_its_day(
        self, record: ZoneRecord, rule: ZoneRule, picture: Picture
    ) -> tuple[ZoneRecord, Sequence[OwnCorrection]]:
        """Begin a new day where one is due; what happened before it, and is known only now, first ends the old one."""
        day = self.days.day_of(picture.now)
        # A clock that steps back, the database's or ours, begins no day a second time.
        if record.day >= day.isoformat():
            return record, ()
        begins_at = self.days.begins_at(day)
        began = begun(record, day.isoformat(), begins_at)
        late = [step for step in picture.steps if middle_of(step) < begins_at]
        left = people_in(with_steps(record, rule, late, begins_at), rule)
        if not record.day or not left or rule.includes:
            return began, ()
        reason = self._say(
            Sentence.of("a new day begins at {hour}, with nobody inside", hour=f"{self.days.quiet:%H:%M}")
        )
        return began, (OwnCorrection(rule.name, "new_day", left, 0, reason),)

    def _day_begins_at(self, record: ZoneRecord) -> datetime:
        return self.days.begins_at(date.fromisoformat(record.day))

    def _applied(self, asked: Correction, zones: dict[str, ZoneRecord], picture: Picture) -> Correction | None:
        """Do what somebody wants of a number; None: it may be for a zone that only newer settings know."""
        now = picture.now
        written_at = min(asked.created_at or now, now)
        rule = next((each for each in self.rules if each.name == asked.zone), None)
        if rule is None:
            is_new = now - written_at < _UNKNOWN_ZONE_WAITS
            return None if is_new else self._refused(asked, Sentence.of("there is no zone {zone}", zone=asked.zone))
        zone = zones[rule.name]
        before = people_in(zone, rule)
        asked_for = asked.present if asked.present is not None else before + (asked.delta or 0)
        if (objection := _objection(asked, rule, asked_for)) is not None:
            return self._refused(asked, objection)
        if written_at < self._day_begins_at(zone):
            return self._refused(asked, Sentence.of("the day in which it was written has ended meanwhile"))
        if asked.present is None:
            zone = attrs.evolve(zone, balance=asked_for + rule.staff, below=0, below_at=None)
        elif now - written_at < _AT_ONCE:
            zone = corrected(zone, asked_for + rule.staff, now)
        else:  # no station was there to apply it: people have passed since somebody counted
            zone = passed_since(corrected(zone, asked_for + rule.staff, written_at), rule, picture.steps, now)
        zones[rule.name] = zone
        return attrs.evolve(asked, before=before, after=people_in(zone, rule), applied_at=now)

    def _raise(self, zones: dict[str, ZoneRecord], rule: ZoneRule, picture: Picture) -> Sequence[OwnCorrection]:
        """Make it final that somebody came in unseen, once each sensor has spoken since the number fell below 0.

        Until then those who came in may be in what one of them has yet to say.
        """
        record = zones[rule.name]
        if not record.below or record.below_at is None:
            return ()
        spoken = (picture.sensors[each.key].seen_at for each in self.sensors if is_needed(rule, each))
        if any(at is None or at < record.below_at for at in spoken):
            return ()
        balance = record.balance + record.below
        zones[rule.name] = attrs.evolve(
            record, balance=balance, lost=record.lost + record.below, below=0, below_at=None
        )
        reason = self._say(Sentence.of("more people went out than were seen to come in"))
        return (OwnCorrection(rule.name, "below_zero", record.balance, balance, reason),)

    def _summed(self, zones: Mapping[str, ZoneRecord], rule: ZoneRule) -> ZoneRecord:
        """Return a zone with its people and their uncertainty: its own, or the sum of the zones that it includes."""
        record = zones[rule.name]
        if not rule.includes:
            return attrs.evolve(record, present=people_in(record, rule), uncertainty=uncertainty_of(record))
        parts = [zones[name] for name in rule.includes]
        since = [part.estimated_since for part in parts if part.estimated_since is not None]
        return attrs.evolve(
            record,
            present=sum(part.present for part in parts),
            uncertainty=sum(part.uncertainty for part in parts),
            estimated_since=min(since, default=None),
        )

    def _shown(self, record: ZoneRecord, rule: ZoneRule, sight: Sight, now: datetime) -> ZoneRecord:
        """Return a zone with all that others read of it but its levels."""
        since = record.since
        has_turned = sight.known != record.known or since is None
        # Known again after a pause that nobody wrote down, as of a station that was off.
        was_lost = sight.known and sight.since is not None and since is not None and sight.since > since
        if has_turned or was_lost:
            since = sight.since or now
        return attrs.evolve(
            record,
            known=sight.known,
            since=since,
            reason=None if sight.reason is None else self._say(sight.reason),
            day_total=max(0, record.day_entries - rule.staff),
            present_limit=rule.limit,
            day_limit=rule.day_limit,
            updated_at=now,
        )

    def _levelled(self, record: ZoneRecord, rule: ZoneRule, now: datetime) -> tuple[ZoneRecord, Sequence[Alert]]:
        """Return a zone at its levels, and what is to be told of them. While it is unknown nothing rises or falls."""
        if not record.known:
            return record, ()
        level = level_after(record.level, record.present, rule.limit, self.levels)
        told = told_after(record.told, level, record.present, rule.limit, self.levels)
        day_level = level_after(record.day_level, record.day_total, rule.day_limit, self.levels)
        # By the clock, so that a zone whose row was removed, or restored, does not tell under old names.
        crossings = max(record.crossings + 1, int(now.timestamp()))
        after = attrs.evolve(record, level=level, told=told, day_level=day_level, crossings=crossings)
        crossed = []
        if is_above(told, record.told):
            crossed.append(Crossing(rule, after, "present", level, f"fmi:{rule.name[:100]}:{crossings}:{level}"))
        if is_above(day_level, record.day_level):
            crossed.append(
                Crossing(rule, after, "day", day_level, f"fmi:{rule.name[:100]}:{crossings}:day:{day_level}")
            )
        if not crossed:
            return attrs.evolve(after, crossings=record.crossings), ()
        return after, tuple(alert for each in crossed for alert in self.announce(each))

    def _refused(self, asked: Correction, why: Sentence) -> Correction:
        return attrs.evolve(asked, error=self._say(why))

    def _say(self, sentence: Sentence) -> str:
        return sentence.render(self.language)


def _objection(asked: Correction, rule: ZoneRule, after: int) -> Sentence | None:
    if rule.includes:
        parts = ", ".join(rule.includes)
        return Sentence.of("{zone} is a sum: correct one of {zones}", zone=rule.name, zones=parts)
    if (asked.present is None) == (asked.delta is None):
        return Sentence.of("write either present or delta")
    if not asked.author.strip() or not asked.reason.strip():
        return Sentence.of("a correction needs an author and a reason")
    if asked.delta == 0:
        return Sentence.of("a difference of 0 corrects nothing")
    if not 0 <= after <= MOST_PEOPLE:
        return Sentence.of("there cannot be {people} people in {zone}", people=after, zone=rule.name)
    return None
