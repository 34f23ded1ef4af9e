"""The SMS operation without its actor, on a club database in a file: what the benchmarks of SMS run."""

import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

from actors.board import Board
from actors.delivery.loop import Delivery
from actors.delivery.pace import Brake
from actors.delivery.reins import Reins, Terms
from actors.delivery.tally import Tally
from actors.operation import Workplace
from actors.sms.courier import Parcel, SmsCourier
from actors.sms.settings import SmsSettings
from actors.sms.settings_window import WindowSettings
from club import SMS, BatchedOutbox, Database, Journal, Lease
from club.migrations import initialise
from config.weekdays import parse_days

ALWAYS = WindowSettings(days=parse_days("mon-sun"), start=time_of_day(), end=time_of_day(), public_holidays=True)


class Room:
    """One station's SMS operation; every mark and answer is a durable commit, as in the program."""

    def __init__(self, folder: Path, gateway: Any, **settings: Any) -> None:
        self.file = folder / "club.db"
        self.database = Database(f"sqlite:///{self.file}")
        initialise(self.database)
        self.lease = Lease(self.database, "sms", "ACCUEIL", "process")
        self.journal = Journal(folder / "answers", sync=False)
        self.outbox = BatchedOutbox(self.database, SMS, self.lease, journal=self.journal)
        workplace = Workplace(
            station="ACCUEIL",
            process="process",
            club_name="Forme et Santé",
            language="fr",
            timezone=UTC,
            settings=SmsSettings(station="ACCUEIL", gateway=gateway, window=ALWAYS, charter="none", **settings),
            database=self.database,
            desk=Board(lambda: datetime.now(UTC)).desk("sms"),
            lease=self.lease,
            journal=self.journal,
        )
        self.courier = SmsCourier.at(workplace, self.outbox)
        assert self.lease.acquire()
        self.outbox.recover()

    def write(self, rows: Iterable[tuple[str, str, int]]) -> None:
        """Write SMS: recipient, body, priority."""
        with closing(sqlite3.connect(self.file, timeout=20)) as connection, connection:
            connection.executemany("INSERT INTO sms (recipient, body, priority) VALUES (?, ?, ?)", rows)

    def run(self, reins: Reins | None = None) -> Tally:
        """Deliver until nothing is due."""
        tally = Tally()
        self.courier.open()
        reins = reins or Reins(lambda: True)
        Delivery[Parcel](self.outbox, self.courier, reins, tally, Terms("fr"), Brake(time.monotonic)).run()
        return tally

    def close(self) -> None:
        self.courier.close()
        self.journal.close()
        self.database.dispose()
