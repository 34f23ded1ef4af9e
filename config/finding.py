"""Where the settings file lies: told on the command line, in the environment, or in one of the usual folders."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from config.sentence import Sentence, SentenceError

FILE_NAME: Final = "heitz-service.toml"
VARIABLE: Final = "HEITZ_SERVICE_CONFIG"
_PROGRAM: Final = "heitz-service"


class SettingsNotFoundError(SentenceError):
    """No settings file anywhere; `places` are those looked at, in order."""

    def __init__(self, places: tuple[Path, ...]) -> None:
        self.places = places
        super().__init__(
            Sentence.of(
                "no settings file: looked for {places}; write one with `heitz-service config init`, or name it by "
                "--config",
                places=", ".join(str(place) for place in places),
            )
        )


def find_settings_file(option: Path | str | None, environ: Mapping[str, str]) -> Path:
    """Return the absolute path of the settings file; `option` is what `--config` was given, None when it was not.

    A file that is named, by option or by HEITZ_SERVICE_CONFIG, is taken even when it does not exist: then loading it
    says so, rather than another file being used. Otherwise the first that exists of the user's configuration folder and
    the machine's. Raises SettingsNotFoundError.
    """
    named = option or environ.get(VARIABLE)
    if named:
        return Path(named).absolute()
    places = usual_places()
    for place in places:
        # Also what is no file (a folder) or cannot be read is found: loading says what is wrong with it.
        if _is_there(place):
            return place
    raise SettingsNotFoundError(places)


def usual_places() -> tuple[Path, ...]:
    """Return where a file is looked for that nobody named: the user's folder, then the machine's."""
    from platformdirs import PlatformDirs  # noqa: PLC0415 - not needed when the file is named

    folders = PlatformDirs(_PROGRAM, appauthor=False)
    return folders.user_config_path / FILE_NAME, folders.site_config_path / FILE_NAME


def _is_there(place: Path) -> bool:
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
