"""Taking secrets and personal data out of what leaves the computer: more than the log's masks, for it goes further."""

import base64
import getpass
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote

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
_LEFT_OF_NUMBER: Final = re.compile(r"(?:%2B|\+?\d{1,3})\*\*\*\d{1,2}", re.IGNORECASE)
_ADDRESS_IN_A_URL: Final = re.compile(r"[^\s&=?/,;<>\"']+%40(?=[\w-]+\.)", re.IGNORECASE)
_HOME_OF_SOMEBODY: Final = re.compile(
    r"(/home/|/Users/)(?!\*)[^\s/\"':,;)]+|(\b[A-Z]:(?:\\+|/)(?:Users|Utilisateurs)(?:\\+|/))[^\\/\"'\n:*?<>|]+(?=[\\/])"
)
_ASSIGNMENT: Final = re.compile(r"""([\w.-]+)["']?\s*=\s*(?:"([^"\n]*)"|'([^'\n]*)'|([\w.+-]+))""")
_PASSWORD_OF_AN_ADDRESS: Final = re.compile(r"://[^:/@\s]*:(\S+)@|\bPWD(?:=|%3D)([^;&%\s]+)", re.IGNORECASE)
_ELSEWHERE: Final = ("keyring:", "env:", "file:")
_SECRET_KEY: Final = re.compile(
    r"passwor|passwd|passphrase|pwd|secret|token|key$|private|credential|pin$", re.IGNORECASE
)
_PERSONAL_KEY: Final = re.compile(r"(?:^|[._])(?:user|login|account|client_id|tenant|to|recipients?)$", re.IGNORECASE)


class Scrubber:
    """Hides the secrets of these settings, wherever they stand, and what tells who uses or who is served."""

    def __init__(
        self, settings: Settings | None, home: Path | None = None, user: str | None = None, unread: str = ""
    ) -> None:
        """`unread` is the text of a settings file that could not be read as one."""
        known = {*_secrets_of(settings), *_secrets_in(unread)}
        self._secrets = sorted({form for secret in known for form in _forms_of(secret)}, key=len, reverse=True)
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
        text = _ADDRESS_IN_A_URL.sub("[address]%40", text)
        if len(self._home) > 1:
            text = text.replace(self._home, "~")
        text = _HOME_OF_SOMEBODY.sub(r"\1\2[user]", text)
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
        if _is_telling(key):
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
            if _is_telling(key) and not value.startswith(_ELSEWHERE):
                yield value
            yield from _passwords_in(value)
        case Mapping():
            for name, each in value.items():
                yield from _walk(each, str(name))
        case list() | tuple() | set() | frozenset():
            yield from _walk_all(value, key)
        case _ if attrs.has(type(value)):
            for field in attrs.fields(type(value)):
                yield from _walk(getattr(value, field.name), field.name)


def _is_telling(key: str) -> bool:
    return bool(_SECRET_KEY.search(key) or _PERSONAL_KEY.search(key))


def _secrets_in(text: str) -> Iterator[str]:
    """Yield what stands behind the names of secrets in a settings file that is no TOML, or not ours."""
    for name, *values in _ASSIGNMENT.findall(text):
        value = "".join(values)  # in double quotes, in single ones, in none
        found = [value] if _is_telling(name) and not value.startswith(_ELSEWHERE) else []
        yield from (each for each in (*found, *_passwords_in(value)) if len(each) >= _SHORTEST_SECRET)


def _passwords_in(address: str) -> Iterator[str]:
    """Yield the password of a database's address, as it is written there and as it is meant."""
    for plain, named in _PASSWORD_OF_AN_ADDRESS.findall(address):
        yield plain or named
        yield unquote(plain or named)


def _forms_of(secret: str) -> Iterator[str]:
    """Yield a secret as it is, and as it stands in a URL, in JSON, in Python's quotes, in a login by SMTP."""
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    yield base64.b64encode(secret.encode("utf-8", "replace")).decode().rstrip("=")


def _walk_all(values: Iterable[Any], key: str) -> Iterator[Secret | str]:
    for each in values:
        yield from _walk(each, key)


def _user_name() -> str:
    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return ""
