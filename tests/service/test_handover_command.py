"""`handover`: where an operation may go, the wish that is left, and what is told of the wait."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import text

from club import Database, LeaseRow, Stations, lease_rows
from club.migrations import initialise
from service.club_view import ClubView
from service.command_line import main
from service.handover import Ending, HandoverRefused, choose, told, watch, wish
from service.paths import Folders
from tests.service.sample_views import club, lease, report, station

SETTINGS = """
[club]
name = "Forme et Santé"
language = "en"
database = "sqlite:///club.db"
[stations.SERVEUR]
server = true
[stations.ACCUEIL]
[stations.BASSIN]
[email]
station = "ACCUEIL"
standby = ["SERVEUR", "BASSIN"]
[email.smtp]
host = "127.0.0.1"
port = 1
security = "none"
sender = "club@example.org"
"""
PLAN = {"email": ("ACCUEIL", "SERVEUR", "BASSIN")}


def trio(**changed: Any) -> ClubView:
    """Return a club of three stations that may do the e-mails, ACCUEIL at work; some changed, None: never seen."""
    found = {name: report(name, plan=PLAN) for name in ("SERVEUR", "ACCUEIL", "BASSIN")} | changed
    stations = (station(name, each) for name, each in found.items())
    return club(*stations, leases=[lease(candidates=PLAN["email"])], plan=PLAN)


def refusal(view: ClubView, operation: str = "email", to: str | None = None) -> str:
    with pytest.raises(HandoverRefused) as refused:
        choose(view, operation, to, "en")
    return str(refused.value)


# -- where to --------------------------------------------------------------------------------------------------------


def test_the_next_living_candidate_after_the_holder_is_meant() -> None:
    assert choose(trio(), "email", None, "en").target == "SERVEUR"
    assert choose(trio(SERVEUR=report("SERVEUR", "stopped", plan=PLAN)), "email", None, "en").target == "BASSIN"
    last = club(
        *(station(name, report(name, plan=PLAN)) for name in ("SERVEUR", "ACCUEIL", "BASSIN")),
        leases=[lease("BASSIN", candidates=PLAN["email"])],
    )
    assert choose(last, "email", None, "en").target == "ACCUEIL"


def test_a_station_is_meant_whatever_its_capitals() -> None:
    assert choose(trio(), "email", "bassin", "en").target == "BASSIN"


@pytest.mark.parametrize(
    ("view", "operation", "to", "said"),
    [
        (trio(), "emial", None, "there is no operation emial: did you mean email?"),
        (trio(), "fmi", None, "fmi is not handed over, its stations are set in the settings; only sms, email, "),
        (trio(), "sms", None, "nobody does sms: the settings file here does not switch it on, or this version"),
        (trio(), "email", "BASIN", "there is no station BASIN in the club: did you mean BASSIN?"),
        (trio(), "email", "zzz", "there is no station zzz in the club: they are SERVEUR, ACCUEIL, BASSIN"),
        (trio(), "email", "accueil", "ACCUEIL does email already"),
        (trio(BASSIN=None), "email", "BASSIN", "BASSIN was never seen: start Heitz Service there"),
        (
            trio(BASSIN=report("BASSIN", "stopped", age=3700, plan=PLAN)),
            *("email", "BASSIN", "BASSIN was stopped 1 h 1 min ago: start Heitz Service there"),
        ),
        (
            trio(BASSIN=report("BASSIN", age=300, plan=PLAN)),
            *("email", "BASSIN", "BASSIN has given no sign of life for 5 min 0 s: look whether it is on"),
        ),
        (
            trio(BASSIN=report("BASSIN", plan={})),
            *("email", "BASSIN", "BASSIN does not say what it may do: install the newest version"),
        ),
        (
            trio(BASSIN=report("BASSIN", plan={"email": ("ACCUEIL", "SERVEUR")})),
            *("email", "BASSIN", "the settings file of BASSIN does not let it do email (there: ACCUEIL, else SERVEUR)"),
        ),
        (
            trio(BASSIN=None, SERVEUR=report("SERVEUR", "stopped", age=60, plan=PLAN)),
            *("email", None, "SERVEUR was stopped 1 min 0 s ago: start Heitz Service there; BASSIN was never seen"),
        ),
        (
            club(leases=[lease(candidates=("ACCUEIL",))]),
            *("email", None, "the settings name no station but ACCUEIL for email: add standby to [email]"),
        ),
        (
            club(leases=[lease(seconds_left=-9)]),
            *("email", "SERVEUR", "nobody does email at this moment, so nobody can hand it over: ACCUEIL takes it"),
        ),
        (
            club(station("ACCUEIL"), station("SERVEUR"), leases=[lease("")]),
            *("email", "SERVEUR", "nobody does email, so nobody can hand it over: start ACCUEIL, else SERVEUR"),
        ),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_remedy(
    view: ClubView, operation: str, to: str | None, said: str
) -> None:
    assert refusal(view, operation, to).startswith(said)


# -- the wish and the wait -------------------------------------------------------------------------------------------


@pytest.fixture
def config(home: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "heitz-service.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    monkeypatch.setenv("HEITZ_SERVICE_CONFIG", str(path))
    return path


@pytest.fixture
def database(config: Path) -> Iterator[Database]:
    """A club in which all three stations live and ACCUEIL does the e-mails."""
    opened = Database(f"sqlite:///{config.parent / 'club.db'}")
    initialise(opened)
    for name in PLAN["email"]:
        Stations(opened).beat(name, f"process of {name}", "0.1.0", "active", plan=PLAN)
    opened.write(
        lambda connection: connection.execute(
            text(
                "INSERT INTO lease (name, station, process, token, expires_ms, ttl_ms, renewals, candidates) VALUES "
                "('email', 'ACCUEIL', 'process of ACCUEIL', 5, "
                "CAST(strftime('%s', 'now') AS INTEGER) * 1000 + 30000, 30000, 1, "
                '\'["ACCUEIL", "SERVEUR", "BASSIN"]\')'
            )
        )
    )
    yield opened
    opened.dispose()


def change(database: Database, values: str) -> None:
    database.write(lambda connection: connection.execute(text(f"UPDATE lease SET {values} WHERE name = 'email'")))


def row(database: Database) -> LeaseRow:
    return lease_rows(database)["email"]


def once(act: Callable[[], object]) -> Callable[[float], None]:
    """Return what to do at a look: `act` at the first one, as another station would."""
    left = [act]

    def at_a_look(_passed: float) -> None:
        if left:
            left.pop()()

    return at_a_look


def test_the_wait_ends_as_soon_as_the_wanted_station_holds_it(database: Database) -> None:
    goal = wish(database, trio, lambda view: choose(view, "email", "SERVEUR", "en"))
    assert row(database).wanted == "SERVEUR"
    passed_on = once(lambda: change(database, "station = 'SERVEUR', process = 'process of SERVEUR', token = 6"))
    ending = watch(database, goal, 20, passed_on)
    assert (ending.is_done, ending.row and ending.row.station) == (True, "SERVEUR")
    assert ending.seconds < 20


def test_the_wait_ends_when_the_wish_is_no_longer_there(database: Database) -> None:
    goal = wish(database, trio, lambda view: choose(view, "email", "SERVEUR", "en"))
    ending = watch(database, goal, 20, once(lambda: change(database, "wanted = 'BASSIN'")))
    assert not ending.is_done
    assert ending.seconds < 20


def test_a_lease_that_changed_hands_meanwhile_is_looked_at_again(database: Database) -> None:
    seen: list[int] = []

    def look() -> ClubView:
        token = 4 if not seen else 5  # the first look is of before the row's last change
        seen.append(token)
        view = trio()
        (old,) = view.leases
        assert old.row is not None
        return club(*view.stations, leases=[attrs.evolve(old, row=attrs.evolve(old.row, token=token))], plan=PLAN)

    wish(database, look, lambda view: choose(view, "email", "BASSIN", "en"))
    assert (seen, row(database).wanted) == ([4, 5], "BASSIN")


def test_a_lease_that_never_stands_still_is_given_up(database: Database) -> None:
    change(database, "token = 99")
    with pytest.raises(HandoverRefused, match="try again"):
        wish(database, trio, lambda view: choose(view, "email", "BASSIN", "en"))
    assert row(database).wanted == ""


def test_a_holder_that_does_not_let_go_in_time_is_told_and_the_wish_stays(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["handover", "email", "--to", "bassin", "--wait", "0.3"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "ACCUEIL still does email after 0." in said.err
    assert "the wish stays: BASSIN gets it when the work in hand is done" in said.err
    assert row(database).wanted == "BASSIN"


def test_json_tells_what_became_of_it(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handover", "email", "--wait", "0", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document.pop("seconds") >= 0
    assert document.pop("sentence")
    assert document == {
        "version": 1,
        "operation": "email",
        "from": "ACCUEIL",
        "to": "SERVEUR",
        "holder": "ACCUEIL",
        "is_done": False,
    }


def test_a_holder_that_falls_silent_is_told(database: Database) -> None:
    goal = wish(database, trio, lambda view: choose(view, "email", "SERVEUR", "en"))
    ending = watch(database, goal, 0.2, once(lambda: change(database, "expires_ms = 1")))
    assert str(told(goal, ending, "en")) == (
        "ACCUEIL fell silent before it handed email over: SERVEUR takes it over by itself within 45 s"
    )


@pytest.mark.parametrize(
    ("changes", "away", "said"),
    [
        (
            {"wanted": "BASSIN"},
            False,
            "SERVEUR did not get email: another wish or a takeover came before; ACCUEIL does",
        ),
        (
            {"wanted": "", "station": "BASSIN"},
            False,
            "SERVEUR did not get email: another wish or a takeover came before; B",
        ),
        (
            {"wanted": "", "station": "", "expires_ms": 0},
            False,
            "SERVEUR did not get email: another wish or a takeover",
        ),
        ({"wanted": "SERVEUR"}, False, "ACCUEIL still does email after 30 s; the wish stays: SERVEUR gets it when"),
        ({"wanted": "SERVEUR"}, True, "the database has not answered since the wish was written: SERVEUR gets email"),
    ],
)
def test_a_wait_in_vain_tells_what_is_so_now(changes: dict[str, Any], away: Any, said: str) -> None:
    goal = choose(trio(), "email", "SERVEUR", "en")
    ending = Ending(is_done=False, seconds=30, row=attrs.evolve(goal.row, **changes), is_away=away)
    assert str(told(goal, ending, "en")).startswith(said)


def test_a_database_that_goes_away_during_the_wait_is_asked_again(database: Database, config: Path) -> None:
    goal = wish(database, trio, lambda view: choose(view, "email", "SERVEUR", "en"))
    file = config.parent / "club.db"
    away = once(lambda: file.rename(file.with_suffix(".away")))
    looks: list[float] = []

    def look(passed: float) -> None:
        looks.append(passed)
        away(passed)
        if len(looks) == 3:  # it is back, and meanwhile the holder has done its part
            file.with_suffix(".away").rename(file)
            change(database, "station = 'SERVEUR', process = 'process of SERVEUR', token = 6")

    assert watch(database, goal, 20, look).is_done


def test_to_the_holder_takes_another_wish_back(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    main(["handover", "email", "--to", "SERVEUR", "--wait", "0"])
    capsys.readouterr()
    assert main(["handover", "email", "--to", "ACCUEIL"]) == 0
    assert capsys.readouterr().out == "ACCUEIL keeps email\n"
    assert row(database).wanted == ""


def test_ctrl_c_leaves_the_wish_and_says_so(
    database: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("service.club_handover.watch", interrupted)
    assert main(["handover", "email"]) == 130
    assert "the wish stays: SERVEUR gets email" in capsys.readouterr().err
    assert row(database).wanted == "SERVEUR"


def test_french_is_spoken_to_whoever_asks_for_it(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handover", "emial", "--lang", "fr"]) == 1
    assert "vouliez-vous" in capsys.readouterr().err


def test_a_database_that_cannot_be_reached_is_6_only_when_no_program_runs_here(
    database: Database, config: Path, capsys: pytest.CaptureFixture[str], serve: Callable[..., Any]
) -> None:
    database.dispose()
    config.write_text(
        SETTINGS.replace("sqlite:///club.db", "postgresql+psycopg://club@127.0.0.1:1/heitz"), encoding="utf-8"
    )
    assert main(["handover", "email"]) == 6
    serve(lambda *_: {})
    assert main(["handover", "email"]) == 1
    assert capsys.readouterr().err.count("\n") == 2


def test_a_database_that_is_not_there_at_all_is_refused(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handover", "email"]) == 1
    assert "database init" in capsys.readouterr().err


@pytest.mark.parametrize("wait", ["-1", "nan", "1e9", "soon"])
def test_a_wait_that_is_none_is_a_usage_error(wait: str, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handover", "email", f"--wait={wait}"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_program_of_this_computer_is_told_to_look(
    database: Database, capsys: pytest.CaptureFixture[str], serve: Callable[..., Any]
) -> None:
    def handle(request: dict[str, Any], _language: str) -> dict[str, Any]:
        assert request["command"] == "look-for-leases"
        change(database, "station = 'SERVEUR', process = 'process of SERVEUR', token = 6")
        return {"told": True}

    serve(handle)
    assert main(["handover", "email"]) == 0
    assert capsys.readouterr().out.startswith("SERVEUR does email now: ACCUEIL handed it over in ")
