"""Yesterday's database restored: what the station that sent still knows, and what nobody else can."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table

from club import Journal, LeaseLost, Sent
from club.tables import metadata

Backup = dict[str, list[tuple[Any, ...]]]


def _columns(table: Table) -> str:
    return ", ".join(table.c.keys())


def _save(club: Any) -> Backup:
    return {table.name: club.sql(f"SELECT {_columns(table)} FROM {table.name}") for table in metadata.sorted_tables}


def _restore(club: Any, backup: Backup) -> None:
    for table in reversed(metadata.sorted_tables):
        club.sql(f"DELETE FROM {table.name}")
    for table in metadata.sorted_tables:
        for row in backup[table.name]:
            marks = ", ".join("?" * len(row))
            club.sql(f"INSERT INTO {table.name} ({_columns(table)}) VALUES ({marks})", *row)
    club.clocks.pass_(3600)


def _send(outbox: Any, reference: str) -> list[int]:
    """Send all that is due, and return what a provider would have got."""
    sent = []
    for message in outbox.claim():
        assert outbox.begin(message)
        assert outbox.settle(message, Sent(reference))
        sent.append(message.id)
    return sent


@pytest.fixture
def journals(tmp_path: Path) -> Iterator[Callable[[str], Journal]]:
    """Open journals by name, and close them in the end."""
    opened: list[Journal] = []

    def open_one(name: str) -> Journal:
        opened.append(Journal(tmp_path / name))
        return opened[-1]

    yield open_one
    for journal in opened:
        journal.close()


def test_the_station_that_sent_marks_again_what_it_has_sent(club: Any, journals: Callable[[str], Journal]) -> None:
    ids = [club.write(f"member{number}@example.org") for number in range(3)]
    before = _save(club)
    journal = journals("answers")
    old = club.outbox(process="one", journal=journal)
    assert _send(old, "<today@club>") == ids
    token = club.sql("SELECT token FROM lease WHERE name = 'email'")[0][0]
    journal.close()
    _restore(club, before)
    assert club.states() == {"pending": 3}
    with pytest.raises(LeaseLost):
        old.claim()
    journal = journals("answers")
    again = club.outbox(process="two", journal=journal)
    later = club.write("new@example.org")
    assert _send(again, "<later@club>") == [later], "what is new is sent, what has left is not"
    assert club.states() == {"sent": 4}
    assert club.sql("SELECT message_id FROM email WHERE id = ?", ids[0]) == [("<today@club>",)]
    assert club.sql("SELECT token FROM lease WHERE name = 'email'")[0][0] > token


def test_another_station_sends_again_what_the_restored_database_calls_pending(
    club: Any, journals: Callable[[str], Journal]
) -> None:
    """No wish, a limit: the page tells people to start first the station that sent."""
    ids = [club.write(), club.write()]
    before = _save(club)
    sender = journals("sender")
    assert _send(club.outbox(process="one", journal=sender), "<today@club>") == ids
    _restore(club, before)
    other = journals("other")
    assert _send(club.outbox("SERVEUR", journal=other), "<again@club>") == ids
