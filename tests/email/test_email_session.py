"""The session delivers over one connection, knows how far each message got, and never waits beyond its timeouts."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from email_fixtures import Mark, StartServer, StartSession, envelope, smtp_settings
from faulty_smtp import FaultySmtp

from actors.email.adapters.smtp import SmtpSession
from actors.email.attempt import End, Stage
from actors.email.trouble import ConnectionTrouble, Gone, Interrupted, Nonsense, Silent, Turned, Unreachable

LIMIT_SECONDS = 3.0  # timeouts are 0.7 s each; the rest is for a busy machine


def timed(action: Callable[[], object]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


def test_many_messages_go_over_one_connection_without_a_reset_between(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server()
    session = start_session(server)
    for number in range(5):
        assert session.send(envelope(f"a{number}@x.fr"), Mark()).end is End.ACCEPTED
    session.close()
    assert server.recipients() == [f"a{number}@x.fr" for number in range(5)]
    assert (server.connections, server.commands["rset"], server.commands["quit"]) == (1, 0, 1)


def test_the_mark_is_made_once_when_the_server_has_all_but_the_dot(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server()
    seen: list[int] = []
    attempt = start_session(server).send(envelope("a@x.fr"), lambda: seen.append(len(server.copies)))
    assert (attempt.end, seen, len(server.copies)) == (End.ACCEPTED, [0], 1)


def test_a_mark_that_says_no_keeps_the_message_in(start_server: StartServer, start_session: StartSession) -> None:
    server = start_server()
    session = start_session(server)
    assert session.send(envelope("a@x.fr"), Mark(answer=False)).end is End.WITHHELD
    assert session.send(envelope("b@x.fr"), Mark()).end is End.ACCEPTED
    assert server.recipients() == ["b@x.fr"]


def test_a_mark_that_raises_keeps_the_message_in_and_lets_the_error_through(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server()
    session = start_session(server)
    with pytest.raises(LookupError):
        session.send(envelope("a@x.fr"), Mark(LookupError()))
    assert session.send(envelope("b@x.fr"), Mark()).end is End.ACCEPTED
    assert server.recipients() == ["b@x.fr"]


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize(
    ("recipient", "end", "stage", "code", "copies"),
    [
        ("rcpt-450", End.REFUSED, Stage.RCPT, None, 0),  # the only recipient, not now
        ("rcpt-550", End.REFUSED, Stage.RCPT, None, 0),  # the only recipient, never
        ("rcpt-421", End.REFUSED, Stage.RCPT, 421, 0),  # the server ends the session
        ("rcpt-close", End.NOT_SENT, Stage.RCPT, None, 0),
        ("rcpt-silent", End.NOT_SENT, Stage.RCPT, None, 0),
        ("rcpt-garbage", End.NOT_SENT, Stage.RCPT, None, 0),
        ("rcpt-drip", End.NOT_SENT, Stage.RCPT, None, 0),  # each byte comes in time, the reply never
        ("rcpt-endless", End.NOT_SENT, Stage.RCPT, None, 0),
        ("rcpt-long", End.NOT_SENT, Stage.RCPT, None, 0),
        ("rcpt-354", End.NOT_SENT, Stage.RCPT, None, 0),  # SMTP, but not here
        ("data-451", End.REFUSED, Stage.DATA, 451, 0),
        ("data-554", End.REFUSED, Stage.DATA, 554, 0),
        ("data-250", End.NOT_SENT, Stage.DATA, None, 0),  # no "go on": nothing may follow
        ("data-close", End.NOT_SENT, Stage.DATA, None, 0),
        ("data-silent", End.NOT_SENT, Stage.DATA, None, 0),
        ("data-garbage", End.NOT_SENT, Stage.DATA, None, 0),
        ("dot-451", End.REFUSED, Stage.DOT, 451, 0),
        ("dot-554", End.REFUSED, Stage.DOT, 554, 0),
        ("dot-421", End.REFUSED, Stage.DOT, 421, 0),  # a reply is a reply: the server does not have it
        ("dot-close", End.UNCERTAIN, Stage.DOT, None, 1),  # stored, and the reply lost
        ("dot-silent", End.UNCERTAIN, Stage.DOT, None, 1),
        ("dot-garbage", End.UNCERTAIN, Stage.DOT, None, 1),
        ("dot-drip", End.UNCERTAIN, Stage.DOT, None, 1),
        ("dot-endless", End.UNCERTAIN, Stage.DOT, None, 1),
        ("dot-long", End.UNCERTAIN, Stage.DOT, None, 1),
        ("dot-354", End.UNCERTAIN, Stage.DOT, None, 0),  # SMTP, but not here: nobody can tell
        ("dot-late", End.ACCEPTED, Stage.DOT, 250, 1),  # slow, and in time
        ("ok", End.ACCEPTED, Stage.DOT, 250, 1),
    ],
)
def test_each_way_to_fail_is_told_apart_and_the_next_message_goes(
    *,
    start_server: StartServer,
    start_session: StartSession,
    pipelining: bool,
    recipient: str,
    end: End,
    stage: Stage,
    code: int | None,
    copies: int,
) -> None:
    server = start_server(pipelining=pipelining, late_seconds=0.1)
    session = start_session(server)
    attempt = session.send(envelope(f"{recipient}@x.fr"), Mark())
    assert (attempt.end, attempt.stage) == (end, stage)
    assert (attempt.reply.code if attempt.reply else None) == code
    assert len(server.copies) == copies
    elapsed = timed(lambda: session.send(envelope("next@x.fr"), Mark()))
    assert server.recipients().count("next@x.fr") == 1
    assert elapsed < 10
    assert len(server.copies) == copies + 1


@pytest.mark.parametrize("word", ["close", "552", "421"])
def test_a_server_that_stops_the_message_half_way_has_no_copy(
    start_server: StartServer, start_session: StartSession, word: str
) -> None:
    server = start_server()
    big = envelope(f"body-{word}@x.fr", text_body="un peu de texte\n" * 500_000)
    mark = Mark()
    attempt = start_session(server, message_timeout=smtp_settings(1).message_timeout * 10).send(big, mark)
    assert attempt.end in (End.NOT_SENT, End.REFUSED)
    assert (mark.count, server.copies) == (0, [])


def test_a_server_that_stops_reading_is_left_at_the_messages_deadline(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server()
    big = envelope("body-silent@x.fr", text_body="un peu de texte\n" * 1_000_000)
    session = start_session(server)
    attempt = session.send(big, Mark())
    assert (attempt.end, attempt.stage) == (End.NOT_SENT, Stage.BODY)


@pytest.mark.parametrize("pipelining", [False, True])
def test_recipients_are_told_apart(start_server: StartServer, start_session: StartSession, *, pipelining: bool) -> None:
    server = start_server(pipelining=pipelining)
    attempt = start_session(server).send(envelope("a@x.fr, rcpt-450@x.fr, rcpt-550@x.fr, b@x.fr"), Mark())
    assert (attempt.end, attempt.accepted) == (End.ACCEPTED, ("a@x.fr", "b@x.fr"))
    assert [(refusal.recipient, refusal.reply.code) for refusal in attempt.refused] == [
        ("rcpt-450@x.fr", 450),
        ("rcpt-550@x.fr", 550),
    ]
    assert server.recipients() == ["a@x.fr", "b@x.fr"]


@pytest.mark.parametrize("pipelining", [False, True])
def test_a_refused_message_leaves_a_connection_that_serves_the_next(
    start_server: StartServer, start_session: StartSession, *, pipelining: bool
) -> None:
    server = start_server(pipelining=pipelining)
    session = start_session(server)
    for recipient in ("rcpt-550@x.fr", "dot-554@x.fr", "ok@x.fr"):
        session.send(envelope(recipient), Mark())
    assert (server.recipients(), server.connections) == (["ok@x.fr"], 1)


def test_a_server_that_asks_for_a_message_to_nobody_gets_an_empty_one(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server(pipelining=True, faults={"data": "354"})
    session = start_session(server)
    mark = Mark()
    attempt = session.send(envelope("rcpt-550@x.fr"), mark)
    assert (attempt.end, attempt.stage, mark.count) == (End.REFUSED, Stage.RCPT, 0)
    assert session.send(envelope("rcpt-550@x.fr"), mark).end is End.REFUSED
    assert (server.copies, server.connections) == ([], 1)


def test_a_refused_sender_says_nothing_of_the_recipients(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server(pipelining=True, faults={"mail": "550"})
    attempt = start_session(server).send(envelope("a@x.fr, rcpt-550@x.fr"), Mark())
    assert (attempt.end, attempt.stage, attempt.refused) == (End.REFUSED, Stage.MAIL, ())


def test_a_server_that_refuses_the_sender_and_asks_for_the_message_is_left(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server(pipelining=True, faults={"mail": "550", "rcpt": "250", "data": "354"})
    session = start_session(server)
    for _ in range(2):
        attempt = session.send(envelope("a@x.fr"), Mark())
        assert (attempt.end, attempt.stage) == (End.REFUSED, Stage.MAIL)
    assert (server.copies, server.connections) == ([], 2)


@pytest.mark.parametrize(("word", "end"), [("552", End.REFUSED), ("250", End.NOT_SENT)])
def test_a_server_that_speaks_before_the_dot_is_not_taken_for_one_that_answers_it(
    start_server: StartServer, start_session: StartSession, word: str, end: End
) -> None:
    server = start_server()

    def mark() -> None:
        assert server.is_reached.wait(10)
        server.cut_all()
        server.cut_all()

    attempt = start_session(server).send(envelope(f"body-{word}@x.fr"), mark)
    assert (attempt.end, attempt.stage, server.copies) == (end, Stage.BODY, [])


def test_a_server_that_takes_few_messages_a_session_gets_new_sessions(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server(mails_per_session=3)
    session = start_session(server)
    ends = [session.send(envelope(f"a{number}@x.fr"), Mark()).end for number in range(10)]
    assert set(ends) == {End.ACCEPTED}
    assert server.recipients() == [f"a{number}@x.fr" for number in range(10)]
    assert server.connections == 4


def test_a_server_that_never_takes_one_is_asked_once_per_message(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server(faults={"mail": "451"})
    session = start_session(server)
    attempts = [session.send(envelope("a@x.fr"), Mark()) for _ in range(3)]
    assert {(attempt.end, attempt.stage) for attempt in attempts} == {(End.REFUSED, Stage.MAIL)}
    assert server.connections == 1


def test_one_message_in_a_hundred_accepted_is_still_each_copy_once(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server(accept_each=100)
    session = start_session(server)
    ends = [session.send(envelope(f"a{number}@x.fr"), Mark()).end for number in range(200)]
    assert (ends.count(End.ACCEPTED), ends.count(End.REFUSED), len(server.copies)) == (2, 198, 2)
    assert server.connections == 1


def test_a_connection_that_the_server_closed_while_idle_is_replaced(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server()
    session = start_session(server)
    session.send(envelope("a@x.fr"), Mark())
    server.cut_all()
    assert session.send(envelope("b@x.fr"), Mark()).end is End.ACCEPTED
    assert (server.recipients(), server.connections) == (["a@x.fr", "b@x.fr"], 2)


@pytest.mark.parametrize("stage", ["greeting", "ehlo"])
@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("silent", Silent),
        ("close", Gone),
        ("garbage", Nonsense),
        ("drip", Silent),
        ("endless", Nonsense),
        ("long", Nonsense),
        ("421", Turned),
    ],
)
def test_a_session_that_does_not_open_says_why_in_time(
    start_server: StartServer, start_session: StartSession, stage: str, word: str, kind: type[ConnectionTrouble]
) -> None:
    session = start_session(start_server(faults={stage: word}))

    def fail() -> None:
        with pytest.raises(kind) as caught:
            session.open()
        assert caught.value.stage in (Stage.GREETING, Stage.EHLO)
        assert not caught.value.needs_a_person

    assert timed(fail) < LIMIT_SECONDS


def test_a_greeting_that_refuses_for_good_needs_a_person(
    start_server: StartServer, start_session: StartSession
) -> None:
    with pytest.raises(Turned) as caught:
        start_session(start_server(faults={"greeting": "554"})).open()
    assert caught.value.needs_a_person


def test_a_server_without_ehlo_is_served_by_helo(start_server: StartServer, start_session: StartSession) -> None:
    server = start_server(faults={"ehlo": "502"})
    assert start_session(server).send(envelope("a@x.fr"), Mark()).end is End.ACCEPTED


def test_a_server_that_leaves_while_the_mark_is_made_has_nothing(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server()

    def mark() -> None:
        server.cut_all()
        server.cut_all()  # when this returns, what the first one began has been done

    attempt = start_session(server).send(envelope("a@x.fr"), mark)
    assert (attempt.end, server.copies) == (End.NOT_SENT, [])


def test_slow_answers_that_each_come_in_time_do_not_add_up_beyond_the_messages_deadline(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server(faults={"rcpt": "late"}, late_seconds=0.1)
    session = start_session(server)
    session.open()
    many = envelope(",".join(f"a{number}@x.fr" for number in range(50)))
    ends: list[End] = []
    elapsed = timed(lambda: ends.append(session.send(many, Mark()).end))
    assert ends == [End.NOT_SENT]
    assert elapsed < 4.5  # fifty late answers are five seconds


def test_a_name_with_several_addresses_is_tried_at_each(start_server: StartServer, start_session: StartSession) -> None:
    server = start_server()  # at 127.0.0.1 only, where localhost is often ::1 first
    assert start_session(server, host="localhost").send(envelope("a@x.fr"), Mark()).end is End.ACCEPTED


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port whose queue is full: connecting to it is neither accepted nor refused."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_a_host_that_swallows_connections_is_unreachable_in_time(deaf_port: int) -> None:
    with SmtpSession(smtp_settings(deaf_port)) as session:

        def fail() -> None:
            with pytest.raises(Unreachable, match="no answer in time"):
                session.open()

        assert timed(fail) < LIMIT_SECONDS


@pytest.mark.skipif(sys.platform == "win32", reason="a connection that is being made cannot be shut down there")
def test_an_interrupt_ends_a_connection_attempt(deaf_port: int) -> None:
    session = SmtpSession(smtp_settings(deaf_port, open_timeout=smtp_settings(1).open_timeout * 100))
    caught: list[ConnectionTrouble] = []
    is_connecting = threading.Event()
    original = socket.socket.connect

    def connect(sock: socket.socket, address: tuple[str, int]) -> None:
        is_connecting.set()
        original(sock, address)

    def fail() -> None:
        try:
            session.open()
        except ConnectionTrouble as trouble:
            caught.append(trouble)

    thread = threading.Thread(target=fail)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        thread.start()
        assert is_connecting.wait(10)
        session.interrupt()
        thread.join(5)
    assert not thread.is_alive()
    assert [type(trouble) for trouble in caught] == [Interrupted]


def test_the_server_as_a_program_logs_what_it_accepted(tmp_path: Path) -> None:
    log = tmp_path / "accepted.jsonl"
    program = [sys.executable, str(Path(__file__).with_name("faulty_smtp.py")), "--log", str(log)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with SmtpSession(smtp_settings(port, reply_timeout=timedelta(seconds=10))) as session:
            assert session.send(envelope("dot-close@x.fr", message_id="<7@x.fr>"), Mark()).end is End.UNCERTAIN
            assert session.send(envelope("dot-554@x.fr"), Mark()).end is End.REFUSED
        process.communicate(timeout=10)
    assert [json.loads(line)["message_id"] for line in log.read_text().splitlines()] == ["<7@x.fr>"]
    assert process.returncode == 0


def test_nobody_listening_and_an_unknown_name_are_unreachable() -> None:
    with FaultySmtp() as server:
        port = server.port
    for host in ("127.0.0.1", "no-such-host.invalid", "a" * 70 + ".test"):
        with SmtpSession(smtp_settings(port, host=host)) as session, pytest.raises(Unreachable):
            session.open()


@pytest.mark.parametrize("word", ["greeting", "mail", "dot"])
def test_an_interrupt_ends_a_wait_at_once(start_server: StartServer, word: str) -> None:
    server = start_server(faults={word: "silent"})
    long = smtp_settings(1).open_timeout * 100
    waits = dict.fromkeys(("open_timeout", "reply_timeout", "message_timeout", "acceptance_timeout"), long)
    ends: list[object] = []

    with SmtpSession(smtp_settings(server.port, **waits)) as session:

        def send() -> None:
            try:
                ends.append(session.send(envelope("a@x.fr"), Mark()).end)
            except Interrupted:
                ends.append(Interrupted)

        thread = threading.Thread(target=send)
        thread.start()
        assert server.is_reached.wait(10)
        session.interrupt()
        thread.join(5)
        assert not thread.is_alive()
        with pytest.raises(Interrupted):
            session.open()
    assert ends == [{"greeting": Interrupted, "mail": End.WITHHELD, "dot": End.UNCERTAIN}[word]]


def test_a_message_larger_than_the_server_takes_is_not_offered(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server(size_limit=5000)
    session = start_session(server)
    attempt = session.send(envelope("a@x.fr", text_body="x" * 6000), Mark())
    assert attempt.reply is not None
    assert (attempt.end, attempt.reply.code, attempt.reply.is_ours) == (End.REFUSED, 552, True)
    assert server.commands["mail"] == 0
    assert session.send(envelope("a@x.fr"), Mark()).end is End.ACCEPTED


def test_an_address_with_accents_goes_to_a_server_that_knows_them(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server(smtputf8=True)
    attempt = start_session(server).send(envelope("rené@café.fr, b@x.fr"), Mark())
    assert (attempt.end, server.recipients()) == (End.ACCEPTED, ["rené@xn--caf-dma.fr", "b@x.fr"])
    assert "To: rené@xn--caf-dma.fr,".encode() in server.copies[0].content


def test_a_server_that_does_not_know_them_serves_the_others(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server()
    attempt = start_session(server).send(envelope("rené@café.fr, b@x.fr"), Mark())
    assert (attempt.end, server.recipients()) == (End.ACCEPTED, ["b@x.fr"])
    assert [(refusal.recipient, refusal.reply.enhanced) for refusal in attempt.refused] == [
        ("rené@xn--caf-dma.fr", "5.6.7")
    ]
    assert server.copies[0].content.isascii()
    alone = start_session(server).send(envelope("rené@café.fr"), Mark())
    assert (alone.end, len(alone.refused)) == (End.REFUSED, 1)


def test_lines_that_begin_with_a_dot_arrive_as_they_were(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server()
    start_session(server).send(envelope("a@x.fr", text_body=".\n..\n.a\nb\n.\n"), Mark())
    assert server.copies[0].content.endswith(b"\r\n\r\n.\r\n..\r\n.a\r\nb\r\n.\r\n")


def test_a_server_that_dies_between_messages_leaves_no_socket(start_session: StartSession) -> None:
    with FaultySmtp() as server:
        session = start_session(server)
        session.send(envelope("a@x.fr"), Mark())
    with pytest.raises(ConnectionTrouble):
        session.send(envelope("b@x.fr"), Mark())
