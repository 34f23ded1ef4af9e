"""The settings file as commands use it: found, loaded, and its problems told one by one."""

import argparse
from pathlib import Path

from config import Settings, SettingsError, SettingsNotFoundError, find_settings_file, load
from config.sentence import Sentence, SentenceError
from service.console import Console
from service.exit_codes import Exit
from service.roster import settings_schema


class UnfitSettings(SentenceError):  # noqa: N818 - what the reader sees
    """The settings file is missing or wrong; every problem but this sentence has been told."""

    exit_code = Exit.USAGE


def found_file(option: Path | None, console: Console) -> Path:
    """Return the settings file to read; raises `UnfitSettings` when there is none."""
    try:
        return find_settings_file(option, console.environment)
    except SettingsNotFoundError as error:
        raise UnfitSettings(error.sentence) from error


def load_settings(options: argparse.Namespace, console: Console) -> Settings:
    """Load the settings of `--config` and let the console speak their language.

    Tells every problem and raises `UnfitSettings`.
    """
    try:
        settings = load(found_file(options.config, console), settings_schema())
    except SettingsError as error:
        raise told(error, console) from error
    console.prefer(str(settings.club.language))
    return settings


def told(error: SettingsError, console: Console) -> UnfitSettings:
    """Tell all problems but a single one, and return the error that sums them up."""
    if len(error.problems) == 1:
        return UnfitSettings(error.problems[0].as_sentence())
    for problem in error.problems:
        console.error(problem.as_sentence())
    return UnfitSettings(
        Sentence.counted(
            "{n} problem in {file}: mend it, then try again",
            "{n} problems in {file}: mend them, then try again",
            len(error.problems),
            file=error.problems[0].file,
        )
    )
