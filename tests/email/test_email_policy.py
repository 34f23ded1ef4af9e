"""What an attempt means for its row: decision tables, a comment per row."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from email_fixtures import smtp_settings

from actors.email.attempt import Attempt, End, Refusal, Reply, Stage
from actors.email.policy import (
    Failed,
    Fault,
    RetryAt,
    Sent,
    Uncertain,
    Untouched,
    Verdict,
    blames_the_club,
    fault_of,
    is_greylisting,
    judge,
    next_attempt_at,
)
from actors.email.replies import read_reply
from actors.email.settings import EmailSettings
from actors.retrying import RowFacts
from config.sentence import Sentence

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BOTH = ("a@x.fr", "b@x.fr")


def settings(**more: Any) -> EmailSettings:
    return EmailSettings(station="ACCUEIL", smtp=smtp_settings(25), **more)


def decide(attempt: Attempt, *, recipients: tuple[str, ...] = BOTH, **row: Any) -> Verdict:
    facts = attrs.evolve(RowFacts(attempts=1, due_at=NOW), **row)
    return judge(attempt, recipients, facts, settings(), NOW)


def refusal(recipient: str, code: int, enhanced: str | None = None) -> Refusal:
    return Refusal(recipient, Stage.RCPT, Reply(code, enhanced, "no"))


@pytest.mark.parametrize(
    ("stage", "code", "enhanced", "fault"),
    [
        (Stage.RCPT, 450, "4.2.1", Fault.TEMPORARY),  # mailbox busy
        (Stage.RCPT, 450, None, Fault.TEMPORARY),  # an old server without enhanced codes
        (Stage.RCPT, 452, "4.5.3", Fault.TEMPORARY),  # too many recipients: the others next time
        (Stage.RCPT, 552, None, Fault.TEMPORARY),  # the same, said as RFC 821 did
        (Stage.RCPT, 552, "5.5.3", Fault.TEMPORARY),  # the same, with its enhanced code
        (Stage.RCPT, 552, "5.2.2", Fault.PERMANENT),  # mailbox full, and the server does not expect it to empty
        (Stage.RCPT, 550, "5.1.1", Fault.PERMANENT),  # no such user
        (Stage.RCPT, 550, None, Fault.PERMANENT),
        (Stage.RCPT, 550, "4.7.1", Fault.PERMANENT),  # contradicts itself: the reply code decides
        (Stage.RCPT, 421, "4.7.0", Fault.TEMPORARY),  # the server is closing
        (Stage.MAIL, 451, None, Fault.TEMPORARY),
        (Stage.MAIL, 550, "5.7.1", Fault.OURS),  # this sender may not: true of every row
        (Stage.MAIL, 553, None, Fault.OURS),
        (Stage.MAIL, 530, "5.7.0", Fault.OURS),  # log in first
        (Stage.RCPT, 530, "5.7.0", Fault.OURS),  # the same, said late
        (Stage.MAIL, 552, "5.3.4", Fault.PERMANENT),  # this message is too big
        (Stage.MAIL, 554, "5.2.3", Fault.PERMANENT),  # the same, in other words
        (Stage.DATA, 554, "5.5.1", Fault.PERMANENT),
        (Stage.DOT, 451, "4.3.0", Fault.TEMPORARY),
        (Stage.DOT, 554, "5.6.0", Fault.PERMANENT),  # the content is refused
        (Stage.DOT, 552, None, Fault.PERMANENT),  # too big after all
        (Stage.DOT, 452, "4.3.1", Fault.TEMPORARY),  # the server's disk is full
    ],
)
def test_a_refusal_is_temporary_permanent_or_about_the_club(
    stage: Stage, code: int, enhanced: str | None, fault: Fault
) -> None:
    assert fault_of(stage, Reply(code, enhanced, "")) is fault


OK = Reply(250, "2.0.0", "queued")
LATER = NOW + MINUTE


@pytest.mark.parametrize(
    ("attempt", "expected", "rest", "served"),
    [
        # all of it arrived
        (Attempt(End.ACCEPTED, Stage.DOT, OK, accepted=BOTH), Sent, (), ()),
        # one will never have it, which is no reason to send the other a second one
        (
            Attempt(End.ACCEPTED, Stage.DOT, OK, accepted=BOTH[:1], refused=(refusal("b@x.fr", 550),)),
            Sent,
            (),
            (),
        ),
        # one is to be tried again, alone
        (
            Attempt(End.ACCEPTED, Stage.DOT, OK, accepted=BOTH[:1], refused=(refusal("b@x.fr", 450),)),
            RetryAt,
            BOTH[1:],
            BOTH[:1],
        ),
        # nobody now, one later
        (
            Attempt(End.REFUSED, Stage.RCPT, refused=(refusal("a@x.fr", 550), refusal("b@x.fr", 450))),
            RetryAt,
            BOTH[1:],
            (),
        ),
        # nobody ever
        (
            Attempt(End.REFUSED, Stage.RCPT, refused=(refusal("a@x.fr", 550), refusal("b@x.fr", 550))),
            Failed,
            None,
            (),
        ),
        # the message as a whole, now
        (Attempt(End.REFUSED, Stage.DOT, Reply(451, None, "")), RetryAt, BOTH, ()),
        # the message as a whole, for good
        (Attempt(End.REFUSED, Stage.DOT, Reply(554, None, "")), Failed, None, ()),
        # the message as a whole for good, though a recipient was only busy
        (Attempt(End.REFUSED, Stage.DOT, Reply(554, None, ""), refused=(refusal("b@x.fr", 450),)), Failed, None, ()),
        # the sender: no row fails for it
        (Attempt(End.REFUSED, Stage.MAIL, Reply(550, None, "")), RetryAt, BOTH, ()),
        # the connection ended before the dot
        (Attempt(End.NOT_SENT, Stage.RCPT, trouble=Sentence.of("gone")), RetryAt, BOTH, ()),
        # the row's mark could not be made: as if nothing had been
        (Attempt(End.WITHHELD, Stage.BODY), Untouched, None, ()),
        # after the dot, nobody knows
        (Attempt(End.UNCERTAIN, Stage.DOT, trouble=Sentence.of("gone"), accepted=BOTH), Uncertain, BOTH, ()),
    ],
)
def test_an_attempt_means(
    attempt: Attempt, expected: type[Verdict], rest: tuple[str, ...] | None, served: tuple[str, ...]
) -> None:
    verdict = decide(attempt)
    assert isinstance(verdict, expected)
    if isinstance(verdict, RetryAt | Uncertain):
        assert verdict.recipients == rest
    if isinstance(verdict, RetryAt):
        assert (verdict.served, verdict.at) == (served, LATER)


@pytest.mark.parametrize(
    ("attempts", "text", "wait"),
    [
        (1, "busy", MINUTE),  # at first, soon
        (2, "busy", 2 * MINUTE),  # then doubling
        (3, "busy", 4 * MINUTE),
        (7, "busy", 60 * MINUTE),  # up to the cap
        (10**9, "busy", 60 * MINUTE),  # however many, no overflow
        (1, "Greylisted, see http://postgrey", timedelta(minutes=5, seconds=10)),  # no sooner than greylisting asks
        (1, "grey-listing in action", timedelta(minutes=5, seconds=10)),
        (5, "greylisted", 16 * MINUTE),  # nor later than without
    ],
)
def test_the_waits_double_up_to_a_cap_and_respect_greylisting(attempts: int, text: str, wait: timedelta) -> None:
    assert next_attempt_at(attempts, Reply(450, None, text), settings(), NOW) == NOW + wait


def test_greylisting_is_known_by_its_code_too() -> None:
    assert is_greylisting(Reply(450, "4.7.1", "please wait"))
    assert not is_greylisting(Reply(550, "5.7.1", "greylisted for ever"))


BUSY = Attempt(End.REFUSED, Stage.DOT, Reply(451, None, "busy"))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"attempts": 60}, "given up after 60 attempts: the mail server refused: 451 busy"),
        ({"due_at": NOW - timedelta(hours=48)}, "given up after 48 hours: the mail server refused: 451 busy"),
        ({"expires_at": NOW + MINUTE}, "it expires before the next attempt: the mail server refused: 451 busy"),
    ],
)
def test_a_server_that_says_later_for_ever_is_given_up_on(row: dict[str, Any], reason: str) -> None:
    verdict = decide(BUSY, **row)
    assert isinstance(verdict, Failed)
    assert str(verdict.reason) == reason


def test_giving_up_remembers_who_has_it() -> None:
    half = Attempt(End.ACCEPTED, Stage.DOT, OK, accepted=BOTH[:1], refused=(refusal("b@x.fr", 450),))
    verdict = decide(half, attempts=60)
    assert isinstance(verdict, Failed)
    assert verdict.served == BOTH[:1]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(550, "5.6.7", "", is_ours=True), "the mail server cannot take an address with accents before the @"),
        (Reply(552, "5.3.4", "5000", is_ours=True), "the mail server takes at most 5000 bytes in a message"),
    ],
)
def test_what_the_server_was_not_even_asked_fails_in_our_words(reply: Reply, said: str) -> None:
    verdict = decide(Attempt(End.REFUSED, Stage.MAIL, reply))
    assert isinstance(verdict, Failed)
    assert str(verdict.reason) == said


def test_only_a_refused_account_or_sender_stops_the_run() -> None:
    assert blames_the_club(Attempt(End.REFUSED, Stage.MAIL, Reply(550, "5.7.1", "")))
    assert not blames_the_club(Attempt(End.REFUSED, Stage.MAIL, Reply(451, None, "")))
    assert not blames_the_club(Attempt(End.REFUSED, Stage.RCPT, refused=(refusal("a@x.fr", 550),)))
    assert not blames_the_club(Attempt(End.NOT_SENT, Stage.MAIL))


@pytest.mark.parametrize(
    ("text", "enhanced", "shown"),
    [
        (b"5.1.1 <jean.dupont@example.org>: unknown", "5.1.1", "<j***@example.org>: unknown"),
        (b"<je\xe9an@[192.0.2.1]> 'x'@y.fr", None, "<j***@[192.0.2.1]> '***@y.fr"),
        (b"no status here", None, "no status here"),
        (b"5.1.1 first\n5.1.1 second", "5.1.1", "first second"),
        (b"caf\xe9 \x1b[31m", None, "caf\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}[31m"),
        (b"x" * 5000, None, "x" * 599 + "…"),
        (b"", None, ""),
    ],
)
def test_a_reply_is_bounded_printable_and_shows_no_address(text: bytes, enhanced: str | None, shown: str) -> None:
    reply = read_reply(550, text)
    assert (reply.enhanced, reply.text) == (enhanced, shown)
