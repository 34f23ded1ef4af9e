"""Secrets: kept as a reference, revealed at the moment of use, shown by nothing."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn, Self

from config.sentence import Sentence, SentenceError
from config.system_words import system_words

HIDDEN: Final = "***"
_LARGEST_FILE: Final = 64 * 1024


class SecretError(SentenceError):
    """A secret cannot be had: the sentence names what is missing and where it was looked for, never its value."""


class Secret:
    """A password, token or key as the settings file gives it.

    Written `keyring:NAME` (the system's vault of the user who runs the program, service `heitz-service`), `env:NAME`,
    `file:PATH` (from the settings file's folder), or as it is. Not an attrs class on purpose: `attrs.asdict`, `repr`,
    `str`, `vars`, `format` and pickle show or keep nothing of it.
    """

    __slots__ = ("_folder", "_text")

    def __init__(self, text: str, folder: Path | None = None) -> None:
        self._text = text
        self._folder = folder or Path()

    @property
    def reference(self) -> str:
        """Where the secret is kept (`keyring:smtp`), which may be shown; `***` for one that is written as it is."""
        return self._text if self._text.startswith(("keyring:", "env:", "file:")) else HIDDEN

    def reveal(self) -> str:
        """Return the secret, read anew each time, so that a changed password needs no restart.

        Raises SecretError. A locked vault may ask its user and so take as long as they do: call from a thread that may.
        """
        kind, _, name = self._text.partition(":")
        match kind:
            case "keyring":
                from config.vault import from_keyring  # noqa: PLC0415 - keyring takes long to import, few have one

                return from_keyring(name)
            case "env":
                return _from_environment(name)
            case "file":
                return _from_file(self._folder / name)
            case _:
                return self._text

    def keep(self, value: str) -> None:
        """Replace the secret where it is kept, so that `reveal` returns `value` from now on, also after a restart.

        Raises SecretError where that is not possible: a vault that says no, a folder that cannot be written, and always
        for `env:` and a secret that stands in the settings file. A file is replaced as a whole, for its user alone.
        """
        kind, _, name = self._text.partition(":")
        match kind:
            case "keyring":
                from config.vault import into_keyring  # noqa: PLC0415 - as in reveal

                into_keyring(name, value)
            case "file":
                _into_file(self._folder / name, value)
            case _:
                raise SecretError(
                    Sentence.of(
                        "{reference} cannot be written back: keep this secret in keyring: or file:",
                        reference=self.reference,
                    )
                )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return (self._text, self._folder) == (other._text, other._folder)

    def __hash__(self) -> int:
        return hash((self._text, self._folder))

    def __repr__(self) -> str:
        return f"Secret({self.reference})"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


def _from_environment(name: str) -> str:
    found = os.environ.get(name)
    if not found:
        raise SecretError(
            Sentence.of("the environment variable {name}, which should hold a secret, is not set: set it", name=name)
        )
    return found


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise SecretError(
            Sentence.of(
                "the file {path}, which should hold a secret, cannot be read ({reason}): create it or correct its path",
                path=path,
                reason=system_words(error),
            )
        ) from error
    try:
        text = content.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        # From None: the cause would carry the secret's own bytes into tracebacks.
        raise SecretError(Sentence.of("the secret in {path} is not UTF-8 text: save it as such", path=path)) from None
    if not text or len(content) > _LARGEST_FILE:
        raise SecretError(
            Sentence.of("the file {path} should hold a secret of 1 to 65536 bytes: write the secret in it", path=path)
        )
    return text


def _into_file(path: Path, value: str) -> None:
    """Replace a file as a whole: a power cut leaves the old secret or the new one, never half of it."""
    try:
        # mkstemp: for this user alone from the first instant.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(value.encode())
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise SecretError(
            Sentence.of(
                "the secret in {path} cannot be replaced ({reason}): let this user write in its folder",
                path=path,
                reason=system_words(error),
            )
        ) from error
