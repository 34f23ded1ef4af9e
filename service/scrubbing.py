"""Taking secrets and personal data out of what leaves the computer: more than the log's masks, for it goes further."""

import getpass
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import attrs

from config import Secret, SecretError, Settings
from config.masking import mask
from config.tables import UncheckedTable

HIDDEN: Final = "***"
_SHORTEST_SECRET: Final = 4
"""Shorter ones (a PIN) would blank numbers all over; they stand under names that are hidden by their name."""
_SHORTEST_USER: Final = 3
_ORDINARY_USERS: Final = frozenset({"root", "user", "admin", "administrator", "administrateur", "utilisateur"})
_LEFT_OF_ADDRESS: Final = re.compile(r"[^\s<>\"'(),;:=]{0,3}\*\*\*@")
_LEFT_OF_NUMBER: Final = re.compile(r"\+?\d{1,3}\*\*\*\d{1,2}")
_SECRET_KEY: Final = re.compile(r"passwor|passwd|pwd|secret|token|api_?key|private|credential|pin$", re.IGNORECASE)
_PERSONAL_KEY: Final = re.compile(r"(?:^|[._])(?:user|login|account|client_id|tenant|to|recipients?)$", re.IGNORECASE)


class Scrubber:
    """Hides the secrets of these settings, wherever they stand, and what tells who uses or who is served."""

    def __init__(self, settings: Settings | None, home: Path | None = None, user: str | None = None) -> None:
        self._secrets = sorted(set(_secrets_of(settings)), key=len, reverse=True)
        self._home = str(Path.home() if home is None else home)
        name = _user_name() if user is None else user
        is_telling = len(name) >= _SHORTEST_USER and name.casefold() not in _ORDINARY_USERS
        self._user = re.compile(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", re.IGNORECASE) if is_telling else None

    def text(self, text: str) -> str:
        """Return a text without them."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        text = mask(text)
        text = _LEFT_OF_NUMBER.sub("[number]", _LEFT_OF_ADDRESS.sub("[address]@", text))
        if len(self._home) > 1:
            text = text.replace(self._home, "~")
        return text if self._user is None else self._user.sub("[user]", text)

    def json(self, value: Any) -> Any:
        """Return a JSON value whose texts, keys included, are without them."""
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {self.text(str(key)): self.json(each) for key, each in value.items()}
            case list() | tuple():
                return [self.json(each) for each in value]
        return value

    def setting(self, key: str, value: str) -> str:
        """Return a line of settings; what names an account or a person shows only that it is there."""
        if _SECRET_KEY.search(key) or _PERSONAL_KEY.search(key):
            return f"{self.text(key)} = {HIDDEN}"
        return self.text(f"{key} = {value}")


def without_people(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return a status without what people wrote into it: who paused an operation, and why."""
    operations = [
        {
            **operation,
            "reason": "paused",
            "paused": {"since": operation["paused"].get("since"), "until": operation["paused"].get("until")},
        }
        if operation.get("paused")
        else operation
        for operation in status.get("operations") or []
    ]
    return {**status, "operations": operations}


def _secrets_of(settings: Settings | None) -> Iterator[str]:
    if settings is None:
        return
    for secret in _walk(settings.document, ""):
        if isinstance(secret, str):
            text = secret
        elif secret.reference.startswith("keyring:"):
            continue  # a vault may ask its user, and what it keeps is in no file
        else:
            try:
                text = secret.reveal()
            except SecretError:
                continue
        if len(text) >= _SHORTEST_SECRET:
            yield text


def _walk(value: Any, key: str) -> Iterator[Secret | str]:
    """Yield every secret below a value, and the text of keys whose name says that it is one, or names an account."""
    match value:
        case Secret():
            yield value
        case UncheckedTable():
            yield from _walk(value.values, key)
        case str():
            if (_SECRET_KEY.search(key) or _PERSONAL_KEY.search(key)) and not value.startswith(
                ("keyring:", "env:", "file:")
            ):
                yield value
        case Mapping():
            for name, each in value.items():
                yield from _walk(each, str(name))
        case list() | tuple() | set() | frozenset():
            yield from _walk_all(value, key)
        case _ if attrs.has(type(value)):
            for field in attrs.fields(type(value)):
                yield from _walk(getattr(value, field.name), field.name)


def _walk_all(values: Iterable[Any], key: str) -> Iterator[Secret | str]:
    for each in values:
        yield from _walk(each, key)


def _user_name() -> str:
    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return ""
