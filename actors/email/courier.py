"""The courier of e-mail: makes rows into messages, gives them to the mail server, and says what became of them."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, Self, assert_never

import attrs

from actors.delivery.courier import Courier, LoginRefused, PutOff, Ready, Result, Settled, TransportAway, Untouched
from actors.email import policy
from actors.email.adapters.attached_files import NotYet, read_file
from actors.email.adapters.message import Attachment, Draft, Envelope, Unsendable, build, message_id
from actors.email.adapters.smtp import SmtpSession
from actors.email.addresses import AddressError, Mailbox, Recipients, parse_mailbox, parse_recipients
from actors.email.attempt import Attempt, Refusal, Reply
from actors.email.enough import says_enough
from actors.email.settings import EmailSettings
from actors.email.trouble import ConnectionTrouble
from actors.email.unsubscribe import Unsubscribe
from actors.operation import Workplace
from actors.retrying import RowFacts, why_given_up
from club import Attachment as StoredAttachment
from club import EmailOptOuts, Failed, Later, Message, Outbox, Recipient, Sent, Uncertain
from config import SecretError
from config.sentence import Sentence

_FOR_GOOD: Final = 500  # and above
_DAY_IS_FULL: Final = timedelta(hours=1)
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ANY: Final = "application/octet-stream"


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
    ends_at: datetime | None = None
    """When it is worth nothing any more, by this computer's clock."""


class EmailCourier(Courier[Letter]):
    """Delivers over one session; `content` loads an attachment, `is_out` looks whether an address wants no marketing.

    It connects with the first message of a run, not before, and hangs up at its end: a station with nothing to send
    leaves the mail server alone.
    """

    def __init__(
        self,
        session: Session,
        settings: EmailSettings,
        sender: Sender,
        content: Callable[[StoredAttachment], bytes],
        is_out: Callable[[str, str | None], bool] = lambda _address, _token: False,
    ) -> None:
        self._session = session
        self._settings = settings
        self._sender = sender
        self._content = content
        self._is_out = is_out
        self._unsubscribe = None if settings.unsubscribe is None else Unsubscribe(settings.unsubscribe)
        self._suspect: int | None = None
        """The message at which the server last had enough: the others go first, lest it was about this one alone."""
        self._mailbox = parse_mailbox(settings.smtp.sender)

    @classmethod
    def at(cls, workplace: Workplace, outbox: Outbox) -> Self:
        """Return the courier of a workplace whose settings are those of e-mail."""
        lease = workplace.lease
        if lease is None:
            raise ValueError("e-mails leave under a lease")
        session = SmtpSession(workplace.settings.smtp, may_leave=lambda: lease.is_held)
        sender = Sender(workplace.club_name, workplace.language, lambda: datetime.now(UTC))
        return cls(session, workplace.settings, sender, outbox.content, EmailOptOuts(workplace.database).is_out)

    def prepare(self, message: Message) -> Ready[Letter]:
        """Build the message, or say at once why it never can leave."""
        if message.id == self._suspect:
            self._suspect = None  # it goes behind the others
            why = Sentence.of("the mail server takes no more for now: what is due waits")
            return self._waits(message, why, self._settings.enough_pause)
        try:
            envelope, wrong = self._envelope(message)
        except (AddressError, Unsendable) as unsendable:
            return Settled(Failed(self._say(unsendable.sentence)))
        except NotYet as not_yet:
            return self._waits(message, not_yet.sentence, self._settings.retry_after)
        except SecretError as unknown:  # of the tokens: what is not marketing leaves all the same
            return PutOff(self._sender.now() + self._settings.retry_at_most, unknown.sentence)
        if not envelope.recipients:  # an earlier attempt reached them all
            return Settled(Sent(self.identity(message), self._remark(wrong)), wrong)
        return Letter(message, envelope, wrong, message.ends_at(self._sender.now()))

    def identity(self, message: Message) -> str:
        """Return the Message-ID."""
        reference = message.text("reference") or None
        return message_id(self._sender.club, message.id, message.created_at, reference, self._mailbox)

    def may_leave(self, parcel: Letter) -> bool:
        """Return whether it has not expired: the mail server may have taken long to come to the final dot."""
        return parcel.ends_at is None or self._sender.now() < parcel.ends_at

    def send(self, parcel: Letter, mark: Callable[[], bool]) -> Result:
        """Give one message to the mail server; the mark comes at once before the final dot."""
        try:
            attempt = self._session.send(parcel.envelope, mark)
        except ConnectionTrouble as trouble:
            if trouble.refuses_login:
                raise LoginRefused(trouble.sentence) from trouble
            raise TransportAway(trouble.sentence, needs_a_person=trouble.needs_a_person) from trouble
        message = parcel.message
        enough = says_enough(attempt)
        if enough is not None:
            self._suspect = message.id
            raise TransportAway(
                Sentence.of("the mail server takes no more for now ({reply}): what is due waits", reply=str(enough)),
                pause=self._pause(enough),
            )
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

    def _pause(self, enough: Reply) -> timedelta:
        # A 5xx of this kind is about the whole day.
        pause = self._settings.enough_pause
        return pause if enough.code < _FOR_GOOD else max(pause, _DAY_IS_FULL)

    def _waits(self, message: Message, why: Sentence, wait: timedelta) -> Settled | PutOff:
        """Return that a message is looked at again later, with no attempt counted, or that this has lasted too long."""
        now = self._sender.now()
        at = now + wait
        given_up = why_given_up(
            RowFacts(message.attempts, self._due_at(message), message.expires_at), at, why, self._settings, now
        )
        return PutOff(at, why) if given_up is None else Settled(Failed(self._say(given_up)))

    def _envelope(self, message: Message) -> tuple[Envelope, tuple[Recipient, ...]]:
        wanted = parse_recipients(message.text("recipient"), self._settings.max_recipients)
        token = self._marketing_token(message, wanted)
        mailboxes = tuple(each for each in wanted.mailboxes if each.address not in message.done_with)
        wrong = tuple(
            Recipient(str(sentence.values["text"]), "failed", self._say(sentence)) for sentence in wanted.wrong
        )
        if not mailboxes:
            return Envelope(self._mailbox.address, (), b""), wrong
        draft = self._draft(message, mailboxes)
        if token is not None and self._unsubscribe is not None:
            ways, has_one_click = self._unsubscribe.ways(token), self._unsubscribe.has_one_click
            draft = attrs.evolve(draft, ways_out=ways, has_one_click=has_one_click)
        return build(draft, self._mailbox, self._settings.max_message_size), wrong

    def _marketing_token(self, message: Message, wanted: Recipients) -> str | None:
        """Return the token by which the one recipient of marketing unsubscribes; None where none is needed.

        Raises Unsendable where the law lets it not leave (CPCE art. L34-5): no way out, or its recipient took it.
        """
        category = message.text("category")
        if category == "transactional":
            return None
        if category != "marketing":
            raise Unsendable("its category is neither transactional nor marketing")
        if self._unsubscribe is None:
            raise Unsendable("it is marketing, and the settings give no way to unsubscribe: write [email.unsubscribe]")
        if len(wanted.mailboxes) + len(wanted.wrong) > 1:
            raise Unsendable(
                "it is marketing to several recipients, who cannot unsubscribe each alone: write one row for each"
            )
        address = wanted.mailboxes[0].address
        token = self._unsubscribe.token(address)
        if self._is_out(address, token):
            raise Unsendable("its recipient wants no more marketing")
        return token

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
        html = message.text("html_body")
        return tuple(
            Attachment(each.name, content, each.media_type or _ANY, _content_id(each.name, html))
            for each, content in self._loaded(found)
        )

    def _loaded(self, found: Sequence[StoredAttachment]) -> Iterator[tuple[StoredAttachment, bytes]]:
        room = self._settings.max_message_size
        for each in found:
            if each.path is None:
                content = self._content(each)
                if each.size and not content:  # removed since the claim; the next claim finds what is there then
                    raise NotYet("its attachment {path} was changed while it was read", path=each.name[:60])
            elif each.size:
                raise Unsendable("its attachment {name} has a content and a path: give one", name=each.name[:60])
            else:
                content = read_file(self._settings.attachments_folder, each.path, room)
            room -= len(content)
            yield each, content

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


def _content_id(name: str, html: str) -> str | None:
    """Return the name by which the HTML shows it (`<img src="cid:logo.png">`), None for a file beside the text."""
    return name if _PLAIN_NAME.fullmatch(name) and re.search(rf"""["'(]cid:{re.escape(name)}["')]""", html) else None
