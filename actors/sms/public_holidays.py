"""Public holidays by country and part of it, from the package holidays, which is imported only when they matter."""

import re
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Final

from actors.sms.hours import Calendar
from config.sentence import SentenceError

# The numbers that people know; the package's names for the same. Alsace and Moselle keep Good Friday and 26 December by
# article L3134-13 of the Code du travail; overseas departments the day when slavery ended there (L3422-2).
_FRENCH_PARTS: Final = MappingProxyType(
    {
        **dict.fromkeys(("67", "68", "6AE"), "6AE"),
        **{number: number for number in ("57", "971", "972", "973", "974", "976")},
        "975": "PM",
        "977": "BL",
        "978": "MF",
        "986": "WF",
        "987": "PF",
        "988": "NC",
    }
)
_DEPARTMENT: Final = re.compile(r"\d[\dAB]|97\d|98\d")


class NoCalendarError(SentenceError):
    """Nothing is known of the public holidays of this country, or of this part of it."""


def calendar_of(country: str, subdivision: str | None = None) -> Calendar:
    """Return the calendar of a country (ISO 3166) and a part of it: in France, the number of the department.

    A French department without holidays of its own has the nation's. Names of holidays are French where the package
    knows them in French. Raises NoCalendarError.
    """
    import holidays  # noqa: PLC0415 - 70 ms and 300 modules, which a club that sends every day need not pay

    part = _part(country, subdivision)
    known = holidays.list_supported_countries(include_aliases=True)
    if country not in known:
        raise NoCalendarError("nothing is known of the public holidays of the country {country}", country=country)
    if part is not None and part not in known[country]:
        raise NoCalendarError(
            "nothing is known of public holidays in {subdivision}, of the country {country}",
            subdivision=subdivision,
            country=country,
        )
    languages = getattr(holidays, country).supported_languages
    language = "fr" if "fr" in languages else None

    @cache
    def of_year(year: int) -> "dict[date, str]":
        return dict(holidays.country_holidays(country, subdiv=part, years=year, language=language))

    def name_of(day: date) -> str | None:
        return of_year(day.year).get(day)

    return name_of


def _part(country: str, subdivision: str | None) -> str | None:
    if country != "FR" or subdivision is None:
        return subdivision
    if subdivision in _FRENCH_PARTS:
        return _FRENCH_PARTS[subdivision]
    return None if _DEPARTMENT.fullmatch(subdivision) else subdivision
