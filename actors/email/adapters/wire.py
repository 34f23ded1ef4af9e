"""An smtplib connection whose every wait has an end, and which another thread can end at once."""

import ipaddress
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final, NoReturn

import attrs

from actors.email.adapters.dial import Interrupt, dial, why_of
from actors.email.adapters.login_words import Words, by_password, by_token
from actors.email.attempt import Stage
from actors.email.replies import read_reply
from actors.email.trouble import Gone, Insecure, Interrupted, Nonsense, Silent, Turned
from config.sentence import Sentence

READY: Final = 220
AUTHENTICATED: Final = 235
OK: Final = 250
GO_ON: Final = 334
START_INPUT: Final = 354
CLOSING: Final = 421

_NOT_NOW: Final = range(400, 500)
_LONGEST_LINE: Final = 4096  # RFC 5321 §4.5.3.1.5 says 512; servers quote long texts
_LONGEST_REPLY: Final = 65536  # a greeting of "220-…" lines without end must not fill the memory
_CHUNK: Final = 16384  # one TLS record: a longer write would begin its timeout anew with each
_REPLY_LINE: Final = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)


@attrs.frozen
class Terms:
    """On which terms a connection is made: in which time, ended by what, encrypted from its start by `tls` or not."""

    open_seconds: float
    interrupt: Interrupt
    clock: Callable[[], float]
    tls: ssl.SSLContext | None = None
    may_log_in_clear: bool = False
    has_token: bool = False
    """Whether what stands for the password is an access token of OAuth 2."""


class Wire(smtplib.SMTP):
    """smtplib's dialogue over a socket of our own.

    Differences, all by overriding public methods: a reply is bounded in time as a whole (smtplib bounds each read, and
    a server that drips holds it for ever), in length and in form; a password goes out once, and never in clear unless
    allowed; trouble is told apart by class instead of `SMTPServerDisconnected` for all. A raised `ConnectionTrouble`
    leaves the connection closed.
    """

    def __init__(
        self,
        host: str,
        port: int | str,
        *,
        terms: Terms,
    ) -> None:
        self.stage = Stage.CONNECT
        self._server = host
        self._port = int(port)
        self._terms = terms
        self._clock = terms.clock
        self._interrupt = terms.interrupt
        self._received = bytearray()
        self._own_name = "localhost"
        self.allow(reply_seconds=terms.open_seconds, in_all_seconds=terms.open_seconds)
        # A name given here keeps smtplib from asking the DNS for ours, which can take a minute; ehlo() gives a better.
        super().__init__(host, self._port, local_hostname="localhost")

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection runs over TLS by now."""
        return isinstance(self.sock, ssl.SSLSocket)

    def allow(self, *, reply_seconds: float, in_all_seconds: float) -> None:
        """Bound what follows: each reply, and all of it together."""
        self._reply_seconds = reply_seconds
        self._deadline = self._clock() + in_all_seconds

    def connect(
        self,
        host: str = "localhost",
        port: int = 0,
        source_address: object = None,  # noqa: ARG002 - smtplib's signature
    ) -> tuple[int, bytes]:
        """Open the connection and return the greeting; raise `Turned` for any but 220."""
        self.sock = dial(host, port, self._deadline, self._clock, self._interrupt)
        own = ipaddress.ip_address(self.sock.getsockname()[0].partition("%")[0])
        self._own_name = f"[IPv6:{own}]" if isinstance(own, ipaddress.IPv6Address) else f"[{own}]"
        if self._terms.tls is not None:
            self._wrap(self._terms.tls)
        self.stage = Stage.GREETING
        code, text = self.getreply()
        if code != READY:
            self._turned(code, text)
        return code, text

    def ehlo(self, name: str = "") -> tuple[int, bytes]:
        """Say EHLO; raise `Turned` for a refusal for now (one for good may be a server that knows HELO only).

        Our address stands for a name, which RFC 5321 §4.1.3 allows a PC that has none in the DNS.
        """
        self.stage = Stage.EHLO
        code, text = super().ehlo(name or self._own_name)
        if code in _NOT_NOW:
            self._turned(code, text)
        return code, text

    def hello(self) -> None:
        """Say EHLO, or HELO to a server that knows no better, unless that was done; raise `Turned` when it declines."""
        self.stage = Stage.EHLO
        if self.ehlo_resp is not None:
            return
        code, text = self.ehlo()
        if code != OK:
            code, text = self.helo(self._own_name)
        if code != OK:
            self._turned(code, text)

    def starttls(self, *, context: ssl.SSLContext) -> tuple[int, bytes]:  # type: ignore[override]
        """Go over to TLS; raise `Insecure` when the server does not offer it or is not who it should be."""
        self.stage = Stage.TLS
        if not self.has_extn("starttls"):
            self._insecure(Sentence.of("{host} offers no STARTTLS, which the settings ask for", host=self._server))
        code, text = self.docmd("STARTTLS")
        if code != READY:
            self._turned(code, text)
        if self._received:  # CVE-2011-0411: what came before TLS was not said by the one that TLS vouches for
            self._insecure(Sentence.of("{host} went on talking in clear after STARTTLS", host=self._server))
        self._wrap(context)
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False
        return code, text

    def login(self, user: str, password: str, *, initial_response_ok: bool = True) -> tuple[int, bytes]:
        """Authenticate by PLAIN (RFC 4616), else LOGIN, once; user and password may hold any character.

        With a token by OAUTHBEARER (RFC 7628), else XOAUTH2, and never without TLS.
        """
        self.hello()
        self.stage = Stage.AUTH
        if self._terms.has_token:
            return self._log_in_by_token(user, password)
        if not (self.is_encrypted or self._terms.may_log_in_clear):
            self._insecure(Sentence.of("the password would travel to {host} in clear", host=self._server))
        words = by_password(self._offered, user, password, initial_response_ok=initial_response_ok)
        if words is None:
            self._insecure(
                Sentence.of("{host} offers no way to log in that Service knows (PLAIN or LOGIN)", host=self._server)
            )
        return self._authenticate(words)

    def _log_in_by_token(self, user: str, token: str) -> tuple[int, bytes]:
        if not self.is_encrypted:
            self._insecure(Sentence.of("the token would travel to {host} in clear", host=self._server))
        words = by_token(self._offered, user, token, (self._server, self._port))
        if words is None:
            self._insecure(
                Sentence.of("{host} takes no token (XOAUTH2 or OAUTHBEARER): give a password", host=self._server)
            )
        return self._authenticate(words)

    @property
    def _offered(self) -> list[str]:
        return self.esmtp_features.get("auth", "").upper().split()

    def _authenticate(self, words: Words) -> tuple[int, bytes]:
        code, text = self._say(words.command)
        steps = iter(words.steps)
        while code == GO_ON and (step := next(steps, None)) is not None:
            code, text = self._say(step)
        if code != AUTHENTICATED:
            self._turned(code, text)
        return code, text

    def send(self, s: bytes | str | Any) -> None:
        """Send all of `s` before the deadline."""
        content = memoryview(s.encode(self.command_encoding) if isinstance(s, str) else s)
        for start in range(0, len(content), _CHUNK):
            sock = self._ready(self._reply_seconds)
            try:
                sock.sendall(content[start : start + _CHUNK])
            except OSError as error:
                self._broken(error)

    def getreply(self) -> tuple[int, bytes]:
        """Return the next reply, its lines joined; it must be complete in the time of one reply."""
        ends_at = self._clock() + self._reply_seconds
        code, texts, length = b"", [], 0
        while True:
            line = self._line(ends_at)
            match = _REPLY_LINE.fullmatch(line)
            length += len(line)
            if match is None or (code and match[1] != code) or length > _LONGEST_REPLY:
                self.close()
                sentence = Sentence.of("{host} answered with something that is not SMTP", host=self._server)
                raise Nonsense(self.stage, sentence)
            code = match[1]
            texts.append((match[3] or b"").strip())
            if match[2] != b"-":
                return int(code), b"\n".join(texts)

    def has_spoken(self) -> bool:
        """Return, without waiting, whether the server said something that nobody asked for; raise `Gone` if it left."""
        if self._received:
            return True
        sock = self._ready(self._reply_seconds)
        sock.setblocking(False)
        try:
            received = sock.recv(_CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError as error:
            self._broken(error)
        if not received:
            self._broken(None)
        self._received += received
        return True

    def close(self) -> None:
        """Drop the connection at once, without a word."""
        self._interrupt.watch(None)
        self._received.clear()
        super().close()

    def _say(self, line: str) -> tuple[int, bytes]:
        """Send a line that may hold a secret: nothing of it reaches a log or an error."""
        self.send(f"{line}\r\n".encode("ascii"))
        return self.getreply()

    def _wrap(self, context: ssl.SSLContext) -> None:
        self.stage = Stage.TLS
        try:
            wrapped = context.wrap_socket(
                self._ready(self._reply_seconds), server_hostname=self._server, do_handshake_on_connect=False
            )
            self.sock = wrapped
            self._interrupt.watch_socket(wrapped)
            self._ready(self._reply_seconds)
            wrapped.do_handshake()
        except ssl.SSLCertVerificationError as error:
            self.close()
            sentence = Sentence.of(
                "the certificate of {host} is not trusted ({why}): give its authority as ca_file, or have it mended",
                host=self._server,
                why=error.verify_message,
            )
            raise Insecure(self.stage, sentence) from error
        except ssl.SSLError as error:
            if error.reason != "WRONG_VERSION_NUMBER":  # OpenSSL's name for an answer in clear
                self._broken(error)
            self.close()
            sentence = Sentence.of(
                "{host} does not speak TLS on this port: check port and security in [email.smtp] "
                "(587 with starttls, 465 with tls)",
                host=self._server,
            )
            raise Insecure(self.stage, sentence) from error
        except OSError as error:
            self._broken(error)

    def _ready(self, seconds: float) -> socket.socket:
        """Return the socket, set to wait no longer than `seconds` and the deadline allow; raise when that is over."""
        if self._interrupt.is_set:
            self.close()
            raise Interrupted(self.stage)
        if self.sock is None:
            raise Gone(self.stage, Sentence.of("the connection to {host} is closed", host=self._server))
        remaining = min(self._deadline - self._clock(), seconds)
        if remaining <= 0:
            self._broken(TimeoutError())
        self.sock.settimeout(remaining)
        return self.sock

    def _line(self, ends_at: float) -> bytes:
        searched = 0
        while (end := self._received.find(b"\n", searched)) < 0:
            searched = len(self._received)
            if searched > _LONGEST_LINE:
                self.close()
                raise Nonsense(self.stage, Sentence.of("{host} answered with an endless line", host=self._server))
            sock = self._ready(ends_at - self._clock())
            try:
                received = sock.recv(_CHUNK)
            except OSError as error:
                self._broken(error)
            if not received:
                self._broken(None)
            self._received += received
        line = bytes(self._received[:end]).rstrip(b"\r")
        del self._received[: end + 1]
        return line

    def _insecure(self, sentence: Sentence) -> NoReturn:
        self.close()
        raise Insecure(self.stage, sentence)

    def _turned(self, code: int, text: bytes) -> NoReturn:
        self.close()
        reply = read_reply(code, text)
        if self.stage is Stage.AUTH and code not in _NOT_NOW and self._terms.has_token:
            sentence = Sentence.of(
                "{host} does not take the token for this user ({reply}): the user must be the account that consented, "
                "and the provider must allow it to send by SMTP",
                host=self._server,
                reply=str(reply),
            )
        elif self.stage is Stage.AUTH and code not in _NOT_NOW:
            sentence = Sentence.of(
                "{host} refused the user or the password ({reply})", host=self._server, reply=str(reply)
            )
        else:
            sentence = Sentence.of("{host} turned the session away: {reply}", host=self._server, reply=str(reply))
        raise Turned(self.stage, sentence, reply)

    def _broken(self, error: OSError | None) -> NoReturn:
        """Translate a socket's error, or its end of file."""
        self.close()
        if self._interrupt.is_set:
            raise Interrupted(self.stage) from error
        if isinstance(error, TimeoutError):
            raise Silent(self.stage, Sentence.of("{host} did not answer in time", host=self._server)) from error
        if error is None:
            raise Gone(self.stage, Sentence.of("{host} closed the connection", host=self._server))
        sentence = Sentence.of("the connection to {host} broke ({why})", host=self._server, why=why_of(error))
        raise Gone(self.stage, sentence) from error
