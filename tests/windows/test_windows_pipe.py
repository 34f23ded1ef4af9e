"""The named pipe answers its user whatever others do to it: garbage, silence, another key, a reader that is slow."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from multiprocessing.connection import Client
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest

from service.channel import client as client_module
from service.channel import server as server_module
from service.channel.client import NoAnswer, ask
from service.channel.handshake import HandshakeRefused, make_key, prove_client
from service.channel.link import MAX_FRAME_BYTES, LinkError, connect
from service.channel.server import ControlServer, Handler
from service.instance import Instance, acquire
from service.paths import HOME_VARIABLE, Folders, folders

assert sys.platform == "win32"

Serve = Callable[..., Instance]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "Santé et forme"))
    # A computer that does much else is slower than the deadlines, which tests of their own are about.
    monkeypatch.setattr(client_module, "CONNECT_SECONDS", 60.0)
    monkeypatch.setattr(server_module, "_REQUEST_SECONDS", 20.0)
    return folders()


@pytest.fixture
def serve(home: Folders) -> Iterator[Serve]:
    """Run a control server for a station, as the program does: lock, key, listen."""
    with ExitStack() as stack:

        def start(handle: Handler, **settings: Any) -> Instance:
            instance = stack.enter_context(acquire("ACCUEIL", datetime.now(UTC), home))
            server = ControlServer(instance.holder.address, make_key(home), handle, **settings)
            server.start()
            stack.callback(server.close)
            return instance

        yield start


def echo(request: dict[str, Any], _language: str) -> dict[str, Any]:
    return {"request": request}


def is_answered(instance: Instance, home: Folders) -> bool:
    return bool(
        ask(instance.holder, {"command": "status"}, home, seconds=60).answer == {"request": {"command": "status"}}
    )


def is_closed(client: Any) -> bool:
    """Read until the server closes."""
    try:
        while client.poll(90):
            client.recv_bytes()
    except (OSError, EOFError):
        return True
    return False


@pytest.mark.parametrize(
    "sent",
    [
        [b""],
        [b"\xff" * 9000],
        [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
        [b"\x80\x04\x95pickle"],
        [bytes(64)],
        [bytes(40)],  # half of an answer, and no more
        [bytes(MAX_FRAME_BYTES + 1)],
        [os.urandom(64) for _ in range(50)],
    ],
    ids=["nothing", "long", "http", "pickle", "wrong proof", "half", "oversize", "much"],
)
def test_garbage_ends_its_own_connection_only(sent: list[bytes], serve: Serve, home: Folders) -> None:
    instance = serve(echo)
    client = Client(instance.holder.address, family="AF_PIPE")
    with suppress(OSError):  # the server may have closed before all of it was taken
        for message in sent:
            client.send_bytes(message)
    assert is_closed(client)
    client.close()
    assert is_answered(instance, home)


def test_a_client_with_another_key_is_refused_and_the_right_one_served(
    serve: Serve, home: Folders, tmp_path: Path
) -> None:
    instance = serve(echo)
    link = connect(instance.holder.address, 5)
    with pytest.raises(HandshakeRefused):
        prove_client(link, os.urandom(32))
    link.close()
    other = folders({HOME_VARIABLE: str(tmp_path / "somebody else")})
    make_key(other)
    with pytest.raises(NoAnswer):
        ask(instance.holder, {"command": "status"}, other)
    assert is_answered(instance, home)


def test_a_hundred_silent_clients_delay_nobody(serve: Serve, home: Folders) -> None:
    instance = serve(echo, max_connections=8)
    silent = [Client(instance.holder.address, family="AF_PIPE") for _ in range(100)]
    assert all(is_answered(instance, home) for _ in range(5))
    for client in silent:
        client.close()
    assert is_answered(instance, home)


def test_two_hundred_clients_that_come_and_go_leave_the_server_well(serve: Serve, home: Folders) -> None:
    instance = serve(echo)
    for number in range(200):
        client = Client(instance.holder.address, family="AF_PIPE")
        if number % 2:
            with suppress(OSError):
                client.send_bytes(os.urandom(number))
        client.close()
    assert is_answered(instance, home)


def test_a_silent_client_is_closed_at_the_deadline(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_REQUEST_SECONDS", 0.2)
    instance = serve(echo)
    client = Client(instance.holder.address, family="AF_PIPE")
    assert is_closed(client)
    client.close()


def test_a_client_that_does_not_read_is_left_at_the_deadline(
    serve: Serve, home: Folders, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server_module, "_ANSWER_SECONDS", 0.3)
    ended = Event()
    instance = serve(lambda request, _: {"request": request, "much": "x" * (MAX_FRAME_BYTES // 2)})
    forget = ControlServer._forget

    def forgotten(self: ControlServer, link: Any) -> None:
        forget(self, link)
        ended.set()

    monkeypatch.setattr(ControlServer, "_forget", forgotten)
    link = connect(instance.holder.address, 5)
    prove_client(link, make_key(home))
    link.send(b'{"command": "status"}')
    assert ended.wait(90)
    assert "Traceback" not in caplog.text
    link.close()
    reply = ask(instance.holder, {"command": "status"}, home)
    assert len(reply.answer["much"]) == MAX_FRAME_BYTES // 2


@pytest.mark.parametrize("frame", [b"", b"[]", b"not json", b"\xff\xfe", b'{"a":' * 100_000, b"null"])
def test_a_proved_client_that_sends_no_request_is_closed(frame: bytes, serve: Serve, home: Folders) -> None:
    instance = serve(echo)
    link = connect(instance.holder.address, 90)
    prove_client(link, make_key(home))
    with suppress(LinkError):
        link.send(frame)
    with pytest.raises(LinkError):
        link.receive()
    link.close()
    assert is_answered(instance, home)


def test_closing_wakes_whoever_waits_and_frees_the_name(serve: Serve, home: Folders) -> None:
    server_address = serve(echo).holder.address + "-2"
    server = ControlServer(server_address, make_key(home), echo)
    server.start()
    client = Client(server_address, family="AF_PIPE")
    server.close()
    assert is_closed(client)
    client.close()
    with pytest.raises(OSError, match=r"\[WinError"):
        connect(server_address, 1).close()
    again = ControlServer(server_address, make_key(home), echo)
    again.start()
    again.close()


def test_a_server_that_accepts_nobody_costs_a_client_no_more_than_its_deadline(home: Folders) -> None:
    """A program that hangs in its accepting thread: the one free place is taken, and the next client waits."""
    from multiprocessing.connection import Listener  # noqa: PLC0415

    address = rf"\\.\pipe\heitz-service-test-{os.getpid()}"
    with Listener(address, family="AF_PIPE"):
        first = Client(address, family="AF_PIPE")
        ended = Event()

        def wait_in_vain() -> None:
            with suppress(OSError):
                connect(address, 1).close()
            ended.set()

        begun = monotonic()
        Thread(target=wait_in_vain, daemon=True).start()
        assert ended.wait(90)
        assert monotonic() - begun < 15  # Python's own client waits for twenty seconds
        first.close()
