"""Kannel as Debian packages it takes what this program sends, reports to it, and settles what a cut line left open."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from gateway_contract import BEGAN, Marks, an_sms
from kannel_programs import INCOMING_KEY, IS_THERE, Kannel, running, wait_until

from actors.sms.adapters.http.kannel import KannelGateway, KannelSettings
from actors.sms.transport import (
    Accepted,
    Blame,
    DeliveryReport,
    Fate,
    Found,
    Incoming,
    NotSent,
    Refused,
    Sighting,
    Unknown,
)
from config.secret import Secret

pytestmark = pytest.mark.skipif(not IS_THERE, reason="needs the Debian packages kannel and kannel-extras")
PASSWORD = "kannel-password-for-tests"
Make = Callable[..., KannelGateway]


@pytest.fixture(scope="module")
def kannel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kannel]:
    with running(tmp_path_factory.mktemp("kannel"), PASSWORD) as kannel:
        yield kannel


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[KannelGateway] = []

    def make(url: str, password: str = PASSWORD, **changes: Any) -> KannelGateway:
        settings = KannelSettings(
            kind="http",
            provider="kannel",
            url=url,
            user="club",
            password=Secret(password),
            **{"reports_listen": "127.0.0.1:0", **changes},
        )
        made.append(KannelGateway(settings))
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


@contextmanager
def cutting(port: int) -> Iterator[str]:
    """Pass one request on to Kannel, and cut the line when Kannel has answered."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def pass_one() -> None:
            client, _ = listener.accept()
            with client, socket.create_connection(("127.0.0.1", port)) as upstream:
                asked = b""
                while b"\r\n\r\n" not in asked:
                    asked += client.recv(65536)
                upstream.sendall(asked)
                upstream.recv(1)

        thread = threading.Thread(target=pass_one)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/cgi-bin/sendsms"
        thread.join()


def arrived(kannel: Kannel, part: str) -> list[str]:
    return [copy for copy in kannel.copies() if part in copy]


@pytest.mark.parametrize(
    ("number", "text", "on_the_wire"),
    [
        # what the member reads                     what the operator gets, by fakesmsc's notation
        ("+33610000001", "Annulé à 18 h: 10 € [x]", "text Annulé à 18 h: 10 € [x]"),
        ("+33610000002", "fenêtre 🏊", "ucs-2 %00f%00e%00n%00%EA%00t%00r%00e%00+%D8%3C%DF%CA"),
    ],
)
def test_a_text_arrives_letter_by_letter(kannel: Kannel, make: Make, number: str, text: str, on_the_wire: str) -> None:
    assert make(kannel.url, reports_listen=None).send(an_sms(recipient=number, body=text), Marks()) == Accepted()
    wait_until(lambda: arrived(kannel, number), "nothing arrived")
    assert arrived(kannel, number) == [f"13013 {number} {on_the_wire}"]


def test_the_report_of_a_delivered_sms_carries_our_reference(kannel: Kannel, make: Make) -> None:
    gateway = make(kannel.url)
    gateway.send(an_sms("club-report", recipient="+33610000003"), Marks())
    told: list[DeliveryReport] = []

    def has_come() -> bool:
        told.extend(gateway.reports([]))
        return bool(told)

    wait_until(has_come, "no report came")
    assert told == [DeliveryReport(Fate.DELIVERED, None, "club-report")]


def test_a_lost_reply_is_settled_by_the_report_with_one_copy(kannel: Kannel, make: Make) -> None:
    sms = an_sms("club-lost", recipient="+33610000004")
    with cutting(kannel.port) as url:
        gateway = make(url)
        assert isinstance(gateway.send(sms, Marks()), Unknown)
    wait_until(lambda: isinstance(gateway.look_up(Sighting(sms, BEGAN), BEGAN), Found), "never settled")
    # Kannel 1.4.5 aborts when somebody hangs up on it: do not before its last report.
    wait_until(lambda: list(gateway.reports([])), "the last report did not come")
    wait_until(lambda: arrived(kannel, "+33610000004"), "the operator did not write it down")
    assert len(arrived(kannel, "+33610000004")) == 1


def test_what_kannel_refuses_is_told_apart(kannel: Kannel, make: Make) -> None:
    number = make(kannel.url, reports_listen=None).send(an_sms(recipient="+33999999999"), Marks())
    password = make(kannel.url, "another").send(an_sms(recipient="+33610000005"), Marks())
    assert isinstance(number, Refused)
    assert isinstance(password, Refused)
    assert (number.blame, password.blame) == (Blame.MESSAGE, Blame.KEY)
    assert arrived(kannel, "+33610000005") == []


def test_while_the_operator_is_away_kannel_keeps_it_and_while_kannel_is_away_nothing_is_marked(
    tmp_path: Path, make: Make
) -> None:
    with running(tmp_path, PASSWORD) as kannel:
        gateway = make(kannel.url, reports_listen=None)
        kannel.end("operator")
        assert gateway.send(an_sms("club-1"), Marks()) == Accepted()
        kannel.end("smsbox")
        marks = Marks()
        assert isinstance(gateway.send(an_sms("club-2"), marks), NotSent)
        assert marks.count == 0


def test_what_a_member_answers_comes_in_also_when_the_station_starts_later(tmp_path: Path, make: Make) -> None:
    with running(tmp_path, PASSWORD, "+33611111111 13013 text STOP été") as kannel:
        wait_until(lambda: "Couldn't fetch" in kannel.said("smsbox"), "Kannel has not called yet")
        where = f"127.0.0.1:{kannel.station_port}"
        gateway = make(kannel.url, reports_listen=where, incoming_key=Secret(INCOMING_KEY))
        taken: list[Incoming] = []

        def has_come() -> bool:
            taken.extend(gateway.incoming())
            return bool(taken)

        wait_until(has_come, "nothing came in")
    assert [(each.sender, each.body) for each in taken] == [("+33611111111", "STOP été")]
    assert kannel.copies() == [], "Kannel must not answer the member by itself"
