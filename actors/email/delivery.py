"""One run: takes what is due out of the outbox, gives it to the mail server, and writes down what became of it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, assert_never

import attrs

from actors.email import policy
from actors.email.adapters.message import Attachment, Draft, Envelope, Unsendable, build, message_id
from actors.email.addresses import AddressError, Mailbox, parse_mailbox, parse_recipients
from actors.email.attempt import Attempt, Refusal
from actors.email.settings import EmailSettings
from actors.email.trouble import ConnectionTrouble, Turned
from actors.retrying import RowFacts
from club import Failed, Later, Message, Outbox, Outcome, Recipient, Sent, Uncertain
from config.sentence import Sentence, SentenceError


class ServerAway(SentenceError):  # noqa: N818 - weather, not a fault of the program
    """The mail server cannot be reached, or turns down the club itself: no row is to blame, all stay due."""


class LoginRefused(ServerAway):
    """The mail server refuses the user or the password: trying on may lock the account."""


class Session(Protocol):
    """What delivers one message after the other; `adapters.smtp.SmtpSession`, or a test's."""

    def send(self, envelope: Envelope, before_dot: Callable[[], object]) -> Attempt:
        """Deliver one message; raise ConnectionTrouble when no connection can be had."""


@attrs.define
class Tally:
    """What a run did, in messages."""

    sent: int = 0
    later: int = 0
    failed: int = 0
    uncertain: int = 0

    def count(self, outcome: Outcome) -> None:
        """Add one outcome."""
        match outcome:
            case Sent():
                self.sent += 1
            case Later():
                self.later += 1
            case Uncertain():
                self.uncertain += 1
            case _:
                self.failed += 1

    def as_counters(self) -> dict[str, int]:
        """Return the counts by name, those that are nothing left out."""
        return {name: count for name, count in attrs.asdict(self).items() if count}

    def as_sentence(self) -> Sentence:
        """Return what was done, for people."""
        if not self.as_counters():
            return Sentence.of("nothing was due")
        parts = [
            *([Sentence.counted("{n} e-mail sent", "{n} e-mails sent", self.sent)] if self.sent else []),
            *([Sentence.counted("{n} to try again", "{n} to try again", self.later)] if self.later else []),
            *([Sentence.counted("{n} failed", "{n} failed", self.failed)] if self.failed else []),
            *([Sentence.counted("{n} uncertain", "{n} uncertain", self.uncertain)] if self.uncertain else []),
        ]
        return Sentence.joined(", ", parts)


@attrs.frozen(slots=True)
class _Settled:
    """An answer that is known and not written down yet."""

    message: Message
    outcome: Outcome
    recipients: tuple[Recipient, ...] = ()


@attrs.frozen(slots=True)
class Sender:
    """Who sends: what every mail of the club has in common."""

    club: str
    language: str
    now: Callable[[], datetime]


class Delivery:
    """One run over an outbox and a session, both used by this thread alone.

    `goes_on` is asked before each message: it tells the supervisor that the run is alive, and answers False when the
    actor was told to stop; what was claimed and not begun is then given back.

    The answer to one message is written in the same commit as the mark of the next: one durable commit a message. At
    any instant at most one answer is unwritten, so a kill leaves at most one message uncertain.
    """

    def __init__(
        self,
        outbox: Outbox,
        session: Session,
        settings: EmailSettings,
        sender: Sender,
        goes_on: Callable[[], bool],
        tally: Tally,
    ) -> None:
        self._outbox = outbox
        self._session = session
        self._settings = settings
        self._sender = sender
        self._mailbox = parse_mailbox(settings.smtp.sender)
        self._goes_on = goes_on
        self._unwritten: _Settled | None = None
        self._is_marked = False
        self._blamed: ServerAway | None = None
        """What the server last said against the club: once may be that mail's fault, twice is the club's."""
        self._tally = tally

    def run(self) -> None:
        """Deliver until nothing is due, counting in `tally`.

        Raises ServerAway, DatabaseAway, DatabaseUnfit, LeaseLost; `tally` then tells what was done before.
        """
        while self._goes_on():
            batch = self._outbox.claim(self._settings.batch)
            if not batch:
                break
            self._deliver_all(batch)
        if self._blamed is not None:
            raise self._blamed

    def _deliver_all(self, batch: Sequence[Message]) -> None:
        for index, message in enumerate(batch):
            if not self._goes_on():
                self._write_down()
                self._outbox.give_back(batch[index:])
                return
            try:
                self._deliver(message)
            except (ConnectionTrouble, ServerAway) as trouble:
                self._write_down()
                self._outbox.give_back(batch[index:])
                is_login = isinstance(trouble, Turned) and trouble.refuses_login
                raise (LoginRefused if is_login else ServerAway)(trouble.sentence) from trouble
        self._write_down()

    def _deliver(self, message: Message) -> None:
        try:
            envelope, wrong = self._envelope(message)
        except (AddressError, Unsendable) as unsendable:
            self._settle(_Settled(message, Failed(unsendable.sentence.render(self._sender.language))))
            return
        if not envelope.recipients:  # an earlier attempt reached them all
            self._settle(_Settled(message, Sent(self._identity(message), self._remark(wrong)), wrong))
            return
        self._is_marked = False
        attempt = self._session.send(envelope, lambda: self._begin(message))
        blamed_before, self._blamed = self._blamed, None
        if policy.blames_the_club(attempt):
            self._blamed = ServerAway(
                "the mail server refuses the club's account or sender: {reply}", reply=str(attempt.reply)
            )
            if blamed_before is not None:
                raise self._blamed
        facts = RowFacts(message.attempts + 1, self._due_at(message), message.expires_at)
        verdict = policy.judge(attempt, envelope.recipients, facts, self._settings, self._sender.now())
        settled = self._settled(message, envelope, verdict, wrong)
        if settled is not None:
            self._settle(settled)
        elif self._is_marked:  # this side kept the dot back after all: the message is here, for certain
            self._outbox.withdraw(message)

    def _begin(self, message: Message) -> bool:
        """Make the durable mark that the message may be out; writes the last answer in the same commit."""
        unwritten, self._unwritten = self._unwritten, None
        leaves_as = self._identity(message)
        if unwritten is None:
            self._is_marked = self._outbox.begin(message, leaves_as)
        else:
            self._tally.count(unwritten.outcome)
            self._is_marked = self._outbox.settle_and_begin(
                unwritten.message, unwritten.outcome, message, unwritten.recipients, leaves_as
            )
        return self._is_marked

    def _settle(self, settled: _Settled) -> None:
        self._write_down()
        self._unwritten = settled

    def _write_down(self) -> None:
        unwritten, self._unwritten = self._unwritten, None
        if unwritten is not None:
            self._tally.count(unwritten.outcome)
            self._outbox.settle(unwritten.message, unwritten.outcome, unwritten.recipients)

    def _envelope(self, message: Message) -> tuple[Envelope, tuple[Recipient, ...]]:
        if message.problem is not None:
            raise Unsendable(message.problem)
        wanted = parse_recipients(message.text("recipient"), self._settings.max_recipients)
        mailboxes = tuple(each for each in wanted.mailboxes if each.address not in message.done_with)
        language = self._sender.language
        wrong = tuple(
            Recipient(str(sentence.values["text"]), "failed", sentence.render(language)) for sentence in wanted.wrong
        )
        if not mailboxes:
            return Envelope(self._mailbox.address, (), b""), wrong
        return build(self._draft(message, mailboxes), self._mailbox, self._settings.max_message_size), wrong

    def _draft(self, message: Message, mailboxes: tuple[Mailbox, ...]) -> Draft:
        return Draft(
            mailboxes,
            message.text("subject"),
            self._identity(message),
            message.created_at or self._sender.now(),
            message.text("text_body") or None,
            message.text("html_body") or None,
            message.text("reply_to") or None,
            self._attachments(message),
        )

    def _identity(self, message: Message) -> str:
        reference = message.text("reference") or None
        return message_id(self._sender.club, message.id, message.created_at, reference, self._mailbox)

    def _attachments(self, message: Message) -> tuple[Attachment, ...]:
        found = message.attachments
        size = sum(each.size for each in found)
        if size > self._settings.max_message_size:
            raise Unsendable(
                "its attachments have {size} bytes, more than max_message_size ({limit})",
                size=size,
                limit=self._settings.max_message_size,
            )
        return tuple(
            Attachment(each.name, self._outbox.content(each), each.media_type or "application/octet-stream")
            for each in found
        )

    def _due_at(self, message: Message) -> datetime:
        created_at = message.created_at or self._sender.now()
        return created_at if message.not_before is None else max(created_at, message.not_before)

    def _settled(
        self, message: Message, envelope: Envelope, verdict: policy.Verdict, wrong: tuple[Recipient, ...]
    ) -> _Settled | None:
        """Translate the policy's verdict into the outbox's words."""
        say = self._in_language
        match verdict:
            case policy.Sent(refused, served):
                failed = (*wrong, *self._refused(refused))
                # When all have it, the message's own row says so for each.
                reached = tuple(Recipient(address, "sent") for address in served) if failed else ()
                return _Settled(message, Sent(self._identity(message), self._remark(failed)), (*failed, *reached))
            case policy.RetryAt(at, reason, rest, served, refused):
                recipients = (
                    *wrong,
                    *(Recipient(address, "sent") for address in served),
                    *(Recipient(address, "pending", say(reason)) for address in rest),
                    *self._refused(refused),
                )
                return _Settled(message, Later(say(reason), at - self._sender.now()), recipients)
            case policy.Failed(reason, served, refused):
                known = {*served, *(each.recipient for each in refused)}
                recipients = (
                    *wrong,
                    *(Recipient(address, "sent") for address in served),
                    *self._refused(refused),
                    *(Recipient(one, "failed", say(reason)) for one in envelope.recipients if one not in known),
                )
                return _Settled(message, Failed(say(reason)), recipients)
            case policy.Uncertain(reason, rest, refused):
                recipients = (
                    *wrong,
                    *(Recipient(address, "uncertain", say(reason)) for address in rest),
                    *self._refused(refused),
                )
                return _Settled(message, Uncertain(say(reason), self._identity(message)), recipients)
            case policy.Untouched():
                return None
        assert_never(verdict)

    def _remark(self, failed: Sequence[Recipient]) -> str | None:
        """Return what is written beside a mail that was sent, but not to everybody."""
        if not failed:
            return None
        sentence = Sentence.counted(
            "{n} recipient was refused: {why}",
            "{n} recipients were refused, such as: {why}",
            len(failed),
            why=failed[0].error,
        )
        return sentence.render(self._sender.language)

    def _refused(self, refused: Sequence[Refusal]) -> tuple[Recipient, ...]:
        say = self._in_language
        return tuple(Recipient(each.recipient, "failed", say(policy.why_refused(each.reply))) for each in refused)

    def _in_language(self, words: Sentence | str) -> str:
        return words if isinstance(words, str) else words.render(self._sender.language)
