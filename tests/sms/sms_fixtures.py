"""What tests of the SMS operation share: a club database, a transport that does as it is told, clocks to set."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from actors.board import Board
from actors.delivery.loop import Delivery
from actors.delivery.pace import Brake
from actors.delivery.reins import Reins, Terms
from actors.delivery.tally import Tally
from actors.sms.adapters.http.generic import GenericReply, GenericSettings
from actors.sms.claims import Clerk
from actors.sms.courier import Circumstances, Parcel, SmsCourier
from actors.sms.inquiries import Questioner, Records
from actors.sms.policy import Policy
from actors.sms.quota import Quota
from actors.sms.settings import SmsSettings
from actors.sms.settings_window import WindowSettings, hours_in
from actors.sms.transport import (
    Accepted,
    Answer,
    DeliveryReport,
    Finding,
    Incoming,
    NotKnown,
    Sighting,
    Sms,
    Withheld,
)
from club import SMS, Database, Journal, Lease, Outbox
from club.delivery_reports import DeliveryReports
from club.migrations import initialise
from club.sms_answers import SmsAnswers
from club.sms_sending import SmsSending
from config.weekdays import parse_days

PARIS = ZoneInfo("Europe/Paris")
GATEWAY = GenericSettings(
    kind="http",
    provider="generic",
    name="MySMS",
    url="https://sms.example.org/?to={to}&text={text}",
    reply=GenericReply(accepted="id"),
)
ALWAYS = WindowSettings(days=parse_days("mon-sun"), start=time(), end=time(), public_holidays=True)


class ScriptedTransport:
    """Answers as a test says, by number; counts copies itself. It can do all that a transport can."""

    may_send_when_asked = False

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer | Exception]] = {}
        self.copies: list[Sms] = []
        self.asked: list[Sighting] = []
        self.asked_reports: list[Sequence[str]] = []
        self.finding: Callable[[Sighting, datetime], Finding] = lambda _sighting, _now: NotKnown()
        self.news: list[DeliveryReport] = []
        self.came: list[Incoming] = []
        self.left: float | None = None
        self.trouble: Exception | None = None
        self.before_mark: Callable[[], object] = lambda: None

    def open(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    def send(self, sms: Sms, mark: Callable[[], bool]) -> Answer:
        self.before_mark()
        if not mark():
            return Withheld()
        planned = self.answers.get(sms.recipient, [])
        answer = planned.pop(0) if planned else Accepted(f"provider-{len(self.copies)}")
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Accepted):
            self.copies.append(sms)
        return answer

    def look_up(self, sighting: Sighting, now: datetime) -> Finding:
        self.asked.append(sighting)
        return self.finding(sighting, now)

    def reports(self, asked: Sequence[str]) -> Iterator[DeliveryReport]:
        self.asked_reports.append(asked)
        while self.news:
            yield self.news.pop(0)

    def incoming(self) -> Iterator[Incoming]:
        while self.came:
            yield self.came[0]
            del self.came[0]

    def credit(self) -> float | None:
        return self.left

    def interrupt(self) -> None:
        """Have nothing to interrupt."""

    def close(self) -> None:
        """Have nothing to close."""


class Room:
    """A club database, a courier over a scripted transport, and one run of delivery whenever a test asks."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.file = folder / "club.db"
        self.database = Database(f"sqlite:///{self.file}", busy_seconds=1)
        initialise(self.database)
        self.lease = Lease(self.database, "sms", "ACCUEIL", "process")
        self.journal = Journal(folder / "answers", sync=False)
        self.outbox = Outbox(self.database, SMS, self.lease, journal=self.journal)
        self.board = Board(lambda: datetime.now(UTC))
        self.settings = SmsSettings(
            station="ACCUEIL", gateway=GATEWAY, **{"window": ALWAYS, "charter": "none", **settings}
        )
        self.ahead = timedelta(0)
        self.seconds = 0.0
        self.is_held = True
        self.transport = ScriptedTransport()
        self.brake = Brake(lambda: self.seconds)
        self.courier = self.another()
        assert self.lease.acquire()
        self.outbox.recover()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def another(self) -> SmsCourier:
        sending = SmsSending(self.database, "ACCUEIL")
        records = Records(sending, SmsAnswers(self.database), DeliveryReports(self.database, "ACCUEIL"))
        policy = Policy(self.settings, hours_in(self.settings, "FR", PARIS), "FR")
        return SmsCourier(
            self.transport,
            Clerk(policy, sending, records.answers, self.now),
            Quota(self.settings, PARIS, sending.spent, self.now),
            records,
            Questioner(
                language="en",
                source="scripted",
                credit_low=self.settings.credit_low,
                now=self.now,
                may_go_on=lambda: True,
                may_leave=lambda: self.is_held,
                clock=lambda: self.seconds,
            ),
            Circumstances("en", self.board.desk("sms"), self.now, timedelta(minutes=1)),
        )

    def write(self, *recipients: str, body: str = "Cours annulé", **columns: Any) -> None:
        names = ["recipient", "body", *columns]
        rows = [(each, body, *columns.values()) for each in recipients]
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.executemany(f"INSERT INTO sms ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", rows)

    def rows(self, columns: str = "state, attempts, error") -> list[Any]:
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(f"SELECT {columns} FROM sms ORDER BY id").fetchall()

    def run(self, **terms: Any) -> Tally:
        """Do what the actor does in one run; the wait of a pause moves the clock instead."""
        tally = Tally()
        reins = Reins(
            goes_on=lambda: True, clock=lambda: self.seconds, wait=self._pass, now=self.now, may_leave=lambda: True
        )
        self.courier.open()
        self.courier.before_run(tally)
        delivery: Delivery[Parcel] = Delivery(
            self.outbox, self.courier, reins, tally, attrs.evolve(Terms(), **terms), self.brake
        )
        try:
            delivery.run()
        finally:
            self.tally = tally
        return tally

    def _pass(self, seconds: float) -> None:
        self.seconds += seconds

    def close(self) -> None:
        self.journal.close()
        self.database.dispose()
