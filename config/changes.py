"""What differs between two settings, so that only the actors concerned change."""

from collections.abc import Mapping
from typing import Any, TypeVar

import attrs

from config.settings import Settings

_Key = TypeVar("_Key")


@attrs.frozen(kw_only=True)
class Changes:
    """What differs: the club's table, stations, tables of stations (station, key), operations (id).

    `stations`: those that came, went, or whose own keys (server, web_server) changed. `station_tables` and `operations`
    hold also what came and went.
    """

    club: bool = False
    stations: frozenset[str] = frozenset()
    station_tables: frozenset[tuple[str, str]] = frozenset()
    operations: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether both settings say the same."""
        return self == Changes()

    def tables_of(self, station: str) -> frozenset[str]:
        """Return the keys of this station's tables that changed (`sensors`, `programs`); name as the file spells it."""
        return frozenset(key for name, key in self.station_tables if name == station)


def changed_tables(old: Settings, new: Settings) -> Changes:
    """Return what differs between two settings of one schema. Where a value stands in the file makes no difference."""
    own_keys = (
        {name: (station.server, station.web_server) for name, station in settings.stations.items()}
        for settings in (old, new)
    )
    tables = (
        {(name, key): table for name, station in settings.stations.items() for key, table in station.tables.items()}
        for settings in (old, new)
    )
    return Changes(
        club=old.club != new.club,
        stations=_changed_keys(*own_keys),
        station_tables=_changed_keys(*tables),
        operations=_changed_keys(old.operations, new.operations),
    )


def _changed_keys(old: Mapping[_Key, Any], new: Mapping[_Key, Any]) -> frozenset[_Key]:
    return frozenset(key for key in {*old, *new} if key not in old or key not in new or old[key] != new[key])
