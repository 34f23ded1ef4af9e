"""What is said to log in to a mail server (SASL, RFC 4954), by password or by token: words alone, of what it offers."""

import base64
from collections.abc import Collection
from typing import Final

import attrs

_LONGEST_COMMAND: Final = 512  # RFC 4954 §4: an initial response that makes it longer comes after the server's 334


@attrs.frozen
class Words:
    """The command, and what answers each 334 in turn; they hold the secret."""

    command: str = attrs.field(repr=False)
    steps: tuple[str, ...] = attrs.field(default=(), repr=False)


def by_password(
    offered: Collection[str], user: str, password: str, *, initial_response_ok: bool = True
) -> Words | None:
    """Return the words of PLAIN (RFC 4616), else LOGIN; None when neither is offered."""
    if "PLAIN" in offered and initial_response_ok:
        return Words("AUTH PLAIN " + _base64(f"\0{user}\0{password}"))
    if "LOGIN" in offered:
        return Words("AUTH LOGIN", (_base64(user), _base64(password)))
    return None


def by_token(offered: Collection[str], user: str, token: str, where: tuple[str, int]) -> Words | None:
    """Return the words of OAUTHBEARER (RFC 7628), else XOAUTH2, to a host and port; None when neither is offered."""
    if "OAUTHBEARER" in offered:
        name = user.replace("=", "=3D").replace(",", "=2C")  # RFC 5801 §4
        host, port = where
        response = f"n,a={name},\1host={host}\1port={port}\1auth=Bearer {token}\1\1"
        return _in_turn("OAUTHBEARER", response, "\1")
    if "XOAUTH2" in offered:
        return _in_turn("XOAUTH2", f"user={user}\1auth=Bearer {token}\1\1", "")
    return None


def _in_turn(mechanism: str, response: str, end: str) -> Words:
    """Return them with `end` last: it follows the reason of a refusal, for programs; then comes the refusal itself."""
    command, steps = f"AUTH {mechanism}", (_base64(response), _base64(end))
    at_once = f"{command} {steps[0]}"
    return Words(at_once, steps[1:]) if len(at_once) + 2 <= _LONGEST_COMMAND else Words(command, steps)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
