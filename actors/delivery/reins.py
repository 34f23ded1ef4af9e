"""How a run of delivery is held: what it asks before each message, and what was agreed for it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event

import attrs


def _always() -> bool:
    return True


def _wait(seconds: float) -> None:
    Event().wait(seconds)


@attrs.frozen
class Reins:
    """How whoever started a run holds it.

    `goes_on` is asked before each message and during pauses: it tells the supervisor that the run is alive, and answers
    False when it must end; what was claimed and not begun is then given back. `may_leave` is asked after the mark:
    False keeps the message back. `ask_for_time` is called before each mark, since what is cut off behind it is
    uncertain. `waits_outside` is told True before somebody else's answer is waited for, False when it is over: what is
    waited for then, a database above all, must not take as long. `now` is the clock of the wall, `clock` monotonic
    seconds, `wait` waits so many seconds.
    """

    goes_on: Callable[[], bool]
    may_leave: Callable[[], bool] = _always
    ask_for_time: Callable[[], object] = _always
    waits_outside: Callable[[bool], object] = lambda _is_outside: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], object] = _wait


@attrs.frozen
class Terms:
    """What is agreed for a run: the language of reasons, the largest claim, how many messages a connection carries."""

    language: str = "en"
    claim_at_most: int = 500
    per_connection: int | None = None
