"""The end of a Windows session: no objection, and the answer waits until the station has stopped."""

import sys
import threading

import pytest

from service.windows_session_end import END, QUERY_END, SessionEnd, heard


def test_the_question_whether_the_session_may_end_is_never_denied() -> None:
    stops: list[None] = []
    assert SessionEnd(lambda: stops.append(None), threading.Event()).answer(QUERY_END, 0) == 1
    assert stops == []  # somebody else may still object


def test_the_end_of_the_session_stops_the_station_and_waits_for_it() -> None:
    stopped = threading.Event()
    stopping = threading.Event()

    def stop() -> None:
        stopping.set()
        threading.Timer(0.05, stopped.set).start()

    assert SessionEnd(stop, stopped).answer(END, 1) == 0
    assert (stopping.is_set(), stopped.is_set()) == (True, True)


def test_an_end_that_was_called_off_stops_nothing() -> None:
    stops: list[None] = []
    assert SessionEnd(lambda: stops.append(None), threading.Event()).answer(END, 0) == 0
    assert stops == []


def test_other_messages_are_left_to_windows() -> None:
    assert SessionEnd(lambda: None, threading.Event()).answer(0x0112, 0) is None


@pytest.mark.skipif(sys.platform == "win32", reason="there is a session to hear there")
def test_elsewhere_nothing_is_started() -> None:
    before = threading.active_count()
    with heard(lambda: None):
        assert threading.active_count() == before
