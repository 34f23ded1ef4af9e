"""What `doctor` asks the club database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from actors.sms.optout import doubtful
from club import EMAIL, Database, DatabaseError, OutboxDesk, Runs, SmsAnswers, club_time
from config.sentence import Sentence
from service.findings import Finding, Level
from service.words import OUTCOME, OWN_WORK, word

_CLOCKS_DIFFER: Final = timedelta(minutes=2)
_FAILURES_SHOWN: Final = 5
_FAILURES_SINCE: Final = timedelta(days=1)
_LONG_WAIT_SECONDS: Final = 3600.0


def dangers(database: Database) -> Iterator[Finding]:
    """Tell what endangers the database though it works."""
    if database.engine.dialect.name == "sqlite":
        return  # its version is looked at also when there is no database
    try:
        for danger in database.warnings():
            yield Finding("database", Level.WARNING, danger)
    except DatabaseError as error:
        yield Finding("database", Level.PROBLEM, error.sentence)


def clocks(database: Database) -> Iterator[Finding]:
    """Tell how far this computer's clock is from the database's, by which all that is scheduled goes."""
    try:
        asked_at = datetime.now(UTC)
        club = club_time(database)
        ahead = asked_at + (datetime.now(UTC) - asked_at) / 2 - club
    except DatabaseError as error:
        yield Finding("clock", Level.PROBLEM, error.sentence)
        return
    if abs(ahead) <= _CLOCKS_DIFFER:
        yield Finding("clock", Level.OK, Sentence.of("this computer and the database agree on the time"))
        return
    minutes = round(abs(ahead) / timedelta(minutes=1))
    yield Finding(
        "clock",
        Level.WARNING,
        Sentence.of(
            "this computer's clock is {minutes} min ahead of the database's, by which schedules go: "
            "set the one that is wrong",
            minutes=minutes,
        )
        if ahead > timedelta(0)
        else Sentence.of(
            "this computer's clock is {minutes} min behind the database's, by which schedules go: "
            "set the one that is wrong",
            minutes=minutes,
        ),
    )


def failed_runs(database: Database) -> Iterator[Finding]:
    """Tell which runs of the last day failed, on any station."""
    since = datetime.now().astimezone() - _FAILURES_SINCE
    try:
        runs = Runs(database, "", "").history(since=since, failures=True, limit=_FAILURES_SHOWN)
    except DatabaseError as error:
        yield Finding("history", Level.PROBLEM, error.sentence)
        return
    for run in runs:
        yield Finding(
            "history",
            Level.WARNING,
            Sentence.of(
                "{operation} on {station} at {at}: {outcome}, {summary}",
                operation=word(OWN_WORK, run.operation),
                station=run.station,
                outcome=word(OUTCOME, run.outcome),
                at=run.started_at.astimezone().strftime("%H:%M") if run.started_at else "-",
                summary=run.summary or "-",
            ),
        )
    if not runs:
        yield Finding("history", Level.OK, Sentence.of("no run failed within the last day"))


def waiting_emails(database: Database) -> Iterator[Finding]:
    """Tell what no run fails for: nobody sends, or nobody decides."""
    try:
        backlog = OutboxDesk(database, EMAIL).backlog()
    except DatabaseError as error:
        yield Finding("emails", Level.PROBLEM, error.sentence)
        return
    found = []
    if backlog.uncertain:
        found.append(
            Sentence.counted(
                "{n} e-mail is uncertain: `heitz-service email list --state uncertain` shows it",
                "{n} e-mails are uncertain: `heitz-service email list --state uncertain` shows them",
                backlog.uncertain,
            )
        )
    if backlog.oldest_seconds is not None and backlog.oldest_seconds >= _LONG_WAIT_SECONDS:
        found.append(
            Sentence.counted(
                "an e-mail has been due for {n} hour: `heitz-service status --club` shows whether a station sends",
                "an e-mail has been due for {n} hours: `heitz-service status --club` shows whether a station sends",
                int(backlog.oldest_seconds // 3600),
            )
        )
    for sentence in found:
        yield Finding("emails", Level.WARNING, sentence)
    if not found:
        yield Finding("emails", Level.OK, Sentence.of("no e-mail waits for a decision or for a station"))


def doubtful_objections(database: Database) -> Iterator[Finding]:
    """Tell of answers of members that may mean STOP, until a person has decided."""
    try:
        count = SmsAnswers(database).doubtful()
    except DatabaseError as error:
        yield Finding("sms", Level.PROBLEM, error.sentence)
        return
    said = doubtful(count)
    if said is not None:
        yield Finding("sms", Level.WARNING, said)
