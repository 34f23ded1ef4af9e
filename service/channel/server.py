"""The running program's end of the control channel.

One thread accepts; each connection has its own thread and deadline. Connections that have not proved the key are worth
nothing: when the places are full the oldest of them goes, so clients that stay silent never delay one that speaks.
"""

import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, Final

from config.sentence import LANGUAGES, Sentence, SentenceError
from service.channel.handshake import HandshakeRefused, prove_server
from service.channel.link import MAX_FRAME_BYTES, Link, LinkError, Listener, listen

Answer = dict[str, Any]
Handler = Callable[[dict[str, Any], str], Answer | Generator[Answer, None, Answer]]

_MAX_CONNECTIONS: Final = 32
_REQUEST_SECONDS: Final = 3.0
_ANSWER_SECONDS: Final = 5.0
_AFTER_FAILURE_SECONDS: Final = 0.2
_BETWEEN_REFUSALS_SECONDS: Final = 60.0

_log = logging.getLogger(__name__)


class ControlServer:
    """Answers the requests of this user's clients with `handle`.

    `handle(request, language)` runs in the connection's thread and returns the answer; or a generator that yields
    progress, sent as it comes, and returns the answer. What it raises becomes the client's error: a `SentenceError` by
    its sentence, anything else by a general one and a traceback in the log. `language` tells the
    language for clients that did not ask for one.
    """

    def __init__(
        self,
        address: str,
        key: bytes,
        handle: Handler,
        *,
        language: Callable[[], str] = lambda: "en",
        max_connections: int = _MAX_CONNECTIONS,
    ) -> None:
        self._address = address
        self._key = key
        self._handle = handle
        self._language = language
        self._max_connections = max_connections
        self._listener: Listener | None = None
        self._lock = Lock()
        self._unproved: OrderedDict[int, Link] = OrderedDict()
        self._proved: dict[int, Link] = {}
        self._closing = Event()
        self._refusals = 0
        self._tell_refusals_at = 0.0

    def start(self) -> None:
        """Listen and return at once. Raises `OSError` when the address can't be had."""
        self._listener = listen(self._address)
        Thread(target=self._accept, args=(self._listener,), name="control", daemon=True).start()

    def close(self) -> None:
        """Stop listening; returns at once, whatever a handler does.

        Requests that were taken get their answer, among them the one to stop; they end with the process at the latest.
        """
        with self._lock:
            self._closing.set()
            unproved = list(self._unproved.values())
        if self._listener is not None:
            self._listener.close()
        for link in unproved:
            link.close()

    def _accept(self, listener: Listener) -> None:
        is_short = False
        while not self._closing.is_set():
            try:
                link = listener.accept()
            except OSError as error:
                if self._closing.is_set():
                    return
                # Out of descriptors, or a client that left in the queue: the next one may be well.
                if not is_short:
                    _log.warning("a control connection failed: %s", error, extra={"event": "control.accept_failed"})
                    is_short = True
                if not self._shed():
                    self._closing.wait(_AFTER_FAILURE_SECONDS)
                continue
            is_short = False
            if link is not None:
                self._admit(link)

    def _admit(self, link: Link) -> None:
        with self._lock:
            full = len(self._unproved) + len(self._proved) >= self._max_connections
            oldest = self._unproved.popitem(last=False)[1] if full and self._unproved else None
            refused = self._closing.is_set() or (full and oldest is None)
            if not refused:
                self._unproved[id(link)] = link
        if oldest is not None:
            oldest.close()
        if refused:
            link.close()
            return
        try:
            Thread(target=self._serve, args=(link,), name="control-client", daemon=True).start()
        except RuntimeError:  # no thread can be had now
            self._forget(link)

    def _shed(self) -> bool:
        """Close the oldest unproved connection, which may hold the descriptor that the next one lacks."""
        with self._lock:
            oldest = self._unproved.popitem(last=False)[1] if self._unproved else None
        if oldest is not None:
            oldest.close()
        return oldest is not None

    def _serve(self, link: Link) -> None:
        try:
            link.set_deadline(_REQUEST_SECONDS)
            prove_server(link, self._key)
            with self._lock:
                if self._unproved.pop(id(link), None) is None:
                    return
                self._proved[id(link)] = link
            self._answer(link, _decoded(link.receive()))
        except HandshakeRefused as error:
            self._tell_refusal(error)
        except (LinkError, ValueError, RecursionError) as error:
            _log.debug("a control connection ended early: %s", error, extra={"event": "control.ended"})
        finally:
            self._forget(link)

    def _tell_refusal(self, error: HandshakeRefused) -> None:
        """Log a refusal, but no more than one a minute: a client that insists must not fill the log."""
        with self._lock:
            self._refusals += 1
            count, now = self._refusals, monotonic()
            if now < self._tell_refusals_at:
                return
            self._tell_refusals_at = now + _BETWEEN_REFUSALS_SECONDS
            self._refusals = 0
        _log.warning("%d control clients were refused, the last: %s", count, error, extra={"event": "control.refused"})

    def _answer(self, link: Link, request: dict[str, Any]) -> None:
        asked = request.pop("language", None)
        language = asked if asked in LANGUAGES else self._language()
        for frame in self._replies(request, language):
            link.set_deadline(_ANSWER_SECONDS)
            link.send(frame)

    def _replies(self, request: dict[str, Any], language: str) -> Iterator[bytes]:
        """Give the frames of the answer. Encoding is inside: a value that is no JSON is the handler's fault too."""
        try:
            result = self._handle(request, language)
            if not isinstance(result, dict):
                result = yield from _progress(result, language)
            yield _encoded({"answer": result}, language)
        except SentenceError as error:
            yield _encoded({"error": error.sentence.render(language), "kind": type(error).__name__}, language)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the channel's edge: a handler's fault is an answer
            command = request.get("command")
            _log.exception("the request %s failed", command, extra={"event": "control.request_failed"})
            sentence = Sentence.of(
                "the program failed at this request ({kind}): its log says more", kind=type(error).__name__
            )
            yield _encoded({"error": sentence.render(language), "kind": "internal"}, language)

    def _forget(self, link: Link) -> None:
        with self._lock:
            self._unproved.pop(id(link), None)
            self._proved.pop(id(link), None)
        link.close()


def _decoded(frame: bytes) -> dict[str, Any]:
    request = json.loads(frame)
    if not isinstance(request, dict):
        raise LinkError("a request is an object of JSON")
    return request


def _progress(steps: Generator[Answer, None, Answer], language: str) -> Generator[bytes, None, Answer]:
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            return dict(end.value or {})
        yield _encoded({"progress": step}, language)


def _encoded(reply: dict[str, Any], language: str) -> bytes:
    """Return the frame of a reply; text that is no Unicode travels as JSON's own escape."""
    said = {**reply, "language": language}
    frame = json.dumps(said, ensure_ascii=False).encode("utf-8", "backslashreplace")
    if len(frame) <= MAX_FRAME_BYTES:
        return frame
    raise SentenceError("the answer is too long for the control channel ({count} bytes)", count=len(frame))
