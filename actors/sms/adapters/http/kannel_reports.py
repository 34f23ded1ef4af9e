"""Waits for Kannel's delivery reports, which it tells by calling an address (userguide, "Delivery reports")."""

import hashlib
import hmac
import threading
from collections import OrderedDict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

from actors.sms.adapters.http.exchange import Reply
from actors.sms.transport import DeliveryReport, Fate, Finding, Found, NotKnown
from config.sentence import Sentence

_FATES: Final = {"1": Fate.DELIVERED, "2": Fate.FAILED, "16": Fate.FAILED}
"""`%d` of the address; 4 and 8 are stations on the way."""
_REMEMBERED: Final = 10_000
_PATIENCE_SECONDS: Final = 5


class ReportListener:
    """Listens until closed. Each address is signed with Kannel's password: nobody else can report."""

    def __init__(self, where: tuple[str, int], key: str, url: str | None) -> None:
        """Raise OSError when nothing can listen there."""
        self._key = key.encode()
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

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _signature(self, reference: str) -> str:
        return hmac.new(self._key, reference.encode(), hashlib.sha256).hexdigest()[:32]

    def _called(self, target: str) -> bool:
        where = urlsplit(target)
        match where.path.split("/"):
            case ["", "report", reference, signature]:
                if not hmac.compare_digest(signature.encode(), self._signature(reference).encode()):
                    return False
            case _:
                return False
        said = parse_qs(where.query)
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
        return True


def _server(where: tuple[str, int], called: Any) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE_SECONDS

        def do_GET(self) -> None:
            self.send_response_only(200 if called(self.path) else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature of http.server
            """Say nothing: the address is in it."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing: a caller that hangs up is none of ours."""

    return Server(where, Handler)
