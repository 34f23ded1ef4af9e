"""Waits for what Kannel tells by calling an address: delivery reports, and what members answer (its userguide)."""

import hashlib
import hmac
import select
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit
from uuid import uuid4

import attrs

from actors.http.exchange import Reply
from actors.sms.transport import DeliveryReport, Fate, Finding, Found, Incoming, NotKnown
from config.sentence import Sentence

_FATES: Final = {"1": Fate.DELIVERED, "2": Fate.FAILED, "16": Fate.FAILED}
"""`%d` of the address; 4 and 8 are stations on the way."""
_REMEMBERED: Final = 10_000
_PATIENCE_SECONDS: Final = 5
_HELD_SECONDS: Final = 120
"""How long Kannel waits for its answer to an SMS of a member; Kannel itself gives up after 240."""
_OK: Final = 200
_NOT_FOUND: Final = 404
_UNAVAILABLE: Final = 503


@attrs.frozen(eq=False)  # a call that Kannel makes again is another one
class _Held:
    """An SMS of a member, and the call that is answered once it was taken."""

    sms: Incoming
    is_over: threading.Event = attrs.field(factory=threading.Event)


class ReportListener:
    """Listens until closed.

    Addresses for reports are signed with Kannel's password, that for members' SMS holds a key: nobody else can call.
    """

    def __init__(self, where: tuple[str, int], key: str, url: str | None, incoming_key: str | None = None) -> None:
        """Raise OSError when nothing can listen there."""
        self._key = key.encode()
        self._incoming_key = incoming_key
        self._held: deque[_Held] = deque()
        self._new: SimpleQueue[DeliveryReport] = SimpleQueue()
        self._seen: OrderedDict[str, Fate] = OrderedDict()
        self._lock = threading.Lock()
        self._server = _server(where, self._called)
        host, port = self._server.server_address[:2]
        self._url = (url or f"http://{host!s}:{port}").rstrip("/")
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="kannel reports", daemon=True
        )
        self._thread.start()

    def url_for(self, reference: str) -> str:
        """Return the address that Kannel is to call; it fills in `%d`, the kind of report, and `%A`, the reason."""
        return f"{self._url}/report/{quote(reference, safe='')}/{self._signature(reference)}?type=%d&answer=%A"

    def seen(self, reference: str) -> Finding:
        """Return what was reported last of an SMS."""
        with self._lock:
            fate = self._seen.get(reference)
        return NotKnown() if fate is None else Found(None, fate)

    def taken(self) -> Iterator[DeliveryReport]:
        """Yield each report once, as far as they are here."""
        while True:
            try:
                yield self._new.get_nowait()
            except Empty:
                return

    def incoming(self) -> Iterator[Incoming]:
        """Yield the SMS that Kannel holds out; each is acknowledged to Kannel once the next is asked for."""
        while True:
            with self._lock:
                held = self._held[0] if self._held else None
            if held is None:
                return
            yield held.sms
            self._let_go(held)

    def close(self) -> None:
        """Stop listening; Kannel keeps, and calls again for, what was not taken."""
        with self._lock:
            unheard = list(self._held)
        for held in unheard:
            held.is_over.set()
        self._server.shutdown()
        # Kannel 1.4.5 aborts when its call is reset: answer who is at the door already.
        self._server.timeout = 0
        while select.select([self._server], [], [], 0)[0]:
            self._server.handle_request()
        self._server.server_close()
        self._thread.join()

    def _signature(self, reference: str) -> str:
        return hmac.new(self._key, reference.encode(), hashlib.sha256).hexdigest()[:32]

    def _called(self, target: str) -> int:
        """Return the status that answers a call."""
        where = urlsplit(target)
        said = parse_qs(where.query)
        match where.path.split("/"):
            case ["", "report", reference, signature] if _same(signature, self._signature(reference)):
                self._reported(reference, said)
                return _OK
            case ["", "incoming"] if self._incoming_key and _same(said.get("key", [""])[0], self._incoming_key):
                return self._held_out(said)
            case _:
                return _NOT_FOUND

    def _held_out(self, said: dict[str, list[str]]) -> int:
        """Hold a member's SMS out until it is taken: an SMS that was acknowledged and then lost could be a STOP."""
        sender, text, name = (said.get(key, [""])[0] for key in ("from", "text", "id"))
        # Without id=%I in Kannel's configuration each is another one: else a second STOP would be taken for the first.
        held = _Held(Incoming(sender, text, None, f"kannel {name or uuid4().hex}"))
        with self._lock:
            self._held.append(held)
        held.is_over.wait(_HELD_SECONDS)
        return _OK if self._let_go(held) else _UNAVAILABLE

    def _let_go(self, held: _Held) -> bool:
        """Return whether an SMS was taken; take it off the list if it is still there."""
        with self._lock:
            was_taken = held not in self._held
            if not was_taken:
                self._held.remove(held)
        held.is_over.set()
        return was_taken

    def _reported(self, reference: str, said: dict[str, list[str]]) -> None:
        fate = _FATES.get(said.get("type", [""])[0], Fate.ON_ITS_WAY)
        words = said.get("answer", [""])[0]
        with self._lock:
            known = self._seen.pop(reference, None)
            # "Taken by the operator" may come after "delivered".
            self._seen[reference] = known if fate is Fate.ON_ITS_WAY and known is not None else fate
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        if fate is not Fate.ON_ITS_WAY:
            reason = None
            if fate is Fate.FAILED and words:
                reason = Sentence.of("the operator says {code}", code=Reply(200).quote(words))
            self._new.put(DeliveryReport(fate, None, reference, None, reason))


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _server(where: tuple[str, int], called: Any) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE_SECONDS

        def do_GET(self) -> None:
            self.send_response_only(called(self.path))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature of http.server
            """Say nothing: the address is in it."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing: a caller that hangs up is none of ours."""

    return Server(where, Handler)
