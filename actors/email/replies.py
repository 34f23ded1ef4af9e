"""Reads a server's reply: code, enhanced status, and a text fit to be stored and shown."""

import re
from typing import Final

from actors.email.attempt import Reply
from config.masking import mask_addresses

_LONGEST_TEXT: Final = 600  # Google's longest refusals, with their links, have 450; the row takes 1000
_ENHANCED: Final = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")


def read_reply(code: int, text: bytes) -> Reply:
    """Return a reply whose text is bounded, printable, and shows no address but its first letter and domain."""
    words = " ".join(text.decode("utf-8", "replace").split())
    match = _ENHANCED.match(words)
    enhanced = match[1] if match else None
    # An address may stand anywhere, and each line of a long reply repeats the status.
    shown = mask_addresses(words.replace(f"{enhanced} ", ""))
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in shown)
    return Reply(code, enhanced, shown if len(shown) <= _LONGEST_TEXT else shown[: _LONGEST_TEXT - 1] + "…")
