"""A real SMTP server (aiosmtpd) that fails as it is told, and logs every copy that it accepted.

A fault is a word, said at a stage of the dialogue. The stage's fault comes from `Behaviour.faults`, or for one message
from a recipient's local part: `rcpt-450@…`, `data-451@…`, `body-close@…`, `dot-close@…`; what follows a `+` is free. At
`dot`, a code turns the message down; every other word stores it first.

    451       that reply instead of the right one; 421 closes too    silent    nothing more is said
    close     the connection is cut                                  drip      the right reply, a byte at a time
    garbage   a line that is not SMTP                                late      the right reply after `late_seconds`
    twice     the right reply, and again, unasked
    endless   a reply whose lines never end                          long      a line without end

As a program: `python faulty_smtp.py --log FILE` prints its port and appends one JSON line for each copy accepted.
"""

import argparse
import asyncio
import base64
import contextlib
import email
import json
import re
import ssl
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

import attrs
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

_BY_RECIPIENT: Final = re.compile(r"(rcpt|data|body|dot)-(\w+)")
_MECHANISMS: Final = frozenset({"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"})
_BY_MESSAGE_ONLY: Final = ("data", "body", "dot")


@attrs.frozen
class Copy:
    """One accepted message."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    is_tls: bool
    user: str | None


@attrs.frozen(kw_only=True)
class Behaviour:
    """What the server offers, and how it fails."""

    faults: Mapping[str, str] = attrs.field(
        factory=dict
    )  # by stage: greeting ehlo starttls auth mail rcpt data body dot
    mails_per_session: int | None = None  # then 452 at MAIL, as OpenSMTPD does
    accept_each: int = 1  # of so many messages one is accepted, the others get 451 at the dot
    late_seconds: float = 0.3
    starttls: ssl.SSLContext | None = None
    tls: ssl.SSLContext | None = None
    users: Mapping[str, str] = attrs.field(factory=dict)
    auth_mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    auth_in_clear: bool = False
    tokens: Mapping[str, str] = attrs.field(factory=dict)  # by user, what XOAUTH2 and OAUTHBEARER take
    greylist_calls: int = 0  # so many times 451 4.7.1 for a recipient, then it is let in
    mails_in_all: int | None = None  # then `enough` at MAIL
    enough: str = "452 4.5.3 too many messages from this account, try again later"
    smtputf8: bool = False
    pipelining: bool = False
    size_limit: int = 33_554_432


class FaultySmtp:
    """The server, in a thread of its own, on a free loopback port."""

    def __init__(self, behaviour: Behaviour | None = None, *, log: Path | None = None, port: int = 0) -> None:
        self.behaviour = behaviour or Behaviour()
        self.copies: list[Copy] = []
        self.connections = 0
        self.commands: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.port = port
        self.is_reached = threading.Event()
        """Set each time a fault begins: what is waited on in a test is waited for, not slept for."""
        self._log = log.open("a", encoding="utf-8") if log else None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="faulty-smtp", daemon=True)
        self._is_ready = threading.Event()
        self.messages = 0
        self.transports: set[asyncio.BaseTransport] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._is_ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        if self._log:
            self._log.close()

    def recipients(self) -> list[str]:
        """Return the recipients of all copies, in order of acceptance."""
        return [recipient for copy in self.copies for recipient in copy.recipients]

    def cut_all(self) -> None:
        """Close every connection, as a server does with idle ones; return when that is done."""
        done = threading.Event()

        def cut() -> None:
            for transport in self.transports:
                transport.close()
            done.set()

        self._loop.call_soon_threadsafe(cut)
        assert done.wait(10)

    def store(self, copy: Copy) -> None:
        self.copies.append(copy)
        if self._log:
            line = {"message_id": copy.message_id, "recipients": copy.recipients, "size": len(copy.content)}
            self._log.write(json.dumps(line) + "\n")
            self._log.flush()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        listening = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Dialogue(self), "127.0.0.1", self.port, ssl=self.behaviour.tls)
        )
        self.port = listening.sockets[0].getsockname()[1]
        self._is_ready.set()
        self._loop.run_forever()
        listening.close()
        for transport in self.transports:
            _end(transport)
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()


def _end(transport: asyncio.BaseTransport) -> None:
    """Cut a connection. A TLS one that is closed already has lost its protocol in Python 3.11.2, and raises."""
    with contextlib.suppress(AttributeError):
        transport.abort() if isinstance(transport, asyncio.WriteTransport) else transport.close()


class _Dialogue(SMTP):
    """aiosmtpd's server with a fault between each command and its reply."""

    def __init__(self, server: FaultySmtp) -> None:
        behaviour = server.behaviour
        self.server = server
        self.stage = "greeting"
        self.accepted_here = 0
        self.word_at_dot: str | None = None
        super().__init__(
            self,
            hostname="mail.test",
            ident="faulty",
            data_size_limit=behaviour.size_limit,
            enable_SMTPUTF8=behaviour.smtputf8,
            tls_context=behaviour.starttls,
            authenticator=self._check_login,
            auth_require_tls=not behaviour.auth_in_clear,
            auth_exclude_mechanism=_MECHANISMS - set(behaviour.auth_mechanisms),
            loop=server._loop,
        )

    def connection_made(self, transport: Any) -> None:
        self.server.connections += 1
        self.server.transports.add(transport)
        super().connection_made(transport)

    def _check_login(self, server: Any, session: Any, envelope: Any, mechanism: str, login: Any) -> AuthResult:
        assert isinstance(login, LoginPassword)
        name, password = login.login.decode(), login.password.decode()
        session.user = name
        return AuthResult(success=self.server.behaviour.users.get(name) == password, handled=False)

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
        """Take a token as developers.google.com, "XOAUTH2 Protocol", has it."""
        response = await self._token_response(args)
        user, _, bearer = response.partition("\1auth=Bearer ")
        return await self._check_token(user.removeprefix("user="), bearer.removesuffix("\1\1"))

    async def auth_OAUTHBEARER(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
        """Take a token as RFC 7628 has it."""
        header, *pairs = (await self._token_response(args)).split("\1")
        bearer = next(pair.removeprefix("auth=Bearer ") for pair in pairs if pair.startswith("auth="))
        return await self._check_token(header.removeprefix("n,a=").removesuffix(","), bearer)

    async def _token_response(self, args: list[str]) -> str:
        if len(args) > 1:
            self.server.commands["initial response"] += 1
            return base64.b64decode(args[1]).decode()
        answer: Any = await self.challenge_auth("")
        return str(answer.decode())

    async def _check_token(self, user: str, token: str) -> AuthResult:
        session: Any = self.session
        session.user = user
        is_right = self.server.behaviour.tokens.get(user) == token
        if not is_right:
            await self.challenge_auth('{"status":"401"}')
        return AuthResult(success=is_right, handled=False)

    def _fault(self) -> str | None:
        word = self.server.behaviour.faults.get(self.stage)
        if self.envelope is not None and self.stage in _BY_MESSAGE_ONLY:
            for recipient in self.envelope.rcpt_tos:
                match = _BY_RECIPIENT.match(recipient)
                if match and match[1] == self.stage:
                    word = match[2]
        return word

    async def push(self, status: Any) -> None:
        word = self._fault() if self.stage != "dot" else self.word_at_dot
        if word is None:
            await super().push(status)
        else:
            await self._misbehave(word, status)

    async def _misbehave(self, word: str, status: Any) -> None:
        line = (status if isinstance(status, bytes) else status.encode()) + b"\r\n"
        self.server.is_reached.set()
        match word:
            case "silent":
                await asyncio.Event().wait()
            case "close":
                self._cut()
            case "garbage":
                await self._write(b"\x16\x03\x01 what did you say\r\n")
            case "twice":
                await self._write(line + line)
            case "late" | "drip" | "endless" | "long":
                await self._dawdle(word, line)
            case _:
                await self._write(f"{word} {word[0]}.0.0 as told\r\n".encode())
                if word == "421" and self.transport is not None:
                    self.transport.close()

    async def _dawdle(self, word: str, line: bytes) -> None:
        if word == "late":
            await asyncio.sleep(self.server.behaviour.late_seconds)
            await self._write(line)
        elif word == "drip":
            for byte in line:
                await self._write(bytes([byte]))
                await asyncio.sleep(0.3)
        else:
            while True:
                await self._write(line[:3] + b"-and more\r\n" if word == "endless" else b"250 " + b"x" * 4000)

    def _cut(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    async def _write(self, line: bytes) -> None:
        self._writer.write(line)
        await self._writer.drain()

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        self.stage = "ehlo"
        word = self._fault()
        if word is None:
            await super().smtp_EHLO(hostname)
        else:
            await self._misbehave(word, "250 OK")  # once, where aiosmtpd pushes line by line

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, lines: list[str]) -> list[str]:  # noqa: N802
        session.host_name = hostname
        return [*lines[:-1], "250-PIPELINING", lines[-1]] if self.server.behaviour.pipelining else lines

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802
        self.stage = "helo"
        await super().smtp_HELO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        self.stage = "starttls"
        await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        self.stage = "auth"
        self.server.commands["auth"] += 1
        await super().smtp_AUTH(arg)

    async def smtp_RSET(self, arg: str) -> None:  # noqa: N802
        self.stage = "rset"
        self.server.commands["rset"] += 1
        await super().smtp_RSET(arg)

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802
        self.stage = "quit"
        self.server.commands["quit"] += 1
        await super().smtp_QUIT(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        self.stage = "mail"
        self.server.commands["mail"] += 1
        limit = self.server.behaviour.mails_per_session
        if limit is not None and self.accepted_here >= limit:
            await self.push("452 4.5.3 too many messages in this session")
            return
        in_all = self.server.behaviour.mails_in_all
        if in_all is not None and len(self.server.copies) >= in_all:
            await self.push(self.server.behaviour.enough)
            return
        await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        self.stage = "rcpt"
        self.server.calls[arg or ""] += 1
        if self.server.calls[arg or ""] <= self.server.behaviour.greylist_calls:
            await self.push("451 4.7.1 Greylisted, come back in 5 minutes")
            return
        match = re.match(r"TO:<rcpt-(\w+)", arg or "")
        if match:
            await self._misbehave(match[1], "250 OK")
        else:
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        self.stage = "body"
        word = self._fault()
        if word is not None:
            await self._write(b"354 go on\r\n")
            await self._reader.readline()
            await self._misbehave(word, "250 OK")
            self._cut()
            await asyncio.Event().wait()  # until aiosmtpd ends this: it would read the rest of the message as commands
        self.stage = "data"
        if self._fault() in (None, "late", "drip"):
            await super().smtp_DATA(arg)
        else:
            await self.push("354 go on")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.stage = "dot"
        word = self.word_at_dot = self._fault()  # aiosmtpd forgets the recipients before it answers
        self.server.messages += 1
        if self.server.messages % self.server.behaviour.accept_each:
            return "451 4.3.0 not this one"
        if word is None or not word.isdigit():
            header = email.message_from_bytes(envelope.content)["Message-ID"]
            self.server.store(
                Copy(
                    str(header),
                    envelope.mail_from,
                    tuple(envelope.rcpt_tos),
                    envelope.content,
                    self.transport is not None and self.transport.get_extra_info("ssl_object") is not None,
                    getattr(session, "user", None),
                )
            )
            self.accepted_here += 1
        return "250 2.0.0 queued"


def main() -> None:
    """Serve until standard input ends: a parent that dies takes the server with it."""
    parser = argparse.ArgumentParser(description="an SMTP server on loopback that logs what it accepts")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    with FaultySmtp(log=options.log, port=options.port) as server:
        print(server.port, flush=True)  # noqa: T201
        sys.stdin.read()


if __name__ == "__main__":
    main()
