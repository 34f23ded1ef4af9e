"""The status on a terminal of 80 columns."""

import gettext
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import sentence
from service import words
from service.rendering import render_status
from service.terminal import Terminal, clean, clip, pad, width, wrap

NOW = datetime(2026, 11, 24, 10, 11, 30, tzinfo=timezone(timedelta(hours=1)))
SAMPLE = json.loads((Path(__file__).parent / "status_sample.json").read_text(encoding="utf-8"))

ENGLISH = r"""▲ ACCUEIL: something needs attention
  running since 07:58:03 (2 h 13 min), process 4242, version 0.1.0
  settings C:\ProgramData\Heitz Service\heitz-service.toml, read 09:30
  ▲ the settings file has a problem, the last good one is in force:
  heitz-service.toml:14: email.smtp.port = "587": a number is expected

Operations
✔ email            active since 07:58:04
                   last run 10:11: ok in 0.41 s, 3 e-mails envoyés
                   next run 10:12 · sent 128 · failed 1 · uncertain 0
▲ sms              recovering since 10:10:31
                   le modem sur COM3 ne répond plus ; prochain essai à 10:12:40,
                   vérifier son câble et son alimentation
                   last run 2026-11-23 19:59: failed in 1 min 15 s
                   sent 12 · failed 4
○ planning         standby since 07:58:04
                   la station SERVEUR s'en charge
                   held by SERVEUR
○ backup           not on this station: seul le serveur du club (SERVEUR) fait
                   les sauvegardes
○ maps             disabled: pas de table [maps] dans les réglages

Actors                        state         restarts  mailbox  up since
✔ registry                    running              0        0  07:58:03
✔ email                       running              1       12  09:02:11
    last failure 09:02:10, crash: ZeroDivisionError: division by zero
▲ sms                         backing off          7        0  -
    next attempt 10:12:40
    last failure 10:10:31, failed start: SerialException: could not open port
    'COM3': FileNotFoundError(2, 'Le fichier spécifié est introuvable.')
✔ fmi                         running              0        0  07:58:03
✔ ├ fmi/entrée principale     running              0        0  2026-11-23 07:58
✖ └ fmi/sortie                hung               123     1500  10:00"""

FRENCH = r"""! ACCUEIL : une chose demande attention
  en marche depuis 07:58:03 (2 h 13 min), processus 4242, version 0.1.0
  settings C:\ProgramData\Heitz Service\heitz-service.toml, read 09:30
  ! the settings file has a problem, the last good one is in force:
  heitz-service.toml:14: email.smtp.port = "587": a number is expected

Opérations
+ email            actif depuis 07:58:04
                   dernière fois 10:11 : ok en 0,41 s, 3 e-mails envoyés
                   prochaine fois 10:12 , envoyés 128 , failed 1 , uncertain 0"""

CATALOGUE = {
    "{station}: {state}": "{station} : {state}",
    "something needs attention": "une chose demande attention",
    "running since {since} ({duration}), process {pid}, version {version}": (
        "en marche depuis {since} ({duration}), processus {pid}, version {version}"
    ),
    "Operations": "Opérations",
    "active": "actif",
    "{state} since {since}": "{state} depuis {since}",
    "last run {at}: {outcome} in {duration}{summary}": "dernière fois {at} : {outcome} en {duration}{summary}",
    "next run {at}": "prochaine fois {at}",
    "sent": "envoyés",
}


class French(gettext.NullTranslations):
    """A catalogue of a few words, so that these pages do not change with the real one."""

    def gettext(self, message: str) -> str:
        return CATALOGUE.get(message, message)


@pytest.fixture
def french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentence, "_translations", lambda language: French() if language == "fr" else gettext)


def test_the_page_in_english() -> None:
    assert render_status(SAMPLE, Terminal(), "en", NOW) == ENGLISH


@pytest.mark.usefixtures("french")
def test_the_page_in_french_on_a_terminal_that_has_ascii_symbols_only() -> None:
    page = render_status(SAMPLE, Terminal(unicode=False), "fr", NOW)
    assert page.startswith(FRENCH)


def test_colours_change_nothing_but_colours() -> None:
    coloured = render_status(SAMPLE, Terminal(colours=True), "en", NOW)
    assert "\x1b[31m✖\x1b[0m" in coloured
    assert [line.rstrip() for line in re.sub(r"\x1b\[\d+m", "", coloured).split("\n")] == ENGLISH.split("\n")


def test_an_instant_is_shown_on_the_reader_s_clock() -> None:
    page = render_status(SAMPLE, Terminal(), "en", NOW.astimezone(UTC))
    assert "running since 06:58:03 (2 h 13 min)" in page


@pytest.mark.parametrize(
    "change",
    [
        lambda status: status.update(state="melting"),
        lambda status: status["operations"][0].update(state="new_state", counters=None, last_run={}),
        lambda status: status["actors"][0].update(state="new_state", up_since="not an instant"),
        lambda status: status.update(config=None, started_at=None, operations=[], actors=[]),
        lambda status: status["actors"][0].update(last_failure={}),
    ],
    ids=["state", "operation", "actor", "nearly empty", "failure without text"],
)
def test_a_status_of_another_version_is_still_shown(change: Callable[[Any], None]) -> None:
    status = json.loads(json.dumps(SAMPLE))
    change(status)
    assert render_status(status, Terminal(), "en", NOW).startswith("▲ ACCUEIL: ")


def test_text_from_outside_can_neither_move_the_cursor_nor_forge_a_line() -> None:
    status = json.loads(json.dumps(SAMPLE))
    status["actors"][1]["last_failure"]["error"] = "\x1b[2J\x1b]0;owned\x07\r✔ all is well\n\u202egnorw\x00"
    status["operations"][0]["id"] = "em\x1b[2Jail"
    page = render_status(status, Terminal(), "en", NOW)
    assert not set(page) & {"\x1b", "\x07", "\r", "\x00", "\u202e"}
    assert "\n✔ all is well" not in page


WORDS = st.text(st.characters(codec="utf-8"), max_size=120)


@pytest.mark.parametrize("language", ["en", "fr"])
@given(station=WORDS, path=WORDS, reason=WORDS, error=WORDS, columns=st.integers(80, 120))
def test_nothing_is_wider_than_the_terminal(
    language: str, station: str, path: str, reason: str, error: str, columns: int
) -> None:
    status = json.loads(json.dumps(SAMPLE))
    status["station"] = station
    status["config"]["problem"] = error
    status["operations"][1]["reason"] = reason
    status["operations"][2]["id"] = path
    status["actors"][2]["last_failure"]["error"] = error
    status["actors"][4]["path"] = f"fmi/{path}"
    page = render_status(status, Terminal(columns=columns), language, NOW)
    assert max(map(width, page.split("\n"))) <= columns


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_words_of_a_column_leave_a_space_after_them(language: str) -> None:
    fixed = ((words.ACTOR, 13), (words.OUTCOME, 12), (words.AGGREGATE, 27))
    for column, columns in fixed:
        assert {name: word for name in column if width(word := column[name].render(language)) >= columns} == {}


def test_no_line_begins_with_the_punctuation_that_french_ties_to_the_word_before() -> None:
    assert list(wrap("un mot\u00a0: un autre", 7)) == ["un", "mot\u00a0:", "un", "autre"]
    assert clean("mot\u00a0:\tun\u3000autre") == "mot\u00a0: un autre"


def test_accents_and_wide_characters_are_measured_in_columns() -> None:
    assert [width(text) for text in ("abc", "é", "e\u0301", "漢字", "👍", "\u200b")] == [3, 1, 1, 4, 2, 0]
    assert (pad("漢", 4) + "|", clip("entrée principale", 10)) == ("漢  |", "entrée ...")


@given(st.text(), st.integers(2, 100))
def test_wrapping_keeps_every_word_and_no_line_too_wide(text: str, columns: int) -> None:
    lines = list(wrap(text, columns))
    assert all(width(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(clean(text).split())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4123, "0.412 s"),
        (0, "0 s"),
        (59.4, "59.4 s"),
        (75, "1 min 15 s"),
        (7980, "2 h 13 min"),
        (93600, "1 d 2 h"),
        (-5, "0 s"),  # a clock that was set back
    ],
)
def test_a_duration_is_told_in_the_two_units_that_matter(seconds: float, text: str) -> None:
    assert words.duration(seconds, "en") == text


@pytest.mark.parametrize(
    ("encoding", "environment", "live", "expected"),
    [
        ("utf-8", {}, True, (True, True)),  # (colours, unicode)
        ("utf-8", {"NO_COLOR": "1"}, True, (False, True)),
        ("utf-8", {"TERM": "dumb"}, True, (False, True)),
        ("utf-8", {}, False, (False, True)),
        ("cp850", {}, True, (True, False)),  # a French console of Windows
        ("ascii", {}, False, (False, False)),
    ],
)
def test_colours_want_a_terminal_and_symbols_an_encoding(
    encoding: str, environment: dict[str, str], live: int, expected: tuple[bool, bool]
) -> None:
    class Stream(io.TextIOWrapper):
        def isatty(self) -> bool:
            return bool(live)

    terminal = Terminal.of(Stream(io.BytesIO(), encoding=encoding), environment)
    assert (terminal.colours, terminal.unicode) == expected
    assert terminal.columns == 80


ATTENDANCE = {
    "zones": [
        {
            "name": "bassin",
            "present": 238,
            "known": True,
            "since": "2026-11-24T08:00:00+01:00",
            "limit": 250,
            "percent": 95,
            "level": "warning",
            "uncertainty": 7,
            "estimated_since": None,
            "reason": None,
            "day_total": 812,
            "day_limit": 1500,
        },
        {
            "name": "gradins",
            "present": 12,
            "known": False,
            "since": "2026-11-24T10:03:00+01:00",
            "limit": None,
            "percent": None,
            "level": "normal",
            "reason": "the sensor passage of ACCUEIL is silent",
            "day_total": 40,
        },
    ],
    "sensors": [
        {"name": "entree", "station": "ACCUEIL", "zone": "bassin", "state": "counting", "in": 812, "out": 574},
        {
            "name": "passage",
            "station": "ACCUEIL",
            "zone": "gradins",
            "from_zone": "bassin",
            "state": "away",
            "reason": "nothing is plugged in at COM5",
            "in": 40,
            "out": 28,
        },
    ],
}


def test_attendance_is_shown_with_bars_or_since_when_it_is_not_known() -> None:
    page = render_status({**SAMPLE, "fmi": ATTENDANCE}, Terminal(), "en", NOW)
    shown = page.partition("Attendance\n")[2].partition("\n\nActors")[0]
    assert (
        shown
        == """\
▲ bassin           ███████████████████░ 238 of 250, 95 %
                   nearly full
                   812 of 1500 came in today · give or take 7
▲ gradins          not known since 10:03; 12 then
                   the sensor passage of ACCUEIL is silent
                   40 came in today

  sensor   station  zone              state   in   out
✔ entree   ACCUEIL  bassin            counts  812  574
✖ passage  ACCUEIL  bassin > gradins  away    40   28
    nothing is plugged in at COM5"""
    )
    assert max(map(width, page.splitlines())) <= 80


def test_a_status_of_an_older_station_or_an_empty_attendance_shows_none() -> None:
    empty: tuple[dict[str, Any], ...] = ({}, {"zones": [], "sensors": []})
    for fmi in empty:
        assert "Attendance" not in render_status({**SAMPLE, "fmi": fmi}, Terminal(), "en", NOW)
