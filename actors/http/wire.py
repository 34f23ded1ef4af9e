"""One request over HTTP by `requests`: connected first, then marked, then sent; never twice, never anywhere else.

What decides whether a copy can exist is not the class of an exception but where the exchange stood: until the mark was
passed nothing has left, from then on only a whole answer is certain. So the connection itself says when it sends.
"""

import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Final

import attrs
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from actors.http.exchange import Reply, Request
from actors.http.watch import Cut, Unresolved, Watch
from config.sentence import Sentence
from config.system_words import system_words

_LARGEST_BODY: Final = 256 * 1024
_CHUNK: Final = 16 * 1024


@attrs.frozen
class Ended:
    """An exchange that brought no answer: `has_left` tells whether any byte of the request went out."""

    reason: Sentence
    has_left: bool
    needs_a_person: bool = False
    is_withheld: bool = False


class _StoppedError(Exception):
    """The gate did not open: neither OSError nor HTTPException, which urllib3 would take for the network's."""


class Gate:
    """Stands before the first byte of a request: asks the caller's mark, once the connection is there."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.has_left = False
        self.failure: BaseException | None = None
        self._mark: Callable[[], bool] | None = None

    def set(self, mark: Callable[[], bool] | None) -> None:
        """Begin a request; None: it changes nothing at the other end and needs no mark."""
        self._mark, self.has_left, self.failure = mark, False, None

    def ask(self) -> None:
        """Return when the request may leave; raises _StoppedError."""
        if self.watch.cut is not None:
            raise _StoppedError
        try:
            may_leave = self._mark is None or self._mark()
        except BaseException as error:  # noqa: BLE001 - passed on when the connection is closed
            self.failure = error  # urllib3 would translate an OSError of the caller's
            raise _StoppedError from None
        if not may_leave or self.watch.cut is not None:
            raise _StoppedError


class _Marked(HTTPConnection):
    """A connection that connects, asks the gate and sends, in this order."""

    gate: ClassVar[Gate]

    def _new_conn(self) -> socket.socket:
        """Connect within what is left of the deadline, host name included."""
        watch = self.gate.watch
        try:
            addresses = watch.resolve(self._dns_host, self.port)
        except Unresolved as error:
            raise _UnreachableError(error.why) from None
        last: OSError | None = None
        for left, (family, kind, protocol, _, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
            sock = socket.socket(family, kind, protocol)
            watch.take(sock)
            try:
                sock.settimeout(max(0.001, watch.left_seconds / left))  # the first may be dead: leave time for others
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                last = error
                sock.close()
            else:
                return sock
        raise _UnreachableError(_why(last))

    def endheaders(self, message_body: Any = None, *, encode_chunked: bool = False) -> None:
        """Send what was put together so far, if the gate says so."""
        if self.sock is None:
            self.connect()
        self.gate.watch.take(self.sock)
        self.gate.ask()
        if _is_dropped(self.sock):
            # The server closed it while the mark was written: nothing has left, a new connection is as good.
            self.sock.close()
            self.connect()
            self.gate.watch.take(self.sock)
        self.gate.has_left = True
        super().endheaders(message_body, encode_chunked=encode_chunked)


def _is_dropped(sock: Any) -> bool:
    """Whether the other end has closed a connection on which nothing is awaited.

    By a read, not by waiting for one as urllib3 does: TLS 1.3 sends tickets after the handshake, unasked for.
    """
    patience = sock.gettimeout()
    sock.settimeout(0)
    try:
        sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    else:
        return True
    finally:
        sock.settimeout(patience)


class _MarkedTls(_Marked, HTTPSConnection):
    """The same over TLS: the handshake is part of connecting."""


class _UnreachableError(OSError):
    """No connection; `why` in the system's words or ours."""

    def __init__(self, why: str | Sentence) -> None:
        super().__init__(str(why))
        self.why = why


def _why(error: BaseException | None) -> str | Sentence:
    if error is None or isinstance(error, TimeoutError):
        return Sentence.of("no answer in time")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Sentence.of("its certificate is not to be trusted: {why}", why=error.verify_message)
    if isinstance(error, ssl.SSLError):
        return error.reason or type(error).__name__
    if isinstance(error, OSError):
        return system_words(error)
    return type(error).__name__


class _Adapter(HTTPAdapter):
    """Connections of ours, and a TLS context of ours alone: requests adds no authority of its own."""

    def __init__(self, gate: Gate, context: ssl.SSLContext) -> None:
        plain = type("Plain", (_Marked,), {"gate": gate})
        tls = type("Tls", (_MarkedTls,), {"gate": gate})
        self._pools = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
        }
        self._context = context
        super().__init__(pool_connections=4, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        found = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        found.pool_classes_by_scheme = self._pools
        return found

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the pool as it is: its context verifies."""


def _context(ca_file: Path | None, watch: Watch) -> ssl.SSLContext:
    class Watched(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the signature of ssl
            watch.take(self)  # it has taken the plain socket's place
            super().do_handshake(block)

    context = ssl.create_default_context(cafile=ca_file)
    context.sslsocket_class = Watched
    return context


class Wire:
    """A session with one gateway: connections are kept, each exchange is bounded in time and size."""

    def __init__(self, *, seconds: float, ca_file: Path | None = None, proxy: str | None = None) -> None:
        """Raise OSError when the authority's file cannot be read."""
        # Its debug lines hold whole addresses, and some gateways want the password in there.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        self._seconds = seconds
        self._watch = Watch()
        self._gate = Gate(self._watch)
        self._session = requests.Session()
        self._session.trust_env = False
        self._proxies = {} if proxy is None else {"http": proxy, "https": proxy}
        adapter = _Adapter(self._gate, _context(ca_file, self._watch))
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def exchange(self, request: Request, mark: Callable[[], bool] | None, private: tuple[str, ...]) -> Reply | Ended:
        """Send a request and return its answer, or how it ended; `mark` is asked when all but sending is done.

        Whatever `mark` raises passes through.
        """
        prepared = requests.PreparedRequest()
        headers = {"Accept-Encoding": "identity", "User-Agent": "heitz-service", **request.headers}
        self._gate.set(mark)
        self._watch.begin(self._seconds)
        try:
            prepared.prepare(method=request.method, url=request.url, headers=headers, data=request.body)
            # The adapter, not Session.send: that one reads a redirect's body without bounds, and keeps cookies.
            response = self._session.get_adapter(request.url).send(
                prepared, stream=True, timeout=self._seconds, proxies=self._proxies
            )
            return self._read(response, private)
        except (_StoppedError, requests.RequestException, HTTPError, OSError, UnicodeError) as error:
            # The errors of requests quote addresses, which may hold passwords: none goes on, not even as a cause.
            return self._ended(error)
        finally:
            self._watch.end()
            failure, self._gate.failure = self._gate.failure, None
            if failure is not None:
                raise failure

    def interrupt(self) -> None:
        """End this exchange and every later one."""
        self._watch.interrupt()

    def close(self) -> None:
        """Close the connections and end the watching thread."""
        self._session.close()
        self._watch.close()

    def _read(self, response: requests.Response, private: tuple[str, ...]) -> Reply:
        body, is_whole = bytearray(), False
        try:
            while len(body) <= _LARGEST_BODY and self._watch.cut is None:
                chunk = response.raw.read(_CHUNK, decode_content=True)
                if not chunk:
                    is_whole = self._watch.cut is None
                    break
                body += chunk
        except (HTTPError, OSError):
            pass  # the status was read: it says something even so
        if not is_whole:
            response.close()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, headers, bytes(body), is_whole, private)

    def _ended(self, error: BaseException) -> Ended:
        has_left = self._gate.has_left
        if self._watch.cut is Cut.INTERRUPT:
            return Ended(Sentence.of("interrupted"), has_left, is_withheld=not has_left)
        if self._watch.cut is Cut.DEADLINE:
            return Ended(Sentence.of("no answer in time"), has_left)
        if isinstance(error, _StoppedError):
            return Ended(Sentence.of("held back"), has_left=False, is_withheld=True)
        return _trouble(error, has_left=has_left)


def _trouble(error: BaseException, *, has_left: bool) -> Ended:
    """Return what an error says, in the words of whatever lies inside it."""
    for cause in _causes(error):
        match cause:
            case _UnreachableError():
                return Ended(Sentence.of("no connection ({why})", why=cause.why), has_left)
            case ssl.SSLError() if not has_left:
                needs_a_person = isinstance(cause, ssl.SSLCertVerificationError)
                return Ended(Sentence.of("no secure connection ({why})", why=_why(cause)), has_left, needs_a_person)
            case requests.exceptions.ProxyError():
                return Ended(Sentence.of("the proxy does not connect: look at proxy"), has_left)
            case requests.exceptions.InvalidURL() | requests.exceptions.InvalidHeader() | UnicodeError():
                reason = Sentence.of("not an address or header that HTTP can send: look at the settings")
                return Ended(reason, has_left, needs_a_person=True)
    return Ended(Sentence.of("the connection ended without an answer"), has_left)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield all inside an error, then itself: requests and urllib3 keep the inner one in several places."""
    found: dict[int, BaseException] = {}
    waiting: list[Any] = [error]
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and id(each) not in found:
            found[id(each)] = each
            waiting += [*each.args, getattr(each, "reason", None), each.__cause__, each.__context__]
    yield from reversed(found.values())
