"""An authorisation server on loopback, written from RFC 6749, RFC 8628 and the public pages of Microsoft and Google.

It knows one consent. `says` is answered in place of the truth, one after the other: a status with a JSON value or text.
"""

import json
import ssl
import threading
from collections import deque
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final, Self
from urllib.parse import parse_qs

_DEVICE: Final = "urn:ietf:params:oauth:grant-type:device_code"


class TokenServer:
    """The server, in a thread of its own, on a free loopback port; over TLS with a context."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.refresh_token = "refresh-0-" + "r" * 40
        self.access_token = "access-0-" + "a" * 40
        self.rotates = False
        self.life: Any = 3600
        self.says: deque[tuple[int, Any]] = deque()
        self.asked: list[dict[str, str]] = []
        self.codes: dict[str, str] = {}
        """By device code or authorisation code: what is answered, "ok" or an error's name."""
        self._scheme = "http" if tls is None else "https"
        self._server = HTTPServer(("127.0.0.1", 0), self._handler())
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, Any]:  # noqa: PLR0911 - a table of answers
        if self.says:
            return self.says.popleft()
        if path == "/device":
            self.codes.setdefault("device-code", "authorization_pending")
            uri = {"user_code": "ABCD-EFGH", "verification_uri": "https://login.test/device"}
            return 200, {"device_code": "device-code", **uri, "expires_in": 900, "interval": 5}
        match form.get("grant_type"):
            case "refresh_token":
                fits = form.get("refresh_token") == self.refresh_token
            case "authorization_code" | "urn:ietf:params:oauth:grant-type:device_code" as grant:
                state = self.codes.get(form["device_code" if grant == _DEVICE else "code"], "invalid_grant")
                if state != "ok":
                    return 400, {"error": state}
                return 200, {**self._granted(), "refresh_token": self.refresh_token}
            case _:
                return 400, {"error": "unsupported_grant_type"}
        if not fits:
            said = f"AADSTS700082: the refresh token {form.get('refresh_token')} has expired"
            return 400, {"error": "invalid_grant", "error_description": said}
        if self.rotates:
            self.refresh_token = f"refresh-{len(self.asked)}-" + "r" * 40
            return 200, {**self._granted(), "refresh_token": self.refresh_token}
        return 200, self._granted()

    def _granted(self) -> dict[str, Any]:
        return {"access_token": self.access_token, "token_type": "Bearer", "expires_in": self.life}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def handle(self) -> None:
                with suppress(OSError):  # a client that does not trust the certificate leaves in the handshake
                    super().handle()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                server.asked.append(form)
                status, said = server.answer(self.path, form)
                content = said.encode() if isinstance(said, str) else json.dumps(said).encode()
                self.send_response(status)
                if status in range(300, 400):
                    self.send_header("Location", f"{server.url}/elsewhere")
                self.send_header("Content-Type", "text/html" if isinstance(said, str) else "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        return Handler
