"""Decides what a delivery attempt means for the row: pure functions of facts, settings and now."""

import re
from datetime import datetime
from enum import Enum, unique
from typing import Final, assert_never

import attrs

from actors.email.attempt import NO_SMTPUTF8, TOO_BIG, Attempt, End, Refusal, Reply, Stage
from actors.email.settings import EmailSettings
from actors.retrying import RowFacts, wait_after, why_given_up
from config.sentence import Sentence

_GREYLIST: Final = re.compile(r"gr[ea]y-?\s?list|try again (?:later|in)|temporarily deferred", re.IGNORECASE)
_TOO_MUCH: Final = 552
_PERMANENT: Final = range(500, 600)


@unique
class Fault(Enum):
    """What a reply that is not a yes says, and about whom."""

    TEMPORARY = "temporary"
    """Not now; the same message may pass later."""
    PERMANENT = "permanent"
    """Never, for this message or this recipient."""
    OURS = "ours"
    """The server turns down the club's account or sender: someone must act, and no row is to blame."""


@attrs.frozen
class Sent:
    """The server has it, for `served`. `refused` are recipients that it turned down for good, if any."""

    refused: tuple[Refusal, ...] = ()
    served: tuple[str, ...] = ()


@attrs.frozen
class RetryAt:
    """To be tried again at `at`, for `recipients` only; `served` already have it; `refused` never will."""

    at: datetime
    reason: Sentence
    recipients: tuple[str, ...]
    served: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()


@attrs.frozen
class Failed:
    """Never to be tried again by itself. `served` are recipients that do have it; `refused` were so one by one."""

    reason: Sentence
    served: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()


@attrs.frozen
class Uncertain:
    """The server may have it for `recipients`: a person decides, nothing is resent by itself."""

    reason: Sentence
    recipients: tuple[str, ...]
    refused: tuple[Refusal, ...] = ()


@attrs.frozen
class Untouched:
    """Nothing happened to the row: it becomes as due as it was, its mark is taken back, and no attempt is counted."""


Verdict = Sent | RetryAt | Failed | Uncertain | Untouched


def fault_of(stage: Stage, reply: Reply) -> Fault:
    """Return what a reply other than 2xx or 3xx says at a stage (RFC 5321 §4.2.1, RFC 3463)."""
    if reply.code in (454, 530, 534, 535, 538):  # RFC 4954 §6: about authentication, wherever it is said
        return Fault.OURS
    if stage is Stage.MAIL and not reply.is_ours and reply.code in _PERMANENT and not _is_about_size(reply):
        return Fault.OURS  # the sender is the same for every row
    if stage is Stage.RCPT and reply.code == _TOO_MUCH and reply.enhanced in (None, "5.5.3"):
        return Fault.TEMPORARY  # RFC 5321 §4.5.3.1.10: an old server's way to say "too many recipients at once"
    if reply.code in _PERMANENT:
        return Fault.PERMANENT
    return Fault.TEMPORARY


def judge(
    attempt: Attempt, recipients: tuple[str, ...], row: RowFacts, settings: EmailSettings, now: datetime
) -> Verdict:
    """Return what the attempt to deliver to `recipients` means for the row."""
    match attempt.end:
        case End.ACCEPTED:
            return _accepted(attempt, row, settings, now)
        case End.REFUSED:
            return _refused(attempt, recipients, row, settings, now)
        case End.NOT_SENT:
            reason = attempt.trouble or Sentence.of("the connection to the mail server was lost")
            return _retry(RetryAt(now, reason, recipients), None, row, settings)
        case End.WITHHELD:
            return Untouched()
        case End.UNCERTAIN:
            reason = Sentence.of(
                "the mail server was given the whole message and did not confirm it ({why}): it may have arrived",
                why=attempt.trouble or Sentence.of("no answer"),
            )
            return Uncertain(reason, attempt.accepted, attempt.refused)
    assert_never(attempt.end)


def next_attempt_at(attempts: int, reply: Reply | None, settings: EmailSettings, now: datetime) -> datetime:
    """Return when to try again after `attempts` tries: doubling, capped, and late enough for a greylisting server."""
    wait = wait_after(attempts, settings)
    if reply is not None and is_greylisting(reply):
        wait = max(wait, settings.greylist_after)
    return now + wait


def is_greylisting(reply: Reply) -> bool:
    """Return whether a reply asks to come back in some minutes (RFC 6647)."""
    return reply.code in (450, 451, 421) and (reply.enhanced == "4.7.1" or bool(_GREYLIST.search(reply.text)))


def blames_the_club(attempt: Attempt) -> bool:
    """Return whether the server turned down the club's account or sender: the next row would fare no better."""
    return (
        attempt.end is End.REFUSED
        and attempt.reply is not None
        and fault_of(attempt.stage, attempt.reply) is Fault.OURS
    )


def why_refused(reply: Reply) -> Sentence | str:
    """Return what is told of one recipient that was turned down: the server's words, or ours when it was not asked."""
    return _said(reply) if reply.is_ours else str(reply)


def _accepted(attempt: Attempt, row: RowFacts, settings: EmailSettings, now: datetime) -> Verdict:
    gone, later = _sort(attempt.refused)
    if not later:
        return Sent(gone, attempt.accepted)
    rest = tuple(refusal.recipient for refusal in later)
    wanted = RetryAt(now, _said(later[0].reply), rest, attempt.accepted, gone)
    return _retry(wanted, later[0].reply, row, settings)


def _refused(
    attempt: Attempt, recipients: tuple[str, ...], row: RowFacts, settings: EmailSettings, now: datetime
) -> Verdict:
    gone, later = _sort(attempt.refused)
    reply = attempt.reply or (later or gone)[0].reply
    lost = {refusal.recipient for refusal in gone}
    rest = tuple(recipient for recipient in recipients if recipient not in lost)
    if not rest or (attempt.reply is not None and fault_of(attempt.stage, reply) is Fault.PERMANENT):
        return Failed(_said(reply), refused=gone)
    return _retry(RetryAt(now, _said(reply), rest, refused=gone), reply, row, settings)


def _retry(wanted: RetryAt, reply: Reply | None, row: RowFacts, settings: EmailSettings) -> RetryAt | Failed:
    """Set the time of the next attempt, or give up when it would come too late or too often."""
    now = wanted.at
    at = next_attempt_at(row.attempts, reply, settings, now)
    reason = why_given_up(row, at, wanted.reason, settings, now)
    if reason is None:
        return attrs.evolve(wanted, at=at)
    return Failed(reason, wanted.served, wanted.refused)


def _sort(refused: tuple[Refusal, ...]) -> tuple[tuple[Refusal, ...], tuple[Refusal, ...]]:
    """Tell the recipients refused for good from those to try again."""
    gone = tuple(each for each in refused if fault_of(each.stage, each.reply) is Fault.PERMANENT)
    later = tuple(each for each in refused if fault_of(each.stage, each.reply) is not Fault.PERMANENT)
    return gone, later


def _said(reply: Reply) -> Sentence:
    if reply.is_ours and reply.enhanced == NO_SMTPUTF8:
        return Sentence.of("the mail server cannot take an address with accents before the @")
    if reply.is_ours:
        return Sentence.of("the mail server takes at most {limit} bytes in a message", limit=reply.text)
    return Sentence.of("the mail server refused: {reply}", reply=str(reply))


def _is_about_size(reply: Reply) -> bool:
    return reply.code == _TOO_MUCH or reply.enhanced in (TOO_BIG, "5.2.3")
