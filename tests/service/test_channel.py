"""The control channel answers its user and nobody else, whatever others do to it."""

import contextlib
import json
import logging
import os
import resource
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.sentence import SentenceError
from service.channel import server as server_module
from service.channel.client import NoAnswer, NotRunning, Refused, ask, find
from service.channel.handshake import HandshakeRefused, existing_key, make_key, prove_client, prove_server
from service.channel.link import MAX_FRAME_BYTES, Link, LinkError, SocketLink, connect, listen
from service.channel.server import ControlServer
from service.instance import Holder, Instance
from service.paths import Folders, UnsafePath

Serve = Callable[..., Instance]


def echo(request: dict[str, Any], language: str) -> dict[str, Any]:
    return {"request": request, "in": language}


@contextlib.contextmanager
def raw(address: str) -> Iterator[socket.socket]:
    """Connect as a stranger would, without the handshake."""
    link = connect(address, 5)
    assert isinstance(link, SocketLink)
    with link._socket as plain:
        plain.settimeout(5)
        yield plain


def answered(instance: Instance, home: Folders) -> bool:
    return bool(ask(instance.holder, {"command": "status"}, home, seconds=5).answer["request"] == {"command": "status"})


def is_closed(plain: socket.socket) -> bool:
    """Read until the server closes; False when it stays open for five seconds."""
    try:
        while plain.recv(4096):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


def test_a_request_is_answered_in_the_language_it_asks_for(serve: Serve, home: Folders) -> None:
    instance = serve(echo, language=lambda: "fr")
    asked = ask(instance.holder, {"command": "statut é œ", "language": "en"}, home)
    unasked = ask(instance.holder, {"command": "status", "language": None}, home)
    assert asked == ({"request": {"command": "statut é œ"}, "in": "en"}, "en")
    assert unasked.language == "fr"


def test_progress_arrives_as_it_comes_and_the_returned_value_is_the_answer(serve: Serve, home: Folders) -> None:
    seen = threading.Event()

    def steps() -> Generator[dict[str, Any], None, dict[str, Any]]:
        yield {"message": "half"}
        assert seen.wait(5), "the client saw the first step only after the last"
        yield {"message": "whole"}
        return {"outcome": "ok"}

    heard: list[str] = []

    def hear(step: dict[str, Any], _language: str) -> None:
        heard.append(step["message"])
        seen.set()

    instance = serve(lambda _request, _language: steps())
    reply = ask(instance.holder, {"command": "run-now"}, home, on_progress=hear)
    assert (reply.answer, heard) == ({"outcome": "ok"}, ["half", "whole"])


def test_a_refusal_is_the_program_s_own_sentence(serve: Serve, home: Folders) -> None:
    def refuse(request: dict[str, Any], language: str) -> dict[str, Any]:
        raise SentenceError("no actor {path}, did you mean email", path=request["actor"])

    instance = serve(refuse)
    with pytest.raises(Refused, match=r"^no actor \{emial\}, did you mean email$"):
        ask(instance.holder, {"command": "restart", "actor": "{emial}"}, home)


@pytest.mark.parametrize("fault", [ValueError("secret"), RecursionError(), MemoryError()])
def test_a_handler_that_fails_costs_one_answer_and_is_logged(
    fault: Exception, serve: Serve, home: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(request: dict[str, Any], language: str) -> dict[str, Any]:
        if request["command"] == "fail":
            raise fault
        return {"request": request}

    instance = serve(fail)
    with pytest.raises(Refused, match=f"failed at this request \\({type(fault).__name__}\\)"):
        ask(instance.holder, {"command": "fail"}, home)
    assert [record.exc_info is not None for record in caplog.records if record.levelno == logging.ERROR] == [True]
    assert answered(instance, home)


def test_a_handler_that_exits_ends_neither_the_program_nor_the_channel(serve: Serve, home: Folders) -> None:
    def leave(request: dict[str, Any], language: str) -> dict[str, Any]:
        if request["command"] == "leave":
            raise SystemExit(7)
        return {"request": request}

    instance = serve(leave)
    with pytest.raises(Refused, match="SystemExit"):
        ask(instance.holder, {"command": "leave"}, home)
    assert answered(instance, home)


@pytest.mark.parametrize(
    ("value", "refusal"),
    [({"x": "y" * MAX_FRAME_BYTES}, "too long for the control channel"), ({"x": object()}, "failed at this request")],
)
def test_an_answer_that_cannot_be_sent_becomes_an_error(
    value: dict[str, Any], refusal: str, serve: Serve, home: Folders
) -> None:
    instance = serve(lambda request, _: {"request": request} if request["command"] == "status" else value)
    with pytest.raises(Refused, match=refusal):
        ask(instance.holder, {"command": "big"}, home)
    assert answered(instance, home)


def test_text_that_is_no_unicode_arrives_all_the_same(serve: Serve, home: Folders) -> None:
    """File names on Linux may be any bytes; Python reads them with lone surrogates."""
    instance = serve(lambda _request, _language: {"file": "caf\udce9"})
    assert ask(instance.holder, {"command": "status"}, home).answer == {"file": "caf\udce9"}


def test_many_silent_clients_delay_nobody(serve: Serve, home: Folders) -> None:
    instance = serve(echo, max_connections=8)
    with contextlib.ExitStack() as silent:
        for _ in range(100):
            silent.enter_context(raw(instance.holder.address))
        begun = monotonic()
        assert all(answered(instance, home) for _ in range(5))
        assert monotonic() - begun < 30


def test_a_silent_client_is_closed_at_the_deadline(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_REQUEST_SECONDS", 0.1)
    instance = serve(echo)
    with raw(instance.holder.address) as plain:
        assert is_closed(plain)


def test_a_client_that_drips_is_closed_at_the_same_deadline(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_REQUEST_SECONDS", 0.3)
    instance = serve(echo)
    with raw(instance.holder.address) as plain:
        begun = monotonic()
        pause = threading.Event()
        with contextlib.suppress(OSError):
            for byte in struct.pack(">I", 1024) + bytes(1020):
                plain.sendall(bytes([byte]))
                pause.wait(0.05)  # a timeout per byte would never fire
        assert is_closed(plain)
        assert monotonic() - begun < 30


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x80\x04\x95pickle",
        struct.pack(">I", MAX_FRAME_BYTES + 1),
        b"\xff\xff\xff\xff",
        struct.pack(">I", 0),
        struct.pack(">I", 64) + bytes(64),
    ],
    ids=["http", "pickle", "oversize", "four gigabytes", "empty frame", "wrong proof"],
)
def test_garbage_ends_its_own_connection_only(sent: bytes, serve: Serve, home: Folders) -> None:
    instance = serve(echo)
    with raw(instance.holder.address) as plain:
        plain.sendall(sent)
        plain.shutdown(socket.SHUT_WR)
        assert is_closed(plain)
    assert answered(instance, home)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=200))
def test_any_bytes_at_all_leave_the_server_well(noise: bytes, serve: Serve, home: Folders) -> None:
    if not home.of("ACCUEIL").socket.exists():
        serve(echo)
    holder = find("ACCUEIL", home)
    with raw(holder.address) as plain, contextlib.suppress(OSError):
        plain.sendall(noise)
        plain.shutdown(socket.SHUT_WR)
        is_closed(plain)
    assert ask(holder, {"command": "status"}, home).answer["in"] == "en"


@pytest.mark.parametrize("frame", [b"", b"[]", b"not json", b"\xff\xfe", b'{"a":' * 100_000, b"null"])
def test_a_proved_client_that_sends_no_request_is_closed(frame: bytes, serve: Serve, home: Folders) -> None:
    instance = serve(echo)
    link = connect(instance.holder.address, 5)
    prove_client(link, make_key(home))
    with contextlib.suppress(LinkError):
        link.send(frame)
    with pytest.raises(LinkError):
        link.receive()
    link.close()
    assert answered(instance, home)


def test_a_half_closed_client_still_gets_its_answer(serve: Serve, home: Folders) -> None:
    instance = serve(echo)
    link = connect(instance.holder.address, 5)
    assert isinstance(link, SocketLink)
    prove_client(link, make_key(home))
    link.send(b'{"command": "status"}')
    link._socket.shutdown(socket.SHUT_WR)
    assert json.loads(link.receive())["answer"]["request"] == {"command": "status"}
    link.close()


def test_a_client_that_leaves_before_the_answer_harms_nobody(serve: Serve, home: Folders) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def slow(request: dict[str, Any], language: str) -> dict[str, Any]:
        if request["command"] == "slow":
            entered.set()
            go_on.wait(10)
        return {"request": request}

    instance = serve(slow)
    link = connect(instance.holder.address, 5)
    prove_client(link, make_key(home))
    link.send(b'{"command": "slow"}')
    assert entered.wait(5)
    link.close()
    go_on.set()
    assert answered(instance, home)


def test_a_client_that_does_not_read_its_answer_is_left(
    serve: Serve, home: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "_ANSWER_SECONDS", 0.1)
    instance = serve(lambda request, _: {"request": request, "long": "x" * (MAX_FRAME_BYTES - 1000)})
    link = connect(instance.holder.address, 5)
    prove_client(link, make_key(home))
    link.send(b'{"command": "status"}')
    idle = threading.Event()
    idle.wait(0.3)
    with pytest.raises(LinkError, match=r"left|reset"):
        link.receive()
    link.close()


def proved_when_there_is_a_place(instance: Instance, home: Folders) -> Link:
    """Connect; a client that has its answer may hold its place for a moment more."""
    deadline = monotonic() + 10
    while True:
        link = connect(instance.holder.address, 5)
        try:
            prove_client(link, make_key(home))
        except LinkError:
            link.close()
            assert monotonic() < deadline
        else:
            return link


def test_hung_handlers_do_not_delay_the_next_client_while_places_are_left(serve: Serve, home: Folders) -> None:
    go_on, entered = threading.Event(), threading.Semaphore(0)

    def hang(request: dict[str, Any], language: str) -> dict[str, Any]:
        if request["command"] == "hang":
            entered.release()
            go_on.wait(20)
        return {"request": request}

    instance = serve(hang, max_connections=4)
    links = []
    for _ in range(3):
        link = connect(instance.holder.address, 5)
        prove_client(link, make_key(home))
        link.send(b'{"command": "hang"}')
        links.append(link)
        assert entered.acquire(timeout=5)
    assert answered(instance, home)
    extra = proved_when_there_is_a_place(instance, home)
    extra.send(b'{"command": "hang"}')
    assert entered.acquire(timeout=5)
    with pytest.raises(NoAnswer):  # full of proved clients: refused at once, not queued
        answered(instance, home)
    go_on.set()
    for link in [*links, extra]:
        link.close()


def test_a_client_with_another_key_is_refused_and_logged(
    serve: Serve, home: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    instance = serve(echo)
    home.key.write_bytes(os.urandom(32))
    for _ in range(20):
        with pytest.raises(NoAnswer, match="do not have the same key"):
            answered(instance, home)
    told = [record for record in caplog.records if getattr(record, "event", None) == "control.refused"]
    assert len(told) == 1  # a client that insists does not fill the log


@pytest.mark.parametrize("content", [None, b"", b"short"])
def test_a_program_whose_key_is_gone_is_not_said_to_be_gone(serve: Serve, home: Folders, content: bytes | None) -> None:
    instance = serve(echo)
    home.key.unlink()
    if content is not None:
        home.key.write_bytes(content)
        home.key.chmod(0o600)
    with pytest.raises(NoAnswer, match=r"runs \(process \d+\), but .*control.key"):
        ask(instance.holder, {"command": "status"}, home)


def test_a_server_without_the_key_is_not_believed(home: Folders) -> None:
    make_key(home)
    address = str(home.of("ACCUEIL").socket)
    listener = listen(address)

    def impostor() -> None:
        link = listener.accept()
        assert link is not None
        link.set_deadline(5)
        with contextlib.suppress(LinkError):
            link.send(b"heitz-control-1 " + bytes(32))
            link.receive()
            link.send(bytes(32))  # it can't know the proof
        link.close()

    thread = threading.Thread(target=impostor)
    thread.start()
    with pytest.raises(NoAnswer, match="same key"):
        ask(Holder("ACCUEIL", 1, "", address), {"command": "status"}, home)
    thread.join(5)
    listener.close()


def test_a_proof_can_neither_be_reflected_nor_replayed() -> None:
    key = os.urandom(32)

    class Tape:
        """A link whose other side says what the test says."""

        def __init__(self, *frames: bytes) -> None:
            self.frames, self.sent = list(frames), list[bytes]()

        def set_deadline(self, seconds: float | None) -> None: ...
        def send(self, frame: bytes) -> None:
            self.sent.append(frame)

        def receive(self) -> bytes:
            return self.frames.pop(0) if self.frames else self.sent[-1]

        def close(self) -> None: ...

    reflected = Tape()
    with pytest.raises(HandshakeRefused):
        prove_server(reflected, key)
    replayed = Tape(bytes(32) + bytes(32))
    with pytest.raises(HandshakeRefused):
        prove_server(replayed, key)
    older = Tape(b"heitz-control-0 " + bytes(32))
    with pytest.raises(HandshakeRefused, match="version"):
        prove_client(older, key)


def test_the_key_is_made_once_private_and_random(home: Folders, tmp_path: Path) -> None:
    assert existing_key(home) is None
    keys = set[bytes]()
    threads = [threading.Thread(target=lambda: keys.add(make_key(home))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys == {existing_key(home)}
    assert stat.S_IMODE(home.key.stat().st_mode) == 0o600
    assert [path.name for path in home.state.glob("control.key*")] == ["control.key"]


def test_a_key_that_was_cut_is_made_anew_and_a_linked_one_is_refused(home: Folders, tmp_path: Path) -> None:
    home.key.write_bytes(b"short")
    assert len(make_key(home)) == 32
    home.key.unlink()
    (tmp_path / "foreign").write_bytes(bytes(32))
    home.key.symlink_to(tmp_path / "foreign")
    with pytest.raises(UnsafePath):
        make_key(home)


def test_the_socket_is_the_user_s_only_and_goes_with_the_server(serve: Serve, home: Folders) -> None:
    instance = serve(echo)
    path = Path(instance.holder.address)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    server = ControlServer(str(home.runtime / "other.sock"), make_key(home), echo)
    server.start()
    server.close()
    server.close()
    assert not (home.runtime / "other.sock").exists()


def test_a_socket_left_by_a_crash_is_replaced_and_a_late_close_spares_the_successor(home: Folders) -> None:
    address = str(home.runtime / "x.sock")
    first, second = listen(address), listen(address)
    first.close()
    connect(address, 5).close()
    second.close()


def test_a_very_long_path_is_reached_all_the_same(serve: Serve, home: Folders, tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 20) / ("er" * 30)
    folder.mkdir(parents=True)
    server = ControlServer(str(folder / "x.sock"), make_key(home), echo)
    server.start()
    holder = Holder("ACCUEIL", os.getpid(), "", str(folder / "x.sock"))
    assert ask(holder, {"command": "status"}, home).answer["in"] == "en"
    server.close()


def test_closing_returns_at_once_while_a_handler_hangs_which_still_gets_its_answer_out(home: Folders) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def hang(request: dict[str, Any], language: str) -> dict[str, Any]:
        entered.set()
        go_on.wait(20)
        return {}

    server = ControlServer(str(home.of("ACCUEIL").socket), make_key(home), hang)
    server.start()
    link = connect(str(home.of("ACCUEIL").socket), 5)
    prove_client(link, make_key(home))
    link.send(b'{"command": "hang"}')
    assert entered.wait(5)
    begun = monotonic()
    server.close()
    assert monotonic() - begun < 10
    with pytest.raises(OSError, match=r"refused|No such file"):
        connect(str(home.of("ACCUEIL").socket), 5)
    go_on.set()
    assert json.loads(link.receive())["answer"] == {}  # what was taken is answered, `stop` above all
    link.close()


def test_without_a_program_the_client_says_so_and_how_to_start_it(home: Folders) -> None:
    with pytest.raises(NotRunning, match="`heitz-service run` starts it") as absence:
        find("ACCUEIL", home)
    assert absence.value.exit_code == 6


def test_what_a_crash_left_is_not_taken_for_a_program(home: Folders) -> None:
    make_key(home)
    lock = home.of("ACCUEIL").lock
    holder = Holder("ACCUEIL", 999_999, "", str(home.of("ACCUEIL").socket))
    lock.write_text(json.dumps(holder._asdict()))
    dead = socket.socket(socket.AF_UNIX)
    with dead, contextlib.chdir(home.runtime):
        dead.bind("accueil.sock")  # never listened: as after a kill -9
    with pytest.raises(NotRunning):
        ask(find("ACCUEIL", home), {"command": "status"}, home)


def test_a_program_that_holds_the_station_and_does_not_listen_is_told_apart(serve: Serve, home: Folders) -> None:
    instance = serve(echo)
    Path(instance.holder.address).unlink()
    with pytest.raises(NoAnswer, match="starting or stopping"):
        answered(instance, home)


def test_a_program_whose_record_is_lost_is_reached_all_the_same(serve: Serve, home: Folders) -> None:
    """As on a full disk: the lock is held, and what it should say could not be written."""
    serve(echo)
    home.of("ACCUEIL").lock.write_bytes(b"")
    assert ask(find("ACCUEIL", home), {"command": "status"}, home).answer["in"] == "en"


def test_the_only_program_is_found_without_its_name_and_several_ask_for_one(
    serve: Serve, home: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.channel.client.computer_name", lambda: "POSTE-9")
    first = serve(echo)
    assert find(None, home) == first.holder
    second = serve(echo, "SERVEUR")
    with pytest.raises(NotRunning, match=r"several stations run here \(ACCUEIL, SERVEUR\)"):
        find(None, home)
    monkeypatch.setattr("service.channel.client.computer_name", lambda: "serveur")
    assert find(None, home) == second.holder
    assert find("accueil", home) == first.holder


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can act as another user")
def test_another_user_is_refused_even_where_the_folder_is_open(serve: Serve, home: Folders) -> None:
    instance = serve(echo)
    for folder in (home.runtime, *home.runtime.parents):
        if folder.is_relative_to(tempfile.gettempdir()) and str(folder) != tempfile.gettempdir():
            folder.chmod(0o755)
    Path(instance.holder.address).chmod(0o666)
    read, write = os.pipe()
    child = os.fork()  # another interpreter could not be read by that user
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            os.chdir(home.runtime)
            stranger = socket.socket(socket.AF_UNIX)
            stranger.settimeout(10)
            stranger.connect("accueil.sock")
            os.write(write, b"heard " + stranger.recv(100))
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read, "rb") as told:
        assert told.read() == b"heard "  # connected, and closed before the greeting
    assert answered(instance, home)


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's")
def test_a_server_out_of_descriptors_sheds_the_silent_and_answers(home: Folders) -> None:
    program = Path(__file__).parent / "station_program.py"
    root = Path(__file__).parents[2]
    with (
        subprocess.Popen(
            [sys.executable, str(program), "ACCUEIL", "active"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
            env=os.environ | {"PYTHONPATH": str(root)},
        ) as process,
        contextlib.ExitStack() as silent,
    ):
        silent.callback(process.kill)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (16, 16))
        holder = find("ACCUEIL", home)
        for _ in range(30):
            silent.enter_context(raw(holder.address))
        assert ask(holder, {"command": "status"}, home, seconds=20).answer["station"] == "ACCUEIL"
