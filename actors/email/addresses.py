"""Reads e-mail addresses out of the text that another program wrote, and makes them fit for SMTP."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

import attrs
import idna

from config.sentence import Sentence, SentenceError

_LONGEST_ADDRESS: Final = 254  # octets, RFC 5321 §4.5.3.1.3 less the angle brackets
_LONGEST_LOCAL_PART: Final = 64  # octets, RFC 5321 §4.5.3.1.1
_LONGEST_TEXT: Final = 1000  # characters of one address with its name
_SHOWN: Final = 60  # characters of a wrong address that a reason repeats

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_LOCAL_PART: Final = re.compile(rf'{_ATOM}(?:\.{_ATOM})*|"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])+"')
_HOST_NAME: Final = re.compile(
    r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*"
)
_LITERAL: Final = re.compile(r"\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9A-Fa-f:.]+)\]")
_NAME_AND_ADDRESS: Final = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>", re.DOTALL)
# Separators count outside quotes and brackets only. One left open reaches to its line's end: the scan stays linear.
_PIECE: Final = re.compile(r'(?:"(?:\\[^\r\n]|[^"\\\r\n]++)*+"?|<[^<>\r\n]*+|[^,;\r\n"<]++|\\)++')
_QUOTED_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)


class AddressError(SentenceError):
    """A text that holds no usable address; the sentence says which and why."""


@attrs.frozen
class Mailbox:
    """One address fit for the envelope (domain in A-labels, lower case), and the name shown beside it."""

    address: str
    name: str = ""

    @property
    def is_international(self) -> bool:
        """Whether it can only travel to a server that offers SMTPUTF8 (RFC 6531)."""
        return not self.address.isascii()


@attrs.frozen
class Recipients:
    """What a `recipient` text holds: mailboxes in its order, each once, and the reasons of the wrong ones."""

    mailboxes: tuple[Mailbox, ...]
    wrong: tuple[Sentence, ...]


def parse_recipients(text: str, limit: int) -> Recipients:
    """Return the addresses of one text, separated by comma, semicolon or line end.

    A wrong one among several is set apart with its reason; the others stay. Raises `AddressError` when there is none,
    or more than `limit` (all would read each other's address).
    """
    mailboxes: dict[str, Mailbox] = {}
    wrong: list[Sentence] = []
    for count, piece in enumerate(_pieces(text), start=1):
        if count > limit:
            raise AddressError(
                "it has more than {limit} recipients, who would all read each other's address: write one row for each",
                limit=limit,
            )
        try:
            mailbox = parse_mailbox(piece)
        except AddressError as error:
            wrong.append(error.sentence)
        else:
            mailboxes.setdefault(mailbox.address, mailbox)
    if not mailboxes:
        raise AddressError(wrong[0] if wrong else Sentence.of("it has no recipient"))
    return Recipients(tuple(mailboxes.values()), tuple(wrong))


def parse_mailbox(text: str) -> Mailbox:
    """Return the one address of `Name <local@domain>`, `"Name" <…>`, `<…>` or a bare `local@domain`.

    The domain is encoded by IDNA 2008 (UTS 46 mapping), the local part put in NFC. Raises `AddressError`.
    """
    text = text.strip()
    if len(text) > _LONGEST_TEXT:
        raise AddressError("{text} is too long for an e-mail address", text=_shown(text))
    match = _NAME_AND_ADDRESS.fullmatch(text)
    name, address = (match["name"].strip(), match["address"].strip()) if match else ("", text)
    if name.startswith('"') and name.endswith('"') and len(name) > 1:
        name = _QUOTED_PAIR.sub(r"\1", name[1:-1])
    if not name.isprintable():
        raise AddressError("the name in {text} holds a control character", text=_shown(text))
    local_part, at, domain = address.rpartition("@")
    if not at:
        raise AddressError("{text} is no e-mail address: it has no @", text=_shown(text))
    local_part = unicodedata.normalize("NFC", local_part)
    if not _LOCAL_PART.fullmatch(local_part) or not local_part.isprintable():
        raise AddressError("{text} is no e-mail address: look at what stands before the @", text=_shown(text))
    address = f"{local_part}@{_domain(domain, text)}"
    if len(local_part.encode()) > _LONGEST_LOCAL_PART or len(address.encode()) > _LONGEST_ADDRESS:
        raise AddressError("{text} is too long for an e-mail address", text=_shown(text))
    return Mailbox(address, name)


def _domain(domain: str, text: str) -> str:
    if _LITERAL.fullmatch(domain):
        return domain
    try:
        encoded = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        encoded = ""
    if not _HOST_NAME.fullmatch(encoded):
        raise AddressError("{text} is no e-mail address: look at what stands after the @", text=_shown(text))
    return encoded


def _pieces(text: str) -> Iterator[str]:
    return (match[0] for match in _PIECE.finditer(text) if match[0].strip())


def _shown(text: str) -> str:
    text = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[: _SHOWN + 1]
    )
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
