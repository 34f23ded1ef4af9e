"""The history of a zone, minute by minute: quiet minutes share a row, late passages find theirs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import attrs
from sqlalchemy import Connection, Integer, and_, bindparam, case, insert, select, update

from club.attendance_records import Minute, ZoneRecord
from club.attendance_rows import Tail, instant_of_ms, milliseconds
from club.attendance_tables import attendance_minute as table
from club.reading import instant_or_none

MINUTE: Final = timedelta(minutes=1)
_MINUTE_MS: Final = 60_000
_LONGEST_GAP: Final = timedelta(days=2)
"""What nobody wrote for longer than this stays without rows: unknown, as any minute without one."""

_C: Final = table.c
_ROW: Final = and_(_C.zone == bindparam("h_zone"), _C.minute_at == bindparam("h_at"))
_NEWEST: Final = (
    select(table)
    .where(_C.zone == bindparam("h_zone"), _C.minute_at <= bindparam("h_at"))
    .order_by(_C.minute_at.desc())
    .limit(1)
)
_SHORTEN: Final = update(table).where(_ROW).values(minutes=bindparam("h_minutes"))
_REPLACE: Final = (
    update(table)
    .where(_ROW)
    .values({name: bindparam(f"h_{name}") for name in _C.keys() if name not in ("zone", "minute_at")})  # noqa: SIM118  # a collection of columns
)
_INSERT: Final = insert(table)
_CHANGE: Final = (
    update(table)
    .where(_ROW)
    .values(
        present=bindparam("h_present"),
        known=case((_C.known < bindparam("h_known", type_=Integer()), _C.known), else_=bindparam("h_known")),
        estimated=bindparam("h_estimated"),
        uncertainty=bindparam("h_uncertainty"),
        present_limit=bindparam("h_present_limit"),
        entries=_C.entries + bindparam("h_entries", type_=Integer()),
        exits=_C.exits + bindparam("h_exits", type_=Integer()),
    )
)
_SHIFTED: Final = _C.present + bindparam("h_shift", type_=Integer())
_COUNT_LATE: Final = (
    update(table)
    .where(_ROW)
    .values(
        entries=_C.entries + bindparam("h_entries", type_=Integer()),
        exits=_C.exits + bindparam("h_exits", type_=Integer()),
    )
)
_SHIFT: Final = (
    update(table)
    .where(_C.zone == bindparam("h_zone"), _C.minute_at >= bindparam("h_at"), _C.minute_at < bindparam("h_until"))
    .values(present=case((_SHIFTED < 0, 0), else_=_SHIFTED))
)
_MAKE_KNOWN: Final = (
    update(table).where(_C.zone == bindparam("h_zone"), _C.minute_at >= bindparam("h_at")).values(known=1)
)
_FAR: Final = timedelta(days=3650)


@attrs.frozen
class _Run:
    """Minutes that are alike, as one row."""

    begins_at: datetime
    minutes: int
    present: int
    known: bool
    estimated: bool
    uncertainty: int
    present_limit: int | None
    entries: int = 0
    exits: int = 0

    def goes_on_as(self, other: "_Run") -> bool:
        """Whether another that follows may share its row."""
        return (
            not (self.entries or self.exits)
            and attrs.evolve(other, begins_at=self.begins_at, minutes=self.minutes) == self
        )

    def values(self) -> dict[str, Any]:
        values: dict[str, Any] = attrs.asdict(self, filter=lambda field, _: field.name != "begins_at")
        return {**values, "known": int(self.known), "estimated": int(self.estimated)}


@attrs.frozen
class Moment:
    """A zone before and after one transaction, and since when it has been known without interruption.

    `began_at`: when the day began that it is in now and was not in before, with nobody inside.
    """

    before: ZoneRecord
    after: ZoneRecord
    minute_at: datetime
    known_from: datetime | None
    began_at: datetime | None = None

    def is_known(self, minute_at: datetime) -> bool:
        """Whether the zone was known from the beginning of a minute on."""
        return self.after.known and self.known_from is not None and self.known_from <= minute_at

    def is_of_new_day(self, minute_at: datetime) -> bool:
        """Whether a minute belongs to the day that has begun since the last write."""
        return self.began_at is not None and minute_at >= _minute(self.began_at)

    def was_estimated(self, minute_at: datetime) -> bool:
        """Whether people may have passed unseen, in its day, before the end of a minute that nobody wrote."""
        if not self.is_of_new_day(minute_at):
            return self.before.estimated_since is not None
        since = self.after.estimated_since
        return since is not None and _minute(since) <= minute_at


def advance(connection: Connection, moment: Moment, tail: Tail, minutes: Sequence[Minute]) -> Tail:
    """Bring a zone's history up to now, and return its new end.

    Minutes that nobody has written, because the database was away, are made up for: with what was counted in them, and
    known where the sensors were.
    """
    end = instant_of_ms(tail.begins_ms) + tail.minutes * MINUTE
    if not tail.minutes:
        end = moment.minute_at
    late = [each for each in minutes if each.at < min(end, moment.minute_at)]
    if late:
        tail, moment = _write_late(connection, moment, tail, late)
    if moment.after.known and not moment.before.known and moment.known_from is not None:
        tail = _make_known(connection, moment, tail)
    added = _by_minute(minutes)
    if tail.minutes and moment.minute_at < end:
        return _write_current(connection, moment, tail, added)
    begin = max(end, moment.minute_at - _LONGEST_GAP)
    return _write_runs(connection, moment, tail, list(_runs(moment, begin, added)))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _by_minute(minutes: Sequence[Minute]) -> dict[datetime, tuple[int, int, int]]:
    added: dict[datetime, tuple[int, int, int]] = {}
    for each in minutes:
        entries, exits, shift = added.get(each.at, (0, 0, 0))
        added[each.at] = (entries + each.entries, exits + each.exits, shift + each.present_shift)
    return added


def _runs(moment: Moment, begin: datetime, added: Mapping[datetime, tuple[int, int, int]]) -> Iterator[_Run]:
    """Give the minutes from `begin` to now, those that are alike together."""
    before, after = moment.before, moment.after
    present, at = before.present, begin
    was_yesterday = True
    run: _Run | None = None
    while at <= moment.minute_at:
        entries, exits, shift = added.get(at, (0, 0, 0))
        is_now = at == moment.minute_at
        if was_yesterday and moment.is_of_new_day(at):
            was_yesterday, present = False, 0
        present = after.present if is_now else max(0, present + shift)
        state = after if is_now or not was_yesterday else before
        one = _Run(
            at,
            1,
            present,
            moment.is_known(at),
            after.estimated_since is not None if is_now else moment.was_estimated(at),
            state.uncertainty,
            state.present_limit,
            entries,
            exits,
        )
        if run is not None and run.goes_on_as(one):
            run = attrs.evolve(run, minutes=run.minutes + 1)
        else:
            if run is not None:
                yield run
            run = one
        at += MINUTE
    if run is not None:
        yield run


def _write_runs(connection: Connection, moment: Moment, tail: Tail, runs: Sequence[_Run]) -> Tail:
    zone, before = moment.after.name, moment.before
    first, *others = runs
    begins_at = instant_of_ms(tail.begins_ms)
    last = _Run(
        begins_at,
        tail.minutes,
        before.present,
        before.known,
        before.estimated_since is not None,
        before.uncertainty,
        before.present_limit,
    )
    follows = begins_at + tail.minutes * MINUTE == first.begins_at
    if tail.is_quiet and follows and last.goes_on_as(first):
        first = attrs.evolve(first, begins_at=begins_at, minutes=tail.minutes + first.minutes)
        connection.execute(_SHORTEN, {"h_zone": zone, "h_at": begins_at, "h_minutes": first.minutes})
    else:
        others = list(runs)
    for run in others:
        _put(connection, zone, run)
    newest = runs[-1] if others else first
    return Tail(milliseconds(newest.begins_at), newest.minutes, not newest.entries and not newest.exits)


def _put(connection: Connection, zone: str, run: _Run) -> None:
    """Write a row; one that is there, because the end of the history was forgotten, is replaced."""
    key = {"h_zone": zone, "h_at": run.begins_at}
    values = run.values()
    if connection.execute(_REPLACE, {**key, **{f"h_{name}": value for name, value in values.items()}}).rowcount == 0:
        connection.execute(_INSERT, {"zone": zone, "minute_at": run.begins_at, **values})


def _write_current(
    connection: Connection, moment: Moment, tail: Tail, added: Mapping[datetime, tuple[int, int, int]]
) -> Tail:
    """Note what changed within a minute that has its row; nothing when nothing did."""
    before, after = moment.before, moment.after
    begins_at = instant_of_ms(tail.begins_ms)
    # Also the last minute of a history that is ahead: the database's clock was set back.
    at = begins_at + (tail.minutes - 1) * MINUTE
    entries, exits, _ = added.get(at, (0, 0, 0))
    if at > moment.minute_at:
        entries, exits, _ = added.get(moment.minute_at, (0, 0, 0))
    if not entries and not exits and _visible(before) == _visible(after):
        return tail
    run = _Run(
        at,
        1,
        after.present,
        after.known and (before.known or moment.is_known(at)),
        after.estimated_since is not None,
        after.uncertainty,
        after.present_limit,
        entries,
        exits,
    )
    if tail.minutes > 1:
        connection.execute(_SHORTEN, {"h_zone": after.name, "h_at": begins_at, "h_minutes": tail.minutes - 1})
        _put(connection, after.name, run)
    else:
        values = {f"h_{name}": value for name, value in run.values().items() if name != "minutes"}
        if connection.execute(_CHANGE, {"h_zone": after.name, "h_at": at, **values}).rowcount == 0:
            _put(connection, after.name, run)  # somebody removed it
    return Tail(milliseconds(at), 1, is_quiet=False)


def _visible(record: ZoneRecord) -> tuple[Any, ...]:
    return (
        record.present,
        record.known,
        record.estimated_since is None,
        record.uncertainty,
        record.present_limit,
    )


def _write_late(connection: Connection, moment: Moment, tail: Tail, late: Sequence[Minute]) -> tuple[Tail, Moment]:
    """Write passages into minutes that have their rows, and return the end of the history and the zone as it was."""
    zone = moment.after.name
    present = moment.before.present
    end = instant_of_ms(tail.begins_ms) + tail.minutes * MINUTE
    for each in late:
        _begin_row(connection, zone, each.at + MINUTE)
        if not _begin_row(connection, zone, each.at):
            standing = _row_before(connection, zone, each.at)
            run = _Run(each.at, 1, 0 if standing is None else standing["present"], False, False, 0, None)
            _put(connection, zone, run)
        key = {"h_zone": zone, "h_at": each.at}
        connection.execute(_COUNT_LATE, {**key, "h_entries": each.entries, "h_exits": each.exits})
        if each.present_shift:
            until = each.until_at or moment.minute_at + _FAR
            connection.execute(_SHIFT, {**key, "h_until": until, "h_shift": each.present_shift})
        if each.until_at is None or each.until_at >= end:  # it holds for minutes that are still to be written
            present = max(0, present + each.present_shift)
    return _end(connection, zone, tail), attrs.evolve(moment, before=attrs.evolve(moment.before, present=present))


def _make_known(connection: Connection, moment: Moment, tail: Tail) -> Tail:
    """Take back that minutes were unknown of which a station says, later, that its sensors counted all through them."""
    assert moment.known_from is not None  # noqa: S101  # asked by the caller
    since = _minute(moment.known_from)
    since = since if since == moment.known_from else since + MINUTE
    if since > moment.minute_at:
        return tail
    zone = moment.after.name
    _begin_row(connection, zone, since)
    connection.execute(_MAKE_KNOWN, {"h_zone": zone, "h_at": since})
    return _end(connection, zone, tail)


def _begin_row(connection: Connection, zone: str, at: datetime) -> bool:
    """Let a row begin at a minute, where one stands for it and others; False: none stands for it."""
    row = _row_before(connection, zone, at)
    begins_at = None if row is None else instant_or_none(row["minute_at"])
    if row is None or begins_at is None:
        return False
    into = (at - begins_at) // MINUTE
    if into >= row["minutes"]:
        return False
    if into > 0:
        connection.execute(_SHORTEN, {"h_zone": zone, "h_at": begins_at, "h_minutes": into})
        values = {**row, "minute_at": at, "minutes": row["minutes"] - into, "entries": 0, "exits": 0}
        connection.execute(_INSERT, values)
    return True


def _row_before(connection: Connection, zone: str, at: datetime) -> Mapping[str, Any] | None:
    row = connection.execute(_NEWEST, {"h_zone": zone, "h_at": at}).mappings().first()
    return None if row is None else {str(name): value for name, value in row.items()}


def _end(connection: Connection, zone: str, tail: Tail) -> Tail:
    """Return the end of a history that was changed in its middle."""
    far = instant_of_ms(tail.begins_ms) + _FAR
    row = _row_before(connection, zone, far)
    begins_at = None if row is None else instant_or_none(row["minute_at"])
    return tail if row is None or begins_at is None else Tail(milliseconds(begins_at), row["minutes"], is_quiet=False)
