"""What an examination by `doctor` finds."""

from enum import StrEnum

import attrs

from config.sentence import Sentence


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@attrs.frozen
class Finding:
    """What one check found."""

    check: str
    level: Level
    sentence: Sentence
