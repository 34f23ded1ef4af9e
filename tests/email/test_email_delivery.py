"""Runs of delivery: real rows, a real database, a real server that fails as it is told."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from email_fixtures import StartServer, delivery, smtp_settings
from faulty_smtp import FaultySmtp

from actors.delivery.courier import TransportAway
from actors.delivery.loop import Delivery
from actors.delivery.pace import Brake
from actors.delivery.reins import Reins, Terms
from actors.delivery.tally import Tally
from actors.email.adapters.message import Envelope
from actors.email.adapters.smtp import SmtpSession
from actors.email.attempt import Attempt
from actors.email.courier import EmailCourier, Sender
from actors.email.settings import EmailSettings, SmtpSettings
from club import EMAIL, Database, DatabaseAway, Lease, Outbox, OutboxDesk
from club.migrations import initialise

PATIENT = dict.fromkeys(
    ("open_timeout", "reply_timeout", "message_timeout", "acceptance_timeout"), timedelta(seconds=5)
)
"""Longer than a machine that runs much else takes over one mail."""


class Post:
    """One station's outbox over a database of its own; `run` does one run against a server."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "club.db"
        self.database = Database(f"sqlite:///{self.file}", busy_seconds=0.2)
        initialise(self.database)
        self.lease = Lease(self.database, "email", "ACCUEIL", "process")
        assert self.lease.acquire()
        self.outbox = Outbox(self.database, EMAIL, self.lease)
        self.outbox.recover()
        self.left_before_stop: int | None = None

    def write(self, recipient: str, **columns: Any) -> int:
        values = {"recipient": recipient, "subject": "Séance", "text_body": "Bonjour"} | columns
        statement = f"INSERT INTO email ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"
        with closing(sqlite3.connect(self.file)) as connection, connection:
            return connection.execute(statement, tuple(values.values())).lastrowid or 0

    def run(self, server: FaultySmtp, **settings: Any) -> Tally:
        smtp = {name: settings.pop(name) for name in tuple(settings) if name.endswith("_timeout")}
        wanted = EmailSettings(station="ACCUEIL", smtp=smtp_settings(server.port, **{**PATIENT, **smtp}), **settings)
        tally = Tally()
        with SmtpSession(wanted.smtp) as session:
            delivery(self.outbox, session, wanted, self._goes_on, tally).run()
        return tally

    def rows(self) -> dict[str, tuple[str, str | None]]:
        with closing(sqlite3.connect(self.file)) as connection:
            return {
                recipient: (state, error)
                for recipient, state, error in connection.execute("SELECT recipient, state, error FROM email")
            }

    def states(self) -> dict[str, str]:
        return {recipient: state for recipient, (state, _) in self.rows().items()}

    def _goes_on(self) -> bool:
        if self.left_before_stop is None:
            return True
        self.left_before_stop -= 1
        return self.left_before_stop >= 0


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    with ExitStack() as stack:
        post = Post(tmp_path)
        stack.callback(post.database.dispose)
        yield post


def test_all_due_mails_go_over_one_connection(post: Post, start_server: StartServer) -> None:
    server = start_server()
    for number in range(30):
        post.write(f"m{number}@example.org")
    assert post.run(server, batch=7) == Tally(sent=30)
    assert (server.connections, len(server.copies)) == (1, 30)


def test_urgent_mails_go_first(post: Post, start_server: StartServer) -> None:
    server = start_server()
    post.write("campaign@example.org", priority=2)
    post.write("urgent@example.org", priority=0)
    post.run(server)
    assert server.recipients() == ["urgent@example.org", "campaign@example.org"]


def test_every_column_that_a_program_may_write_is_heeded(post: Post, start_server: StartServer) -> None:
    server = start_server()
    post.write(
        "now@example.org",
        reference="desk:invoice:1042",
        reply_to="Accueil <accueil@example.org>",
        not_before="2020-01-01 08:00:00",
        expires_at="2999-01-01 08:00:00",
        priority=0,
        source="desk",
    )
    post.write("tomorrow@example.org", not_before="2999-01-01 08:00:00")
    post.write("yesterday@example.org", expires_at="2020-01-01 08:00:00")
    post.run(server)
    assert post.states() == {
        "now@example.org": "sent",
        "tomorrow@example.org": "pending",
        "yesterday@example.org": "expired",
    }
    [copy] = server.copies
    assert re.search(rb"^Reply-To: Accueil <accueil@example\.org>\r$", copy.content, re.MULTILINE)
    with pytest.raises(sqlite3.IntegrityError):
        post.write("again@example.org", reference="desk:invoice:1042")


@pytest.mark.parametrize(
    ("recipient", "columns", "reason"),
    [
        ("", {}, "recipient"),  # no address
        ("nobody", {}, "nobody"),  # no domain
        ("a\x00b@example.org", {}, ""),  # a NUL
        (",".join(f"m{n}@example.org" for n in range(10_000)), {}, "50"),  # everybody would read everybody's address
        ("big@example.org", {"text_body": "x" * 5_000_000}, "max_message_size"),
        ("empty@example.org", {"text_body": ""}, "neither text nor HTML"),
        ("reply@example.org", {"reply_to": "nobody"}, "nobody is no e-mail address"),
        ("header@example.org", {"subject": "a\nBcc: b@example.org"}, "more than one line"),
        ("blob@example.org", {"subject": b"\xff\xfe"}, ""),  # bytes where text belongs
    ],
    ids=["no address", "no domain", "NUL", "10,000", "5 MB", "empty", "reply to nobody", "header injection", "bytes"],
)
def test_a_bad_row_fails_with_its_reason_and_stops_nobody(
    post: Post, start_server: StartServer, recipient: str, columns: dict[str, Any], reason: str
) -> None:
    server = start_server()
    post.write("before@example.org")
    post.write(recipient, **columns)
    post.write("after@example.org")
    tally = post.run(server, max_message_size=1_000_000)
    assert tally == Tally(sent=2, failed=1)
    state, error = post.rows()[recipient]
    assert state == "failed"
    assert reason in (error or "")
    assert len(error or "") < 600


@pytest.mark.parametrize(
    ("recipient", "state"),
    [
        ("rcpt-550@example.org", "failed"),  # no such user
        ("rcpt-450@example.org", "pending"),  # mailbox busy
        ("data-451@example.org", "pending"),
        ("data-554@example.org", "failed"),
        ("dot-554@example.org", "failed"),  # spam
        ("dot-452@example.org", "pending"),  # disk full there
        ("body-close@example.org", "pending"),  # it cannot have it: the dot never left
        ("dot-close@example.org", "uncertain"),  # it stored the mail and the reply was lost
        ("dot-garbage@example.org", "uncertain"),
        ("dot-silent@example.org", "uncertain"),
    ],
)
def test_what_the_server_says_decides_the_row_and_the_next_one_goes(
    post: Post, start_server: StartServer, recipient: str, state: str
) -> None:
    server = start_server()
    post.write(recipient)
    post.write("next@example.org")
    post.run(server)
    assert post.states() == {recipient: state, "next@example.org": "sent"}
    assert server.recipients().count(recipient) <= 1


def test_recipients_of_one_mail_are_told_apart_and_only_the_late_ones_are_tried_again(
    post: Post, start_server: StartServer
) -> None:
    server = start_server()
    number = post.write("good@example.org, rcpt-450@example.org, rcpt-550@example.org")
    assert post.run(server) == Tally(later=1)
    recipients = {each.address: each.state for each in OutboxDesk(post.database, EMAIL).show(number).recipients}
    assert recipients == {
        "good@example.org": "sent",
        "rcpt-450@example.org": "pending",
        "rcpt-550@example.org": "failed",
    }
    OutboxDesk(post.database, EMAIL).retry(number)
    post.run(server)
    assert server.recipients() == ["good@example.org"]


@pytest.mark.parametrize(
    ("recipients", "state", "told"),
    [
        # one has it, one never will
        (
            "good@example.org, rcpt-550@example.org",
            "sent",
            {"good@example.org": ("sent", None), "rcpt-550@example.org": ("failed", "550")},
        ),
        # each was refused for good, in its own words
        (
            "rcpt-550@example.org, rcpt-553@example.org",
            "failed",
            {"rcpt-550@example.org": ("failed", "550"), "rcpt-553@example.org": ("failed", "553")},
        ),
        # one has an address that this server was not even asked about
        (
            "jérôme@example.org, good@example.org",
            "sent",
            {"good@example.org": ("sent", None), "jérôme@example.org": ("failed", "accents before the @")},
        ),
        # one was refused, and then the message as a whole
        (
            "rcpt-550@example.org, dot-554@example.org",
            "failed",
            {"rcpt-550@example.org": ("failed", "550"), "dot-554@example.org": ("failed", "refused: 554")},
        ),
        # one is no address
        ("good@example.org, nobody", "sent", {"good@example.org": ("sent", None), "nobody": ("failed", "no @")}),
        # all have it: the mail's own row says so
        ("good@example.org, fine@example.org", "sent", {}),
    ],
)
def test_what_became_of_each_recipient_is_told(
    post: Post, start_server: StartServer, recipients: str, state: str, told: dict[str, tuple[str, str | None]]
) -> None:
    number = post.write(recipients)
    post.run(start_server())
    dossier = OutboxDesk(post.database, EMAIL).show(number)
    assert dossier.message.state == state
    found = {each.address: (each.state, each.error) for each in dossier.recipients}
    assert found.keys() == told.keys()
    for address, (its_state, its_error) in told.items():
        assert found[address][0] == its_state
        assert (found[address][1] is None) is (its_error is None)
        assert (its_error or "") in (found[address][1] or "")


def test_a_person_s_retry_asks_again_for_those_that_were_refused_and_for_no_other(
    post: Post, start_server: StartServer
) -> None:
    server = start_server(faults={"rcpt": "550"})
    number = post.write("a@example.org, b@example.org")
    post.run(server)
    desk = OutboxDesk(post.database, EMAIL)
    assert desk.show(number).message.state == "failed"
    desk.retry(number)
    mended = start_server()
    assert post.run(mended) == Tally(sent=1)
    assert mended.copies[0].recipients == ("a@example.org", "b@example.org")


@pytest.mark.parametrize(
    ("recipients", "state"),
    [
        ("a@example.org", "sent"),
        ("dot-close@example.org", "uncertain"),  # by this name it can be looked for in the server's log
        ("a@example.org, rcpt-550@example.org", "sent"),
    ],
)
def test_the_row_tells_the_message_id_under_which_the_mail_left(
    post: Post, start_server: StartServer, recipients: str, state: str
) -> None:
    server = start_server()
    number = post.write(recipients)
    post.run(server)
    with closing(sqlite3.connect(post.file)) as connection:
        row = connection.execute("SELECT state, message_id FROM email WHERE id = ?", (number,)).fetchone()
    assert row == (state, server.copies[0].message_id)


def test_a_mail_whose_last_recipient_was_reached_earlier_keeps_its_message_id(
    post: Post, start_server: StartServer
) -> None:
    server = start_server()
    number = post.write("good@example.org, rcpt-450@example.org")
    post.run(server)
    desk = OutboxDesk(post.database, EMAIL)
    desk.retry(number)
    with closing(sqlite3.connect(post.file)) as connection, connection:
        connection.execute("UPDATE email_recipient SET state = 'sent'")
    post.run(server)
    assert desk.show(number).provider_reference == server.copies[0].message_id


def test_an_uncertain_mail_is_never_sent_again_by_itself(post: Post, start_server: StartServer) -> None:
    server = start_server()
    post.write("dot-close@example.org")
    for _ in range(3):
        post.run(server)
    assert server.recipients() == ["dot-close@example.org"]


def test_a_server_that_is_away_blames_no_row(post: Post, start_server: StartServer) -> None:
    server = start_server(faults={"greeting": "close"})
    post.write("a@example.org")
    with pytest.raises(TransportAway):
        post.run(server)
    with closing(sqlite3.connect(post.file)) as connection:
        assert connection.execute("SELECT state, attempts FROM email").fetchall() == [("pending", 0)]
    assert post.run(start_server()) == Tally(sent=1)


@pytest.mark.parametrize("mails", [1, 5])
def test_a_server_that_refuses_the_sender_is_told_and_fails_no_row(
    post: Post, start_server: StartServer, mails: int
) -> None:
    server = start_server(faults={"mail": "550"})
    for number in range(mails):
        post.write(f"m{number}@example.org")
    with pytest.raises(TransportAway, match="account or sender"):
        post.run(server)
    assert set(post.states().values()) == {"pending"}
    assert server.commands["MAIL"] <= 2  # a server that says no to the club is not asked for every row


def test_a_run_that_is_told_to_stop_gives_back_what_it_did_not_begin(post: Post, start_server: StartServer) -> None:
    server = start_server()
    for number in range(5):
        post.write(f"m{number}@example.org")
    post.left_before_stop = 3  # one question before the claim, then one before each message
    assert post.run(server) == Tally(sent=2)
    post.left_before_stop = None
    assert post.run(server) == Tally(sent=3)
    assert len(server.copies) == 5


def test_a_hundred_mails_per_session_and_one_in_five_accepted_all_go_through(
    post: Post, start_server: StartServer
) -> None:
    server = start_server(mails_per_session=10)
    for number in range(25):
        post.write(f"m{number}@example.org")
    post.run(server)
    assert set(post.states().values()) == {"sent"}
    assert server.connections == 3


def test_attachments_travel_and_too_big_ones_fail_before_they_are_loaded(post: Post, start_server: StartServer) -> None:
    server = start_server()
    small, big = post.write("small@example.org"), post.write("big@example.org")
    with closing(sqlite3.connect(post.file)) as connection, connection:
        statement = "INSERT INTO email_attachment (email_id, name, media_type, content) VALUES (?, ?, ?, ?)"
        connection.execute(statement, (small, "planning.ics", "text/calendar", b"BEGIN:VCALENDAR"))
        connection.execute(statement, (big, "film.mp4", "video/mp4", b"0" * 2_000_000))
    post.run(server, max_message_size=1_000_000)
    assert post.states() == {"small@example.org": "sent", "big@example.org": "failed"}
    assert b"planning.ics" in server.copies[0].content


def test_the_same_row_keeps_its_message_id_at_every_attempt(post: Post, start_server: StartServer) -> None:
    number = post.write("dot-close@example.org")
    first, second = start_server(), start_server()
    post.run(first)
    OutboxDesk(post.database, EMAIL).resolve(number, "resend")
    post.run(second)
    assert first.copies[0].message_id == second.copies[0].message_id


def test_a_lease_that_is_lost_in_mid_run_stops_before_the_next_dot(post: Post, start_server: StartServer) -> None:
    server = start_server()
    for number in range(3):
        post.write(f"m{number}@example.org")
    messages = post.outbox.claim(10)
    other = Lease(post.database, "email", "SERVEUR", "other", predecessors=("process",))
    assert other.acquire()
    with SmtpSession(smtp_settings(server.port)) as session:
        settings = EmailSettings(station="ACCUEIL", smtp=smtp_settings(server.port))
        run = delivery(post.outbox, session, settings, lambda: True, Tally())
        with pytest.raises(Exception, match="lease"):
            run._work_on(messages)
    assert server.copies == []


def test_a_database_that_goes_away_in_mid_run_loses_no_answer(post: Post, start_server: StartServer) -> None:
    server = start_server()
    post.write("a@example.org")
    post.write("b@example.org")
    with closing(sqlite3.connect(post.file, isolation_level=None)) as locker:
        asked = 0

        def goes_on() -> bool:
            nonlocal asked
            asked += 1
            if asked == 3:  # the first mail is out, its answer is not written yet
                locker.execute("BEGIN IMMEDIATE")
            return True

        settings = EmailSettings(
            station="ACCUEIL", smtp=smtp_settings(server.port, message_timeout=timedelta(seconds=5))
        )
        with SmtpSession(settings.smtp) as session, pytest.raises(DatabaseAway):
            delivery(post.outbox, session, settings, goes_on, Tally()).run()
        locker.execute("ROLLBACK")
    assert server.recipients() == ["a@example.org"]
    post.outbox.recover()
    post.run(server)
    assert server.recipients().count("a@example.org") == 1
    assert post.states()["b@example.org"] == "sent"


class SlowSession(SmtpSession):
    """A mail server that takes long to come to the final dot."""

    def __init__(self, settings: SmtpSettings, clock: list[datetime]) -> None:
        super().__init__(settings)
        self._clock_of_the_club = clock

    def send(self, envelope: Envelope, before_dot: Callable[[], object]) -> Attempt:
        self._clock_of_the_club[0] += timedelta(minutes=10)
        return super().send(envelope, before_dot)


@pytest.mark.parametrize(
    ("expires_in", "left"),
    [(timedelta(minutes=5), []), (timedelta(hours=1), ["a@example.org"]), (None, ["a@example.org"])],
)
def test_what_expires_while_the_server_takes_its_time_stays(
    post: Post, start_server: StartServer, expires_in: timedelta | None, left: list[str]
) -> None:
    server = start_server()
    clock = [datetime.now(UTC)]
    expires_at = "9999-12-31 23:59:59" if expires_in is None else f"{clock[0] + expires_in:%Y-%m-%d %H:%M:%S}"
    post.write("a@example.org", expires_at=expires_at)
    settings = EmailSettings(station="ACCUEIL", smtp=smtp_settings(server.port, **PATIENT))
    with SlowSession(settings.smtp, clock) as session:
        courier = EmailCourier(session, settings, Sender("Club", "en", lambda: clock[0]), post.outbox.content)
        Delivery(post.outbox, courier, Reins(lambda: True), Tally(), Terms(), Brake(time.monotonic)).run()
    assert server.recipients() == left
    assert post.states() == {"a@example.org": "sent" if left else "pending"}  # and `expired` at the claim after its end
