"""Runs Debian's Kannel for a test: bearerbox, smsbox and its fake operator, on free ports of the loopback."""

import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Final

FAKE_OPERATOR: Final = Path("/usr/lib/kannel/test/fakesmsc")
IS_THERE: Final = shutil.which("bearerbox", path="/usr/sbin") is not None and FAKE_OPERATOR.exists()
PATIENCE_SECONDS: Final = 90.0
_CONFIG: Final = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = nobody-asks
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
log-level = 4
store-type = spool
store-location = "{folder}/spool"
dlr-storage = internal

{smsc}

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {boxes}
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
global-sender = 13013
log-level = 4
http-request-retry = 20
http-queue-delay = 1
white-list-regex = "^\\\\+336[0-8].*"

group = sendsms-user
username = club
password = {password}
max-messages = 10
concatenation = true

group = sms-service
keyword = default
catch-all = true
max-messages = 0
omit-empty = true
get-url = "http://127.0.0.1:{station}/incoming?key={key}&from=%p&text=%b&id=%I"
"""
_FAKE_OPERATOR: Final = """
group = smsc
smsc = fake
smsc-id = FAKE
port = {operator}
our-host = 127.0.0.1
connect-allow-ip = 127.0.0.1
"""
INCOMING_KEY: Final = "key-of-what-members-answer"


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Return when the condition holds; AssertionError when it does not in time."""
    until = monotonic() + PATIENCE_SECONDS
    pause = threading.Event()
    while not condition():
        assert monotonic() < until, what
        pause.wait(0.02)


def is_listening(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


class Kannel:
    """A running gateway. `copies` is what reached the fake operator."""

    def __init__(self, folder: Path, password: str, smsc: str | None = None) -> None:
        admin, boxes, self.operator_port, self.port, self.station_port = free_ports(5)
        self.folder = folder
        self.url = f"http://127.0.0.1:{self.port}/cgi-bin/sendsms"
        (folder / "spool").mkdir()
        self._config = folder / "kannel.conf"
        self._config.write_text(
            _CONFIG.format(
                admin=admin,
                boxes=boxes,
                smsc=smsc or _FAKE_OPERATOR.format(operator=self.operator_port),
                sendsms=self.port,
                folder=folder,
                password=password,
                station=self.station_port,
                key=INCOMING_KEY,
            )
        )
        self._boxes_port = boxes
        self._has_operator = smsc is None
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, incoming: str | None) -> None:
        self.run("bearerbox", "/usr/sbin/bearerbox", str(self._config))
        wait_until(lambda: is_listening(self._boxes_port), "bearerbox does not start")
        self.run("smsbox", "/usr/sbin/smsbox", str(self._config))
        wait_until(lambda: is_listening(self.port), "smsbox does not start")
        if not self._has_operator:
            return
        operator = (str(FAKE_OPERATOR), "-H", "127.0.0.1", "-r", str(self.operator_port), "-i", "0.1", "-m")
        self.run("operator", *operator, *(("0", "1 2 text nop") if incoming is None else ("1", incoming)))
        wait_until(lambda: "fakesmsc" in self.said("operator").lower() or self.said("operator"), "no operator")

    def run(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)

    def end(self, name: str) -> None:
        program = self._running.pop(name)
        program.kill()
        program.wait()

    def stop(self) -> None:
        for name in reversed(list(self._running)):
            self.end(name)

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    def copies(self) -> list[str]:
        """Return what the operator got, a line each."""
        return re.findall(r"Got message \d+: <([^\n]*)>", self.said("operator"))


@contextmanager
def running(folder: Path, password: str, incoming: str | None = None, smsc: str | None = None) -> Iterator[Kannel]:
    """Run Kannel while the block runs; `incoming`, by fakesmsc's notation, is what a member sends at the beginning.

    `smsc` is the group of another operator, in place of the fake one.
    """
    kannel = Kannel(folder, password, smsc)
    try:
        kannel.start(incoming)
        yield kannel
    finally:
        kannel.stop()
