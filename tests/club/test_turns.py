"""Turns: one thread at a time, and a thread that hangs does not stop the others for ever."""

import threading

import pytest

from club.turns import Turns


class _Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def _hang(turns: Turns) -> tuple[threading.Event, threading.Thread]:
    """Start a thread that takes the turn and keeps it until the event is set."""
    taken, back = threading.Event(), threading.Event()

    def keep() -> None:
        with turns.take(1):
            taken.set()
            back.wait(120)

    thread = threading.Thread(target=keep)
    thread.start()
    assert taken.wait(90)
    return back, thread


def test_whoever_has_the_turn_may_take_it_again() -> None:
    turns = Turns(_Clock())
    with turns.take(0), turns.take(0):
        pass
    with turns.take(0):
        pass


def test_a_turn_that_is_taken_is_waited_for_only_so_long() -> None:
    turns = Turns(_Clock())
    back, thread = _hang(turns)
    for _ in range(2):  # a slow call is no hung one: its turn stays its own
        with pytest.raises(TimeoutError), turns.take(0):
            pass
    back.set()
    thread.join()
    with turns.take(0):
        pass


def test_the_turn_of_a_thread_that_hangs_is_left_behind_with_it() -> None:
    clock = _Clock()
    turns = Turns(clock)
    back, thread = _hang(turns)
    clock.seconds = 61.0
    with pytest.raises(TimeoutError), turns.take(0):
        pass
    with turns.take(0):  # the others go on
        pass
    back.set()
    thread.join()
    with turns.take(0):
        pass
