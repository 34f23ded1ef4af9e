"""The bound connections of a transport: one, or one for each direction; let in, proved alive, served, replaced."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from actors.http.watch import Watch
from actors.sms.adapters.smpp.inbox import Inbox
from actors.sms.adapters.smpp.link import Broken, connected
from actors.sms.adapters.smpp.session import Asked, Session
from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.transport import Unavailable
from config.secret import SecretError
from config.sentence import Sentence

_LONGEST_PASSWORD: Final = 8
_FRESH_SECONDS: Final = 2.0
"""Whoever was heard so long ago answers; of anybody else a sign of life is asked before an SMS is marked."""
_QUIET_SECONDS: Final = 0.05
_QUIET_AFTER_BIND_SECONDS: Final = 0.3
_POLL_SECONDS: Final = 2.0
"""How long a poll takes in what comes one after the other."""
_BINDS: Final = {
    "transceiver": ("bind_transceiver",),
    "transmitter_receiver": ("bind_transmitter", "bind_receiver"),
    "transmitter": ("bind_transmitter",),
}
"""What is submitted by comes first."""


class Lines:
    """Binds by the settings; what is delivered goes to `inbox`, answers to what was submitted to `answered`."""

    def __init__(
        self,
        settings: SmppSettings,
        inbox: Inbox,
        answered: Callable[[Asked], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.watch = Watch(clock)
        self._settings = settings
        self._inbox = inbox
        self._answered = answered
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._polled_at: float | None = None

    @property
    def was_just_polled(self) -> bool:
        """Whether a poll now could hardly bring anything."""
        return self._polled_at is not None and self._clock() - self._polled_at < _QUIET_AFTER_BIND_SECONDS

    def bind(self) -> bool:
        """Be bound in all directions; return whether that was done just now. Raises Unavailable."""
        is_new = False
        for command in _BINDS[self._settings.bind]:
            session = self._sessions.get(command)
            if session is not None and not session.is_over:
                continue
            if session is not None:
                self._drop(session)
            self._sessions[command] = self._let_in(command)
            is_new = True
        return is_new

    def answering(self) -> Session:
        """Return a connection to submit by, just heard and with nothing more to say. Raises Unavailable."""
        why = Sentence.of("no answer in time")
        for _ in range(2):  # one that went away since the last SMS is replaced; a new one that does so is a trouble
            self.bind()
            session = self._sessions[_BINDS[self._settings.bind][0]]
            try:
                self._serve_all(self._clock())
                if self._clock() - session.heard_at > _FRESH_SECONDS:
                    session.enquire(self._clock() + self._seconds)
            except Broken as broken:
                why = broken.why
                self._drop_ended()
            else:
                return session
        raise Unavailable(told(self._settings, why))

    def poll(self) -> None:
        """Ask for a sign of life, and take in what has come. Raises Unavailable."""
        why = Sentence.of("no answer in time")
        for _ in range(2):  # a line that ended since the last poll is replaced at once
            is_new = self.bind()
            try:
                for session in self._sessions.values():
                    session.enquire(self._clock() + self._seconds)
                    ends_at = self._clock() + _POLL_SECONDS
                    quiet = _QUIET_AFTER_BIND_SECONDS if is_new else _QUIET_SECONDS
                    while session.serve_one(min(self._clock() + quiet, ends_at)):
                        pass
            except Broken as broken:
                why = broken.why
                self._drop_ended()
            else:
                self._inbox.release_old()
                self._polled_at = self._clock()
                return
        raise Unavailable(told(self._settings, why))

    def let_go(self) -> None:
        """Hang up all of them, without a word: the next use binds anew."""
        for session in list(self._sessions.values()):
            self._drop(session)

    def close(self) -> None:
        """Unbind and hang up."""
        if self.watch.cut is None:
            for session in self._sessions.values():
                session.close()
        self.let_go()
        self.watch.close()

    @property
    def _seconds(self) -> float:
        return self._settings.timeout.total_seconds()

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        """End every wait of the block at the time limit in all: names that resolve slowly, handshakes that drip."""
        self.watch.begin(self._seconds)
        try:
            yield
        finally:
            self.watch.begin(self._seconds)  # forgets a limit that has struck, which would end later waits as well
            self.watch.end()

    def _let_in(self, command: str) -> Session:
        settings = self._settings
        try:
            password = settings.password.reveal()
        except SecretError as error:
            raise Unavailable(error.sentence, needs_a_person=True) from None
        if len(password) > _LONGEST_PASSWORD or not password.isascii():
            # smpplib would cut it in silence, and so try a wrong one.
            raise Unavailable(
                Sentence.of("the password has no place in SMPP, which takes 8 characters without accents: correct it"),
                needs_a_person=True,
            )
        with self._in_time():
            link = connected(settings, self.watch, self._clock)
        session = Session(link, self._inbox.deliver, self._answered, self._clock)
        login = {"system_id": settings.system_id, "password": password, "system_type": settings.system_type}
        try:
            session.bind(command, self._clock() + self._seconds, **login)
        except Broken as broken:
            session.hang_up()
            raise Unavailable(told(settings, broken.why)) from None
        except Unavailable:
            session.hang_up()
            raise
        return session

    def _serve_all(self, until: float) -> None:
        for session in self._sessions.values():
            session.serve(until)
        self._inbox.release_old()

    def _drop_ended(self) -> None:
        for session in list(self._sessions.values()):
            if session.is_over:
                self._drop(session)

    def _drop(self, session: Session) -> None:
        session.hang_up()
        self._inbox.forget(session)
        self._sessions = {command: each for command, each in self._sessions.items() if each is not session}


def told(settings: SmppSettings, why: Sentence) -> Sentence:
    """Return a trouble with the name of the computer that has it."""
    return Sentence.of("{host}: {why}", host=settings.host, why=why)
