"""What the running program answers to the command line, and the actor that owns the channel."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol, assert_never

from pykka import ActorDeadError

from actors import leases
from actors.board import Run
from actors.operation import NotHeld, RunNow, unknown_operation
from actors.pauses import Pauses
from config.sentence import SentenceError
from service.channel import requests
from service.channel.requests import LookForLeases, Pause, Restart, Resume, ShowStatus, Stop, Watch, parse
from service.channel.server import ControlServer
from service.pausing import change_pause, why_paused
from service.status import Reader, describe_run
from service.watching import Watches
from supervisor import ChildDown, StartFailed, SupervisedActor, Tree, UnknownChild

logger = logging.getLogger(__name__)

ID: Final = "control"
_RUN_SECONDS: Final = 3600.0
_LONG_REQUESTS: Final = 8


class RequestRefused(SentenceError):  # noqa: N818 - what the reader sees
    """The request names nothing that is here, or what it asks failed."""


class Answering(Protocol):
    """The station, as far as requests are concerned."""

    tree: Tree
    pauses: Pauses

    def describe(self, language: str) -> dict[str, Any]:
        """Return the status."""

    def reader(self, language: str) -> Reader:
        """Return a reader of this language at the club's time."""

    def ask_to_stop(self) -> None:
        """Begin to stop."""


class ControlActor(SupervisedActor):
    """Opens the channel when it starts and closes it when it stops; the channel has threads of its own."""

    def __init__(self, server: Callable[[], ControlServer]) -> None:
        super().__init__()
        self._server = server()

    def on_start(self) -> None:
        """Listen."""
        self._server.start()

    def on_stop(self) -> None:
        """Close the channel."""
        self._server.close()

    def on_failure(self, *_: object) -> None:
        """Close the channel also after a crash, so that the next incarnation can have its address."""
        self._server.close()


class Handlers:
    """The requests of the command line, each answered in the thread of its connection."""

    def __init__(self, station: Answering) -> None:
        self._station = station
        self._long = threading.BoundedSemaphore(_LONG_REQUESTS)
        self._watches = Watches(station.describe)

    def handle(self, request: dict[str, Any], language: str) -> dict[str, Any]:
        """Return the answer to a request; raises SentenceError for what cannot be done."""
        message = parse(request)
        match message:
            case ShowStatus():
                return self._station.describe(language)
            case Watch(seen):
                return self._watches.wait(seen, language)
            case Restart() | requests.RunNow() | Pause() | Resume():
                with self._long_request():
                    return self._act(message, language)
            case Stop():
                logger.info("told to stop by command", extra={"event": "program.told_to_stop"})
                self._station.ask_to_stop()
                return {"stopping": True, "pid": os.getpid()}
            case LookForLeases():
                return self._look_for_leases()
            case _:
                assert_never(message)

    def _act(self, message: Restart | requests.RunNow | Pause | Resume, language: str) -> dict[str, Any]:
        match message:
            case Restart(actor):
                return self._restart(actor)
            case requests.RunNow(operation, dry_run):
                return self._run_now(operation, language, is_dry=dry_run)
            case Pause() | Resume():
                return change_pause(self._station, message, language)
            case _:
                assert_never(message)

    @contextmanager
    def _long_request(self) -> Iterator[None]:
        """Bound the requests that wait for an actor: with all places taken by a hung one, `status` would be refused."""
        if not self._long.acquire(blocking=False):
            raise RequestRefused("{n} requests wait already for an answer: try again later", n=_LONG_REQUESTS)
        try:
            yield
        finally:
            self._long.release()

    def _look_for_leases(self) -> dict[str, Any]:
        try:
            self._station.tree.child(leases.ID).tell(leases.LookNow())
        except (UnknownChild, ChildDown) as absent:
            raise RequestRefused("this station has no part in any lease now") from absent
        return {"told": True}

    def _restart(self, path: str) -> dict[str, Any]:
        tree = self._station.tree
        if not path:  # the root's own path, which nobody means
            raise self._no_actor(UnknownChild(path))
        self._refuse_while_paused(path)
        try:
            incarnation = tree.restart_child(path)
            state = tree.report(path).state
        except UnknownChild as unknown:
            raise self._no_actor(unknown) from unknown
        except StartFailed as failed:
            raise RequestRefused(
                "{path} was restarted and failed again ({error}): `heitz-service status` shows when it is tried next",
                path=path,
                error=type(failed.__cause__ or failed).__name__,
            ) from failed
        return {"path": path, "state": state.value, "incarnation": incarnation}

    def _run_now(self, operation: str, language: str, *, is_dry: bool) -> dict[str, Any]:
        unknown = unknown_operation(operation)
        if unknown is not None:
            raise RequestRefused(unknown)
        if is_dry:
            raise RequestRefused("{operation} has no dry run: leave --dry-run out", operation=operation)
        self._refuse_while_paused(operation)
        if self._counts_on(operation):
            raise RequestRefused("{operation} works all the time: there is no run to be done", operation=operation)
        try:
            run: Run = self._station.tree.child(operation).ask(RunNow(), timeout=_RUN_SECONDS)
        except UnknownChild:
            raise RequestRefused(
                "{operation} does not run here: {reason}", operation=operation, reason=self._reason(operation, language)
            ) from None
        except NotHeld as not_held:  # the board knows why: another station holds it, or the database is away
            reason = self._reason(operation, language)
            if reason is None:
                raise
            raise RequestRefused(
                "{operation} can't run now: {reason}", operation=operation, reason=reason
            ) from not_held
        except ChildDown as down:
            raise RequestRefused(
                "{operation} is not running now: `heitz-service restart {operation}` starts it", operation=operation
            ) from down
        except ActorDeadError as dead:  # restarted, stopped or crashed while the request waited
            raise RequestRefused(
                "{operation} ended before the run did: `heitz-service status` shows what became of it",
                operation=operation,
            ) from dead
        return describe_run(run, self._station.reader(language))

    def _refuse_while_paused(self, path: str) -> None:
        why = why_paused(self._station.pauses, path)
        if why is not None:
            raise RequestRefused(why)

    def _counts_on(self, operation: str) -> bool:
        """Whether an operation has actors beneath it that never end their work, and so no runs."""
        return any(report.path == operation and report.is_supervisor for report in self._station.tree.which_children())

    def _reason(self, operation: str, language: str) -> str | None:
        status = self._station.describe(language)
        return next((each["reason"] for each in status["operations"] if each["id"] == operation), None)

    def _no_actor(self, unknown: UnknownChild) -> RequestRefused:
        if unknown.suggestions:
            return RequestRefused(
                "there is no actor {path}; did you mean {names}?",
                path=unknown.path,
                names=", ".join(unknown.suggestions),
            )
        names = ", ".join(report.path for report in self._station.tree.which_children())
        return RequestRefused("there is no actor {path}; there are {names}", path=unknown.path, names=names)
