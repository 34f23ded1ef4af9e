"""Rows of the attendance tables as records, and back; what another program spoilt raises for no other row."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import attrs

from club.attendance_records import LEVELS, Correction, HistoryMinute, Level, SensorKey, SensorRecord, ZoneRecord
from club.attendance_tables import attendance_minute
from club.reading import instant_or_none, legible, shortened, whole

_REASON_LENGTH: Final = 1000
_MINUTE: Final = timedelta(minutes=1)
HISTORY: Final = tuple(
    attendance_minute.c[name]
    for name in (
        "minute_at",
        "minutes",
        "present",
        "known",
        "estimated",
        "entries",
        "exits",
        "uncertainty",
        "present_limit",
    )
)
"""What a row of the history tells, without its zone."""


@attrs.frozen
class Tail:
    """The newest row of a zone's history: where it begins, for how many minutes it stands; quiet ones may grow."""

    begins_ms: int
    minutes: int
    is_quiet: bool


def milliseconds(at: datetime) -> int:
    """Return an instant as epoch milliseconds."""
    return int(at.timestamp() * 1000)


def instant_of_ms(at_ms: int) -> datetime:
    """Return the instant of epoch milliseconds."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def zone_of(row: Mapping[Any, Any]) -> ZoneRecord:
    """Return a zone by its row."""
    anchor_ms, below_ms = whole(row["anchor_ms"]), whole(row["below_ms"])
    return ZoneRecord(
        name=legible(row["zone"]),
        present=max(0, whole(row["present"])),
        known=bool(whole(row["known"])),
        since=instant_or_none(row["since"]),
        reason=_text(row["reason"]),
        present_limit=_count(row["present_limit"]),
        level=_level(row["level"]),
        day=legible(row["day"]),
        day_total=whole(row["day_total"]),
        day_limit=_count(row["day_limit"]),
        day_level=_level(row["day_level"]),
        uncertainty=whole(row["uncertainty"]),
        estimated_since=instant_or_none(row["estimated_since"]),
        updated_at=instant_or_none(row["updated_at"]),
        balance=whole(row["balance"]),
        anchor_at=instant_of_ms(anchor_ms) if anchor_ms else None,
        day_entries=whole(row["day_entries"]),
        passages=whole(row["passages"]),
        lost=whole(row["lost"]),
        crossings=whole(row["crossings"]),
        told=_level(row["told"]),
        below=whole(row["below"]),
        below_at=instant_of_ms(below_ms) if below_ms else None,
    )


def zone_values(record: ZoneRecord) -> dict[str, Any]:
    """Return the columns of a zone that its record tells, without its name."""
    values: dict[str, Any] = attrs.asdict(
        record, filter=lambda field, _: field.name not in ("name", "anchor_at", "below_at")
    )
    return {
        **values,
        "known": int(record.known),
        "reason": None if record.reason is None else shortened(record.reason, _REASON_LENGTH),
        "anchor_ms": 0 if record.anchor_at is None else milliseconds(record.anchor_at),
        "below_ms": 0 if record.below_at is None else milliseconds(record.below_at),
    }


def tail_of(row: Mapping[Any, Any]) -> Tail:
    """Return where a zone's history ends."""
    return Tail(whole(row["minute_ms"]), whole(row["minute_count"]), bool(whole(row["minute_quiet"])))


def sensor_of(row: Mapping[Any, Any], day: str = "", entries: int = 0, exits: int = 0) -> SensorRecord:
    """Return a sensor by its row, and what it counted in a day."""
    seen_ms = whole(row["seen_ms"])
    return SensorRecord(
        key=SensorKey(legible(row["station"]), legible(row["name"])),
        zone=legible(row["zone"]),
        from_zone=_text(row["from_zone"]),
        known=bool(whole(row["known"])),
        state=legible(row["state"]),
        reason=_text(row["reason"]),
        since=instant_or_none(row["since"]),
        seen_at=instant_of_ms(seen_ms) if seen_ms else None,
        entries=whole(row["entries"]),
        exits=whole(row["exits"]),
        memory=_text(row["memory"]),
        day=day,
        day_entries=entries,
        day_exits=exits,
    )


def correction_of(row: Mapping[Any, Any]) -> Correction:
    """Return a correction by its row; a number that is none is left out, and the row fails for it."""
    return Correction(
        id=row["id"],
        zone=legible(row["zone"]),
        present=_count(row["present"]),
        delta=_count(row["delta"]),
        author=legible(row["author"]),
        reason=legible(row["reason"]),
        created_at=instant_or_none(row["created_at"]),
        kind=legible(row["kind"]),
        before=_count(row["before_present"]),
        after=_count(row["after_present"]),
        applied_at=instant_or_none(row["applied_at"]),
        error=_text(row["error"]),
    )


def minutes_of(row: Sequence[Any], since: datetime, until: datetime) -> Iterator[HistoryMinute]:
    """Give the minutes for which a row stands, by its values in the order of HISTORY; those from `since` to `until`."""
    begins_at, minutes, present, known, estimated, entries, exits, uncertainty, limit = row
    at = instant_or_none(begins_at)
    if at is None:
        return
    passed = whole(entries), whole(exits)
    told = whole(uncertainty), _count(limit)
    people, is_known, is_estimated = whole(present), bool(whole(known)), bool(whole(estimated))
    end = min(until, at + whole(minutes, 1) * _MINUTE)
    while at < end:
        if at >= since:
            yield HistoryMinute(at, people, is_known, is_estimated, *passed, *told)
        at += _MINUTE


def _level(value: Any) -> Level:
    return cast("Level", value) if value in LEVELS else "normal"


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _text(value: Any) -> str | None:
    return None if value is None else legible(value)
