"""One message over an open connection, and exactly how far it got."""

import re
from collections.abc import Callable
from enum import Enum, unique
from types import MappingProxyType
from typing import Final

import attrs

from actors.email.adapters.message import Envelope
from actors.email.adapters.wire import CLOSING, OK, START_INPUT, Wire
from actors.email.attempt import NO_SMTPUTF8, TOO_BIG, Attempt, End, Refusal, Reply, Stage
from actors.email.replies import read_reply
from actors.email.trouble import ConnectionTrouble, Interrupted, Nonsense, Turned
from config.sentence import Sentence

BeforeDot = Callable[[], object]
"""Makes the durable mark that the message may be out from now on. False, or an exception, keeps the message in."""

_MOST_PIPELINED: Final = 100  # recipients: more could fill both ends' buffers, each waiting for the other to read
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_RESET: Final = "RSET\r\n"
_DATA: Final = "DATA\r\n"
_REFUSES: Final = 400  # and above
_MEANINGLESS: Final = range(300, 400)
_YES: Final = MappingProxyType(
    {Stage.MAIL: (OK,), Stage.RCPT: (OK, 251, 252), Stage.DATA: (START_INPUT,)}  # RFC 5321 §4.3.2
)


@unique
class Leftover(Enum):
    """In which state a transaction leaves its connection."""

    CLEAN = "clean"
    NEEDS_RESET = "needs_reset"
    UNUSABLE = "unusable"


@attrs.define
class Transaction:
    """Delivers one envelope over `wire`; `leftover` says afterwards what the connection is good for.

    `acceptance_seconds` is the wait for the answer to the final dot. `may_leave` is asked at the last moment before it:
    the mark may have taken long, or the computer have slept since. A `ConnectionTrouble` never comes out of `run`: it
    becomes `NOT_SENT` (`WITHHELD` when interrupted) before the final dot, and `UNCERTAIN` after it.
    """

    wire: Wire
    envelope: Envelope
    acceptance_seconds: float
    may_leave: Callable[[], bool]
    needs_reset: bool = False
    leftover: Leftover = Leftover.UNUSABLE
    _accepted: list[str] = attrs.field(factory=list, init=False)
    _refused: list[Refusal] = attrs.field(factory=list, init=False)
    _is_pipelined: bool = attrs.field(default=False, init=False)

    def run(self, before_dot: BeforeDot) -> Attempt:
        """Deliver, and return how it ended; an exception of `before_dot` passes through, the dot unsent."""
        attempt: Attempt | None
        try:
            attempt = self._cannot_take() or self._propose() or self._transmit() or self._mark(before_dot)
        except Turned as turned:
            attempt = self._ended(turned.stage, turned.reply, Leftover.UNUSABLE)
        except Interrupted as trouble:
            attempt = Attempt(End.WITHHELD, trouble.stage, trouble=trouble.sentence)
        except ConnectionTrouble as trouble:
            attempt = Attempt(End.NOT_SENT, trouble.stage, trouble=trouble.sentence)
        return attempt or self._conclude()

    def _cannot_take(self) -> Attempt | None:
        """Compare the message with what the server announced (RFC 1870, RFC 6531)."""
        features = self.wire.esmtp_features
        size = features.get("size", "")
        size_limit = int(size) if size.isdecimal() else 0
        if self.envelope.needs_utf8 and "smtputf8" not in features:
            reply = Reply(550, NO_SMTPUTF8, "", is_ours=True)
            readable = tuple(each for each in self.envelope.recipients if each.isascii())
            self._refused = [
                Refusal(each, Stage.RCPT, reply) for each in self.envelope.recipients if not each.isascii()
            ]
            if self.envelope.ascii_content is None:
                self._refused = [Refusal(each, Stage.RCPT, reply) for each in self.envelope.recipients]
                return self._ended(Stage.RCPT, None, self._unchanged())
            self.envelope = Envelope(self.envelope.sender, readable, self.envelope.ascii_content)
        if 0 < size_limit < len(self.envelope.content):
            return self._ended(Stage.MAIL, Reply(552, TOO_BIG, str(size_limit), is_ours=True), self._unchanged())
        return None

    def _propose(self) -> Attempt | None:
        """Say MAIL, RCPT, DATA; return how it ended, if the server did not ask for the message."""
        mail = f"MAIL FROM:<{self.envelope.sender}>{self._options()}\r\n"
        to = [f"RCPT TO:<{each}>\r\n" for each in self.envelope.recipients]
        self._is_pipelined = self.wire.has_extn("pipelining") and len(to) <= _MOST_PIPELINED
        if self._is_pipelined:
            self.wire.stage = Stage.MAIL
            self.wire.send("".join([_RESET if self.needs_reset else "", mail, *to, _DATA]).encode())
        if self.needs_reset:
            self._ask(Stage.MAIL, _RESET)
        sender_refused = self._ask(Stage.MAIL, mail)
        if sender_refused and not self._is_pipelined:
            return self._ended(Stage.MAIL, sender_refused, Leftover.NEEDS_RESET)
        for each, line in zip(self.envelope.recipients, to, strict=True):
            refused = self._ask(Stage.RCPT, line)
            if refused is None:
                self._accepted.append(each)
            elif sender_refused is None:  # what is said of recipients after refusing the sender is no news of them
                self._refused.append(Refusal(each, Stage.RCPT, refused))
        data_refused = self._ask_for_data()
        if sender_refused:
            # A server that goes on to ask for the message all the same is left: a dot might send an empty one.
            leftover = Leftover.NEEDS_RESET if data_refused else Leftover.UNUSABLE
            return self._ended(Stage.MAIL, sender_refused, leftover)
        if not self._accepted:
            return self._ended(Stage.RCPT, None, Leftover.NEEDS_RESET)
        return self._ended(Stage.DATA, data_refused, Leftover.NEEDS_RESET) if data_refused else None

    def _ask_for_data(self) -> Reply | None:
        if not self._accepted and not self._is_pipelined:
            return None
        refused = self._ask(Stage.DATA, _DATA)
        if refused is None and not self._accepted:
            # RFC 2920 §3.1: a server that asks for a message to nobody gets an empty one.
            self.wire.send(b".\r\n")
            self.wire.getreply()
        return refused

    def _transmit(self) -> Attempt | None:
        """Send the message without its final dot; return how it ended if the server spoke up meanwhile."""
        self.wire.stage = Stage.BODY
        self.wire.send(transparent(self.envelope.content))
        return self._answered_early() if self.wire.has_spoken() else None

    def _mark(self, before_dot: BeforeDot) -> Attempt | None:
        if before_dot() is False:
            return Attempt(End.WITHHELD, Stage.BODY)
        # The mark took its time: a server that left or spoke meanwhile accepts nothing.
        return self._answered_early() if self.wire.has_spoken() else None

    def _answered_early(self) -> Attempt:
        code, text = self.wire.getreply()
        reply = read_reply(code, text)
        if code < _REFUSES:
            return Attempt(End.NOT_SENT, Stage.BODY, reply, self._nonsense().sentence)
        return self._ended(Stage.BODY, reply, Leftover.UNUSABLE)

    def _conclude(self) -> Attempt:
        """Send the final dot, after which only a whole reply tells whether the server has the message."""
        self.wire.stage = Stage.DOT
        self.wire.allow(reply_seconds=self.acceptance_seconds, in_all_seconds=self.acceptance_seconds)
        if not self.may_leave():
            return Attempt(End.WITHHELD, Stage.DOT)
        accepted, refused = tuple(self._accepted), tuple(self._refused)
        try:
            self.wire.send(b".\r\n")
            code, text = self.wire.getreply()
            if code in _MEANINGLESS:
                raise self._nonsense()
        except ConnectionTrouble as trouble:
            return Attempt(End.UNCERTAIN, Stage.DOT, None, trouble.sentence, accepted, refused)
        reply = read_reply(code, text)
        if code >= _REFUSES:
            return self._ended(Stage.DOT, reply, Leftover.UNUSABLE if code == CLOSING else Leftover.CLEAN)
        self.leftover = Leftover.CLEAN  # RFC 5321 §4.1.1.4: the end of the data clears all buffers, no RSET is needed
        return Attempt(End.ACCEPTED, Stage.DOT, reply, None, accepted, refused)

    def _ask(self, stage: Stage, line: str) -> Reply | None:
        """Return None for a yes, or the refusal; the line is on its way already when pipelined."""
        self.wire.stage = stage
        if not self._is_pipelined:
            self.wire.send(line.encode())
        code, text = self.wire.getreply()
        if code in _YES[stage]:
            return None
        if code < _REFUSES:
            raise self._nonsense()
        reply = read_reply(code, text)
        if code == CLOSING:
            raise Turned(stage, Sentence.of("the server closes the session"), reply)
        return reply

    def _options(self) -> str:
        features = self.wire.esmtp_features
        size = f" SIZE={len(self.envelope.content)}" if "size" in features else ""
        return size + (" SMTPUTF8 BODY=8BITMIME" if self.envelope.needs_utf8 else "")

    def _unchanged(self) -> Leftover:
        return Leftover.NEEDS_RESET if self.needs_reset else Leftover.CLEAN

    def _ended(self, stage: Stage, reply: Reply | None, leftover: Leftover) -> Attempt:
        self.leftover = leftover
        return Attempt(End.REFUSED, stage, reply, refused=tuple(self._refused))

    def _nonsense(self) -> Nonsense:
        return Nonsense(self.wire.stage, Sentence.of("the server answered with something that does not belong there"))


def transparent(content: bytes) -> bytes:
    """Return a message as it travels (RFC 5321 §4.5.2): CRLF line ends only, dots doubled, the last line ended."""
    if content.count(b"\n") != content.count(b"\r\n") or content.count(b"\r") != content.count(b"\r\n"):
        content = _LINE_END.sub(b"\r\n", content)  # a bare line end is how a second message is smuggled in
    content = content.replace(b"\r\n.", b"\r\n..")
    if content.startswith(b"."):
        content = b"." + content
    return content if content.endswith(b"\r\n") else content + b"\r\n"
