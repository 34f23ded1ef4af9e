"""The settings of what SMS may cost and how stubbornly they are tried: parts, folding, limits, retries."""

from datetime import timedelta
from typing import Final

import attrs

from actors.sms.parts import MOST_PARTS
from actors.sms.settings_window import HoursSettings
from actors.sms.transport import Category
from config.checks import Between, Distinct
from config.declaration import setting
from config.kinds import Duration
from config.problem import ValueRefusedError
from config.sentence import Sentence

_A_WHILE: Final = Between(timedelta(seconds=1), timedelta(days=1))


@attrs.frozen(kw_only=True)
class SendingSettings(HoursSettings):
    """The keys of `[sms]` about text, limits and retries; the class of the whole table derives from it."""

    max_parts: int = setting(
        6,
        check=Between(1, MOST_PARTS),
        help=Sentence.of("the longest text, in SMS of 160 characters (70 with other alphabets), each of which is paid"),
    )
    fold: tuple[Category, ...] = setting(
        (),
        check=Distinct(),
        help=Sentence.of(
            "the categories whose texts lose ê, ’ and the like for near characters, where that saves an SMS"
        ),
    )
    gateway_adds_stop: bool = setting(
        False, help=Sentence.of("whether the gateway itself adds to marketing how to object (STOP and a number)")
    )
    per_minute: int | None = setting(
        None,
        check=Between(1, 100_000),
        example=60,
        help=Sentence.of("how many SMS, part by part, leave in a minute at most"),
    )
    per_day: int | None = setting(
        None,
        check=Between(1, 10_000_000),
        example=2000,
        help=Sentence.of("how many SMS, part by part, leave in a day at most"),
    )
    retry_after: Duration = setting(
        timedelta(minutes=1), check=_A_WHILE, help=Sentence.of("the wait after a first refusal for now; it doubles")
    )
    retry_at_most: Duration = setting(
        timedelta(minutes=30), check=_A_WHILE, help=Sentence.of("the longest wait between two attempts")
    )
    # A Saturday evening's SMS that is refused first meets an open window on Monday, or on Tuesday after a holiday.
    give_up_after: Duration = setting(
        timedelta(days=3),
        check=Between(timedelta(minutes=1), timedelta(days=30)),
        help=Sentence.of("how long an SMS is tried again before it fails"),
    )
    max_attempts: int = setting(
        30, check=Between(1, 1000), help=Sentence.of("how many times an SMS is tried before it fails")
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.retry_after > self.retry_at_most:
            raise ValueRefusedError(Sentence.of("longer than retry_at_most"), key=("retry_after",))
        if self.per_minute is not None and self.per_minute < self.max_parts:
            raise ValueRefusedError(
                Sentence.of("less than max_parts, so that the longest texts would never leave"), key=("per_minute",)
            )
        if self.per_day is not None and self.per_day < self.max_parts:
            raise ValueRefusedError(
                Sentence.of("less than max_parts, so that the longest texts would never leave"), key=("per_day",)
            )
