"""What people are written when a limit comes near: the words of SMS and e-mails. Pure."""

from collections.abc import Sequence
from typing import Final

import attrs

from actors.fmi.levels import is_above, percentage
from actors.fmi.reckoning import Crossing
from actors.fmi.settings import AlertSettings
from club.attendance_records import Alert, Level
from config.sentence import Sentence

_LEVELS: Final = {
    "normal": Sentence.of("there is room again"),
    "notice": Sentence.of("it is filling up"),
    "warning": Sentence.of("nearly full"),
    "stop": Sentence.of("the limit is reached, nobody more may come in"),
}


@attrs.frozen
class Announcer:
    """Makes the messages of a crossing for everybody whom the settings name; None: nobody is written to."""

    settings: AlertSettings | None
    club_name: str
    language: str

    def __call__(self, crossing: Crossing) -> Sequence[Alert]:
        """Return the messages; each has a reference of its own, so that no station writes one twice."""
        settings = self.settings
        if settings is None or not _is_told(crossing.level, settings.level):
            return ()
        said = level_sentence(crossing).render(self.language)
        body = f"{self.club_name}: {said}"
        texts = [("sms", number, body) for number in settings.sms] + [("email", to, said) for to in settings.email]
        return tuple(
            Alert(
                channel="sms" if channel == "sms" else "email",
                recipient=recipient,
                body=text,
                reference=f"{crossing.reference}:{channel}{place}",
                subject="" if channel == "sms" else body[:200],
            )
            for place, (channel, recipient, text) in enumerate(texts)
        )


def level_sentence(crossing: Crossing) -> Sentence:
    """Return how full a zone, or its day, is."""
    record = crossing.record
    if crossing.of == "day":
        return Sentence.counted(
            "{zone}: {n} has come in today, of {limit} allowed in a day ({percent} %): {level}",
            "{zone}: {n} have come in today, of {limit} allowed in a day ({percent} %): {level}",
            n=record.day_total,
            zone=record.name,
            limit=record.day_limit,
            percent=percentage(record.day_total, record.day_limit),
            level=_LEVELS[crossing.level],
        )
    return presence_sentence(record.name, record.present, record.present_limit, crossing.level)


def presence_sentence(zone: str, present: int, limit: int | None, level: Level) -> Sentence:
    """Return how full a zone is."""
    return Sentence.counted(
        "{zone}: {n} inside, of {limit} allowed ({percent} %): {level}",
        "{zone}: {n} inside, of {limit} allowed ({percent} %): {level}",
        n=present,
        zone=zone,
        limit=limit,
        percent=percentage(present, limit),
        level=_LEVELS[level],
    )


def _is_told(level: Level, first: Level) -> bool:
    return level == first or is_above(level, first)
