"""The language of the settings for commands that need nothing else of them: from the file, without its checks."""

import re
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Final

from config import SettingsNotFoundError, find_settings_file
from service.console import Console

_LINE: Final = re.compile(r"""^\s*language\s*=\s*["'](\w+)["']""", re.MULTILINE)


def prefer_settings_language(console: Console, config: Path | None = None) -> None:
    """Have the console speak the language of the settings file, where there is one that says it; never fails.

    A file that is being corrected tells its language all the same, also when it is no TOML yet.
    """
    if console.asked_language is not None:
        return
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError, SettingsNotFoundError):
        text = find_settings_file(config, console.environment).read_text("utf-8-sig", "replace")
        try:
            console.prefer(str(tomllib.loads(text)["club"]["language"]))
        except tomllib.TOMLDecodeError:
            said = _LINE.search(text)
            if said:
                console.prefer(said[1])
