"""The room of attendance: the gate, the messages, what the board and the status say."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from actors.board import Board, Notice, OperationState
from actors.fmi.alerts import Announcer
from actors.fmi.bulletin import Bulletin
from actors.fmi.counter import News
from actors.fmi.drivers.driver import NotObeyed, Seen
from actors.fmi.hall import Hall, Written
from actors.fmi.post import Look, SensorState
from actors.fmi.reckoning import Crossing
from actors.fmi.sensor import Gate
from actors.fmi.settings import AlertSettings
from actors.fmi.shown import FRESH_SECONDS, shown
from actors.fmi.watchman import Watchman
from actors.fmi.zones import ZoneRule
from actors.operation import Page
from actors.run_records import Stopwatch
from actors.serial_port import PortLost
from club.attendance_records import Level, Reading, SensorKey, SensorRecord, ZoneRecord
from config.sentence import Sentence

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
NOTHING = News((), None, 0.0, 0)
COUNTS = Look(SensorState.COUNTING, None, NOTHING, None, None, NOW)
AWAY = Look(SensorState.AWAY, Sentence.of("nothing is plugged in"), NOTHING, None, None, None)
PAGE = Page("en", UTC)


class Turnstile:
    """A driver whose device closes the way in; `trouble` is raised at the next order."""

    silence: timedelta | None = None
    forgets_when_unplugged = False
    words_are_checked = True

    def __init__(self, *, can_forbid: bool = True) -> None:
        self.can_forbid = can_forbid
        self.orders: list[bool] = []
        self.trouble: Exception | None = None

    def forbid_entries(self, forbidden: bool) -> None:  # noqa: FBT001 - the protocol's
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        self.orders.append(forbidden)

    def read(self) -> Sequence[Seen]:
        return ()

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        pass


class Clock:
    def __init__(self) -> None:
        self.at = 100.0

    def monotonic(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Watch(Watchman):
    """A watchman that only writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.trouble: OSError | None = None

    def post(self) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.told.append("watch")

    def dismiss(self) -> None:
        self.told.append("go")

    def alarm(self) -> None:
        self.told.append("open it")


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def gate(clock: Clock, watch: Watch) -> Gate:
    return Gate("tourniquet", clock.monotonic, watch)


def test_the_way_in_is_opened_at_the_start_whoever_closed_it(gate: Gate) -> None:
    turnstile = Turnstile()
    gate.begin(turnstile)
    assert turnstile.orders == [False]


def test_the_way_in_is_closed_once_and_opened_once(gate: Gate) -> None:
    turnstile = Turnstile()
    gate.begin(turnstile)
    for forbid in (False, True, True, True, False, False):
        gate.obey(turnstile, forbid=forbid)
    assert turnstile.orders == [False, True, False]


def test_the_way_in_is_open_when_the_program_lets_go_of_it(gate: Gate) -> None:
    turnstile = Turnstile()
    gate.begin(turnstile)
    gate.obey(turnstile, forbid=True)
    gate.open_at_last(turnstile)
    assert turnstile.orders == [False, True, False]
    turnstile.trouble = PortLost("gone")
    gate.open_at_last(turnstile)  # what is gone is found open at the next start


def test_a_device_that_does_not_obey_is_told_again_after_a_while(gate: Gate, clock: Clock) -> None:
    turnstile = Turnstile()
    gate.begin(turnstile)
    turnstile.trouble = NotObeyed("no answer")
    gate.obey(turnstile, forbid=True)
    gate.obey(turnstile, forbid=True)
    assert turnstile.orders == [False]
    clock.at += 6
    gate.obey(turnstile, forbid=True)
    assert turnstile.orders == [False, True]


def test_the_way_in_is_not_closed_without_somebody_who_would_open_it(gate: Gate, watch: Watch) -> None:
    turnstile = Turnstile()
    gate.begin(turnstile)
    watch.trouble = OSError("no process to be had")
    gate.obey(turnstile, forbid=True)
    assert turnstile.orders == [False]


def test_whoever_watches_comes_before_the_way_in_is_closed_and_goes_after_it_is_open(gate: Gate, watch: Watch) -> None:
    turnstile = Turnstile()
    gate.begin(turnstile)
    watch.told.clear()
    gate.obey(turnstile, forbid=True)
    gate.obey(turnstile, forbid=False)
    assert watch.told == ["watch", "go"]
    gate.obey(turnstile, forbid=True)
    gate.abandon()  # the actor crashed, or the port is gone
    assert watch.told[2:] == ["watch", "open it"]


def test_nothing_is_written_to_a_device_that_the_settings_do_not_let_close(gate: Gate) -> None:
    turnstile = Turnstile(can_forbid=False)
    gate.begin(turnstile)
    gate.obey(turnstile, forbid=True)
    gate.open_at_last(turnstile)
    assert turnstile.orders == []


def crossing(level: Level, of: str = "present") -> Crossing:
    zone = ZoneRecord("bassin", present=248, known=True, present_limit=250, level=level, day_total=1500, day_limit=1500)
    return Crossing(
        ZoneRule("bassin", 250, 1500), zone, "day" if of == "day" else "present", level, "fmi:bassin:7:stop"
    )


def test_everybody_named_is_written_to_under_a_reference_of_their_own() -> None:
    announcer = Announcer(AlertSettings(sms=("0612345678", "0698765432"), email=("a@example.org",)), "Le club", "en")
    alerts = announcer(crossing("stop"))
    assert [each.channel for each in alerts] == ["sms", "sms", "email"]
    assert len({each.reference for each in alerts}) == 3
    assert (
        alerts[0].body
        == "Le club: bassin: 248 inside, of 250 allowed (99 %): the limit is reached, nobody more may come in"
    )
    assert alerts[2].subject.startswith("Le club: bassin")


@pytest.mark.parametrize(
    ("first", "level", "told"),
    [("warning", "notice", False), ("warning", "warning", True), ("stop", "warning", False), ("notice", "stop", True)],
)
def test_levels_below_the_one_that_is_asked_for_are_not_told(first: str, level: Level, *, told: bool) -> None:
    settings = AlertSettings(sms=("0612345678",), level=first)  # type: ignore[arg-type]  # one of the three
    assert bool(Announcer(settings, "Le club", "en")(crossing(level))) is told


def test_without_recipients_nobody_is_written_to() -> None:
    assert Announcer(None, "Le club", "en")(crossing("stop")) == ()


def test_the_day_has_words_of_its_own() -> None:
    (alert,) = Announcer(AlertSettings(sms=("0612345678",)), "Le club", "fr")(crossing("stop", of="day"))
    assert "1500" in alert.body


def notice(looks: dict[str, Look], zones: Sequence[ZoneRecord]) -> Notice:
    board = Board(lambda: NOW)
    Bulletin(board.desk("fmi")).tell(looks, zones)
    return board.notices()["fmi"]


def test_all_is_well_when_every_sensor_counts_and_every_zone_is_known() -> None:
    said = notice({"entree": COUNTS, "sortie": COUNTS}, [ZoneRecord("bassin", known=True)])
    assert (said.state, said.warning, said.concern) == (OperationState.ACTIVE, None, None)


@pytest.mark.parametrize(
    ("entries", "exits", "french", "english"),
    [(1, 0, "1 entrée, 0 sortie", "1 in, 0 out"), (12, 2, "12 entrées, 2 sorties", "12 in, 2 out")],
)
def test_who_passed_is_counted_in_the_right_number(entries: int, exits: int, french: str, english: str) -> None:
    board = Board(lambda: NOW)
    counted = attrs.evolve(COUNTS, news=News([Reading(NOW, entries, exits)], None, 0.0, 0))
    Bulletin(board.desk("fmi")).count(Stopwatch(), {"entree": counted})
    run = board.notices()["fmi"].last_run
    assert run is not None
    assert run.summary is not None
    assert (run.summary.render("fr"), run.summary.render("en")) == (french, english)


def test_one_dead_sensor_is_a_warning_and_the_others_go_on() -> None:
    said = notice({"entree": COUNTS, "sortie": AWAY}, [ZoneRecord("bassin")])
    assert said.state is OperationState.ACTIVE
    assert "sortie" in str(said.warning)
    assert "plugged" in str(said.warning)


def test_when_no_sensor_counts_the_operation_waits() -> None:
    said = notice({"entree": AWAY, "sortie": AWAY}, [ZoneRecord("bassin")])
    assert said.state is OperationState.WAITING
    assert "2 of 2" in str(said.reason)


def test_a_zone_that_another_stations_sensor_makes_unknown_is_said() -> None:
    said = notice({"entree": COUNTS}, [ZoneRecord("bassin", reason="the station SERVEUR says nothing")])
    assert "SERVEUR" in str(said.warning)


def test_a_zone_that_is_nearly_full_is_a_concern_the_fullest_first() -> None:
    zones = [
        ZoneRecord("gradins", present=97, known=True, present_limit=100, level="warning"),
        ZoneRecord("bassin", present=250, known=True, present_limit=250, level="stop"),
        ZoneRecord("spa", present=9, known=False, present_limit=8, level="stop"),
    ]
    said = notice({"entree": COUNTS}, zones)
    assert "bassin: 250 inside, of 250 allowed (100 %)" in str(said.concern)


def test_the_status_has_the_contracts_keys_and_calls_a_stale_number_unknown(tmp_path: Path, clock: Clock) -> None:
    hall = Hall(tmp_path / "kept", lambda: NOW, clock.monotonic)
    assert shown(hall, PAGE) == {"zones": [], "sensors": []}
    zone = ZoneRecord("bassin", present=12, known=True, since=NOW, present_limit=250, day_total=40)
    sensor = SensorRecord(
        SensorKey("ACCUEIL", "entree"),
        "bassin",
        None,
        True,
        "counting",
        None,
        NOW,
        NOW,
        90,
        78,
        None,
        day_entries=40,
        day_exits=28,
    )
    hall.written = Written((zone,), (sensor,), clock.at)
    document = shown(hall, PAGE)
    assert {"name", "present", "known", "since", "limit", "level", "day_total"} <= set(document["zones"][0])
    assert {key: document["sensors"][0][key] for key in ("name", "state", "in", "out")} == {
        "name": "entree",
        "state": "counting",
        "in": 40,
        "out": 28,
    }
    assert document["zones"][0]["known"]
    clock.at += FRESH_SECONDS + 1
    stale = shown(hall, PAGE)["zones"][0]
    assert not stale["known"]
    assert stale["reason"]
