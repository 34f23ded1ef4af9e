"""What a provider or a server limits is waited for: nothing fails, no attempt is counted, all goes in the end."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from email_fixtures import StartServer, smtp_settings
from faulty_smtp import FaultySmtp
from test_email_actor import Office
from test_email_marketing import Club

from actors.board import OperationState, Outcome
from actors.delivery.courier import TransportAway
from actors.delivery.loop import Delivery
from actors.delivery.pace import Brake, Limit
from actors.delivery.reins import Reins, Terms
from actors.delivery.tally import Tally
from actors.email.adapters.smtp import SmtpSession
from actors.email.attempt import Attempt, End, Refusal, Reply, Stage
from actors.email.courier import EmailCourier, Sender
from actors.email.enough import says_enough
from actors.email.provider_limits import Known, limits_of
from actors.email.settings import EmailSettings, SmtpSettings
from actors.operation import RunNow
from club import EMAIL, sent_lately

MINUTE = timedelta(minutes=1)


class SlowClub(Club):
    """A club whose minutes are simulated: `run_until_empty` goes from run to run, as the actor does."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.seconds = 0.0
        self.runs = 0

    def fill(self, count: int) -> None:
        for number in range(count):
            self.write(f"m{number}@example.org", "transactional")

    def run_until_empty(
        self,
        server: FaultySmtp | SmtpSettings,
        *,
        limits: tuple[Limit, ...] = (),
        most_runs: int = 400,
        **settings: Any,
    ) -> Tally:
        smtp = server if isinstance(server, SmtpSettings) else smtp_settings(server.port)
        wanted = EmailSettings(station="ACCUEIL", smtp=smtp, **settings)
        brake = Brake(lambda: self.seconds, limits=limits)
        tally = Tally()
        with SmtpSession(wanted.smtp) as session:
            sender = Sender("Forme et Santé", "en", lambda: datetime.now(UTC))
            courier = EmailCourier(session, wanted, sender, self.outbox.content)
            reins = Reins(lambda: True, clock=lambda: self.seconds, wait=self._wait)
            while self.pending() and self.runs < most_runs:
                self.runs += 1
                try:
                    Delivery(self.outbox, courier, reins, tally, Terms(), brake).run()
                except TransportAway as away:
                    brake.hold(away.pause)
                self._wait(max(60.0, brake.seconds()))
                courier.rest()
        return tally

    def pending(self) -> int:
        [(count,)] = self.sql("SELECT COUNT(*) FROM email WHERE state = 'pending'")
        return int(count)

    def _wait(self, seconds: float) -> None:
        """Let the time pass, for the rows that wait, too."""
        self.seconds += seconds
        self.sql("UPDATE email SET due_ms = due_ms - ? WHERE due_ms > 0", int(seconds * 1000))


@pytest.fixture
def club(tmp_path: Path) -> Iterator[SlowClub]:
    club = SlowClub(tmp_path)
    yield club
    club.database.dispose()


def test_250_mails_go_through_a_server_that_takes_100_in_a_session(club: SlowClub, start_server: StartServer) -> None:
    server = start_server(mails_per_session=100)
    club.fill(250)
    assert club.run_until_empty(server) == Tally(sent=250)
    assert (server.connections, club.runs) == (3, 1)
    assert club.sql("SELECT DISTINCT attempts FROM email") == [(1,)]


def test_all_go_through_a_relay_that_takes_one_in_a_hundred(club: SlowClub, start_server: StartServer) -> None:
    server = start_server(accept_each=100)
    club.fill(4)  # 400 tries
    club.run_until_empty(server, max_attempts=1000, give_up_after=timedelta(days=30), retry_at_most=MINUTE)
    assert sorted(server.recipients()) == sorted(f"m{number}@example.org" for number in range(4))
    assert club.sql("SELECT DISTINCT state FROM email") == [("sent",)]


def test_all_go_through_a_greylisting_server(club: SlowClub, start_server: StartServer) -> None:
    server = start_server(greylist_calls=2)
    club.fill(20)
    tally = club.run_until_empty(server)
    assert (tally.sent, tally.later, len(server.copies)) == (20, 40, 20)


def test_a_server_that_has_had_enough_is_waited_for(club: SlowClub, start_server: StartServer) -> None:
    server = start_server(mails_in_all=5)
    club.fill(8)
    club.run_until_empty(server, most_runs=1)
    assert (len(server.copies), club.pending()) == (5, 3)
    assert server.connections == 2  # asked once more over a fresh one, not three times
    assert club.sql("SELECT DISTINCT attempts FROM email WHERE state = 'pending'") == [(0,)]
    club.runs = 0
    club.run_until_empty(server, most_runs=4)
    assert club.sql("SELECT DISTINCT attempts FROM email WHERE state = 'pending'") == [(0,)]
    object.__setattr__(server.behaviour, "mails_in_all", None)
    club.run_until_empty(server)
    assert len(server.copies) == 8
    assert club.sql("SELECT DISTINCT state, attempts FROM email") == [("sent", 1)]


def test_a_message_that_alone_is_too_much_does_not_hold_up_the_others(
    club: SlowClub, start_server: StartServer
) -> None:
    server = start_server()
    club.write("rcpt-450@example.org", "transactional")
    club.fill(3)
    real = SmtpSession.send

    def send(session: SmtpSession, envelope: Any, mark: Any) -> Attempt:
        if envelope.recipients[0].startswith("rcpt-450"):
            return Attempt(End.REFUSED, Stage.MAIL, Reply(452, "4.5.3", "too many messages"))
        return real(session, envelope, mark)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SmtpSession, "send", send)
        club.run_until_empty(server, most_runs=3)
    assert len(server.copies) == 3


def test_the_limits_of_the_settings_are_kept_over_any_span(club: SlowClub, start_server: StartServer) -> None:
    server = start_server()
    club.fill(70)
    limits = (Limit(30, MINUTE), Limit(50, timedelta(hours=1)))
    assert club.run_until_empty(server, limits=limits) == Tally(sent=70)
    assert 3600 <= club.seconds < 3900


def test_what_another_station_sent_counts(club: SlowClub, start_server: StartServer) -> None:
    club.fill(4)
    club.run_until_empty(start_server())
    club.sql("UPDATE email SET began_ms = began_ms - 86400000 WHERE id = 1")
    club.sql("UPDATE email SET began_ms = began_ms - 3000000 WHERE id = 2")
    left = sent_lately(club.database, EMAIL, timedelta(hours=1), 10)
    assert len(left) == 3
    assert 3000 <= left[0] < 3100
    assert len(sent_lately(club.database, EMAIL, timedelta(hours=1), 2)) == 2
    now = 10_000.0
    brake = Brake(lambda: now, limits=(Limit(3, timedelta(hours=1)),))
    assert brake.seconds() == 0
    brake.remember(left)
    assert brake.seconds() == pytest.approx(3600 - left[0])


def test_the_settings_come_before_what_is_known_of_a_provider() -> None:
    spans = {limit.within: limit.count for limit in limits_of("SMTP.office365.com.", Known(per_day=500)).spans}
    assert spans == {MINUTE: 30, timedelta(days=1): 500}
    assert limits_of("smtp.office365.com", Known(), with_known=False).spans == ()
    assert limits_of("smtp.example.org", Known(per_connection=100)).per_connection == 100


@pytest.mark.parametrize(
    ("stage", "reply", "is_enough"),
    [
        # Of the session, by OpenSMTPD.
        (Stage.MAIL, Reply(452, "4.5.3", "Too many messages sent"), True),
        (Stage.MAIL, Reply(421, "4.7.0", "Too many connections, slow down"), True),
        # learn.microsoft.com: the submission rate, and the day.
        (Stage.DOT, Reply(451, "4.3.2", "Submission quota exceeded"), True),
        (Stage.DOT, Reply(554, "5.2.0", "STOREDRV.Submission.Exception:SubmissionQuotaExceededException"), True),
        (Stage.DOT, Reply(550, "5.1.90", "Your message can't be sent because you've reached your daily limit"), True),
        # support.google.com: the day.
        (Stage.DOT, Reply(550, "5.4.5", "Daily user sending limit exceeded"), True),
        (Stage.RCPT, Reply(421, "4.7.28", "Our system has detected an unusual rate of mail"), True),
        # ionos.com/help.
        (
            Stage.DATA,
            Reply(450, None, "Requested mail action not taken: mailbox unavailable 450 Mail send limit exceeded"),
            True,
        ),
        # About one message or its recipient.
        (Stage.RCPT, Reply(452, "4.5.3", "Too many recipients"), False),
        (Stage.RCPT, Reply(452, "4.2.2", "Mailbox over quota, sending limit"), False),
        (Stage.RCPT, Reply(450, "4.2.1", "The user is receiving mail at a rate that prevents delivery"), False),
        (Stage.RCPT, Reply(451, "4.7.1", "Greylisted, try again later"), False),
        (Stage.MAIL, Reply(452, "4.3.1", "Insufficient system storage"), False),
        (Stage.MAIL, Reply(552, "5.3.4", "10", is_ours=True), False),
        (Stage.DOT, Reply(550, "5.7.1", "looks like spam"), False),
    ],
)
def test_enough_is_told_from_a_refusal_of_one_message(stage: Stage, reply: Reply, *, is_enough: bool) -> None:
    attempts = [Attempt(End.REFUSED, stage, reply)]
    if stage is Stage.RCPT:
        attempts.append(Attempt(End.REFUSED, stage, None, refused=(Refusal("a@x.fr", stage, reply),)))
    for attempt in attempts:
        assert (says_enough(attempt) is reply) == is_enough


def test_a_limit_holds_also_for_a_program_that_was_started_anew(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()

    def run_once() -> tuple[str, list[str]]:
        office = Office(tmp_path, server.port, per_hour=3)
        try:
            office.write("a@example.org", "b@example.org")
            assert office.lease.acquire()
            run = office.ref.ask(RunNow(), timeout=30)
            assert run.outcome is Outcome.OK
            office.lease.release()
            return str(run.summary), [state for state, _ in office.rows()]
        finally:
            office.close()

    run_once()
    summary, states = run_once()
    assert len(server.copies) == 3
    assert "the next may leave in" in summary
    assert states == ["sent", "sent", "sent", "pending"]


def test_a_server_that_has_had_enough_is_said_in_the_status(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(mails_in_all=1)
    office = Office(tmp_path, server.port, enough_pause=timedelta(hours=2))
    try:
        office.write("a@example.org", "b@example.org")
        assert office.lease.acquire()
        office.ref.ask(RunNow(), timeout=30)
        notice = office.board.notices()["email"]
        assert notice.state is OperationState.WAITING
        assert "the mail server takes no more for now (452 4.5.3 too many" in str(notice.reason)
        assert [state for state, _ in office.rows()] == ["sent", "pending"]
    finally:
        office.close()
