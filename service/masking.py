"""Personal data and secrets hidden in text: e-mail addresses, telephone numbers, passwords and tokens."""

import re
from re import Match
from typing import Final

_ADDRESS: Final = re.compile(r"([\w.!#$%&'*+/=?^`{|}~-]+)@([\w-]+(?:\.[\w-]+)*)")
# French numbers as people write them, and any in the international form: what an SMS gateway echoes in its errors.
_NUMBER: Final = re.compile(
    r"(?<![\w.+/-])(?:(?:\+|00)\d{1,3}(?:[ .\u00a0-]?\(0\))?[ .\u00a0-]?\d(?:[ .\u00a0-]?\d){6,12}"
    r"|0[1-9](?:[ .\u00a0-]?\d{2}){4})(?![\w-])"
)
_URL_PASSWORD: Final = re.compile(r"([a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s@]+@", re.IGNORECASE)
_NAMED: Final = re.compile(
    r"""(["']?[\w-]*(?:passwor[dt]|passwd|pwd|secret|token|api[_-]?key|private[_-]?key|mot[_ ]de[_ ]passe)["']?"""
    r"""\s*(?:=|:)\s*)("[^"]*"|'[^']*'|[^\s,;)\]}&]+)""",
    re.IGNORECASE,
)
_AUTHORIZATION: Final = re.compile(
    r"((?:authorization|proxy-authorization)\s*:\s*(?:\w+\s+)?|\b(?:bearer|basic)\s+|\bAUTH\s+(?:PLAIN|LOGIN|XOAUTH2)\s+)"
    r"[\w+/=.~-]{6,}",
    re.IGNORECASE,
)
_HIDDEN: Final = "***"
_LEAST_SECRET: Final = 4  # hiding shorter words would tear holes in every sentence
_FEW: Final = 2


class Masking:
    """Hides what looks like personal data or a secret, and the secrets that it was told of."""

    def __init__(self) -> None:
        self._secrets: tuple[str, ...] = ()

    def hide(self, secret: str) -> None:
        """Hide this value wherever it appears from now on, whatever it looks like; very short ones are left."""
        if len(secret) >= _LEAST_SECRET and secret not in self._secrets:
            self._secrets = tuple(sorted((*self._secrets, secret), key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """Return the text with everything of that kind hidden."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        text = _AUTHORIZATION.sub(rf"\g<1>{_HIDDEN}", text)
        text = _NAMED.sub(rf"\g<1>{_HIDDEN}", text)
        text = _URL_PASSWORD.sub(rf"\g<1>:{_HIDDEN}@", text)
        return _NUMBER.sub(_masked_number, mask_addresses(text))


def mask_addresses(text: str) -> str:
    """Return the text with e-mail addresses cut to their first letter and domain: enough to find a provider's fault."""
    return _ADDRESS.sub(_masked_address, text) if "@" in text else text


def _masked_address(found: Match[str]) -> str:
    return found[0] if found[1] == _HIDDEN else f"{found[1][0]}{_HIDDEN}@{found[2]}"


def _masked_number(found: Match[str]) -> str:
    number = found[0]
    return f"{number[:3]}{_HIDDEN}{number[-_FEW:]}"
