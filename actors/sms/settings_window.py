"""The settings of when SMS leave: `window` and what belongs to it, made into hours."""

from collections.abc import Mapping
from datetime import time, tzinfo
from types import MappingProxyType
from typing import Final, Literal
from zoneinfo import ZoneInfo

import attrs

from actors.sms.charter import CHARTERS, PROVIDERS
from actors.sms.hours import Calendar, Hours, Rule, Span, ever_opens, no_holidays
from actors.sms.public_holidays import calendar_of
from actors.sms.transport import Category
from config.checks import Matching
from config.declaration import setting
from config.kinds import TimeOfDay
from config.problem import ValueRefusedError
from config.sentence import Sentence
from config.tables import ClubSettings, ExclusiveSettings
from config.weekdays import Days, parse_days

_MIDNIGHT: Final = time()
_OURS: Final = Sentence.of("the club's hours")


@attrs.frozen(kw_only=True)
class SpanSettings:
    """An entry of `also`: one more span of time in which SMS leave."""

    days: Days = setting(parse_days("mon-sat"), help=Sentence.of("the days on which it begins"))
    start: TimeOfDay = setting(time(8), key="from", help=Sentence.of("from when, by the club's clock"))
    end: TimeOfDay = setting(
        time(20), key="to", help=Sentence.of("until when; a time no later than from is one of the next day")
    )
    public_holidays: bool = setting(False, help=Sentence.of("whether public holidays are days like any other"))

    def __attrs_post_init__(self) -> None:
        if self.start == self.end != _MIDNIGHT:
            raise ValueRefusedError(
                Sentence.of("the window begins and ends at the same time"),
                suggestion=Sentence.of('write from = "00:00" and to = "00:00" for the whole day'),
                key=("to",),
            )

    def span(self) -> Span:
        """Return the span that is meant."""
        return Span(self.days, self.start, self.end, self.public_holidays)


@attrs.frozen(kw_only=True)
class WindowSettings(SpanSettings):
    """The table `window`: when SMS leave."""

    also: tuple[SpanSettings, ...] = setting((), help=Sentence.of("more spans of time, each written like this one"))

    def rule(self) -> Rule:
        """Return all its spans as the club's rule."""
        return Rule(_OURS, (self.span(), *(each.span() for each in self.also)))


@attrs.frozen(kw_only=True)
class HoursSettings(ExclusiveSettings):
    """The keys of `[sms]` that say when SMS leave; the class of the whole table derives from it."""

    window: WindowSettings = setting(attrs.Factory(WindowSettings), help=Sentence.of("when SMS leave"))
    marketing_window: WindowSettings | None = setting(
        None, help=Sentence.of("when SMS of the category marketing leave, if not in the window")
    )
    charter: Literal["recommended", "tolerated", "none"] = setting(
        "recommended",
        help=Sentence.of(
            "the operators' hours for marketing: as they recommend, with the Sundays and public holidays that they "
            "tolerate, or none, which is for clubs outside France only"
        ),
    )
    subdivision: str | None = setting(
        None,
        check=Matching(
            r"[A-Z0-9]{1,3}", Sentence.of("the number of a department, or what ISO 3166-2 has after the dash")
        ),
        example="67",
        help=Sentence.of("the part of the country whose public holidays count, such as 57, 67, 68 or 971"),
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        check_ever_opens(self)


def rules_of(settings: HoursSettings, provider: str | None = None) -> Mapping[Category, tuple[Rule, ...]]:
    """Return what has to allow an SMS of each category; `provider` is the gateway's, such as `ovh`."""
    marketing = settings.marketing_window or settings.window
    others = (CHARTERS.get(settings.charter), PROVIDERS.get(provider or ""))
    return MappingProxyType(
        {
            Category.TRANSACTIONAL: (settings.window.rule(),),
            Category.MARKETING: (marketing.rule(), *(rule for rule in others if rule is not None)),
        }
    )


def check_ever_opens(settings: HoursSettings, provider: str | None = None) -> None:
    """Refuse settings by which a category would wait for ever; for the class of the table, which knows the gateway.

    Raises ValueRefusedError.
    """
    rules = rules_of(settings, provider)[Category.MARKETING]
    if not ever_opens(rules):
        raise ValueRefusedError(
            Sentence.of(
                "marketing would never leave: these hours and {others} have nothing in common",
                others=Sentence.joined(", ", [rule.whose for rule in rules[1:]]),
            ),
            suggestion=Sentence.of("write a marketing_window inside both"),
            key=("marketing_window",) if settings.marketing_window is not None else ("window",),
        )


def hours_of(settings: HoursSettings, club: ClubSettings, provider: str | None = None) -> Hours:
    """Return the hours that the settings mean, as `hours_in` does, for a club's own table."""
    return hours_in(settings, club.country, ZoneInfo(club.timezone), provider)


def hours_in(settings: HoursSettings, country: str, zone: tzinfo, provider: str | None = None) -> Hours:
    """Return the hours that the settings mean, in a time zone and with the public holidays of a country.

    Raises NoCalendarError when nothing is known of the country's holidays and one of the rules leaves them out.
    """
    rules = rules_of(settings, provider)
    leaves_out = any(not span.public_holidays for each in rules.values() for rule in each for span in rule.spans)
    calendar: Calendar = calendar_of(country, settings.subdivision) if leaves_out else no_holidays
    return Hours(zone, rules, calendar)
