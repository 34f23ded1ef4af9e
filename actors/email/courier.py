"""The courier of e-mail: makes rows into messages, gives them to the mail server, and says what became of them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol, Self, assert_never

import attrs

from actors.delivery.courier import Courier, LoginRefused, Ready, Result, Settled, TransportAway, Untouched
from actors.email import policy
from actors.email.adapters.message import Attachment, Draft, Envelope, Unsendable, build, message_id
from actors.email.adapters.smtp import SmtpSession
from actors.email.addresses import AddressError, Mailbox, parse_mailbox, parse_recipients
from actors.email.attempt import Attempt, Refusal
from actors.email.settings import EmailSettings
from actors.email.trouble import ConnectionTrouble, Turned
from actors.operation import Workplace
from actors.retrying import RowFacts
from club import Attachment as StoredAttachment
from club import Failed, Later, Message, Outbox, Recipient, Sent, Uncertain
from config.sentence import Sentence


class Session(Protocol):
    """What delivers one message after the other; `adapters.smtp.SmtpSession`, or a test's."""

    def send(self, envelope: Envelope, before_dot: Callable[[], object]) -> Attempt:
        """Deliver one message; raise ConnectionTrouble when no connection can be had."""

    def interrupt(self) -> None:
        """End from another thread what is waited for; it stays ended."""

    def close(self) -> None:
        """Hang up; the next message connects anew."""


@attrs.frozen(slots=True)
class Sender:
    """Who sends: what every mail of the club has in common."""

    club: str
    language: str
    now: Callable[[], datetime]


@attrs.frozen(slots=True)
class Letter:
    """A message ready to leave; `wrong` are those of its recipients that are no addresses."""

    message: Message
    envelope: Envelope = attrs.field(repr=False)
    wrong: tuple[Recipient, ...] = attrs.field(repr=False)


class EmailCourier(Courier[Letter]):
    """Delivers over one session; `content` loads an attachment.

    It connects with the first message of a run, not before, and hangs up at its end: a station with nothing to send
    leaves the mail server alone.
    """

    def __init__(
        self,
        session: Session,
        settings: EmailSettings,
        sender: Sender,
        content: Callable[[StoredAttachment], bytes],
    ) -> None:
        self._session = session
        self._settings = settings
        self._sender = sender
        self._content = content
        self._mailbox = parse_mailbox(settings.smtp.sender)

    @classmethod
    def at(cls, workplace: Workplace, outbox: Outbox) -> Self:
        """Return the courier of a workplace whose settings are those of e-mail."""
        lease = workplace.lease
        if lease is None:
            raise ValueError("e-mails leave under a lease")
        session = SmtpSession(workplace.settings.smtp, may_leave=lambda: lease.is_held)
        sender = Sender(workplace.club_name, workplace.language, lambda: datetime.now(UTC))
        return cls(session, workplace.settings, sender, outbox.content)

    def prepare(self, message: Message) -> Ready[Letter]:
        """Build the message, or say at once why it never can leave."""
        try:
            envelope, wrong = self._envelope(message)
        except (AddressError, Unsendable) as unsendable:
            return Settled(Failed(self._say(unsendable.sentence)))
        if not envelope.recipients:  # an earlier attempt reached them all
            return Settled(Sent(self.identity(message), self._remark(wrong)), wrong)
        return Letter(message, envelope, wrong)

    def identity(self, message: Message) -> str:
        """Return the Message-ID."""
        reference = message.text("reference") or None
        return message_id(self._sender.club, message.id, message.created_at, reference, self._mailbox)

    def send(self, parcel: Letter, mark: Callable[[], bool]) -> Result:
        """Give one message to the mail server; the mark comes at once before the final dot."""
        try:
            attempt = self._session.send(parcel.envelope, mark)
        except ConnectionTrouble as trouble:
            if isinstance(trouble, Turned) and trouble.refuses_login:
                raise LoginRefused(trouble.sentence) from trouble
            raise TransportAway(trouble.sentence, needs_a_person=trouble.needs_a_person) from trouble
        message = parcel.message
        facts = RowFacts(message.attempts + 1, self._due_at(message), message.expires_at)
        now = self._sender.now()
        verdict = policy.judge(attempt, parcel.envelope.recipients, facts, self._settings, now)
        against_club: Sentence | None = None
        if policy.blames_the_club(attempt):
            against_club = Sentence.of(
                "the mail server refuses the club's account or sender: {reply}", reply=str(attempt.reply)
            )
        return Result(self._became(parcel, verdict, now), against_club)

    def interrupt(self) -> None:
        """Shut the connection, from another thread."""
        self._session.interrupt()

    def rest(self) -> None:
        """Hang up."""
        self._session.close()

    def close(self) -> None:
        """Hang up."""
        self._session.close()

    def _envelope(self, message: Message) -> tuple[Envelope, tuple[Recipient, ...]]:
        wanted = parse_recipients(message.text("recipient"), self._settings.max_recipients)
        mailboxes = tuple(each for each in wanted.mailboxes if each.address not in message.done_with)
        wrong = tuple(
            Recipient(str(sentence.values["text"]), "failed", self._say(sentence)) for sentence in wanted.wrong
        )
        if not mailboxes:
            return Envelope(self._mailbox.address, (), b""), wrong
        return build(self._draft(message, mailboxes), self._mailbox, self._settings.max_message_size), wrong

    def _draft(self, message: Message, mailboxes: tuple[Mailbox, ...]) -> Draft:
        return Draft(
            mailboxes,
            message.text("subject"),
            self.identity(message),
            message.created_at or self._sender.now(),
            message.text("text_body") or None,
            message.text("html_body") or None,
            message.text("reply_to") or None,
            self._attachments(message),
        )

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
            Attachment(each.name, self._content(each), each.media_type or "application/octet-stream") for each in found
        )

    def _due_at(self, message: Message) -> datetime:
        created_at = message.created_at or self._sender.now()
        return created_at if message.not_before is None else max(created_at, message.not_before)

    def _became(self, letter: Letter, verdict: policy.Verdict, now: datetime) -> Settled | Untouched:
        """Translate the policy's verdict into the outbox's words."""
        say, wrong = self._say, letter.wrong
        identity = self.identity(letter.message)
        match verdict:
            case policy.Sent(refused, served):
                failed = (*wrong, *self._refused(refused))
                # When all have it, the message's own row says so for each.
                reached = tuple(Recipient(address, "sent") for address in served) if failed else ()
                return Settled(Sent(identity, self._remark(failed)), (*failed, *reached))
            case policy.RetryAt(at, reason, rest, served, refused):
                recipients = (
                    *wrong,
                    *(Recipient(address, "sent") for address in served),
                    *(Recipient(address, "pending", say(reason)) for address in rest),
                    *self._refused(refused),
                )
                return Settled(Later(say(reason), at - now), recipients)
            case policy.Failed(reason, served, refused):
                known = {*served, *(each.recipient for each in refused)}
                recipients = (
                    *wrong,
                    *(Recipient(address, "sent") for address in served),
                    *self._refused(refused),
                    *(Recipient(one, "failed", say(reason)) for one in letter.envelope.recipients if one not in known),
                )
                return Settled(Failed(say(reason)), recipients)
            case policy.Uncertain(reason, rest, refused):
                recipients = (
                    *wrong,
                    *(Recipient(address, "uncertain", say(reason)) for address in rest),
                    *self._refused(refused),
                )
                return Settled(Uncertain(say(reason), identity), recipients)
            case policy.Untouched():
                return Untouched()
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
        return self._say(sentence)

    def _refused(self, refused: Sequence[Refusal]) -> tuple[Recipient, ...]:
        say = self._say
        return tuple(Recipient(each.recipient, "failed", say(policy.why_refused(each.reply))) for each in refused)

    def _say(self, words: Sentence | str) -> str:
        return words if isinstance(words, str) else words.render(self._sender.language)
