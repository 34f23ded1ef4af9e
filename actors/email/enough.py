"""Understands a server that has had enough of the club's mail for now: of this session, this hour, or this day."""

import re
from typing import Final

from actors.email.attempt import Attempt, End, Reply, Stage

_REFUSING_FOR_NOW: Final = (421, 450, 451, 452)
_GOOD_FOR_ANY: Final = re.compile(
    # IONOS "Mail send limit exceeded", OpenSMTPD "Too many messages sent", Microsoft "SubmissionQuotaExceeded",
    # Google "Daily user sending limit exceeded", Postfix anvil "too much mail from".
    r"send(?:ing)? (?:limit|quota)|submission ?quota|messages per (?:minute|hour|day|session|connection)"
    r"|too many (?:messages|mails|e-?mails) (?:sent|from|in this|per)|too much mail from|daily limit",
    re.IGNORECASE,
)
_GOOD_BEFORE_RECIPIENTS: Final = re.compile(
    r"too many|too much|too fast|slow down|rate|throttl|limit|quota|exceeded", re.IGNORECASE
)
# Google: rate of this account, its day; Microsoft: its day. RFC 3463 has no code of its own.
_CODES: Final = frozenset({"4.7.28", "5.4.5", "5.1.90"})
_SESSION_IS_FULL: Final = "4.5.3"


def says_enough(attempt: Attempt) -> Reply | None:
    """Return the reply by which the server takes no more mail of this account for now, None when it is something else.

    Never what is said of a recipient's own mailbox or of too many recipients: that is about one message. The message is
    certainly not taken.
    """
    reply = attempt.reply or (attempt.refused[0].reply if attempt.refused else None)
    if attempt.end is not End.REFUSED or reply is None or reply.is_ours or _is_about_the_mailbox(reply):
        return None
    if reply.enhanced in _CODES or _GOOD_FOR_ANY.search(reply.text):
        return reply
    is_early = attempt.stage is Stage.MAIL and reply.code in _REFUSING_FOR_NOW
    if is_early and (reply.enhanced == _SESSION_IS_FULL or _GOOD_BEFORE_RECIPIENTS.search(reply.text)):
        return reply
    return None


def _is_about_the_mailbox(reply: Reply) -> bool:
    return (reply.enhanced or "").startswith(("4.2.", "5.2.2"))
