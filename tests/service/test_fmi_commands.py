"""`fmi status|history|correct|simulate`, run as a person runs them, on a club database without a station."""

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from club import Database
from club.migrations import initialise
from service.command_line import main

SETTINGS = """
[club]
name = "Forme et Santé"
language = "en"
database = "sqlite:///club.db"
[stations.ACCUEIL]
server = true
[[stations.ACCUEIL.sensors]]
name = "entree"
driver = "terabee"
port = "COM3"
zone = "bassin"
[fmi.zones.bassin]
limit = 250
day_limit = 1500
[fmi.zones.gradins]
[fmi.zones.tout]
includes = ["bassin", "gradins"]
"""
ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def club(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    (tmp_path / "heitz-service.toml").write_text(SETTINGS, "utf-8")
    database = Database(f"sqlite:///{tmp_path / 'club.db'}")
    initialise(database)
    database.dispose()
    with closing(sqlite3.connect(tmp_path / "club.db", isolation_level=None)) as connection:
        yield connection


@pytest.fixture
def run(club: sqlite3.Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_command(*words: str) -> tuple[int, str, str]:
        code = main(["fmi", *words, "--config", str(tmp_path / "heitz-service.toml")])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run_command


def write_zone(club: sqlite3.Connection, present: int = 238, level: str = "warning") -> None:
    club.execute(
        "INSERT INTO attendance (zone, present, known, since, present_limit, level, day, day_total, day_limit,"
        " uncertainty, updated_at) VALUES ('bassin', ?, 1, datetime('now'), 250, ?, '2026-11-24', 812, 1500, 7,"
        " strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
        (present, level),
    )


def write_day(club: sqlite3.Connection) -> None:
    """A morning in which nobody knows from 10:30 to 10:40, local time; one row stands for ten quiet minutes."""
    for minute in [*range(60), *range(100, 160)]:
        at = f"2026-11-24 {8 + (minute + 30) // 60:02d}:{(minute + 30) % 60:02d}:00.000000"
        known = int(not 60 <= minute < 100)
        club.execute(
            "INSERT INTO attendance_minute (zone, minute_at, minutes, present, known, entries, exits, present_limit)"
            " VALUES ('bassin', ?, 1, ?, ?, 2, 1, 250)",
            (at, minute, known),
        )
    club.execute(
        "INSERT INTO attendance_correction (zone, present, author, reason, created_at, state, before_present,"
        " after_present, applied_at) VALUES ('bassin', 40, 'Anne', 'counted', '2026-11-24 09:00:00.000000', 'applied',"
        " 33, 40, '2026-11-24 09:00:01.000000')"
    )
    club.execute("INSERT INTO fmi_sensor (station, name, zone) VALUES ('ACCUEIL', 'entree', 'bassin')")
    club.execute(
        "INSERT INTO fmi_sensor_day (station, name, day, entries, exits, blind_seconds, blind_times)"
        " VALUES ('ACCUEIL', 'entree', '2026-11-24', 240, 120, 2400, 2)"
    )


def test_status_has_the_contracts_shape_and_a_zone_that_nobody_counted_yet_is_unknown(
    club: sqlite3.Connection, run: Run
) -> None:
    write_zone(club)
    code, out, _ = run("status", "--json")
    document = json.loads(out)
    bassin, gradins, _ = document["zones"]
    assert {key: bassin[key] for key in ("name", "present", "known", "limit", "level", "day_total")} == {
        "name": "bassin",
        "present": 238,
        "known": True,
        "limit": 250,
        "level": "warning",
        "day_total": 812,
    }
    assert (gradins["known"], gradins["present"]) == (False, 0)
    assert document["sensors"] == []
    assert code == 1  # something needs attention


def test_status_fits_into_eighty_columns_and_says_how_full_it_is(club: sqlite3.Connection, run: Run) -> None:
    write_zone(club)
    _, out, _ = run("status")
    assert "238 of 250, 95 %" in out
    assert "nearly full" in out
    assert "812 of 1500 came in today" in out
    assert "give or take 7" in out
    assert max(map(len, out.splitlines())) <= 80
    _, gradins = out.split("gradins")
    assert gradins.split()[:2] == ["not", "known"], "there is no instant since when, and no number"
    assert "since" not in gradins


def test_a_number_that_nobody_writes_any_more_is_unknown(club: sqlite3.Connection, run: Run) -> None:
    write_zone(club)
    club.execute("UPDATE attendance SET updated_at = '2026-11-24 03:00:00.000000'")
    code, out, _ = run("status", "--json")
    zone = json.loads(out)["zones"][0]
    assert (code, zone["known"]) == (1, False)
    assert "does the program run" in zone["reason"]
    assert "does the program run" in " ".join(run("status")[1].split())


def test_history_tells_the_day_its_sensors_and_who_corrected(club: sqlite3.Connection, run: Run) -> None:
    write_day(club)
    code, out, _ = run("history", "bassin", "--day", "2026-11-24")
    assert code == 0
    said = " ".join(out.split())
    assert "sensor entree of ACCUEIL: 240 in, 120 out, balance +120; 2 times without it, 40 min in all" in said
    assert "10:00 corrected from 33 to 40 by Anne: counted" in said
    assert max(map(len, out.splitlines())) <= 80


def test_history_as_json_leaves_out_what_nobody_knows(club: sqlite3.Connection, run: Run) -> None:
    write_day(club)
    document: dict[str, Any] = json.loads(run("history", "bassin", "--day", "2026-11-24", "--json")[1])
    assert len(document["minutes"]) == 120
    assert document["minutes"][0]["at"] == "2026-11-24T09:30:00+01:00"
    assert document["corrections"][0]["author"] == "Anne"
    assert document["sensors"][0]["balance"] == 120


def test_history_as_csv_on_the_output_and_in_a_file(club: sqlite3.Connection, run: Run, tmp_path: Path) -> None:
    write_day(club)
    _, out, _ = run("history", "bassin", "--day", "2026-11-24", "--csv", "-")
    lines = out.splitlines()
    assert lines[0] == "at,date,time,zone,present,known,estimated,in,out,uncertainty,limit"
    assert lines[1] == "2026-11-24T09:30:00+01:00,2026-11-24,09:30,bassin,0,1,0,2,1,0,250"
    # Forty minutes of which nobody knows anything: each has its line, and no number.
    assert lines[61] == "2026-11-24T10:30:00+01:00,2026-11-24,10:30,bassin,,0,,,,,"
    assert len(lines) == 161
    code, out, _ = run("history", "bassin", "--day", "2026-11-24", "--csv", str(tmp_path / "day.csv"))
    assert (code, "day.csv" in out) == (0, True)
    assert (tmp_path / "day.csv").read_text("utf-8-sig").splitlines() == lines
    code, _, errors = run("history", "bassin", "--csv", str(tmp_path / "nowhere" / "day.csv"))
    assert code == 1
    assert "cannot be written" in errors


def test_csv_for_who_reads_french_has_semicolons_and_its_file_the_mark_of_unicode(
    club: sqlite3.Connection, run: Run, tmp_path: Path
) -> None:
    """As a French spreadsheet opens it by a double click: it takes the comma for the decimal point."""
    write_day(club)
    club.execute("UPDATE attendance_minute SET known = 0 WHERE minute_at = '2026-11-24 08:31:00.000000'")
    file = tmp_path / "day.csv"
    assert run("history", "bassin", "--day", "2026-11-24", "--csv", str(file), "--lang", "fr")[0] == 0
    content = file.read_bytes()
    assert content.startswith(b"\xef\xbb\xbfat;date;time;zone;present;")
    lines = content.decode("utf-8-sig").split("\r\n")
    assert lines[1] == "2026-11-24T09:30:00+01:00;2026-11-24;09:30;bassin;0;1;0;2;1;0;250"
    assert lines[2] == "2026-11-24T09:31:00+01:00;2026-11-24;09:31;bassin;;0;0;2;1;;250", "unknown is no number"


def test_without_matplotlib_drawing_says_what_to_type(
    club: sqlite3.Connection, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "service.fmi_plot", raising=False)
    code, out, errors = run("history", "bassin", "--plot", str(tmp_path / "day.png"))
    assert (code, out, (tmp_path / "day.png").exists()) == (1, "", False)
    assert errors == f"heitz-service: drawing needs matplotlib: {sys.executable} -m pip install matplotlib\n"


def test_corrections_of_a_day_long_ago_are_not_lost_among_those_since(club: sqlite3.Connection, run: Run) -> None:
    write_day(club)
    club.executemany(
        "INSERT INTO attendance_correction (zone, delta, author, reason, created_at, state) VALUES ('bassin', 1, 'Zoé',"
        " 'later', ?, 'applied')",
        [(f"2026-12-{1 + number % 28:02d} 09:00:00.000000",) for number in range(1500)],
    )
    document = json.loads(run("history", "bassin", "--day", "2026-11-24", "--json")[1])
    assert [each["author"] for each in document["corrections"]] == ["Anne"]


def test_the_day_is_drawn_with_its_limit_and_what_is_not_known(
    club: sqlite3.Connection, run: Run, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
    write_day(club)
    for name in ("day.svg", "day.png"):
        code, _, errors = run("history", "bassin", "--day", "2026-11-24", "--plot", str(tmp_path / name))
        assert code == 0, errors
    assert (tmp_path / "day.png").read_bytes().startswith(b"\x89PNG")
    drawing = (tmp_path / "day.svg").read_text("utf-8")
    for word in ("bassin, 2026-11-24", "limit", "not known", "corrected by staff"):
        assert f"<!-- {word}" in drawing, word
    code, _, errors = run("history", "bassin", "--plot", str(tmp_path / "day.docx"))
    assert code == 1
    assert ".png or .svg" in errors


def test_a_day_without_anybody_says_so(run: Run) -> None:
    code, out, _ = run("history", "bassin", "--day", "2020-01-01")
    assert code == 0
    assert "nothing is known" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("history", "basin"), "did you mean bassin"),
        (("correct", "basin", "--present", "3", "--reason", "x"), "did you mean bassin"),
        (("correct", "bassin", "--present", "3", "--reason", "  "), "needs a reason"),
        (("correct", "tout", "--present", "3", "--reason", "x"), "tout is a sum: correct one of bassin, gradins"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(words: tuple[str, ...], said: str, run: Run) -> None:
    code, _, errors = run(*words)
    assert code == 2
    assert said in errors


@pytest.mark.parametrize(
    "words",
    [
        ("correct", "bassin", "--present", "-3", "--reason", "x"),
        ("correct", "bassin", "--reason", "x"),
        ("correct", "bassin", "--present", "3", "--by", "1", "--reason", "x"),
        ("correct", "bassin", "--present", "3"),
        ("correct", "bassin", "--present", "99999999999999999999", "--reason", "x"),
        ("correct", "bassin", "--by", "0", "--reason", "x"),
        ("correct", "bassin", "--by", "-100001", "--reason", "x"),
        ("history", "bassin", "--day", "yesterday"),
        ("history", "bassin", "--day", "0001-01-01"),
        ("history", "bassin", "--day", "9999-12-31"),
        ("simulate", "--listen", "65536"),
        ("simulate", "--speed", "0"),
        ("simulate", "--noise", "99"),
    ],
)
def test_a_wrong_command_line_is_refused(words: tuple[str, ...], run: Run) -> None:
    assert run(*words)[0] == 2


def test_a_correction_waits_in_the_database_for_a_station_that_counts(
    club: sqlite3.Connection, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.commands.fmi._APPLIED_SECONDS", 0.0)
    code, out, _ = run("correct", "bassin", "--by", "-2", "--reason", "two left by the garden", "--author", "Anne")
    assert (code, "as soon as a station counts" in out) == (0, True)
    rows = club.execute("SELECT zone, present, delta, author, reason, state FROM attendance_correction").fetchall()
    assert rows == [("bassin", None, -2, "Anne", "two left by the garden", "pending")]


def test_without_attendance_in_the_settings_the_commands_say_so(run: Run, tmp_path: Path) -> None:
    text = SETTINGS.partition("[fmi.")[0]
    (tmp_path / "heitz-service.toml").write_text(text, "utf-8")
    code, _, errors = run("status")
    assert code == 2
    assert "[fmi]" in errors


def test_a_correction_of_a_user_without_a_name_asks_for_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", nobody)
    code, _, errors = run("correct", "bassin", "--present", "3", "--reason", "counted", "--author", " ")
    assert (code, "write --author" in errors) == (2, True)


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [
        ("en", ("1 inside", "1 came in today"), ("2 inside", "2 came in today")),
        ("fr", ("1 présent", "1 entrée aujourd'hui"), ("2 présents", "2 entrées aujourd'hui")),
    ],
)
def test_one_person_is_not_several(
    language: str, one: tuple[str, str], many: tuple[str, str], club: sqlite3.Connection, run: Run
) -> None:
    write_zone(club)
    for people, words in ((1, one), (2, many)):
        club.execute("UPDATE attendance SET present = ?, day_total = ?, day_limit = NULL", (people, people))
        club.execute("UPDATE attendance SET present_limit = NULL, level = 'normal', uncertainty = 0")
        lines = [line.split("  ")[-1].strip() for line in run("status", "--lang", language)[1].splitlines()]
        assert lines[:2] == list(words)
