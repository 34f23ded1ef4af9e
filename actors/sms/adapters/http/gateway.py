"""What every gateway over HTTP does alike; a gateway adds how it is asked, and how its answer reads."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final, Generic, TypeVar

from actors.http.exchange import NotJsonError, Reply, Request
from actors.sms.adapters.http.settings import HttpSettings
from actors.sms.adapters.http.verdict import Judge
from actors.sms.transport import Answer, Blame, NotSent, Refused, Sms, Unavailable, Unknown, Withheld
from config.secret import Secret, SecretError
from config.sentence import Sentence
from config.system_words import system_words

if TYPE_CHECKING:
    from actors.http.wire import Wire

_ABOUT_THE_CLUB: Final = (Blame.ACCOUNT, Blame.KEY)

SettingsT = TypeVar("SettingsT", bound=HttpSettings)


def utc_now() -> datetime:
    """Return the instant, as the computer's clock has it."""
    return datetime.now(UTC)


class HttpGateway(ABC, Generic[SettingsT]):
    """A transport over HTTP. `NAME` is how people call the gateway, `REFUSING` its 5xx that are sure refusals.

    Whatever a gateway can do beyond sending (look up, report, receive, tell its credit) is a method that it has or has
    not: see `actors.sms.transport`. Each asks by `_ask`.
    """

    NAME: ClassVar[str]
    SETTINGS: ClassVar[type[HttpSettings]]
    REFUSING: ClassVar[AbstractSet[int]] = frozenset()
    may_send_when_asked: ClassVar[bool] = False
    """Whether `look_up` sends the very message again, which the gateway then takes once: only inside the hours."""

    def __init__(self, settings: SettingsT, now: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.now = now
        self.base = settings.url.rstrip("/")
        self.judge = Judge(self.NAME, settings.url, self.REFUSING)
        self._wire: Wire | None = None
        self._is_interrupted = False
        self._revealed: dict[Secret, str] = {}

    @abstractmethod
    def request(self, sms: Sms) -> Request:
        """Return the request that sends an SMS. Secrets by `reveal`."""

    @abstractmethod
    def answer(self, reply: Reply) -> Answer:
        """Return what an answer means, of a status 2xx or 4xx but 429. Raises NotJsonError for what makes no sense."""

    def open(self) -> None:
        """Get ready to send. Raises Unavailable: no such file, no such secret, no answer to what is asked at first."""
        self._connected()
        self._greet()

    def _greet(self) -> None:
        """Ask what must be known before anything is sent; nothing, for most."""

    def _connected(self) -> "Wire":
        if self._wire is not None:
            return self._wire
        # A station that sends nothing need not load requests.
        from actors.http.wire import Wire  # noqa: PLC0415

        proxy = None if self.settings.proxy is None else self.reveal(self.settings.proxy)
        try:
            wire = Wire(seconds=self.settings.timeout.total_seconds(), ca_file=self.settings.ca_file, proxy=proxy)
        except OSError as error:
            raise Unavailable(
                Sentence.of(
                    "the authority's file {file} cannot be used ({why}): correct ca_file",
                    file=self.settings.ca_file,
                    why=system_words(error),
                ),
                needs_a_person=True,
            ) from None
        self._wire = wire
        if self._is_interrupted:  # while it was being made there was nothing to interrupt
            wire.interrupt()
        return wire

    def send(self, sms: Sms, mark: Callable[[], bool]) -> Answer:
        """Send one SMS; see Transport."""
        self.open()
        try:
            request = self.request(sms)
        except UnicodeError:  # half of a surrogate pair, which no encoding has
            reason = Sentence.of("it holds a character that cannot be sent to {gateway}", gateway=self.NAME)
            return Refused(reason, is_final=True)
        reply = self._connected().exchange(request, mark, self._private(sms))
        if isinstance(reply, Reply):
            answer = self._judged(reply)
            if isinstance(answer, Refused) and answer.blame in _ABOUT_THE_CLUB:
                self._revealed.clear()  # a password that was changed meanwhile is read anew
            return answer
        if reply.is_withheld:
            return Withheld()
        trouble = Sentence.of("{gateway}: {why}", gateway=self.NAME, why=reply.reason)
        return Unknown(trouble) if reply.has_left else NotSent(trouble, needs_a_person=reply.needs_a_person)

    def interrupt(self) -> None:
        """End what is being waited for, and every later wait until the transport is closed."""
        self._is_interrupted = True
        if self._wire is not None:
            self._wire.interrupt()

    def close(self) -> None:
        """Let go of the connections and of what was revealed."""
        wire, self._wire = self._wire, None
        self._is_interrupted = False
        self._revealed.clear()
        if wire is not None:
            wire.close()

    def reveal(self, secret: Secret) -> str:
        """Return a secret's text, read once while the transport is open. Raises Unavailable."""
        if secret not in self._revealed:
            try:
                self._revealed[secret] = secret.reveal()
            except SecretError as error:
                raise Unavailable(error.sentence, needs_a_person=True) from None
        return self._revealed[secret]

    def _ask(self, request: Request, about: Sms | None = None, also: AbstractSet[int] = frozenset({404})) -> Reply:
        """Return the answer to a question, whose status is 2xx or among `also`. Raises Unavailable."""
        reply = self._connected().exchange(request, None, self._private(about))
        if not isinstance(reply, Reply):
            raise Unavailable(
                Sentence.of("{gateway}: {why}", gateway=self.NAME, why=reply.reason),
                needs_a_person=reply.needs_a_person,
            )
        if reply.status in range(200, 300) or reply.status in also:
            return reply
        said = self.judge.on_its_way(reply, self.now()) or self.judge.by_status(reply)
        blame = said.blame if isinstance(said, Refused) else None
        if blame in _ABOUT_THE_CLUB:
            self._revealed.clear()
        raise Unavailable(said.reason, needs_a_person=blame in _ABOUT_THE_CLUB, refuses_login=blame is Blame.KEY)

    def _private(self, sms: Sms | None) -> tuple[str, ...]:
        of_sms = () if sms is None else (sms.recipient, sms.recipient.lstrip("+"), sms.body)
        return (*of_sms, *self._revealed.values())

    def _nonsense(self, reply: Reply) -> Unavailable:
        return Unavailable(self.judge.nonsense(reply).reason)

    def _judged(self, reply: Reply) -> Answer:
        answer = None if reply.status in self.REFUSING else self.judge.on_its_way(reply, self.now())
        if answer is not None:
            return answer
        try:
            return self.answer(reply)
        except NotJsonError:
            return self.judge.by_status(reply)
