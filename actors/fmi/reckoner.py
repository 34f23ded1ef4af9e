"""From settings to the arithmetic of this club: its zones, the sensors of all stations, its days, its alerts."""

from typing import Final

from actors.fmi.alerts import Announcer
from actors.fmi.days import Days
from actors.fmi.levels import LevelSettings
from actors.fmi.reckoning import SettingsReckoner
from actors.fmi.settings import FmiSettings
from actors.fmi.settings_sensors import SensorSettings
from actors.fmi.zones import SensorRule, ZoneRule
from actors.operation import Workplace
from club.attendance_records import SensorKey

_PEOPLE: Final = "people"


def reckoner_of(workplace: Workplace) -> SettingsReckoner:
    """Return the arithmetic of these settings, the same on every station that has the same file."""
    settings: FmiSettings = workplace.settings
    levels = settings.levels
    return SettingsReckoner(
        rules=tuple(
            ZoneRule(
                name,
                zone.limit,
                zone.day_limit,
                zone.includes,
                zone.staff,
                "" if zone.counts == _PEOPLE else zone.counts,
            )
            for name, zone in settings.zones.items()
        ),
        sensors=sensor_rules(workplace),
        days=Days(workplace.timezone, settings.day_begins),
        levels=LevelSettings(levels.notice, levels.warning, levels.stop, levels.band, levels.rest),
        announce=Announcer(settings.alerts, workplace.club_name, workplace.language),
        language=workplace.language,
    )


def sensor_rules(workplace: Workplace) -> tuple[SensorRule, ...]:
    """Return the sensors of all stations: a zone may have some on several."""
    found: list[SensorRule] = []
    for name, station in workplace.stations.items():
        sensors: tuple[SensorSettings, ...] = station.tables.get("sensors", ())
        found += [SensorRule(SensorKey(name, each.name), each.zone, each.from_zone) for each in sensors]
    return tuple(found)
