"""The tray actor under children that die, hang, raise, flood: it answers all the time, and the icon comes back."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from actors.tray.actor import Look, Said, TrayActor
from actors.tray.adapters.child_process import ChildProcess
from actors.tray.alerts import Pause
from actors.tray.lifeline import PACE, Lifeline, Pace, next_pause
from actors.tray.presence import Bell, Memory, Place, Whereabouts
from actors.tray.settings import PresenceSettings
from supervisor import Backoff, ChildSpec, SupervisorFlags, Tree
from tests.desktop.desktop import wait_until
from tests.desktop.sample_status import operation, status

FAST = Pace(
    beat_seconds=0.05,
    hung_after_seconds=0.4,
    start_seconds=3.0,
    shortest_seconds=0.01,
    longest_seconds=0.02,
    stable_seconds=0.5,
    look_seconds=0.1,
)
PROGRAM = str(Path(__file__).with_name("misbehaving.py"))
GOOD = "good"


class SomeProgram:
    """A program whose status the test sets; it keeps what was asked of it."""

    def __init__(self) -> None:
        self.status = status(operation("sms"), operation("email"))
        self.done: list[str] = []
        self.looks = 0

    def describe(self, language: str) -> dict[str, Any]:
        self.looks += 1
        return self.status

    def open_window(self) -> None:
        self.done.append("window")

    def restart(self, name: str) -> None:
        self.done.append(f"restart {name}")

    def ask_to_stop(self) -> None:
        self.done.append("stop")


@attrs.define
class Tray:
    """A tray actor in a tree, and the children that it started; `ways` are those of the next ones, then good ones."""

    program: SomeProgram
    bell: Bell
    memory: Memory
    tree: Tree
    ways: list[str]
    told: list[dict[str, Any]] = attrs.Factory(list)
    said: list[dict[str, Any]] = attrs.Factory(list)
    children: list[ChildProcess] = attrs.Factory(list)

    @property
    def state(self) -> str:
        return self.memory.whereabouts.state

    def restarts(self) -> int:
        return self.memory.whereabouts.restarts

    def say(self, **line: Any) -> None:
        """Say something as the child that runs now."""
        self.tree.child("tray").tell(Said(len(self.children), line))


class RecordedChild(ChildProcess):
    """A child whose lines the test sees, too."""

    told: list[dict[str, Any]]

    def tell_alert(self, alert: dict[str, Any]) -> None:
        self.told.append(alert)
        super().tell_alert(alert)


@contextmanager
def tray(*ways: str, settings: PresenceSettings | None = None, pace: Pace = FAST) -> Iterator[Tray]:
    program, bell, memory = SomeProgram(), Bell(), Memory(Whereabouts("starting"))
    place = Place(
        station="ACCUEIL",
        language="en",
        timezone=ZoneInfo("Europe/Paris"),
        settings=settings or PresenceSettings(alert_after=timedelta(0)),
        program=program,
        bell=bell,
        memory=memory,
    )
    made: list[Tray] = []

    def start(said: Callable[[dict[str, Any]], None], ended: Callable[[int], None]) -> ChildProcess:
        own = made[0]
        way = own.ways.pop(0) if own.ways else GOOD

        def keep(line: dict[str, Any]) -> None:
            if line["event"] != "unheard-of":
                own.said.append(line)
            said(line)

        child = RecordedChild((sys.executable, "-S", PROGRAM, way), keep, ended)
        child.told = own.told
        own.children.append(child)
        return child

    spec = ChildSpec(id="tray", start=TrayActor, args=(place, start, pace), backoff=Backoff(0.01, 0.1))
    tree = Tree(SupervisorFlags(retry_first_start=True), (spec,))
    made.append(Tray(program, bell, memory, tree, list(ways)))
    tree.start()
    try:
        yield made[0]
    finally:
        tree.stop(20)
        wait_until(lambda: not [each for each in threading.enumerate() if each.name.startswith("tray-child")])


@pytest.mark.parametrize(
    "way",
    ["ends at once", "raises", "says nonsense", "floods", "a line without end", "never comes up", "is killed", "hangs"],
)
def test_a_child_that_goes_wrong_is_replaced_and_the_actor_never_restarts(way: str) -> None:
    with tray(way, way, way) as own:
        wait_until(lambda: len(own.children) >= 4 and own.state == "docked")
        assert own.restarts() >= 3
        report = own.tree.report("tray")
        assert (report.restarts, report.last_failure) == (0, None)


def test_a_hundred_children_that_die_leave_no_thread_and_the_last_one_stays() -> None:
    with tray(*["is killed", "raises", "ends at once", "says nonsense"] * 25) as own:
        wait_until(lambda: len(own.children) == 101 and own.state == "docked")
        assert own.restarts() == 100
        wait_until(lambda: len([each for each in threading.enumerate() if each.name.startswith("tray-child")]) == 2)


def test_a_hung_child_delays_no_message_to_the_actor() -> None:
    slow = attrs.evolve(FAST, hung_after_seconds=60.0)
    with tray("hangs", pace=slow) as own:
        wait_until(lambda: own.state == "docked")
        for number in range(2_000):  # far more than a pipe takes
            own.program.status = status(operation("sms", "failed", f"{number} " + "x" * 200), state="failed")
            own.bell.ring()
        began = monotonic()
        own.say(event="chosen", what="open")
        wait_until(lambda: own.program.done == ["window"])
        assert own.tree.report("tray").mailbox < 10
        assert monotonic() - began < 60


def test_four_hundred_changes_in_a_second_are_few_looks_and_the_last_one_is_shown() -> None:
    with tray() as own:
        wait_until(lambda: own.state == "docked")
        wait_until(lambda: [line["picture"] for line in own.said if line["event"] == "drawn"][-1:] == ["active"])
        began, looks = monotonic(), own.program.looks
        for number in range(400):
            state = ("failed", "active")[number % 2]
            own.program.status = status(operation("sms", state), state=state)
            own.bell.ring()
            threading.Event().wait(0.002)
        own.program.status = status(operation("sms", "waiting"), state="attention")
        own.bell.ring()
        wait_until(lambda: [line["picture"] for line in own.said if line["event"] == "drawn"][-1] == "attention")
        assert own.program.looks - looks <= (monotonic() - began) / FAST.look_seconds + 2


def test_what_is_chosen_is_done() -> None:
    with tray() as own:
        for what in ("open", "restart:sms", "quit", "unheard of"):
            own.say(event="chosen", what=what)
        wait_until(lambda: own.program.done == ["window", "restart sms", "stop"])


def test_what_a_replaced_child_says_counts_no_more() -> None:
    with tray("is killed") as own:
        wait_until(lambda: own.state == "docked")
        own.tree.child("tray").tell(Said(1, {"event": "chosen", "what": "quit"}))
        own.say(event="chosen", what="open")
        wait_until(lambda: own.program.done == ["window"])


def test_alerts_are_shown_paused_and_shown_again() -> None:
    with tray() as own:
        wait_until(lambda: own.state == "docked")
        own.program.status = status(operation("sms", "failed", "no modem"), state="failed")
        wait_until(lambda: len(own.told) == 1)
        assert own.told[0] == {
            "title": "Heitz Service — ACCUEIL",
            "text": "SMS: failed: no modem",
            "picture": "attention",
        }
        own.say(event="chosen", what="pause:ever")
        wait_until(lambda: own.memory.pause == Pause())
        own.program.status = status(operation("sms"))
        looks = own.program.looks
        wait_until(lambda: own.program.looks > looks + 3)
        assert len(own.told) == 1
        own.say(event="chosen", what="resume")
        wait_until(lambda: len(own.told) == 2)
        assert own.told[1]["text"] == "SMS is well again: active"


def test_an_actor_that_crashes_repeats_no_alert_and_leaves_no_child() -> None:
    with tray() as own:
        own.program.status = status(operation("sms", "failed", "no modem"), state="failed")
        wait_until(lambda: len(own.told) == 1)
        own.tree.child("tray").tell("a message of nobody's")
        wait_until(lambda: own.tree.report("tray").restarts == 1)
        wait_until(lambda: len(own.children) == 2 and own.state == "docked")
        looks = own.program.looks
        wait_until(lambda: own.program.looks > looks + 3)
        assert len(own.told) == 1


def test_alerts_that_are_switched_off_are_not_shown() -> None:
    with tray(settings=PresenceSettings(alerts=False)) as own:
        own.program.status = status(operation("sms", "failed", "no modem"), state="failed")
        own.tree.child("tray").tell(Look())
        looks = own.program.looks
        wait_until(lambda: own.program.looks > looks + 3)
        assert own.told == []


@pytest.mark.parametrize(
    ("pause", "was_stable", "expected"),
    [
        (0.0, False, 0.2),  # the first end
        (0.2, False, 0.4),  # it did not get on its feet
        (12.8, False, 15.0),  # never beyond: the icon is to be back within half a minute
        (15.0, True, 0.2),  # it worked in between
    ],
)
def test_the_pause_before_the_next_child_doubles_up_to_a_limit(
    pause: float,
    was_stable: bool,  # noqa: FBT001 - a column of the table
    expected: float,
) -> None:
    assert next_pause(pause, PACE, was_stable=was_stable) == expected


def test_a_child_is_hung_when_it_owes_an_answer_or_never_comes_up() -> None:
    assert Lifeline(0.0).is_hung(20.1, PACE)
    assert not Lifeline(0.0).is_hung(19.9, PACE)
    assert not Lifeline(0.0, up_at=1.0).is_hung(1e6, PACE)
    assert Lifeline(0.0, up_at=1.0, asked_at=100.0).is_hung(110.1, PACE)
    # Found within a beat after ten seconds, replaced within fifteen: back in half a minute.
    assert PACE.hung_after_seconds + PACE.beat_seconds + PACE.shortest_seconds < 30
    assert PACE.longest_seconds < 30
