"""The facts of one delivery attempt, as the session saw them; what they mean is decided in `policy`."""

from enum import Enum, unique
from typing import Final

import attrs

from config.sentence import Sentence

NO_SMTPUTF8: Final = "5.6.7"  # RFC 6531 §3.4.2
TOO_BIG: Final = "5.3.4"  # RFC 3463 §3.4


@unique
class Stage(Enum):
    """Where in the SMTP dialogue something happened (RFC 5321 §3.3)."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"


@unique
class End(Enum):
    """How an attempt ended. Only `ACCEPTED` and `UNCERTAIN` can have made a copy."""

    ACCEPTED = "accepted"
    """The server answered 2xx to the final dot: it has the message, for `Attempt.accepted`."""
    REFUSED = "refused"
    """The server answered no to the message, or to each of its recipients."""
    NOT_SENT = "not_sent"
    """The connection ended before the final dot left: the server cannot have the message."""
    WITHHELD = "withheld"
    """This side kept the final dot back: the caller said no, or another thread interrupted the session."""
    UNCERTAIN = "uncertain"
    """The final dot left and no answer came back: the server may have the message."""


@attrs.frozen
class Reply:
    """A reply of the server, its text bounded and without addresses.

    `enhanced` is the status code of RFC 3463 ("5.1.1") or None. `is_ours` tells a refusal that this side made in the
    server's name, because what it announced (SIZE, SMTPUTF8) leaves no doubt.
    """

    code: int
    enhanced: str | None
    text: str
    is_ours: bool = False

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.code, self.enhanced, self.text) if part)


@attrs.frozen
class Refusal:
    """One recipient that the server did not take, and its reply."""

    recipient: str
    stage: Stage
    reply: Reply


@attrs.frozen
class Attempt:
    """What one attempt showed.

    `reply` is the one that ended it, when the server spoke; `trouble` says what went wrong with the connection, when it
    did not. `accepted` are the recipients covered by the server's answer to the dot (or, when `UNCERTAIN`, those that
    would be); `refused` those turned down one by one.
    """

    end: End
    stage: Stage
    reply: Reply | None = None
    trouble: Sentence | None = None
    accepted: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
