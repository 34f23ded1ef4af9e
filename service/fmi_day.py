"""One day of a zone as the database has it: its minutes, half hours, corrections and sensors, on the club's clock."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final, Self

import attrs

from actors.fmi.balance import Suspicion, suspicions
from actors.fmi.days import Days
from actors.fmi.settings import FmiSettings
from club.attendance_desk import AttendanceDesk, SensorDay
from club.attendance_records import Correction, HistoryMinute

_STRETCH: Final = timedelta(minutes=30)
_MINUTE: Final = timedelta(minutes=1)
_COMPARED: Final = timedelta(days=14)
"""The days before, by which a sensor that counts badly is found."""


@attrs.frozen
class DayOfZone:
    """What the database has of one day of a zone, until now when it is today."""

    zone: str
    day: date
    begins_at: datetime
    ends_at: datetime
    timezone: tzinfo
    minutes: Sequence[HistoryMinute]
    corrections: Sequence[Correction]
    sensors: Sequence[SensorDay]
    suspicions: Sequence[Suspicion]

    @classmethod
    def read(cls, desk: AttendanceDesk, zone: str, settings: FmiSettings, days: Days, asked: date | None) -> Self:
        """Read it; a zone that is a sum has the sensors of its parts."""
        day = asked or days.day_of(datetime.now().astimezone())
        begins_at, ends_at = days.begins_at(day), days.begins_at(day + timedelta(days=1))
        zones = settings.zones[zone].includes or (zone,)
        near = {
            (sensor.key.station, sensor.key.name)
            for sensor in desk.sensors(day.isoformat())
            if sensor.zone in zones or sensor.from_zone in zones
        }
        corrections = [
            each for each in desk.corrections(None, begins_at, limit=1000, until=ends_at) if each.zone in zones
        ]
        lately = [
            each
            for each in desk.sensor_days((day - _COMPARED).isoformat())
            if each.day <= day.isoformat() and (each.station, each.name) in near
        ]
        of_day = [each for each in lately if each.day == day.isoformat()]
        minutes = desk.history(zone, begins_at, ends_at)
        return cls(
            zone=zone,
            day=day,
            begins_at=begins_at,
            ends_at=min(ends_at, datetime.now().astimezone()),
            timezone=days.zone,
            minutes=minutes,
            corrections=corrections[::-1],
            sensors=of_day,
            suspicions=suspicions(lately, day.isoformat()),
        )

    def document(self) -> dict[str, Any]:
        """Return it for JSON; minutes that are not there are not known."""
        return {
            "version": 1,
            "zone": self.zone,
            "day": self.day.isoformat(),
            "minutes": [
                {
                    "at": self._local(each.at),
                    "present": each.present,
                    "known": each.known,
                    "estimated": each.estimated,
                    "in": each.entries,
                    "out": each.exits,
                    "uncertainty": each.uncertainty,
                    "limit": each.present_limit,
                }
                for each in self.minutes
            ],
            "corrections": [
                {
                    "at": None if each.created_at is None else self._local(each.created_at),
                    "zone": each.zone,
                    "kind": each.kind,
                    "author": each.author,
                    "reason": each.reason,
                    "before": each.before,
                    "after": each.after,
                    "error": each.error,
                }
                for each in self.corrections
            ],
            "sensors": [
                {
                    "name": each.name,
                    "station": each.station,
                    "in": each.entries,
                    "out": each.exits,
                    "balance": each.entries - each.exits,
                    "blind_seconds": each.blind_seconds,
                    "blind_times": each.blind_times,
                }
                for each in self.sensors
            ],
        }

    def stretches(self) -> list[dict[str, Any]]:
        """Return the day in half hours, without those in which nothing is known and nobody passed at its two ends."""
        found: list[dict[str, Any]] = []
        by_stretch: dict[int, list[HistoryMinute]] = {}
        for minute in self.minutes:
            by_stretch.setdefault((minute.at - self.begins_at) // _STRETCH, []).append(minute)
        at, number = self.begins_at, 0
        while at < self.ends_at:
            until = min(at + _STRETCH, self.ends_at)
            minutes = by_stretch.get(number, [])
            known = [minute for minute in minutes if minute.known]
            expected = max(len(minutes), round((until - at) / _MINUTE))
            found.append(
                {
                    "from": self.clock(at),
                    "in": sum(minute.entries for minute in minutes),
                    "out": sum(minute.exits for minute in minutes),
                    "most": max((minute.present for minute in known), default=None),
                    "last": known[-1].present if known else None,
                    "unknown_minutes": max(0, expected - len(known)),
                }
            )
            at, number = at + _STRETCH, number + 1
        return _trimmed(found)

    def clock(self, at: datetime, form: str = "%H:%M") -> str:
        """Return what the club's clock shows; in autumn an hour comes twice, and each says which it is."""
        local = at.astimezone(self.timezone)
        shown = f"{local:{form}}"
        if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
            return shown
        return f"{shown} ({local.fold + 1})"

    def clocks(self, at: datetime) -> tuple[str, str, str]:
        """Return an instant as it can be ordered, and as the club's date and clock, which a spreadsheet understands."""
        local = at.astimezone(self.timezone)
        return self._local(at), f"{local:%Y-%m-%d}", f"{local:%H:%M}"

    def _local(self, at: datetime) -> str:
        return at.astimezone(self.timezone).isoformat(timespec="seconds")


def _trimmed(stretches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    def says_something(each: dict[str, Any]) -> bool:
        return bool(each["in"] or each["out"] or each["most"])

    places = [place for place, each in enumerate(stretches) if says_something(each)]
    return stretches[places[0] : places[-1] + 1] if places else []
