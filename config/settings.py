"""The settings of a club as the program reads them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from config.positions import Path as KeyPath
from config.problem import did_you_mean, one_of
from config.sentence import Sentence, SentenceError
from config.tables import ClubSettings, StationSettings


class UnknownStationError(SentenceError):
    """No station of the file has this name; `suggestion` names the nearest, None when none is near."""

    def __init__(self, name: str, known: Mapping[str, StationSettings], file: Path) -> None:
        self.name = name
        self.suggestion = did_you_mean(name, known)
        super().__init__(
            Sentence.of(
                "no station {name} in {file}: {remedy}",
                name=name,
                file=file,
                remedy=self.suggestion
                or Sentence.of("the stations are {names}; add it, or say which by --station", names=one_of(known)),
            )
        )


@attrs.frozen(kw_only=True)
class Settings:
    """A checked settings file. Two are equal when they say the same, wherever their lines stand.

    `operations` holds the tables that are in the file, by id: of the class that the schema gave, or UncheckedTable;
    one that is switched off is there, with `enabled` False. `club_tables` holds the program's own tables that are in
    the file. `document` and `lines` are for showing where each value
    comes from.
    """

    club: ClubSettings
    stations: Mapping[str, StationSettings]
    operations: Mapping[str, Any]
    club_tables: Mapping[str, Any] = attrs.field(factory=dict)
    file: Path
    document: Any = attrs.field(eq=False, repr=False)
    lines: Mapping[KeyPath, int] = attrs.field(eq=False, repr=False)

    @property
    def folder(self) -> Path:
        """The folder of the file, where relative paths in it start."""
        return self.file.parent

    @property
    def server(self) -> StationSettings:
        """The one station that is the club's server."""
        return next(station for station in self.stations.values() if station.server)

    def station(self, name: str) -> StationSettings:
        """Return the station of this name, whatever its capitals; raises UnknownStationError."""
        for known, station in self.stations.items():
            if known.casefold() == name.casefold():
                return station
        raise UnknownStationError(name, self.stations, self.file)
