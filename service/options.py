"""What the command line says of the commands that are programs of their own."""

from pathlib import Path
from typing import Final, NamedTuple

GUARDED_VARIABLE: Final = "HEITZ_SERVICE_GUARDED"
"""Set by the guard of the start at login: who ends with a failure is started again by it."""


class RunOptions(NamedTuple):
    """What the command line says of a run; None leaves it to the settings, the environment or the computer."""

    config: Path | None = None
    station: str | None = None
    headless: bool = False
    debug: bool = False


class DemoOptions(NamedTuple):
    """What the command line says of a demonstration; `seconds` None takes as long as the script needs."""

    seconds: float | None = None
    language: str = "en"
    debug: bool = False
