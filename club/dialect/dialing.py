"""Opening connections to a server, one at a time, on a thread that may be left behind: no driver holds up who asks."""

import logging
import threading
import time
from collections.abc import Callable
from random import uniform
from typing import Any, Final

import attrs

from club.dialect.connecting import Opener, Traits
from club.dialect.meanings import judge
from club.errors import DatabaseAway, DatabaseError
from config.sentence import SentenceError

_LOG: Final = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 10.0
_FIRST_HUNG_PAUSE_SECONDS: Final = 60.0
_LONGEST_HUNG_PAUSE_SECONDS: Final = 600.0


@attrs.define(eq=False)
class _Attempt:
    """One connection on its way, and what became of it."""

    done: threading.Event = attrs.field(factory=threading.Event)
    opened: tuple[Any, Traits] | None = None
    error: BaseException | None = None
    is_given_up: bool = False


class Dialer:
    """Opens connections for all threads of the program, and knows while their server is away.

        there --attempt fails--> away --pause is over: one attempt--> there
                                  |  ^                           |
                                  |  +------- fails, pause grows +
                                  +-- everybody else is told the known reason at once

    An attempt that has not ended after `seconds` is given up and its thread left behind: a driver's timeouts do not
    bound the search for a name, nor a driver that never returns. The next such attempt waits longer, for it may cost
    another thread.
    """

    def __init__(
        self, open_one: Opener, where: str, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._open_one = open_one
        self._where = where
        self._seconds = seconds
        self._clock = clock
        self._changed = threading.Condition()
        self._attempt: _Attempt | None = None
        self._trouble: DatabaseError | None = None
        self._away_since = 0.0
        self._next_at = 0.0
        self._failures = 0
        self._hung = 0

    def dial(self) -> Any:
        """Return what the opener returned: a new connection, and what it found out.

        Raises the driver's error from who tried it, and from the others the DatabaseError that it means.
        """
        attempt = self._take_turn()
        threading.Thread(target=self._work, args=(attempt,), name="database-dial", daemon=True).start()
        attempt.done.wait(self._seconds)
        with self._changed:
            if attempt.opened is None and attempt.error is None:
                attempt.is_given_up = True
                raise self._gave_up()
            self._attempt = None
            self._changed.notify_all()
            if attempt.error is None:
                self._is_there()
                return attempt.opened
            self._failed(attempt.error)
        try:
            raise attempt.error
        finally:
            attempt.error = None  # else its traceback holds this frame, and this frame the error

    def _take_turn(self) -> _Attempt:
        give_up_at = self._clock() + self._seconds
        with self._changed:
            while True:
                is_trying = self._attempt is not None and not self._attempt.is_given_up
                if self._trouble is not None and (is_trying or self._clock() < self._next_at):
                    raise _again(self._trouble)
                if not is_trying:
                    self._attempt = _Attempt()
                    return self._attempt
                if not self._changed.wait(give_up_at - self._clock()):
                    raise self._silent()

    def _work(self, attempt: _Attempt) -> None:
        try:
            opened = self._open_one()
        except BaseException as error:  # noqa: BLE001 - raised again by who asked
            with self._changed:
                attempt.error = error if not attempt.is_given_up else None
        else:
            with self._changed:
                if not attempt.is_given_up:
                    attempt.opened = opened
            if attempt.opened is None:  # nobody waits for it any more
                opened[0].close()
        attempt.done.set()
        with self._changed:
            if attempt.is_given_up:  # the driver does come back: the next attempt will cost no thread
                self._hung -= 1
                self._next_at = min(self._next_at, self._clock() + self._usual_pause())

    def _is_there(self) -> None:
        if self._trouble is not None:
            seconds = round(self._clock() - self._away_since)
            _LOG.warning(
                "the database %s is there again after %d s",
                self._where,
                seconds,
                extra={"event": "database.back", "seconds": seconds},
            )
        self._trouble = None
        self._failures = 0

    def _failed(self, error: BaseException) -> None:
        """Remember why; an error that says nothing about the server keeps nobody else from trying."""
        if isinstance(error, DatabaseError):
            self._goes_away(error, self._usual_pause())
        elif (verdict := judge(error, self._where)) is not None:
            self._goes_away(verdict.error, self._usual_pause())

    def _usual_pause(self) -> float:
        return _pause(_FIRST_PAUSE_SECONDS, self._failures, _LONGEST_PAUSE_SECONDS)

    def _gave_up(self) -> DatabaseError:
        trouble = self._silent()
        self._goes_away(trouble, _pause(_FIRST_HUNG_PAUSE_SECONDS, self._hung, _LONGEST_HUNG_PAUSE_SECONDS))
        self._hung += 1
        self._changed.notify_all()
        return trouble

    def _goes_away(self, trouble: DatabaseError, pause: float) -> None:
        if self._trouble is None:
            self._away_since = self._clock()
            _LOG.warning("%s", trouble, extra={"event": "database.away"})
        self._trouble = trouble
        self._failures += 1
        self._next_at = self._clock() + pause

    def _silent(self) -> DatabaseAway:
        return DatabaseAway(
            "the driver of the database {where} has not come back from connecting: check the network and the server",
            where=self._where,
        )


def _again(trouble: SentenceError) -> SentenceError:
    """Return the same trouble anew: one exception raised by many threads would collect all their tracebacks."""
    return type(trouble)(trouble.sentence)


def _pause(first: float, times: int, longest: float) -> float:
    """Return a pause that doubles up to `longest`, and differs, so that a club's stations do not come all at once."""
    return uniform(0.5, 1.0) * min(first * float(2 ** min(times, 16)), longest)
