"""One connection to a message centre, plain or TLS: whole PDUs in and out, every wait with an end."""

import contextlib
import select
import socket
import ssl
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from actors.http.watch import Cut, Unresolved, Watch
from actors.sms.adapters.smpp import pdu
from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.transport import Unavailable
from config.sentence import Sentence
from config.system_words import system_words

_PIECE: Final = 65536
_QUICK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)
"""Linux forgets it with each ACK: set after each read."""


class Broken(Exception):  # noqa: N818 - weather more often than an error
    """The connection is of no use any more; `why` is fit for people."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.why = why


class Link:
    """A connection; used by one thread, but that `watch` may shut it from another."""

    def __init__(self, sock: socket.socket, watch: Watch, clock: Callable[[], float] = monotonic) -> None:
        self._sock = sock
        self._watch = watch
        self._clock = clock
        self._came = bytearray()
        self.heard_at = clock()
        """When something came last, by the clock."""

    def write(self, raw: bytes, until: float) -> None:
        """Send a PDU. Raises Broken, also when it did not leave in time: what left of it cannot be told."""
        self._watch.take(self._sock)
        try:
            self._sock.settimeout(max(0.001, until - self._clock()))
            self._sock.sendall(raw)
        except TimeoutError:
            raise Broken(Sentence.of("the message centre reads nothing any more")) from None
        except (OSError, ValueError) as error:
            raise self._broken(error) from None

    def read(self, until: float) -> pdu.Pdu | None:
        """Return the next PDU, None when none came in time; half of one is kept for the next call. Raises Broken."""
        while True:
            found = self._whole()
            if found is not None:
                return found
            left = until - self._clock()
            if left <= 0 and not self._has_come():
                return None
            self._take_in(max(0.001, left))

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._sock.close()

    def _whole(self) -> pdu.Pdu | None:
        if len(self._came) < pdu.HEADER_BYTES:
            return None
        try:
            length = pdu.length_of(bytes(self._came[:4]))
        except pdu.NonsenseError:
            raise Broken(Sentence.of("what came from there is not SMPP: check host, port and tls")) from None
        if len(self._came) < length:
            return None
        raw = bytes(self._came[:length])
        del self._came[:length]
        return pdu.decoded(raw)

    def _has_come(self) -> bool:
        if isinstance(self._sock, ssl.SSLSocket) and self._sock.pending():
            return True
        poll = select.poll() if hasattr(select, "poll") else None
        try:
            if poll is None:
                return bool(select.select([self._sock], [], [], 0)[0])
            poll.register(self._sock, select.POLLIN)
            return bool(poll.poll(0))
        except (OSError, ValueError) as error:
            raise self._broken(error) from None

    def _take_in(self, seconds: float) -> None:
        self._watch.take(self._sock)
        try:
            self._sock.settimeout(seconds)
            piece = self._sock.recv(_PIECE)
        except TimeoutError:
            return
        except (OSError, ValueError) as error:
            raise self._broken(error) from None
        if not piece:
            raise self._broken(None)
        self._acknowledge_at_once()
        self._came += piece
        self.heard_at = self._clock()

    def _acknowledge_at_once(self) -> None:
        """Have the other side know that its bytes are here, where the system lets itself be told so.

        A message centre without TCP_NODELAY keeps its second answer back until then, and we have nothing to send that
        would tell it: each window took 40 ms.
        """
        if _QUICK is not None:
            with contextlib.suppress(OSError, ValueError):
                self._sock.setsockopt(socket.IPPROTO_TCP, _QUICK, 1)

    def _broken(self, error: Exception | None) -> Broken:
        if self._watch.cut is Cut.INTERRUPT:
            return Broken(Sentence.of("interrupted"))
        if error is None:
            return Broken(Sentence.of("the message centre hung up"))
        why = system_words(error) if isinstance(error, OSError) else type(error).__name__
        return Broken(Sentence.of("the connection broke ({why})", why=why))


def connected(settings: SmppSettings, watch: Watch, clock: Callable[[], float] = monotonic) -> Link:
    """Return a connection, certificate verified where tls is asked for. Raises Unavailable, within the time limit."""
    context = _context(settings) if settings.tls else None
    try:
        return Link(_connection(settings, watch, context), watch, clock)
    except Unresolved as unresolved:
        why: Any = unresolved.why
    except ssl.SSLCertVerificationError as error:
        raise Unavailable(
            Sentence.of(
                "the certificate of {host} is not accepted ({why}): nothing was sent",
                host=settings.host,
                why=error.verify_message,
            ),
            needs_a_person=True,
        ) from None
    except OSError as error:
        if watch.cut is None:
            why = system_words(error)
        else:
            why = Sentence.of("interrupted") if watch.cut is Cut.INTERRUPT else Sentence.of("no answer in time")
    raise Unavailable(
        Sentence.of("{host}:{port} cannot be reached ({why})", host=settings.host, port=settings.port, why=why)
    )


def _connection(settings: SmppSettings, watch: Watch, context: ssl.SSLContext | None) -> Any:
    last = OSError()
    for family, kind, protocol, _, address in watch.resolve(settings.host, settings.port):
        sock: Any = socket.socket(family, kind, protocol)
        try:
            watch.take(sock)
            sock.settimeout(watch.left_seconds or 0.001)
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context is not None:
                sock = context.wrap_socket(sock, server_hostname=settings.host, do_handshake_on_connect=False)
                watch.take(sock)  # before the handshake, which may drip
                sock.settimeout(watch.left_seconds or 0.001)
                sock.do_handshake()
        except OSError as error:
            sock.close()
            last = error
        else:
            return sock
        if watch.cut is not None or isinstance(last, ssl.SSLError):
            break
    raise last


def _context(settings: SmppSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if settings.ca_file is None else str(settings.ca_file))
    except OSError as error:
        raise Unavailable(
            Sentence.of(
                "the authority's file {file} cannot be used ({why}): correct ca_file",
                file=settings.ca_file,
                why=system_words(error),
            ),
            needs_a_person=True,
        ) from None
