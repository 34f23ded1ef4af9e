"""The demonstration's mail server: a real one, on loopback, that counts what it is given."""

import email
import email.policy
import socket
from collections import Counter
from typing import Any, Self

from aiosmtpd.controller import Controller

_HOST = "127.0.0.1"


class Receiver:
    """Accepts every mail; `copies` counts them by Message-ID. A context manager."""

    def __init__(self) -> None:
        self.copies: Counter[str] = Counter()
        with socket.socket() as free:
            free.bind((_HOST, 0))
            self.port: int = free.getsockname()[1]
        self._controller = Controller(self, hostname=_HOST, port=self.port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail (aiosmtpd's hook, on the server's own thread)."""
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.copies[str(message["Message-ID"])] += 1
        return "250 2.0.0 accepted"
