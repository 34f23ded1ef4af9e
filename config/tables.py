"""The tables that every file has, and what the tables of operations share, whichever operations there are."""

import re
import zoneinfo
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import attrs

from config.checks import Distinct, Judged, Matching, NotEmpty
from config.declaration import not_in_file, setting
from config.kinds import StationName
from config.problem import ValueRefusedError, did_you_mean
from config.secret import Secret
from config.sentence import Sentence
from config.urls import DatabaseUrl


class Language(StrEnum):
    """The languages that the program speaks."""

    FR = "fr"
    EN = "en"


def _not_a_time_zone(name: str) -> Sentence | None:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        # ValueError and OSError: a name such as "../x", "Europe" or one with a NUL is tried as a file.
        return Sentence.of("not a time zone of this computer; {remedy}", remedy=_time_zone_advice(name))
    return None


def _time_zone_advice(name: str) -> Sentence:
    known = sorted(zoneinfo.available_timezones())
    if not known:
        return Sentence.of("it has none at all: install the package tzdata")
    by_city = {zone.rpartition("/")[2].casefold(): zone for zone in known}
    city = by_city.get(name.casefold().replace(" ", "_"))
    if city is not None:
        return Sentence.of("did you mean {name}?", name=city)
    return did_you_mean(name, known) or Sentence.of('write it as in "Europe/Paris"')


@attrs.frozen(kw_only=True)
class ClubSettings:
    """The table `[club]`."""

    name: str = setting(
        check=NotEmpty(), example="Forme et Santé", help=Sentence.of("the club's name, as clients read it")
    )
    timezone: str = setting(
        "Europe/Paris",
        check=Judged(_not_a_time_zone, Sentence.of("a time zone")),
        help=Sentence.of("the club's time zone, by its name in the IANA database"),
    )
    country: str = setting(
        "FR",
        check=Matching(r"[A-Z]{2}", Sentence.of("two capital letters")),
        help=Sentence.of("the club's country, for telephone numbers and public holidays, as ISO 3166 writes it"),
    )
    language: Language = setting(Language.FR, help=Sentence.of("the language of what the program writes and says"))
    database: DatabaseUrl = setting(
        example=DatabaseUrl("sqlite:///club.db"),
        help=Sentence.of(
            "the club database, the same for every station; a relative SQLite path starts at this file's folder"
        ),
    )
    database_password: Secret | None = setting(
        None,
        example="keyring:database",
        help=Sentence.of("the password of the database, when its address does not hold it"),
    )


@attrs.frozen(kw_only=True)
class OperationSettings:
    """What the table of every operation has; an operation's own settings class derives from it."""

    enabled: bool = setting(
        True, help=Sentence.of("false switches the operation off; its other keys may then be missing")
    )


@attrs.frozen(kw_only=True)
class ExclusiveSettings(OperationSettings):
    """What the table of an operation has that runs on one station at a time."""

    station: StationName = setting(help=Sentence.of("the one station where the operation runs"))
    standby: tuple[StationName, ...] = setting(
        (), check=Distinct(), help=Sentence.of("the stations that replace it when it is away, in this order")
    )
    take_back: bool = setting(
        True,
        help=Sentence.of("whether the station takes the operation back from the one that replaced it, when it returns"),
    )

    def __attrs_post_init__(self) -> None:
        _check_standby(self.station, self.standby)


@attrs.frozen(kw_only=True)
class UncheckedTable(OperationSettings):
    """The table of an operation whose own description is not known, or that is switched off and incomplete.

    Only the three shared keys are read and checked; `values` is the whole table as plain immutable values, secrets
    included, hence not shown.
    """

    station: StationName | None = setting(None, help=Sentence.of("the one station where the operation runs"))
    standby: tuple[StationName, ...] = setting(
        (), check=Distinct(), help=Sentence.of("the stations that replace it when it is away, in this order")
    )
    values: Mapping[str, Any] = not_in_file(lambda: MappingProxyType({}))

    def __attrs_post_init__(self) -> None:
        _check_standby(self.station, self.standby)


def _check_standby(station: str | None, standby: tuple[str, ...]) -> None:
    if station in standby:
        raise ValueRefusedError(
            Sentence.of("the station {name} cannot replace itself", name=station),
            key=("standby", standby.index(station)),
        )


def _keys(tables: Mapping[str, Any]) -> str:
    return repr(list(tables))


@attrs.frozen(kw_only=True)
class StationSettings:
    """One entry of `[stations]`; `tables` holds what operations add to it (`sensors`, `programs`), as far as given."""

    name: str
    server: bool = False
    web_server: bool = False
    # An UNCHECKED table may hold secrets that nobody knows as such: only the keys are shown.
    tables: Mapping[str, Any] = attrs.field(factory=lambda: MappingProxyType({}), repr=_keys)


STATION_NAME = re.compile(r"\S(?:[^\x00-\x1f]{0,61}\S)?")
"""What a station may be called: a computer's name, and a little more for people who set `--station`."""
