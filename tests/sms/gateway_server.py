"""A real HTTP server that counterparts of SMS gateways are made of: strict, faulty on demand, with its own log.

A vendor's counterpart derives from `Vendor`, written from the vendor's documentation, and says what it answers. The log
is a file that is only ever appended to: one line of JSON for each copy of an SMS that a member would get.
"""

import json
import socket
import ssl
import struct
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import attrs

HTML = b"<html><body><h1>Bienvenue</h1> +33612345678 connectez-vous</body></html>"


class Fault(Enum):
    """What goes wrong with the next SMS. Those called LOST, LATE, BAD_GATEWAY_AFTER, RESET and DRIP have stored it."""

    LOST_REPLY = auto()
    LATE_REPLY = auto()
    BAD_GATEWAY_AFTER = auto()
    RESET_IN_BODY = auto()
    DRIP_HEADERS = auto()
    DRIP_BODY = auto()
    INTERNAL_ERROR = auto()
    HTML = auto()
    EMPTY = auto()
    WRONG_SHAPE = auto()
    ENDLESS = auto()
    BUSY = auto()
    REDIRECT = auto()


@attrs.frozen
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    target: str

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


@attrs.frozen
class Said:
    """An answer; bytes and text go as they are, all else as JSON."""

    status: int
    body: Any = b""
    headers: Mapping[str, str] = attrs.field(factory=dict)

    def encoded(self) -> tuple[bytes, str]:
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain; charset=utf-8"
        return json.dumps(self.body).encode(), "application/json"


class Vendor(ABC):
    """What a gateway does with requests. `elsewhere` is where REDIRECT points to."""

    REFUSED_NUMBER: ClassVar[str] = "+33600000404"

    def __init__(self, log: Path) -> None:
        self.log = log
        self.faults: deque[Fault] = deque()
        self.has_credit = True
        self.late_seconds = 1.0
        self.hides_errors = False
        """Whether errors come with a 200, as some gateways do it."""
        self.elsewhere = "http://elsewhere.example/sms"
        self.asked: list[Asked] = []
        self.lock = threading.Lock()
        log.touch()

    @abstractmethod
    def is_sending(self, asked: Asked) -> bool:
        """Whether a request is one that sends an SMS: faults befall those."""

    @abstractmethod
    def answer(self, asked: Asked) -> Said:
        """Return the answer of the vendor."""

    def store(self, recipient: str, text: str, reference: str | None = None, **more: Any) -> None:
        """Write down one copy."""
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"to": recipient, "text": text, "reference": reference, **more}) + "\n")

    def copies(self) -> list[dict[str, Any]]:
        """Return the copies that the log holds."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]


class Server(ThreadingHTTPServer):
    """Serves one vendor, in clear or over TLS."""

    daemon_threads = True
    disable_nagle_algorithm = True

    def __init__(self, vendor: Vendor, context: ssl.SSLContext | None = None) -> None:
        self.vendor = vendor
        self.context = context
        self.connections = 0
        self.open_sockets: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"{'http' if self.context is None else 'https'}://127.0.0.1:{self.server_port}"

    def get_request(self) -> tuple[socket.socket, Any]:
        sock, address = super().get_request()
        self.connections += 1
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context is not None:
            sock = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        self.open_sockets.add(sock)
        return sock, address

    def shutdown_request(self, request: Any) -> None:
        self.open_sockets.discard(request)
        super().shutdown_request(request)

    def go_away(self) -> None:
        """Listen no more, and close every connection."""
        self.shutdown()  # else the port takes one more while the loop still waits on it
        self.socket.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Close every connection that is open, as a server does with idle ones."""
        for sock in list(self.open_sockets):
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        length = int(self.headers.get("Content-Length", "0"))
        asked = Asked(
            self.command,
            unquote(where.path),
            {name: values[0] for name, values in parse_qs(where.query, keep_blank_values=True).items()},
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
            self.path,
        )
        vendor = self.server.vendor
        with vendor.lock:
            vendor.asked.append(asked)
            fault = vendor.faults.popleft() if vendor.faults and vendor.is_sending(asked) else None
            said = self._instead(fault) or vendor.answer(asked)
            if vendor.hides_errors and said.status >= 400 and vendor.is_sending(asked):
                said = attrs.evolve(said, status=200)
        match fault:
            case Fault.LOST_REPLY:
                self._hang_up()
            case Fault.LATE_REPLY:
                threading.Event().wait(self.server.vendor.late_seconds)
                self._say(said)
            case Fault.BAD_GATEWAY_AFTER:
                self._say(Said(502, HTML, {"Content-Type": "text/html"}))
            case Fault.RESET_IN_BODY:
                self._reset(said)
            case Fault.DRIP_HEADERS:
                self._drip(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            case Fault.DRIP_BODY:
                self._drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            case Fault.ENDLESS:
                self._drip(b"HTTP/1.1 200 OK\r\nContent-Length: 90000000\r\n\r\n", b"x" * 65536, 0)
            case _:
                self._say(said)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the names of http.server

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def _instead(self, fault: Fault | None) -> Said | None:  # noqa: PLR0911 - one for each fault
        match fault:
            case Fault.INTERNAL_ERROR:
                return Said(500, {"message": "Internal error"})
            case Fault.HTML:
                return Said(200, HTML, {"Content-Type": "text/html; charset=utf-8"})
            case Fault.EMPTY:
                return Said(200)
            case Fault.WRONG_SHAPE:
                return Said(200, [{"weather": "fine"}])
            case Fault.BUSY:
                return Said(429, {"message": "slow down"}, {"Retry-After": "7"})
            case Fault.REDIRECT:
                return Said(307, b"", {"Location": self.server.vendor.elsewhere})
            case _:
                return None

    def _say(self, said: Said) -> None:
        body, kind = said.encoded()
        self.send_response_only(said.status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **said.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        socket.socket.shutdown(self.connection, socket.SHUT_RDWR)

    def _reset(self, said: Said) -> None:
        body, kind = said.encoded()
        head = f"HTTP/1.1 {said.status} OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body) + 50}\r\n\r\n"
        self.wfile.write(head.encode() + body[:3])
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _drip(self, head: bytes, drop: bytes = b"x", seconds: float = 0.02) -> None:
        """Send a byte now and then for as long as the client stays."""
        self.close_connection = True
        never = threading.Event()
        self.wfile.write(head)
        try:
            while not never.wait(seconds):
                self.wfile.write(drop)
        except OSError:
            pass


@contextmanager
def serving(vendor: Vendor, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve a vendor while the block runs."""
    with Server(vendor, context) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            server.hang_up()
            thread.join()
