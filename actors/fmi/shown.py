"""What `status` shows of attendance: contract §1's key `fmi`, from the hall, without asking any actor."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from actors.fmi.hall import Hall
from actors.fmi.levels import percentage
from actors.operation import Page
from club.attendance_records import SensorRecord, ZoneRecord
from config.sentence import Sentence

FRESH_SECONDS: Final = 5.0
"""The writer writes, or looks, each second: a number that nobody has looked at for longer is not shown as known."""
_STALE: Final = Sentence.of("the number could not be written or read lately: see the operation fmi")


def shown(hall: Hall, page: Page) -> Mapping[str, Any]:
    """Return the zones and the club's sensors as they were last written; what is too old is not known."""
    written = hall.written
    if written is None:
        return {"zones": [], "sensors": []}
    is_fresh = hall.monotonic() - written.at_monotonic <= FRESH_SECONDS
    stale = None if is_fresh else _STALE.render(page.language)
    return {
        "zones": [zone_document(zone, page, stale) for zone in written.zones],
        "sensors": [sensor_document(sensor, page) for sensor in written.sensors],
    }


def zone_document(zone: ZoneRecord, page: Page, stale: str | None = None) -> Mapping[str, Any]:
    """Return a zone for JSON; `stale` is why it is not to be trusted, whatever its row says."""
    return {
        "name": zone.name,
        "present": zone.present,
        "known": zone.known and stale is None,
        "since": _instant(zone.since, page),
        "limit": zone.present_limit,
        "percent": percentage(zone.present, zone.present_limit),
        "level": zone.level,
        "uncertainty": zone.uncertainty,
        "estimated_since": _instant(zone.estimated_since, page),
        "reason": stale or zone.reason,
        "day_total": zone.day_total,
        "day_limit": zone.day_limit,
        "day_level": zone.day_level,
        "updated_at": _instant(zone.updated_at, page),
    }


def sensor_document(sensor: SensorRecord, page: Page) -> Mapping[str, Any]:
    """Return a sensor for JSON; `in` and `out` are the day's."""
    return {
        "name": sensor.key.name,
        "station": sensor.key.station,
        "zone": sensor.zone,
        "from_zone": sensor.from_zone,
        "state": sensor.state,
        "known": sensor.known,
        "since": _instant(sensor.since, page),
        "reason": sensor.reason,
        "in": sensor.day_entries,
        "out": sensor.day_exits,
    }


def _instant(at: datetime | None, page: Page) -> str | None:
    return None if at is None else at.astimezone(page.timezone).isoformat(timespec="seconds")
