"""The settings of attendance: the table `[fmi]`, its zones, and who is told when one fills up."""

from collections.abc import Mapping
from datetime import time, timedelta
from types import MappingProxyType
from typing import ClassVar, Final, Literal

import attrs

from actors.fmi.settings_sensors import ZONE_NAME
from club.attendance_records import MOST_PEOPLE
from config.checks import Between, Distinct, Matching, NotEmpty
from config.declaration import setting
from config.kinds import Duration, TimeOfDay
from config.problem import ValueRefusedError, did_you_mean
from config.sentence import Sentence
from config.tables import OperationSettings

_PEOPLE: Final = Between(1, MOST_PEOPLE)
_PERCENT: Final = Between(1, 200)


@attrs.frozen(kw_only=True)
class ZoneSettings:
    """One entry of `[fmi.zones]`: a part of the establishment with a number of its own."""

    limit: int | None = setting(
        None,
        check=_PEOPLE,
        example=250,
        help=Sentence.of("how many may be inside at once, as posted at the entrance; without it nobody is warned"),
    )
    day_limit: int | None = setting(
        None, check=_PEOPLE, example=1500, help=Sentence.of("how many may come in within a day, as posted")
    )
    counts: Literal["people", "swimmers", "others"] = setting(
        "people", help=Sentence.of("whom the zone counts, for who reads it: people, swimmers, or others")
    )
    includes: tuple[str, ...] = setting(
        (),
        check=Distinct(),
        help=Sentence.of("makes it a sum of these zones, without sensors of its own: all swimmers, the whole house"),
    )
    staff: int = setting(
        0,
        check=Between(0, 1000),
        help=Sentence.of("how many of the staff are inside, pass the sensors, and are not to be counted"),
    )

    def __attrs_post_init__(self) -> None:
        if self.includes and self.staff:
            raise ValueRefusedError(
                Sentence.of("a sum has no staff of its own: write it in the zones that it includes"), key=("staff",)
            )


@attrs.frozen(kw_only=True)
class AlertSettings:
    """The table `[fmi.alerts]`: who gets an SMS or an e-mail when a zone comes near its limit, once per crossing."""

    sms: tuple[str, ...] = setting(
        (),
        check=Distinct(),
        help=Sentence.of("telephone numbers that get an SMS"),
    )
    email: tuple[str, ...] = setting(
        (),
        check=Distinct(),
        help=Sentence.of("addresses that get an e-mail"),
    )
    level: Literal["notice", "warning", "stop"] = setting(
        "warning", help=Sentence.of("from which level on they are told; each higher one is told too")
    )

    def __attrs_post_init__(self) -> None:
        number = Matching(r"\+?[0-9][0-9 .()-]{5,24}", Sentence.of("a telephone number such as 0612345678"))
        address = Matching(r"[^\s@,;]+@[^\s@,;]+", Sentence.of("an e-mail address"))
        for key, values, check in (("sms", self.sms, number), ("email", self.email, address)):
            for place, value in enumerate(values):
                try:
                    check(value)
                except ValueRefusedError as refused:
                    raise ValueRefusedError(
                        refused.sentence, suggestion=refused.suggestion, key=(key, place)
                    ) from refused


@attrs.frozen(kw_only=True)
class LevelsSettings:
    """The table `[fmi.levels]`: per cent of a limit at which people are told, and how far below it that ends."""

    notice: int = setting(80, check=_PERCENT, unit="%", help=Sentence.of("from where a zone is said to fill up"))
    warning: int = setting(95, check=_PERCENT, unit="%", help=Sentence.of("from where it is said to be nearly full"))
    stop: int = setting(100, check=_PERCENT, unit="%", help=Sentence.of("from where nobody more may come in"))
    band: int = setting(5, check=Between(1, 50), unit="%", help=Sentence.of("how far below its beginning a level ends"))
    rest: int = setting(
        15, check=Between(1, 100), unit="%", help=Sentence.of("how far the number must come down to be told again")
    )

    def __attrs_post_init__(self) -> None:
        if not self.notice < self.warning < self.stop:
            raise ValueRefusedError(Sentence.of("notice, warning and stop must rise in this order"), key=("warning",))
        if self.rest < self.band:
            raise ValueRefusedError(Sentence.of("shorter than band"), key=("rest",))


@attrs.frozen(kw_only=True)
class FmiSettings(OperationSettings):
    """The table `[fmi]`: how many may be inside, per zone, and what is done when it comes near."""

    SUMMARY: ClassVar[Sentence] = Sentence.of(
        "attendance (F.M.I.): zones, their limits, who is told; sensors are in stations"
    )

    zones: Mapping[str, ZoneSettings] = setting(
        check=NotEmpty(), example="bassin", help=Sentence.of("the zones, by their names")
    )
    day_begins: TimeOfDay = setting(
        time(4), help=Sentence.of("when a new day begins and everybody is taken to have left: a quiet hour")
    )
    history: Duration = setting(
        timedelta(days=400),
        check=Between(timedelta(days=1), timedelta(days=3660)),
        help=Sentence.of("how long the minutes, the corrections and the sensors' days are kept"),
    )
    levels: LevelsSettings = setting(
        attrs.Factory(LevelsSettings), help=Sentence.of("how near its limit a zone is, in four levels")
    )
    alerts: AlertSettings | None = setting(
        None, help=Sentence.of("who gets an SMS or an e-mail; without it status and tray alone tell")
    )

    def __attrs_post_init__(self) -> None:
        zones = MappingProxyType(dict(self.zones))
        name = Matching(ZONE_NAME, Sentence.of("a name of at most 63 characters, without /"))
        for zone, settings in zones.items():
            try:
                name(zone)
            except ValueRefusedError as refused:
                raise ValueRefusedError(
                    refused.sentence, suggestion=refused.suggestion, key=("zones", zone)
                ) from refused
            for place, part in enumerate(settings.includes):
                key = ("zones", zone, "includes", place)
                if part not in zones:
                    hint = did_you_mean(part, zones)
                    raise ValueRefusedError(Sentence.of("there is no zone {zone}", zone=part), suggestion=hint, key=key)
                if zones[part].includes:
                    raise ValueRefusedError(Sentence.of("{zone} is a sum itself", zone=part), key=key)
