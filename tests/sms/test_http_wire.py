"""The wire under all gateways: connected, then marked, then sent; over TLS; within its time; nowhere else."""

import logging
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from gateway_contract import NUMBER, SECRET, TEXT, Clock, Marks, an_sms
from gateway_server import Asked, Fault, Said, Server, Vendor, serving
from kannel_programs import wait_until

from actors.http.exchange import Reply
from actors.sms.adapters.http.generic import GenericGateway, GenericReply, GenericSettings
from actors.sms.adapters.http.verdict import Judge, retry_after
from actors.sms.transport import Accepted, Blame, NotSent, Refused, Unavailable, Unknown, Withheld
from config.secret import Secret

Make = Callable[..., GenericGateway]


class Plain(Vendor):
    """Takes anything with 200 and a name; `status` and `headers` say otherwise."""

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self.status = 200
        self.headers: dict[str, str] = {}

    def is_sending(self, asked: Asked) -> bool:
        return True

    def answer(self, asked: Asked) -> Said:
        if self.status == 200:
            self.store(asked.form()["to"], asked.form()["text"])
        return Said(self.status, {"id": "7"}, self.headers)


@pytest.fixture
def vendor(tmp_path: Path) -> Plain:
    return Plain(tmp_path / "copies")


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[GenericGateway] = []

    def make(url: str, **changes: Any) -> GenericGateway:
        settings = GenericSettings(
            kind="http",
            provider="generic",
            name="Plain",
            url=f"{url}/send?key={{token}}",
            form={"to": "{to}", "text": "{text}"},
            token=Secret(SECRET),
            reply=GenericReply(accepted="id", id="id"),
            **{"timeout": timedelta(seconds=5), **changes},
        )
        made.append(GenericGateway(settings, Clock()))
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


@pytest.fixture
def server(vendor: Plain) -> Iterator[Server]:
    with serving(vendor) as server:
        yield server


class Authority:
    """An authority of a test's own, and servers that it vouches for."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.file))

    def context_for(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(name).configure_cert(context)
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_over_tls_with_the_clubs_own_authority(make: Make, vendor: Plain, authority: Authority) -> None:
    with serving(vendor, authority.context_for("127.0.0.1")) as server:
        gateway = make(server.url, ca_file=authority.file)
        assert gateway.send(an_sms(), Marks()) == Accepted("7")
        assert gateway.send(an_sms(), Marks()) == Accepted("7")
        assert server.connections == 1


@pytest.mark.parametrize(("name", "known_by"), [("sms.example.org", "the club"), ("127.0.0.1", "nobody")])
def test_a_certificate_for_another_name_or_of_nobody_known_gets_nothing(
    make: Make, vendor: Plain, authority: Authority, name: str, known_by: str
) -> None:
    with serving(vendor, authority.context_for(name)) as server:
        marks = Marks()
        answer = make(server.url, ca_file=authority.file if known_by == "the club" else None).send(an_sms(), marks)
    assert isinstance(answer, NotSent)
    assert answer.needs_a_person
    assert "certificate" in str(answer.trouble)
    assert (marks.count, vendor.asked) == (0, [])


def test_a_server_that_never_ends_the_handshake_is_given_up_on_without_a_mark(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        marks = Marks()
        gateway = make(f"https://127.0.0.1:{listener.getsockname()[1]}", timeout=timedelta(milliseconds=200))
        answer = gateway.send(an_sms(), marks)
    assert isinstance(answer, NotSent)
    assert "no answer in time" in str(answer.trouble)
    assert marks.count == 0


def test_a_name_that_nobody_knows_is_no_mark(make: Make) -> None:
    marks = Marks()
    answer = make("https://sms.gateway.invalid").send(an_sms(), marks)
    assert isinstance(answer, NotSent)
    assert not answer.needs_a_person
    assert marks.count == 0


def test_the_connection_is_there_when_the_mark_is_asked(make: Make, vendor: Plain, server: Server) -> None:
    asked = []

    def mark() -> bool:
        wait_until(lambda: server.connections == 1, "no connection before the mark")
        asked.append(len(vendor.asked))
        return True

    make(server.url).send(an_sms(), mark)
    assert asked == [0]


def test_a_connection_that_the_server_closes_while_the_mark_is_written_is_opened_anew(
    make: Make, vendor: Plain, server: Server
) -> None:
    gateway = make(server.url)
    gateway.send(an_sms("club-1"), Marks())

    def mark() -> bool:
        server.hang_up()
        return True

    assert gateway.send(an_sms("club-2"), mark) == Accepted("7")
    assert (len(vendor.copies()), server.connections) == (2, 2)


def test_a_gateway_that_goes_away_while_the_mark_is_written_has_nothing(
    make: Make, vendor: Plain, server: Server
) -> None:
    gateway = make(server.url)
    gateway.send(an_sms("club-1"), Marks())

    def mark() -> bool:
        server.go_away()
        return True

    assert isinstance(gateway.send(an_sms("club-2"), mark), NotSent)
    assert len(vendor.copies()) == 1


def test_a_header_that_cannot_be_sent_is_told_without_showing_it(make: Make, vendor: Plain, server: Server) -> None:
    gateway = make(server.url, password=Secret("clé-ünïcode-’"), headers={"X-Key": "{password}"})
    marks = Marks()
    answer = gateway.send(an_sms(), marks)
    assert isinstance(answer, NotSent)
    assert answer.needs_a_person
    assert "clé" not in repr(answer)
    assert (marks.count, vendor.asked) == (0, [])


def test_an_interrupt_before_the_mark_holds_the_sms_back(make: Make, vendor: Plain, server: Server) -> None:
    gateway = make(server.url)
    gateway.open()
    gateway.interrupt()
    marks = Marks()
    assert gateway.send(an_sms(), marks) == Withheld()
    assert (marks.count, vendor.asked) == (0, [])
    gateway.close()
    assert gateway.send(an_sms(), marks) == Accepted("7")


def test_an_interrupt_while_the_mark_is_written_holds_the_sms_back(make: Make, vendor: Plain, server: Server) -> None:
    gateway = make(server.url)

    def mark() -> bool:
        gateway.interrupt()
        return True

    assert gateway.send(an_sms(), mark) == Withheld()
    assert vendor.asked == []


def test_an_interrupt_ends_the_wait_for_a_connection(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        gateway = make(url, timeout=timedelta(minutes=10))
        marks, answers = Marks(), list[Any]()
        thread = threading.Thread(target=lambda: answers.append(gateway.send(an_sms(), marks)))
        thread.start()
        client, _ = listener.accept()
        with client:
            client.recv(1)  # it has begun to shake hands
            gateway.interrupt()
            thread.join()
    assert (answers, marks.count) == ([Withheld()], 0)


@pytest.mark.parametrize("fault", [Fault.DRIP_HEADERS, Fault.DRIP_BODY])
def test_an_interrupt_ends_the_wait_for_an_answer(make: Make, vendor: Plain, server: Server, fault: Fault) -> None:
    vendor.faults.append(fault)
    gateway = make(server.url, timeout=timedelta(minutes=10))
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(gateway.send(an_sms(), Marks())))
    thread.start()
    pause = threading.Event()
    while not vendor.asked:
        pause.wait(0.01)
    gateway.interrupt()
    thread.join()
    assert isinstance(answers[0], Unknown)


def test_the_environment_sends_nothing_through_a_proxy(
    make: Make, vendor: Plain, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert make(server.url).send(an_sms(), Marks()) == Accepted("7")


def test_a_proxy_of_the_settings_is_gone_through(make: Make, vendor: Plain, server: Server) -> None:
    gateway = make("http://sms.gateway.invalid", in_clear=True, proxy=Secret(server.url))
    assert gateway.send(an_sms(), Marks()) == Accepted("7")
    assert vendor.asked[0].target.startswith("http://sms.gateway.invalid/send")


def test_a_proxy_that_refuses_the_tunnel_is_no_mark(make: Make, server: Server) -> None:
    marks = Marks()
    answer = make("https://sms.gateway.invalid", proxy=Secret(server.url)).send(an_sms(), marks)
    assert isinstance(answer, NotSent)
    assert marks.count == 0


@pytest.mark.parametrize(
    ("status", "headers", "kind", "blame"),
    [
        # what the server says                                what it means: can a copy exist, and whose fault is it
        (301, {"Location": "https://example.org/"}, Refused, Blame.ACCOUNT),
        (302, {"Location": "/elsewhere"}, Refused, Blame.ACCOUNT),
        (303, {"Location": "/done"}, Unknown, None),  # the result is over there: it was done
        (307, {}, Refused, Blame.ACCOUNT),
        (308, {"Location": "http://[bad"}, Refused, Blame.ACCOUNT),
        (400, {}, Refused, Blame.MESSAGE),
        (401, {}, Refused, Blame.KEY),
        (402, {}, Refused, Blame.ACCOUNT),
        (403, {}, Refused, Blame.KEY),
        (404, {}, Refused, Blame.ACCOUNT),
        (408, {}, Refused, Blame.LOAD),
        (413, {}, Refused, Blame.MESSAGE),
        (429, {}, Refused, Blame.LOAD),
        (500, {}, Unknown, None),
        (502, {}, Unknown, None),
        (503, {}, Unknown, None),  # a proxy's, after the message went through it?
        (503, {"Retry-After": "20"}, Refused, Blame.LOAD),  # who asks to send again has not taken it
        (504, {}, Unknown, None),
    ],
)
def test_what_a_status_means(  # noqa: PLR0917
    make: Make, vendor: Plain, server: Server, status: int, headers: dict[str, str], kind: type, blame: Blame | None
) -> None:
    vendor.status, vendor.headers = status, headers
    answer = make(server.url).send(an_sms(), Marks())
    assert isinstance(answer, kind)
    assert getattr(answer, "blame", None) is blame


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("999999999", 86400),
        ("Tue, 24 Nov 2026 08:01:00 GMT", 60),
        ("Tue, 24 Nov 2026 07:00:00 GMT", 0),
        ("soon", None),
        ("9" * 30, 86_400),
        ("9" * 400, 86_400),
        ("Tue, 24 Nov 2026 07:00:00999999999999999999999999 GMT", None),
        ("Tue, 24 Nov 99999999999999999999 07:00:00 GMT", None),
        ("-3", None),
        ("1e9999", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(text: str, seconds: int | None) -> None:
    wait = retry_after(Reply(429, {"retry-after": text}), datetime(2026, 11, 24, 8, tzinfo=UTC))
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("The 'To' number +33 6 12 34 56 78 is not valid", "The 'To' number … is not valid"),
        ("<h1>Erreur</h1>\n<p>code 21211</p>", "Erreur code 21211"),
        ("key 7kbG7Bk7S9Nt7ZSVabcd rejected", "key … rejected"),
        ("write to someone@example.org", "write to …"),
        ("refused: " + TEXT[:20] + "…", "…"),
        ("x" * 300, "x" * 159 + "…"),
        ("\x00\x1b[31mred", "[31mred"),
        (["a", 3], "['a', 3]"),
    ],
)
def test_a_quote_holds_nothing_that_is_private(words: object, shown: str) -> None:
    assert Reply(400, private=(NUMBER, TEXT, SECRET)).quote(words) == shown


def test_neither_errors_nor_logs_show_the_address_that_holds_the_password(
    make: Make, vendor: Plain, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    gateway = make(server.url)
    told = [repr(gateway.send(an_sms(), Marks()))]
    server.go_away()
    told.append(repr(gateway.send(an_sms(), Marks())))
    with pytest.raises(Unavailable) as refused:
        gateway._ask(gateway.request(an_sms()))
    told += traceback.format_exception(refused.value)
    told += [record.getMessage() for record in caplog.records]
    assert [text for text in told if SECRET in text or "612345678" in text] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ca_file": Path("/nowhere/ca.pem")}, "correct ca_file"),
        ({"password": Secret("env:HEITZ_NO_SUCH_SECRET"), "headers": {"X-P": "{password}"}}, "HEITZ_NO_SUCH_SECRET"),
        ({"proxy": Secret("file:/nowhere/proxy")}, "/nowhere/proxy"),
    ],
)
def test_what_the_settings_name_and_is_not_there_needs_a_person(
    make: Make, server: Server, changes: dict[str, Any], words: str
) -> None:
    marks = Marks()
    with pytest.raises(Unavailable, match=words) as refused:
        make(server.url, **changes).send(an_sms(), marks)
    assert refused.value.needs_a_person
    assert marks.count == 0


def test_a_closed_gateway_leaves_no_thread_and_opens_again(make: Make, vendor: Plain, server: Server) -> None:
    gateway = make(server.url)
    gateway.send(an_sms(), Marks())
    assert "sms deadline" in {thread.name for thread in threading.enumerate()}
    gateway.close()
    gateway.close()
    assert "sms deadline" not in {thread.name for thread in threading.enumerate()}
    assert gateway.send(an_sms(), Marks()) == Accepted("7")


def test_a_judge_names_the_host_of_a_redirect_without_its_path() -> None:
    reply = Reply(302, {"location": "https://portal.hotel.example/login?number=0612345678"})
    said = Judge("Plain", "https://sms.example.org/").on_its_way(reply, datetime.now(UTC))
    assert isinstance(said, Refused)
    assert "portal.hotel.example" in str(said.reason)
    assert "login" not in str(said.reason)
