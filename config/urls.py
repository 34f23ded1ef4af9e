"""Addresses that may hold a password: read, shown without it, and file paths in them anchored."""

import re
from pathlib import Path
from typing import Final

HIDDEN: Final = "***"
_SECRET_PARTS: Final = re.compile(
    r"([?&;](?:[a-z_]*(?:password|passwd|pwd|token|secret|key)|odbc_connect)=)[^&;#]*", re.IGNORECASE
)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class DatabaseUrl(str):
    """An SQLAlchemy address: a plain str for who connects; `repr()` and `masked` never show its password."""

    __slots__ = ()

    @property
    def masked(self) -> str:
        """The address with `***` for its password."""
        return mask_url(self)

    def __repr__(self) -> str:
        return repr(self.masked)


def mask_url(text: str) -> str:
    """Return the text with the password of an address in it replaced by `***`; other text as it is.

    Hides what stands between the first colon and the last at-sign of `scheme://user:password@host`, whatever it holds
    (people forget to escape), and the values of parameters that are named like secrets, `odbc_connect` as a whole.
    """
    scheme = _SCHEME.match(text)
    if scheme is None:
        return text
    rest = text[scheme.end() :]
    user_part, at_sign, place = rest.rpartition("@")
    user, colon, _password = user_part.partition(":")
    if at_sign and colon and not text.startswith("sqlite"):  # SQLite has no password, its paths have colons on Windows
        rest = f"{user}:{HIDDEN}@{place}"
    return scheme.group() + _SECRET_PARTS.sub(rf"\g<1>{HIDDEN}", rest)


def is_url(text: str) -> bool:
    """Whether the text begins like an address: `scheme://`."""
    return _SCHEME.match(text) is not None


def anchored(url: str, folder: Path) -> str:
    """Return the address with a relative SQLite path made absolute, from `folder`; any other address as it is.

    At login a program starts in whatever folder the system likes: relative to that, `club.db` would be a new, empty
    database. (https://docs.sqlalchemy.org: three slashes before a relative path, four before an absolute one.)
    """
    found = re.fullmatch(r"(sqlite(?:\+\w+)?:///)([^?]+)(\?.*)?", url)
    if found is None or found[2].startswith((":memory:", "file:")) or _is_absolute(found[2]):
        return url
    return f"{found[1]}{folder / found[2]}{found[3] or ''}"


def _is_absolute(path: str) -> bool:
    return path.startswith(("/", "\\")) or re.match(r"[A-Za-z]:[\\/]", path) is not None
