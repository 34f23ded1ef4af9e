"""The demonstration's SMS gateway: a real HTTP server on loopback, that counts what it is given."""

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

SETTINGS: Final = """
[sms]
station = "ACCUEIL"
every = "2s"
charter = "none"
window = {{ days = "mon-sun", from = "00:00", to = "00:00", public_holidays = true }}
[sms.gateway]
kind = "http"
provider = "generic"
name = "Demo"
url = "http://127.0.0.1:{port}/sms"
json = '{{"to": "{{to}}", "text": "{{text}}", "reference": "{{reference}}"}}'
[sms.gateway.reply]
accepted = "id"
id = "id"
"""


class Gateway:
    """Accepts every SMS; `copies` counts them by our reference. A context manager."""

    def __init__(self) -> None:
        self.copies: Counter[str] = Counter()
        self._server = _Server(self.copies)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, copies: "Counter[str]") -> None:
        self.copies = copies
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Take an SMS."""
        sms = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.copies[sms["reference"]] += 1
        body = json.dumps({"id": sms["reference"][:8]}).encode()
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature of http.server
        """Say nothing."""
