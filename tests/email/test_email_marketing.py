"""Marketing carries its way out, and reaches nobody who took it."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from email_fixtures import StartServer, smtp_settings
from faulty_smtp import FaultySmtp

from actors.delivery.loop import Delivery
from actors.delivery.pace import Brake
from actors.delivery.reins import Reins, Terms
from actors.delivery.tally import Tally
from actors.email.adapters.smtp import SmtpSession
from actors.email.courier import EmailCourier, Sender
from actors.email.settings import EmailSettings
from actors.email.unsubscribe import Unsubscribe, UnsubscribeSettings, is_token
from club import EMAIL, Database, EmailOptOuts, Lease, Outbox
from club.migrations import initialise
from config.problem import ValueRefusedError
from config.secret import Secret

WAY_OUT = UnsubscribeSettings(
    url="https://club.example.org/out/{token}", mailto="out@example.org", secret=Secret("the club's own")
)


class Club:
    """A club with its outbox; `run` does one run against a server."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "club.db"
        self.database = Database(f"sqlite:///{self.file}")
        initialise(self.database)
        lease = Lease(self.database, "email", "ACCUEIL", "process")
        assert lease.acquire()
        self.outbox = Outbox(self.database, EMAIL, lease)
        self.outbox.recover()
        self.opt_outs = EmailOptOuts(self.database)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def write(self, recipient: str, category: str = "marketing") -> None:
        self.sql(
            "INSERT INTO email (recipient, subject, text_body, category) VALUES (?, 'Offre', 'Bonjour', ?)",
            recipient,
            category,
        )

    def run(self, server: FaultySmtp, unsubscribe: UnsubscribeSettings | None = WAY_OUT) -> dict[str, tuple[str, str]]:
        settings = EmailSettings(station="ACCUEIL", smtp=smtp_settings(server.port), unsubscribe=unsubscribe)
        with SmtpSession(settings.smtp) as session:
            sender = Sender("Forme et Santé", "en", lambda: datetime.now(UTC))
            courier = EmailCourier(session, settings, sender, self.outbox.content, self.opt_outs.is_out)
            Delivery(self.outbox, courier, Reins(lambda: True), Tally(), Terms(), Brake(time.monotonic)).run()
        found = self.sql("SELECT recipient, state, COALESCE(error, '') FROM email")
        return {recipient: (state, error) for recipient, state, error in found}


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Club]:
    club = Club(tmp_path)
    yield club
    club.database.dispose()


def test_marketing_carries_its_way_out_and_nothing_else_does(club: Club, start_server: StartServer) -> None:
    server = start_server()
    club.write("Léa <Lea@example.org>")
    club.write("paul@example.org", "transactional")
    assert {state for state, _ in club.run(server).values()} == {"sent"}
    marketing, other = (message_from_bytes(copy.content, policy=SMTP) for copy in server.copies)
    token = Unsubscribe(WAY_OUT).token("lea@example.org")
    assert token is not None
    assert " ".join(str(marketing["List-Unsubscribe"]).split()) == (
        f"<https://club.example.org/out/{token}>, <mailto:out@example.org?subject={token}>"
    )
    assert marketing["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "lea" not in str(marketing["List-Unsubscribe"]).lower()
    assert not [name for name in other if name.lower().startswith("list-")]


@pytest.mark.parametrize("way", ["Lea@Example.org", "token"])
def test_who_has_objected_gets_no_marketing_and_all_the_rest(club: Club, start_server: StartServer, way: str) -> None:
    server = start_server()
    token = Unsubscribe(WAY_OUT).token("lea@example.org")
    assert token is not None
    assert club.opt_outs.add_token(token, "site") if way == "token" else club.opt_outs.add(way, "site")
    club.write("LEA@example.org")
    club.write("paul@example.org")
    club.write("lea@example.org", "transactional")
    found = club.run(server)
    assert found["LEA@example.org"] == ("failed", "its recipient wants no more marketing")
    assert (found["paul@example.org"][0], found["lea@example.org"][0]) == ("sent", "sent")


def test_a_token_that_was_recognised_holds_when_the_secret_changes(club: Club, start_server: StartServer) -> None:
    server = start_server()
    token = Unsubscribe(WAY_OUT).token("lea@example.org")
    club.sql("INSERT INTO email_opt_out (token) VALUES (?)", token)  # what the club's site writes
    club.write("lea@example.org")
    club.run(server)
    club.write("lea@example.org")
    another = UnsubscribeSettings(url=WAY_OUT.url, secret=Secret("another"))
    club.run(server, another)
    assert server.copies == []
    assert club.sql("SELECT address, token FROM email_opt_out") == [("lea@example.org", token)]


@pytest.mark.parametrize(
    ("recipient", "category", "way_out", "reason"),
    [
        ("lea@example.org", "marketing", None, r"\[email\.unsubscribe\]"),
        ("lea@example.org, paul@example.org", "marketing", WAY_OUT, "one row for each"),
        ("lea@example.org", "Marketing", WAY_OUT, "neither transactional nor marketing"),
        ("lea@example.org", "", WAY_OUT, "neither transactional nor marketing"),
    ],
)
def test_marketing_without_a_lawful_way_out_does_not_leave(
    club: Club,
    start_server: StartServer,
    recipient: str,
    category: str,
    way_out: UnsubscribeSettings | None,
    reason: str,
) -> None:
    server = start_server()
    club.write(recipient, category)
    state, error = club.run(server, way_out)[recipient]
    assert state == "failed"
    assert re.search(reason, error)
    assert server.copies == []


def test_a_way_out_in_the_text_is_the_programs_own_and_objections_count(club: Club, start_server: StartServer) -> None:
    server = start_server()
    club.opt_outs.add("paul@example.org", "desk")
    club.write("lea@example.org")
    club.write("paul@example.org")
    found = club.run(server, UnsubscribeSettings(in_text=True))
    assert (found["lea@example.org"][0], found["paul@example.org"][0]) == ("sent", "failed")
    assert b"List-Unsubscribe" not in server.copies[0].content


def test_a_secret_that_is_missing_holds_back_marketing_alone(club: Club, start_server: StartServer) -> None:
    server = start_server()
    club.write("lea@example.org")
    club.write("paul@example.org", "transactional")
    found = club.run(server, UnsubscribeSettings(url=WAY_OUT.url, secret=Secret("env:NOBODY_SET_THIS")))
    assert found["paul@example.org"][0] == "sent"
    assert found["lea@example.org"][0] == "pending"
    assert "NOBODY_SET_THIS" in found["lea@example.org"][1]
    assert club.sql("SELECT attempts FROM email WHERE recipient = 'lea@example.org'") == [(0,)]


def test_an_objection_is_kept_once_and_taken_back(club: Club) -> None:
    assert club.opt_outs.add("Léa@Example.org", "desk")
    assert not club.opt_outs.add("lÉa@example.ORG", "desk")
    assert [each.address for each in club.opt_outs.list()] == ["léa@example.org"]
    assert club.opt_outs.is_out("léa@example.org", None)
    assert club.opt_outs.remove("LÉA@example.org")
    assert not club.opt_outs.remove("léa@example.org")
    assert not club.opt_outs.is_out("léa@example.org", None)


def test_an_objection_as_people_type_it_is_refused_by_the_table(club: Club) -> None:
    for statement in (
        "INSERT INTO email_opt_out (address) VALUES ('Lea@example.org')",
        "INSERT INTO email_opt_out (source) VALUES ('site')",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            club.sql(statement)


def test_a_token_tells_nobody_whose_it_is_and_is_the_same_each_time() -> None:
    token = Unsubscribe(WAY_OUT).token("lea@example.org")
    assert token is not None
    assert is_token(token)
    assert token == Unsubscribe(WAY_OUT).token("LEA@example.org")
    others = {Unsubscribe(WAY_OUT).token("paul@example.org")}
    others.add(Unsubscribe(UnsubscribeSettings(url=WAY_OUT.url, secret=Secret("b"))).token("lea@example.org"))
    assert len({token, *others}) == 3


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({}, "url"),
        ({"url": WAY_OUT.url}, "secret"),
        ({"mailto": "out@example.org"}, "secret"),
    ],
)
def test_a_way_out_that_is_incomplete_is_refused(values: dict[str, Any], key: str) -> None:
    with pytest.raises(ValueRefusedError) as caught:
        UnsubscribeSettings(**values)
    assert caught.value.key == (key,)


@pytest.mark.parametrize(
    "url",
    [
        "http://x.fr/{token}",
        "https://x.fr/",
        "https://x.fr/{token}/{token}",
        "https://x.fr/ {token}",
        "https:///{token}",
    ],
)
def test_a_page_that_one_click_could_not_reach_is_refused(url: str) -> None:
    with pytest.raises(ValueRefusedError):
        UnsubscribeSettings(url=url, secret=Secret("s"))
