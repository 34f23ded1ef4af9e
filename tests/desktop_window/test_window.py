"""The real window on a real screen: it appears, follows, obeys the keyboard, hides, and takes nothing with it."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from window_desk import STATUS, Screen, Station, Window, operation, screen, wait_until

Open = Callable[..., Window]

# The head's icon, the cards', and that of the line which tells what came of an action.
HEAD, CARD, TOLD = 48, 28, 20


def test_it_shows_the_station_and_its_operations(station: Station, open_window: Open, display: Screen) -> None:
    window = open_window().shown()
    wait_until(lambda: "ACCUEIL" in display.do("getwindowname", window.ids()[0]), "the station's name")
    wait_until(lambda: display.shows("active", HEAD), "the head's icon")


def test_a_change_of_state_is_shown(station: Station, open_window: Open, display: Screen) -> None:
    open_window().shown()
    wait_until(lambda: display.shows("active", HEAD))
    failed = operation("sms", state="failed", reason="le modem ne répond plus", attention=True)
    station.status = {**STATUS, "state": "failed", "operations": [operation("email"), failed]}
    wait_until(lambda: display.shows("failed", HEAD) and display.shows("failed", CARD), "the change")


@pytest.mark.parametrize("way", ["CLOSE", "Escape", "the cross"])
def test_closing_hides_it_and_the_program_goes_on(station: Station, open_window: Open, way: str) -> None:
    window = open_window().shown()
    match way:
        case "CLOSE":
            window.click(80, 30)
        case "Escape":
            window.press("Escape")
        case _:
            window.screen.do("key", "alt+F4")
    window.hidden()
    assert window.process.poll() is None
    assert open_window().ended() == (0, "")
    window.shown()
    assert station.requests("stop") == []


def test_a_second_one_brings_the_first_to_the_front(station: Station, open_window: Open) -> None:
    first = open_window().shown()
    assert open_window().ended() == (0, "")
    assert first.is_visible()


def test_one_that_hangs_is_replaced(station: Station, open_window: Open) -> None:
    hung = open_window().shown()
    os.kill(hung.pid, signal.SIGSTOP)
    open_window().shown()
    assert hung.ended()[0] == -signal.SIGKILL


def test_killed_again_and_again_it_comes_back_and_disturbs_nothing(station: Station, open_window: Open) -> None:
    for _ in range(4):
        window = open_window().shown()
        window.process.kill()
        window.process.wait()
    open_window().shown()
    assert {request["command"] for request in station.asked} == {"watch"}


def test_a_program_that_stops_is_said_to_be_gone_and_comes_back(
    station: Station, open_window: Open, display: Screen
) -> None:
    open_window().shown()
    wait_until(lambda: display.shows("active", HEAD))
    station.close()
    wait_until(lambda: display.shows("unknown", HEAD) and display.shows("unknown", CARD), "the loss")
    assert not display.shows("active", CARD)  # what was true then is not shown as true now
    station.start()
    wait_until(lambda: display.shows("active", HEAD), "the return")


def test_without_a_program_it_says_so(open_window: Open, display: Screen) -> None:
    open_window("--station", "ACCUEIL").shown()
    wait_until(lambda: display.shows("unknown", HEAD), "the loss")


def test_the_keyboard_alone_has_an_operation_run(station: Station, open_window: Open, display: Screen) -> None:
    window = open_window().shown()
    wait_until(lambda: display.shows("active", CARD))
    window.press("Down", "Return", "Tab", "Return")
    wait_until(lambda: station.requests("run-now"), "the run")
    assert [request["operation"] for request in station.requests("run-now")] == ["sms"]


def test_a_button_keeps_the_keyboard_while_its_action_is_under_way(
    station: Station, open_window: Open, display: Screen
) -> None:
    window = open_window().shown()
    wait_until(lambda: display.shows("active", CARD))
    window.press("Return", "Tab", "Return")
    wait_until(lambda: station.requests("run-now"), "the run")
    station.status = {**STATUS, "operations": [operation("email", counters={"sent": 1}), operation("sms")]}
    wait_until(lambda: display.shows("active", TOLD), "the result")
    window.press("Tab", "Return")  # the next button
    wait_until(lambda: station.requests("restart"), "the restart")


def test_a_pause_is_asked_for_and_can_be_left(station: Station, open_window: Open, display: Screen) -> None:
    window = open_window().shown()
    wait_until(lambda: display.shows("active", CARD))
    window.press("Return", "Tab", "Tab", "Tab", "Tab", "Return")
    wait_until(lambda: len(window.ids()) > 1, "the question")
    window.press("Escape")
    wait_until(lambda: len(window.ids()) == 1, "the end of the question")
    assert station.requests("pause") == []
    wait_until(window.has_focus)
    window.press("Return")
    wait_until(lambda: len(window.ids()) > 1, "the question")
    window.press("shift+Tab", "shift+Tab", "shift+Tab", "Return")
    wait_until(lambda: station.requests("pause"), "the pause")


def test_titles_of_500_characters_with_quotes_and_emojis_end_nothing(
    station: Station, open_window: Open, display: Screen
) -> None:
    title = '« L\'"été" » 😀🎉\u202e\x1b[31m\n{}%s $x [exit] \\ ' * 12
    long = operation("sms", title=title, reason=title, holder=title, counters={title: 3}, last_run={"summary": title})
    zones = [{"name": title, "present": 3, "known": True, "since": None, "limit": 5, "level": title, "day_total": 9}]
    station.status = {**STATUS, "station": title, "operations": [long, operation("email")], "fmi": {"zones": zones}}
    window = open_window().shown()
    wait_until(lambda: display.shows("active", HEAD))
    window.press("Return", "ctrl+Tab", "ctrl+Tab", "ctrl+Tab")
    station.status = {**station.status, "state": "failed"}
    wait_until(lambda: display.shows("failed", HEAD), "the next change")


@pytest.mark.parametrize(
    "nonsense",
    [{"operations": [1, None, "x"]}, {"operations": [operation("sms", last_run="x")]}, {"fmi": 3}, {"actors": [{}]}],
    ids=["operations", "run", "zones", "actors"],
)
def test_a_status_that_is_nonsense_does_not_end_it(
    station: Station, open_window: Open, display: Screen, nonsense: dict[str, Any]
) -> None:
    window = open_window().shown()
    station.status = {**STATUS, "state": "attention", **nonsense}
    watches = len(station.requests("watch"))
    wait_until(lambda: len(station.requests("watch")) > watches + 1)
    station.status = {**STATUS, "state": "failed"}
    wait_until(lambda: display.shows("failed", HEAD), "the next good status")
    assert window.process.poll() is None


def test_one_that_fails_at_every_turn_begins_anew(station: Station, open_window: Open, display: Screen) -> None:
    window = open_window().shown()
    wait_until(lambda: display.shows("active", HEAD))

    def is_anew() -> bool:
        """Tell whether the window asked for everything again, as only one that has just begun does."""
        station.status = {**STATUS, "fmi": {"zones": 7}, "pid": station.status["pid"] + 1}
        return len([request for request in station.requests("watch") if request["seen"] == ""]) > 1

    wait_until(is_anew, "a new beginning")
    station.status = {**STATUS, "state": "failed"}
    wait_until(lambda: display.shows("failed", HEAD), "the good status")
    assert window.process.poll() is None


@pytest.mark.parametrize("scale", ["100", "200"])
def test_a_small_screen_has_room_for_it(station: Station, open_window: Open, scale: str) -> None:
    with screen("800x600") as small:
        window = open_window("--scale", scale, on=small).shown()
        left, top, width, height = window.geometry()
        assert left >= 0
        assert top >= 0
        assert left + width <= 800
        assert top + height <= 600
        window.click(80, 30)  # CLOSE can be reached
        window.hidden()


def test_a_fine_screen_makes_it_larger(station: Station, open_window: Open, display: Screen) -> None:
    with screen("1920x1920", dpi=192) as fine:
        window = open_window(on=fine).shown()
        wait_until(lambda: fine.shows("active", 2 * HEAD), "icons drawn for the screen")
        assert window.geometry()[2] == 2 * 760


def test_a_screen_that_goes_takes_only_the_window(station: Station, open_window: Open, display: Screen) -> None:
    with screen("800x600") as lost:
        window = open_window(on=lost).shown()
    assert window.ended()[0] != 0
    open_window().shown()  # elsewhere there is a window again
    assert {request["command"] for request in station.asked} == {"watch"}


@pytest.mark.parametrize("nonsense", [{}, {"seen": 3, "status": 3}, {"seen": "x", "status": ["y"]}])
def test_an_answer_that_cannot_be_read_is_said_to_be_no_status(
    station: Station, open_window: Open, display: Screen, nonsense: dict[str, Any]
) -> None:
    window = open_window().shown()
    wait_until(lambda: display.shows("active", CARD))
    window.press("Return", "Tab")
    station.nonsense = nonsense
    window.press("Return")  # run now: what comes of that is no run either
    station.status = {**STATUS, "state": "attention"}
    wait_until(lambda: display.shows("unknown", HEAD), "the loss")
    station.nonsense = None
    wait_until(lambda: display.shows("attention", HEAD), "the return")
