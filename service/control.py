"""What the running program answers to the command line, and the actor that owns the channel."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from actors.board import OperationState, Outcome, Run
from actors.operation import RULES, RunNow
from config.problem import did_you_mean
from config.sentence import SentenceError
from service.channel.server import ControlServer
from service.status import Reader, describe_run
from supervisor import ChildDown, StartFailed, SupervisedActor, Tree, UnknownChild

logger = logging.getLogger(__name__)

ID: Final = "control"
_RUN_SECONDS: Final = 3600.0


class RequestRefused(SentenceError):  # noqa: N818 - what the reader sees
    """The request names nothing that is here, or what it asks failed."""


class Answering(Protocol):
    """The station, as far as requests are concerned."""

    tree: Tree

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
        self._by_command: Mapping[str, Callable[[dict[str, Any], str], dict[str, Any]]] = {
            "status": self._status,
            "restart": self._restart,
            "run-now": self._run_now,
            "stop": self._stop,
        }

    def handle(self, request: dict[str, Any], language: str) -> dict[str, Any]:
        """Return the answer to a request; raises SentenceError for what cannot be done."""
        handler = self._by_command.get(str(request.get("command")))
        if handler is None:
            raise RequestRefused("this version does not know the request {command}", command=request.get("command"))
        return handler(request, language)

    def _status(self, _request: dict[str, Any], language: str) -> dict[str, Any]:
        return self._station.describe(language)

    def _stop(self, _request: dict[str, Any], _language: str) -> dict[str, Any]:
        logger.info("told to stop by command", extra={"event": "program.told_to_stop"})
        self._station.ask_to_stop()
        return {"stopping": True}

    def _restart(self, request: dict[str, Any], _language: str) -> dict[str, Any]:
        path = str(request.get("actor"))
        try:
            self._station.tree.restart_child(path)
            report = self._station.tree.report(path)
        except UnknownChild as unknown:
            raise self._no_actor(unknown) from unknown
        except StartFailed as failed:
            raise RequestRefused(
                "{path} was restarted and failed again: {error}; `heitz-service status` shows when it is tried next",
                path=path,
                error=type(failed.__cause__ or failed).__name__,
            ) from failed
        return {"path": path, "state": report.state.value}

    def _run_now(self, request: dict[str, Any], language: str) -> dict[str, Any]:
        operation = str(request.get("operation"))
        known = [rule.operation for rule in RULES]
        if operation not in known:
            nearest = did_you_mean(operation, known)
            raise RequestRefused(
                "there is no operation {operation}{hint}", operation=operation, hint=f": {nearest}" if nearest else ""
            )
        if request.get("dry_run"):
            raise RequestRefused("{operation} has no dry run", operation=operation)
        try:
            run: Run = self._station.tree.child(operation).ask(RunNow(), timeout=_RUN_SECONDS)
        except UnknownChild:
            notice = self._notice(operation, language)
            raise RequestRefused(
                "{operation} does not run here: {reason}", operation=operation, reason=notice["reason"]
            ) from None
        except ChildDown as down:
            raise RequestRefused(
                "{operation} is not running now; `heitz-service restart {operation}` starts it", operation=operation
            ) from down
        return describe_run(run, self._station.reader(language)) | {"ok": run.outcome is Outcome.OK}

    def _notice(self, operation: str, language: str) -> dict[str, Any]:
        status = self._station.describe(language)
        return next(
            (o for o in status["operations"] if o["id"] == operation), {"reason": OperationState.DISABLED.value}
        )

    def _no_actor(self, unknown: UnknownChild) -> RequestRefused:
        if unknown.suggestions:
            return RequestRefused(
                "there is no actor {path}; did you mean {names}?",
                path=unknown.path,
                names=", ".join(unknown.suggestions),
            )
        names = ", ".join(report.path for report in self._station.tree.which_children())
        return RequestRefused("there is no actor {path}; there are {names}", path=unknown.path, names=names)
