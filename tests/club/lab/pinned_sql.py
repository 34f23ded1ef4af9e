"""Every statement that a club's day asks of its database, caught on SQLite and compiled for another engine.

.venv/bin/python tests/club/lab/pinned_sql.py > tests/club/sqlserver.sql
"""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import make_url

from actors.fmi.days import Days
from actors.fmi.reckoning import SettingsReckoner
from actors.fmi.zones import SensorRule, ZoneRule
from club import (
    EMAIL,
    SMS,
    Alert,
    Attendance,
    AttendanceDesk,
    Database,
    DeliveryReports,
    EmailOptOuts,
    Expired,
    Failed,
    Later,
    Lease,
    Occurrences,
    Outbox,
    OutboxDesk,
    Outcome,
    Prepared,
    Reading,
    Received,
    Recipient,
    Report,
    Runs,
    SensorChange,
    SensorKey,
    Sent,
    SmsAnswers,
    SmsSending,
    Stations,
    Uncertain,
    check,
    lease_rows,
    migrations,
    sent_lately,
    want,
)
from club.sms_tables import sms
from club.tables import email, email_attachment


def dialect_of(url: str) -> Any:
    """Return an engine's dialect with what it would have asked a server of today."""
    dialect: Any = make_url(url).get_dialect()()
    if dialect.name == "mssql":
        dialect.server_version_info = (15,)
        dialect._supports_offset_fetch = True
        dialect.deprecate_large_types = True
    return dialect


def a_day(database: Database) -> None:
    """Do once all that stations and people do."""
    check(database)
    stations = Stations(database)
    stations.beat("ACCUEIL", "one", "0.1.0", "active", ["email"])
    stations.list()
    lease = a_hold(database)
    an_outbox(database, lease)
    an_sms_outbox(database, lease)
    a_schedule(database)
    an_attendance(database)
    lease.release()


def a_hold(database: Database) -> Lease:
    """Take a lease, hand it over and back, and return it held."""
    lease = Lease(database, "email", "ACCUEIL", "one")
    lease.acquire()
    lease.renew()  # tells its candidates at first
    lease.stand_for(["ACCUEIL", "SERVEUR"])
    lease.renew()
    other = Lease(database, "email", "SERVEUR", "two")
    for _ in range(2):
        want(database, "email", "SERVEUR", seen_token=lease.token or 0)
        row = lease_rows(database)["email"]
        lease.refuse_wish(row)
    lease.pass_on(lease_rows(database)["email"], "SERVEUR", "two")
    other.acquire(), other.pass_on(lease_rows(database)["email"], "ACCUEIL", "one")
    lease.acquire()
    return lease


def an_outbox(database: Database, lease: Lease) -> None:
    """Deliver in every way that a message can end, and correct it as a person would."""
    desk = OutboxDesk(database, EMAIL)
    outbox = Outbox(database, EMAIL, lease, longest_wait=timedelta(hours=1))
    outbox.recover()
    outcomes: tuple[Outcome, ...] = (Sent("r"), Failed("550"), Later("450", timedelta(0)), Uncertain("?"), Expired(""))
    with database.engine.begin() as connection:
        values: dict[str, Any] = {"recipient": "a@x.fr", "subject": "s"}
        for number in range(len(outcomes) + 2):
            connection.execute(email.insert().values(**values))
            attachment = {"email_id": number + 1, "name": "a", "content": b"x"}
            connection.execute(email_attachment.insert().values(**attachment))
    outbox.claim(4)  # full of new rows: it asks for those that have waited
    for message, outcome in zip(outbox.claim(), outcomes, strict=False):
        outbox.content(message.attachments[0])
        outbox.begin(message)
        outbox.settle(
            message, outcome, [Recipient("a@x.fr", "uncertain" if isinstance(outcome, Uncertain) else "sent")]
        )
    outbox.begin(outbox.claim()[-1])
    outbox.recover()
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE email SET due_ms = 1999999999999 WHERE id = 3"))  # a clock was ahead
    outbox.expire()
    claimed = outbox.claim(1)
    outbox.begin(claimed[0]), outbox.begin(claimed[0])
    (
        outbox.put_off((claimed[0], timedelta(hours=1), "closed") for _ in range(1)),
        outbox.recall(),
        outbox.give_back(claimed),
    )
    desk.counts(), desk.backlog(), desk.list(), desk.list(["sent"], before=9), desk.list(["failed"]), desk.show(4)
    desk.retry(2)
    desk.resolve(4, "sent")
    desk.resolve(7, "resend")
    with database.engine.begin() as connection:
        connection.execute(email.insert(), [{"recipient": "a@x.fr", "subject": "s"}] * 2)
    first, second = outbox.claim(2)
    outbox.begin(first, leaves_as="<1@club>")
    outbox.settle_and_begin(first, Sent("<1@club>"), second, leaves_as="<2@club>")
    sent_lately(database, EMAIL, timedelta(days=1), 100)
    objections = EmailOptOuts(database)
    objections.add("a@x.fr", "desk"), objections.add_token("t", "site"), objections.is_out("b@x.fr", "t")
    objections.is_out("a@x.fr", None), objections.list(), objections.remove("a@x.fr", "t"), objections.remove("a@x.fr")


def an_sms_outbox(database: Database, lease: Lease) -> None:
    """Do what only SMS know: names, limits, reports, look-ups, answers."""
    outbox, sending = Outbox(database, SMS, lease), SmsSending(database, "ACCUEIL")
    reports, answers, desk = DeliveryReports(database, "ACCUEIL"), SmsAnswers(database), OutboxDesk(database, SMS)
    outbox.recover()
    with database.engine.begin() as connection:
        connection.execute(sms.insert(), [{"recipient": "+33639981234", "body": "b"}] * 5)
    messages = outbox.claim()
    sending.prepare([Prepared(message, "+33639981234", 1) for message in messages])
    outcomes: tuple[Outcome, ...] = (Sent("p1"), *([Uncertain("?")] * 3))
    for message, outcome in zip(messages, outcomes, strict=False):
        outbox.begin(message)
        outbox.settle(message, outcome)
    reports.apply([Report("delivered", "p1", at=datetime.now(UTC)), Report("failed", "p9", "n9", reason="r")])
    reports.apply([])
    with database.engine.begin() as connection:
        connection.execute(sms.update().where(sms.c.id == 2).values(provider_reference="p9"))
    reports.apply([])
    reports.awaiting(10, timedelta(days=1)), sending.spent(datetime.now(UTC))
    third, fourth = sending.unsettled(10, timedelta(0))
    sending.is_another_s("p1", third.id), sending.settle_found(third, "p3"), sending.settle_absent(fourth)
    outbox.begin(messages[4])
    reports.apply([Report("on_its_way", sent_as=sms_name(database, 5))])
    outbox.settle(messages[4], Sent("p5"))
    desk.counts(), desk.list(["delivered"]), desk.list(["failed"]), desk.show(1)
    desk.retry(2)
    answers.receive(Received("+33639981234", "+33639981234", "STOP", "stop", datetime.now(UTC), "i"), "ovh")
    answers.refusing(["+33639981234"]), answers.opt_outs(), answers.remove("+33639981234")


def sms_name(database: Database, message_id: int) -> str:
    """Return our name for an SMS at the provider."""
    with database.engine.begin() as connection:
        return str(connection.execute(text(f"SELECT sent_as FROM sms WHERE id = {message_id}")).scalar())


def a_schedule(database: Database) -> None:
    """Run, miss and take up occurrences, and look at them."""
    runs = Runs(database, "ACCUEIL", "one")
    runs.record("email", "ok", 1.5)
    lease_of_backup = Lease(database, "backup", "ACCUEIL", "one")
    lease_of_backup.acquire()
    occurrences = Occurrences(database, "backup", "ACCUEIL", "one", lease_of_backup)
    occurrences.now(), occurrences.look(["2026-11-24T23:00", "2026-11-23T23:00"], "2026-11-24T23:30")
    begun = occurrences.begin("2026-11-24T23:00", "again"), occurrences.begin("2026-11-24T23:00", "again")
    occurrences.interrupt("2026-11-24T23:00", "two"), occurrences.finish(begun[0] or 0, "ok", "")
    occurrences.skip("2026-11-23T23:00", "missed")
    runs.purge(timedelta(days=1)), runs.history("email", failures=True), runs.last("email")


def an_attendance(database: Database) -> None:
    """Count, be away, come late, reach the limit, be corrected, and look at it."""
    reckoner = SettingsReckoner(
        (ZoneRule("bassin", limit=2),),
        (SensorRule(SensorKey("ACCUEIL", "a"), "bassin"), SensorRule(SensorKey("SERVEUR", "b"), "bassin")),
        Days(UTC),
        announce=lambda crossing: [
            Alert("sms", "+33639981234", "b", crossing.reference),
            Alert("email", "a@x.fr", "b", crossing.reference, "s"),
        ],
    )
    here, there, desk = Attendance(database, "ACCUEIL"), Attendance(database, "SERVEUR"), AttendanceDesk(database)
    now = datetime.now(UTC)
    here.write([SensorChange("a", "bassin", known=True)], now, reckoner)
    with database.engine.begin() as connection:  # as if it had been an hour ago
        for column in ("minute_ms = minute_ms - 3600000", "anchor_ms = 1"):
            connection.execute(text(f"UPDATE attendance SET {column}"))
        connection.execute(text("UPDATE attendance_minute SET minute_at = datetime(minute_at, '-1 hour')"))
    long_ago = now - timedelta(minutes=30)
    here.write([SensorChange("a", "bassin", known=True, blind_seconds=9, since_at=long_ago)], now, reckoner)
    late = [Reading(long_ago, 2, 0), Reading(now, 3, 4)]
    there.write([SensorChange("b", "bassin", known=True, readings=late, since_at=long_ago)], now, reckoner)
    there.write([SensorChange("b", "bassin", known=True, readings=[Reading(now, 6, 4)])], now, reckoner)
    desk.correct("bassin", "Léa", "r", present=3)
    here.write((), now, reckoner), here.sensors(), here.keep_only(["a"])
    desk.zones(), desk.sensors("2026-11-24"), desk.glance("2026-11-24"), desk.sensor_days("2026-11-24")
    desk.history("bassin", long_ago, now)
    desk.correction(1), desk.corrections("bassin", long_ago), desk.purge(timedelta(days=-1))


def compiled(url: str) -> str:
    """Return every statement of a day, each once, and the tables, in an engine's own words."""
    caught: dict[str, None] = {}
    dialect = dialect_of(url)

    def catch(_connection: Any, statement: Any, rows: Any, row: Any, _options: Any) -> None:
        if hasattr(statement, "text"):
            return
        given = set((rows or [row])[0])
        table = getattr(statement, "table", None)
        keys = sorted(given) if given and table is not None and given <= set(table.c.keys()) else None
        caught[" ".join(str(statement.compile(dialect=dialect, column_keys=keys)).split())] = None

    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'club.db'}")
        migrations.initialise(database)
        event.listen(database.engine, "before_execute", catch)
        a_day(database)
        database.dispose()
    return "\n\n".join([*sorted(caught), migrations.as_sql(dialect.name)])


if __name__ == "__main__":
    print(compiled("mssql+pyodbc://"), end="")  # noqa: T201  # its output is the file
