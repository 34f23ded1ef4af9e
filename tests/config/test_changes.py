"""Only what differs between two settings is named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config import Changes, SettingsSchema, changed_tables, load

BASE = """\
[club]
name = "Forme"
database = "sqlite:///club.db"
[stations.A]
server = true
[stations.B]
sensors = [{ name = "entree", port = "COM3" }]
[email]
station = "A"
smtp = { host = "mail", password = "hunter2" }
[sms]
gateway = { kind = "http" }
"""


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("", "", Changes()),
        ("[club]", "# moved down\n\n[club]", Changes()),  # lines are not settings
        ('station = "A"', 'station = "a"', Changes()),  # read as the same station
        ('station = "A"', 'station = "A"\nratio = 0.5', Changes()),  # written out, as by default
        ('"Forme"', '"Eau"', Changes(club=True)),
        ("server = true", "server = true\nweb_server = true", Changes(stations=frozenset("A"))),
        ("[email]", "[stations.C]\n[email]", Changes(stations=frozenset("C"))),
        ("COM3", "COM4", Changes(station_tables=frozenset({("B", "sensors")}))),
        (
            "[stations.B]",
            '[stations.B]\nprograms = ["x"]',
            Changes(station_tables=frozenset({("B", "programs")})),
        ),
        ('"mail"', '"post"', Changes(operations=frozenset({"email"}))),
        ("hunter2", "hunter3", Changes(operations=frozenset({"email"}))),  # a secret counts, though nothing shows it
        ('"http"', '"modem"', Changes(operations=frozenset({"sms"}))),  # deep in a table nobody describes
        ("[sms]", "[fmi]\n[sms]", Changes(operations=frozenset({"fmi"}))),
        ("[email]", "[email]\nenabled = false", Changes(operations=frozenset({"email"}))),
        (
            '[sms]\ngateway = { kind = "http" }',
            "[backup]",
            Changes(operations=frozenset({"sms", "backup"})),
        ),
    ],
)
def test_what_differs_is_named_either_way(
    write: Callable[[str], Path], schema: SettingsSchema, before: str, after: str, changes: Changes
) -> None:
    old = load(write(BASE), schema)
    new = load(write(BASE.replace(before, after, 1)), schema)
    assert changed_tables(old, new) == changed_tables(new, old) == changes
    assert changes.is_empty is (changes == Changes())


def test_the_changed_tables_of_one_station_are_named() -> None:
    changes = Changes(station_tables=frozenset({("A", "sensors"), ("B", "programs"), ("A", "programs")}))
    assert changes.tables_of("A") == {"sensors", "programs"}
    assert changes.tables_of("C") == frozenset()
