"""A pool and its gallery, for the tests of what one transaction makes of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from actors.fmi.days import Days
from actors.fmi.reckoning import SettingsReckoner
from actors.fmi.zones import SensorRule, ZoneRule
from club.attendance_records import Picture, SensorKey, SensorRecord, Settled, Step, ZoneRecord

NOW = datetime(2026, 11, 24, 10, 0, 30, tzinfo=UTC)
ENTRANCE, STAIRS, SPA = (SensorKey("ACCUEIL", name) for name in ("entree", "escalier", "spa"))
POOL = ZoneRule("bassin", limit=10, day_limit=100, counts="swimmers")
GALLERY = ZoneRule("gradins", limit=50, counts="others")
EVERYBODY = ZoneRule("tous", includes=("bassin", "gradins"), limit=60)
# From the street into the gallery; from the gallery to the pool.
SENSORS = (SensorRule(ENTRANCE, "gradins"), SensorRule(STAIRS, "bassin", "gradins"))


def reckoner(*rules: ZoneRule, **changes: Any) -> SettingsReckoner:
    values: dict[str, Any] = {
        "rules": rules or (POOL, GALLERY, EVERYBODY),
        "sensors": SENSORS,
        "days": Days(ZoneInfo("Europe/Paris")),
        **changes,
    }
    return SettingsReckoner(**values)


def sensor(key: SensorKey, **changes: Any) -> SensorRecord:
    values: dict[str, Any] = {
        "key": key,
        "zone": "bassin",
        "from_zone": None,
        "known": True,
        "state": "counting",
        "reason": None,
        "since": NOW - timedelta(hours=2),
        "seen_at": NOW,
        "entries": 0,
        "exits": 0,
        "memory": None,
        **changes,
    }
    return SensorRecord(**values)


def step(key: SensorKey, entries: int, exits: int = 0, at: datetime = NOW, since: datetime | None = None) -> Step:
    rule = next(each for each in SENSORS if each.key == key)
    return Step(key, rule.zone, rule.from_zone, at, since or at, entries, exits)


def picture(zones: Sequence[ZoneRecord] = (), steps: Sequence[Step] = (), **changes: Any) -> Picture:
    values: dict[str, Any] = {
        "now": NOW,
        "zones": {record.name: record for record in zones},
        "sensors": {key: sensor(key) for key in (ENTRANCE, STAIRS)},
        "steps": steps,
        **changes,
    }
    return Picture(**values)


def by_name(settled: Settled) -> dict[str, ZoneRecord]:
    return {record.name: record for record in settled.zones}
