"""The settings of what staff see: the table `[presence]`, which may be missing."""

from datetime import timedelta
from typing import ClassVar

import attrs

from config.checks import Between
from config.declaration import setting
from config.kinds import Duration, TimeOfDay
from config.problem import ValueRefusedError
from config.sentence import Sentence


@attrs.frozen(kw_only=True)
class QuietSettings:
    """The table `[presence.quiet]`: hours without alerts, by the club's clock."""

    SUMMARY: ClassVar[Sentence] = Sentence.of("hours in which no alert is shown; what lasts is told when they end")

    start: TimeOfDay = setting(key="from", help=Sentence.of("from when, by the club's clock"))
    end: TimeOfDay = setting(key="to", help=Sentence.of("until when; a time no later than from is one of the next day"))

    def __attrs_post_init__(self) -> None:
        if self.start == self.end:
            raise ValueRefusedError(
                Sentence.of("the quiet hours begin and end at the same time"),
                suggestion=Sentence.of("to have no alerts at all, write alerts = false"),
                key=("to",),
            )


@attrs.frozen(kw_only=True)
class PresenceSettings:
    """The table `[presence]`."""

    SUMMARY: ClassVar[Sentence] = Sentence.of("what staff see: the icon beside the clock and its alerts")

    icon: bool = setting(True, help=Sentence.of("whether the icon is shown beside the clock"))
    alerts: bool = setting(True, help=Sentence.of("whether an operation that begins to fail is told by an alert"))
    alert_after: Duration = setting(
        timedelta(seconds=30),
        check=Between(timedelta(0), timedelta(hours=12)),
        help=Sentence.of("how long an operation must fail before it is told, and be well again before that is told"),
    )
    quiet: QuietSettings | None = setting(None, help=QuietSettings.SUMMARY)
    support: str | None = setting(
        None,
        example="01 23 45 67 89",
        help=Sentence.of("whom staff call when something does not work, as shown by Help"),
    )
