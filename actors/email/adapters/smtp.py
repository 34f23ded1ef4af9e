"""A session with the mail server: one connection for many messages, opened when needed, ended from any thread."""

import contextlib
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from actors.email.adapters.dial import Interrupt
from actors.email.adapters.message import Envelope
from actors.email.adapters.transaction import BeforeDot, Leftover, Transaction
from actors.email.adapters.wire import Wire
from actors.email.attempt import Attempt, End, Stage
from actors.email.enough import says_enough
from actors.email.settings import SmtpSettings
from actors.email.trouble import ConnectionTrouble

if TYPE_CHECKING:
    from actors.email.adapters.tokens import AccessTokens

_FAREWELL_SECONDS: Final = 1.0


class SmtpSession:
    """Delivers messages one after the other over one connection.

    Used by one thread, except `interrupt`. `clock` is monotonic seconds. Nothing waits longer than the settings'
    timeouts: `open_timeout` for a connection that is ready, `message_timeout` for all up to the final dot, in which
    each reply has `reply_timeout`, and `acceptance_timeout` for the answer to the dot. `may_leave` is asked at the last
    moment before each final dot, after the mark: False keeps it back.
    """

    def __init__(
        self,
        settings: SmtpSettings,
        *,
        may_leave: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._may_leave = may_leave
        self._clock = clock
        self._interrupt = Interrupt()
        self._wire: Wire | None = None
        self._delivered = 0
        self._needs_reset = False
        self._access: AccessTokens | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Connect and log in, unless that is done; raise `ConnectionTrouble`."""
        if self._wire is None:
            # Here, because yagmail brings 9 MB and 0.1 s, which a station that never sends need not pay.
            from actors.email.adapters.opening import open_wire  # noqa: PLC0415

            self._wire = open_wire(self._settings, self._interrupt, self._clock, self._tokens())
            self._delivered, self._needs_reset = 0, False

    def send(self, envelope: Envelope, before_dot: BeforeDot) -> Attempt:
        """Deliver one message and return what happened; raise `ConnectionTrouble` if no connection could be opened.

        `before_dot` is called once, when all but the final dot is out: it makes the durable mark. If it returns False
        or raises, the dot is not sent, the connection is dropped, and the server has nothing. A connection that the
        server has had enough of (idle too long, so many messages per session) is replaced once: safe before the dot.
        """
        is_used = self._wire is not None and self._delivered > 0
        attempt = self._try(envelope, before_dot)
        if is_used and self._is_worn_out(attempt):
            self.close()
            attempt = self._try(envelope, before_dot)
        return attempt

    def interrupt(self) -> None:
        """End from another thread whatever the session waits for, at once; it stays ended."""
        self._interrupt.set()

    def close(self) -> None:
        """Say goodbye, without insisting, and close."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.allow(reply_seconds=_FAREWELL_SECONDS, in_all_seconds=_FAREWELL_SECONDS)
            with contextlib.suppress(ConnectionTrouble):
                wire.docmd("QUIT")
            wire.close()

    def _tokens(self) -> "AccessTokens | None":
        if self._settings.oauth2 is not None and self._access is None:
            from actors.email.adapters.tokens import AccessTokens  # noqa: PLC0415 - brings requests

            self._access = AccessTokens(self._settings.oauth2, self._clock)
        return self._access

    def _try(self, envelope: Envelope, before_dot: BeforeDot) -> Attempt:
        self.open()
        wire = self._wire
        if wire is None:
            raise AssertionError("open() returned without a connection")
        wire.allow(
            reply_seconds=self._settings.reply_timeout.total_seconds(),
            in_all_seconds=self._settings.message_timeout.total_seconds(),
        )
        seconds = self._settings.acceptance_timeout.total_seconds()
        transaction = Transaction(wire, envelope, seconds, self._may_leave, needs_reset=self._needs_reset)
        try:
            attempt = transaction.run(before_dot)
        finally:
            self._needs_reset = transaction.leftover is Leftover.NEEDS_RESET
            if transaction.leftover is Leftover.UNUSABLE:
                wire.close()  # no QUIT: after DATA the server would read it as text
                self._wire = None
        self._delivered += attempt.end is End.ACCEPTED
        return attempt

    def _is_worn_out(self, attempt: Attempt) -> bool:
        """Tell a server that wants a new session from one that wants no message; nothing of it has left."""
        if self._interrupt.is_set:
            return False
        if attempt.stage is not Stage.MAIL:  # only before the mark, which is made once
            return attempt.stage in (Stage.RCPT, Stage.DATA) and says_enough(attempt) is not None
        is_later = attempt.reply is not None and attempt.reply.code in range(400, 500)
        return attempt.end is End.NOT_SENT or (attempt.end is End.REFUSED and is_later)
