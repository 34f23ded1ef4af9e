"""Header fields, encoded and folded before they enter the message.

The e-mail package's own folding is not used for text that others wrote: until Python 3.12.4 it could unquote a comma in
a name, making two addresses of one, and let a line end through (CVE-2024-6923); and parsing each field again costs more
than the rest of the message.
"""

import re
import urllib.parse
from email.header import Header
from functools import lru_cache
from typing import Any, Final, Self

from actors.email.addresses import Mailbox

_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LINE: Final = 76
_LONGEST_PLAIN: Final = 900  # octets of one line: RFC 5322 §2.1.1 allows 998


class FoldedHeader(str):
    """A field's value that is on the wire exactly as it stands here.

    The e-mail package keeps a value that has a `name`, and asks it to fold itself (email.policy.EmailPolicy,
    "header_store_parse" and "fold").
    """

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str, value: str) -> Self:
        """Return `value` as the folded value of the field `name`."""
        header = super().__new__(cls, value)
        header.name = name
        return header

    def fold(self, *, policy: Any) -> str:
        """Return the whole field as the generator writes it."""
        return f"{self.name}: {self}{policy.linesep}"


def text_header(name: str, text: str, *, utf8: bool) -> FoldedHeader:
    """Return an unstructured field such as Subject, encoded by RFC 2047 unless plain ASCII, or `utf8` (RFC 6532)."""
    is_plain = (utf8 or text.isascii()) and text.isprintable() and text == text.strip() and "=?" not in text
    if is_plain and len(text.encode()) <= _LONGEST_PLAIN:
        return FoldedHeader(name, _fold(text, len(name) + 2))
    return FoldedHeader(name, _encoded(text, name))


def mailboxes_header(name: str, mailboxes: tuple[Mailbox, ...], *, utf8: bool) -> FoldedHeader:
    """Return an address field such as To, one mailbox to a line."""
    return FoldedHeader(name, ",\r\n ".join(_mailbox(mailbox, utf8=utf8) for mailbox in mailboxes))


def _mailbox(mailbox: Mailbox, *, utf8: bool) -> str:
    if not mailbox.name:
        return mailbox.address
    if _ATOMS.fullmatch(mailbox.name) and "=?" not in mailbox.name:
        name = mailbox.name
    elif (utf8 or mailbox.name.isascii()) and "=?" not in mailbox.name:
        name = '"' + mailbox.name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        name = _encoded(mailbox.name, "To")
    return (
        f"{name} <{mailbox.address}>" if len(name) + len(mailbox.address) < _LINE else f"{name}\r\n <{mailbox.address}>"
    )


@lru_cache(maxsize=16)  # the sender, and the subject of a message to many
def _encoded(text: str, name: str) -> str:
    # Header finds the shorter of Q and B for each word, and cuts only between characters.
    return Header(text, "utf-8", maxlinelen=_LINE, header_name=name).encode(linesep="\r\n")


def file_header(filename: str, *, is_inline: bool) -> FoldedHeader:
    """Return Content-Disposition; a name that is not plain ASCII is encoded by RFC 2231."""
    disposition = "inline" if is_inline else "attachment"
    if filename.isascii():
        quoted = filename.replace("\\", "\\\\").replace('"', '\\"')
        return FoldedHeader("Content-Disposition", f'{disposition};\r\n filename="{quoted}"')
    encoded = urllib.parse.quote(filename, safe="", encoding="utf-8")
    return FoldedHeader("Content-Disposition", f"{disposition};\r\n filename*=utf-8''{encoded}")


def _fold(text: str, column: int) -> str:
    """Break long plain text before some of its spaces; a receiver puts it together again by removing the line ends."""
    words, lines, line = text.split(" "), [], ""
    for index, word in enumerate(words):
        piece = word if index == 0 else f" {word}"
        if line.strip() and word and column + len(line) + len(piece) > _LINE:
            lines.append(line)
            line, column = piece, 0
        else:
            line += piece
    return "\r\n".join([*lines, line])
