"""The language of the settings for commands that need nothing else of them: from the file, without its checks."""

import tomllib
from contextlib import suppress
from pathlib import Path

from config import SettingsNotFoundError, find_settings_file
from service.console import Console


def prefer_settings_language(console: Console, config: Path | None = None) -> None:
    """Have the console speak the language of the settings file, where there is one that says it; never fails.

    A file that is being corrected tells its language all the same, as long as it is TOML.
    """
    if console.asked_language is not None:
        return
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError, SettingsNotFoundError):
        file = find_settings_file(config, console.environment)
        console.prefer(str(tomllib.loads(file.read_text("utf-8-sig"))["club"]["language"]))
