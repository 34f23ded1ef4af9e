"""Personal data and secrets hidden in text: e-mail addresses, telephone numbers, passwords and tokens."""

import re
from re import Match
from typing import Final

# Whatever stands before the @ up to a space or a bracket: also what RFC 5321 does not allow, and bytes that were none.
# It begins only where such a run begins, so that a long text is read once.
_LOCAL: Final = r"""[^\s<>"(),;:@\[\]\\]"""
_ADDRESS: Final = re.compile(rf"(?<!{_LOCAL})({_LOCAL}++)@([\w-]+(?:\.[\w-]+)*|\[[0-9A-Za-z:.]+\])")
# French numbers as people write them, and any in the international form, also as gateways write it, without its plus or
# in a URL: what they echo in their errors.
_NUMBER: Final = re.compile(
    r"(?:%2B|(?<![\w.+/-]))(?:(?:(?<=%2B)|\+|00)\d{1,3}(?:[ .\u00a0-]?\(0\))?[ .\u00a0-]?\d(?:[ .\u00a0-]?\d){6,12}"
    r"|0[1-9](?:[ .\u00a0-]?\d{2}){4}|33[1-9]\d{8})(?![\w-])",
    re.IGNORECASE,
)
_URL_PASSWORD: Final = re.compile(r"([a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s@]+@", re.IGNORECASE)
_NAMED: Final = re.compile(
    r"""(["']?[\w-]*(?:passwor[dt]|passphrase|passwd|pwd|secret|token|mot[_ ]de[_ ]passe"""
    r"""|(?:api|app|application|consumer|encryption|private)[_-]?key)["']?"""
    r"""\s*(?:=|:)\s*)("[^"]*"|'[^']*'|[^\s,;)\]}&]+)""",
    re.IGNORECASE,
)
_AUTHORIZATION: Final = re.compile(
    r"((?:authorization|proxy-authorization)\s*:\s*(?:\w+\s+)?|\b(?:bearer|basic)\s+|\bAUTH\s+(?:PLAIN|LOGIN|XOAUTH2|OAUTHBEARER)\s+)"
    r"[\w+/=.~-]{6,}",
    re.IGNORECASE,
)
_PIN: Final = re.compile(r"""(\bC?PIN\b["']?\s*[=:]?\s*["']?)\d{4,8}\b""", re.IGNORECASE)
_HIDDEN: Final = "***"
_FEW: Final = 2


def mask(text: str) -> str:
    """Return the text with everything hidden that looks like personal data or a secret."""
    text = _AUTHORIZATION.sub(rf"\g<1>{_HIDDEN}", text)
    text = _NAMED.sub(rf"\g<1>{_HIDDEN}", text)
    text = _PIN.sub(rf"\g<1>{_HIDDEN}", text)
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
