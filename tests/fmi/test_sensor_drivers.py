"""Each driver on its port: what it tells, when it tells it, and the way in that it closes."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sensor_simulators import Answering, Cable, Turnstile, count_long, heartbeat

from actors.fmi.drivers.driver import Alive, CanForbid, Driver, Noise, NotObeyed, Passages, Seen, Totals
from actors.fmi.drivers.roster import open_driver, pace_of
from actors.fmi.drivers.settings import LineSettings, TerabeeSettings, Tpw321Settings
from actors.fmi.drivers.tpw321 import content_of, frame
from actors.serial_port import NotOpened, PortLost

PATIENCE = 90.0


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    with Cable(tmp_path / "sensor") as plugged:
        yield plugged


@pytest.fixture
def board(cable: Cable) -> Iterator[Turnstile]:
    turnstile = Turnstile()
    device = Answering(cable, turnstile)
    yield turnstile
    device.close()


def terabee(cable: Cable, **keys: Any) -> Driver:
    return open_driver(TerabeeSettings(driver="terabee", port=str(cable.link), **keys))


def tpw321(cable: Cable, **keys: Any) -> Driver:
    quick = {"every": timedelta(milliseconds=100), "answer_within": timedelta(seconds=5)}
    return open_driver(Tpw321Settings(driver="tpw321", port=str(cable.link), **{**quick, **keys}))


def seen_until(driver: Driver, is_enough: Callable[[Seen], bool]) -> Sequence[Seen]:
    """Return all that is seen up to what was waited for."""
    seen: list[Seen] = []
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        seen += driver.read()
        if any(map(is_enough, seen)):
            return seen
    raise AssertionError(seen)


def is_totals(seen: Seen) -> bool:
    return isinstance(seen, Totals)


def test_a_count_is_told_at_once_and_the_rest_once(cable: Cable) -> None:
    driver = terabee(cable)
    cable.say(heartbeat() * 5 + b"noise" + count_long(3, 1) + heartbeat())
    counted, alive, noise = driver.read()
    assert (counted, alive) == (Totals(3, 1, 16), Alive())
    assert isinstance(noise, Noise)
    assert noise.skipped == 5
    driver.close()


def test_heartbeats_without_a_count_are_one_sign_of_life(cable: Cable) -> None:
    driver = terabee(cable)
    cable.say(heartbeat() * 6)
    assert driver.read() == [Alive()]
    assert driver.read() == []
    driver.close()


def test_what_is_not_a_sensor_is_told_from_a_bad_cable(cable: Cable) -> None:
    """At a wrong speed, or on a modem's port, bytes come and never a frame."""
    driver = terabee(cable)
    cable.say(b"\r\nRING\r\n")
    (noise,) = driver.read()
    assert isinstance(noise, Noise)
    assert "is it of this kind, and the port's speed right" in str(noise.reason)
    cable.say(heartbeat() * 3 + b"\x00\x00")
    assert "look at the cable" in str(driver.read())
    driver.close()


def test_a_sensor_that_hangs_the_other_way_round_counts_the_other_way(cable: Cable) -> None:
    driver = terabee(cable, reversed=True)
    cable.say(count_long(3, 1) + heartbeat())
    assert Totals(1, 3, 16) in driver.read()
    driver.close()


@pytest.mark.parametrize("powered", [True, False])
def test_what_a_kind_is_like_is_told(cable: Cable, *, powered: bool) -> None:
    driver = terabee(cable, powered_by_port=powered)
    assert driver.silence == timedelta(seconds=2)
    assert driver.forgets_when_unplugged is powered
    assert driver.words_are_checked
    assert not isinstance(driver, CanForbid)
    driver.close()


def test_a_reader_elsewhere_is_refused_a_sensor_too(cable: Cable) -> None:
    driver = terabee(cable)
    with pytest.raises(NotOpened, match="in use"):
        tpw321(cable)
    driver.close()


def test_a_pulled_cable_and_the_way_back(cable: Cable) -> None:
    driver = terabee(cable)
    cable.say(count_long(3, 1) + heartbeat())
    seen_until(driver, is_totals)
    cable.unplug()
    with pytest.raises(PortLost):
        driver.read()
    driver.close()
    cable.plug_in()
    driver = terabee(cable)
    cable.say(count_long(1, 0) + heartbeat())
    assert Totals(1, 0, 16) in seen_until(driver, is_totals)
    driver.close()


def test_an_interrupt_ends_a_read_and_every_later_one(cable: Cable) -> None:
    driver = terabee(cable)
    threading.Timer(0.02, driver.interrupt).start()
    assert not driver.read()
    driver.interrupt()
    for _ in range(1000):  # at 0.2 s each, the test would run into its time limit
        assert not driver.read()
    driver.close()


def test_half_a_frame_at_the_end_of_a_read_is_not_lost(cable: Cable) -> None:
    driver = terabee(cable)
    stream = count_long(8, 2) + heartbeat()
    cable.say(stream[:6])
    assert driver.read() == []
    cable.say(stream[6:])
    assert Totals(8, 2, 16) in driver.read()
    driver.close()


def test_a_flood_ends_each_read_in_time_and_finds_nobody(cable: Cable) -> None:
    """What is taken is no more than a wire carries; what is written beyond stays with the system."""
    driver = terabee(cable, baud=9600)
    is_over = threading.Event()

    def flood() -> None:
        while not is_over.is_set():
            if not cable.say(os.urandom(4096)):
                is_over.wait(0.001)

    flooding = threading.Thread(target=flood)
    flooding.start()
    begun, skipped = time.monotonic(), 0
    while time.monotonic() - begun < 2:
        for each in driver.read():
            assert isinstance(each, Noise)
            skipped += each.skipped
    taken_within = time.monotonic() - begun
    is_over.set()
    flooding.join()
    assert skipped <= pace_of(TerabeeSettings(driver="terabee", port="COM3", baud=9600)) * (taken_within + 1) + 8192
    driver.close()


def test_lines_are_passages(cable: Cable) -> None:
    driver = open_driver(LineSettings(driver="line", port=str(cable.link), entry="IN", exit="OUT"))
    assert driver.silence is None
    assert not driver.words_are_checked
    cable.say(b"IN\nOUT\n")
    assert driver.read() == [Passages(entries=1), Passages(exits=1)]
    driver.close()


def test_a_turnstile_is_asked_for_its_counters(cable: Cable, board: Turnstile) -> None:
    board.entries, board.exits = 1234, 56
    driver = tpw321(cable)
    assert is_totals(seen_until(driver, is_totals)[-1])
    board.entries += 1
    assert Totals(1235, 56, 0) in seen_until(driver, lambda seen: seen == Totals(1235, 56, 0))
    driver.close()


def test_a_digit_damaged_once_is_not_believed(cable: Cable, board: Turnstile) -> None:
    """There is no checksum: 105 read as 905, and then as 105, would be a reset and 105 people."""
    board.entries = 105
    driver = tpw321(cable)
    seen_until(driver, is_totals)
    damaged = iter([True])

    def once(answer: bytes) -> bytes:
        return answer.replace(b"105", b"905") if next(damaged, False) else answer

    board.damage = once
    asked = len(board.asked)
    seen: list[Seen] = []
    while len(board.asked) < asked + 12:
        seen += driver.read()
    assert {each for each in seen if isinstance(each, Totals)} == {Totals(105, 0, 0)}
    driver.close()


def test_answers_that_contradict_each_other_are_noise(cable: Cable, board: Turnstile) -> None:
    rising = iter(range(100, 10**6, 100))

    def another(answer: bytes) -> bytes:
        digits = str(next(rising)).encode()
        return answer[:2] + bytes((len(digits),)) + digits + b"\x04"

    board.damage = another
    driver = tpw321(cable)
    seen = seen_until(driver, lambda each: isinstance(each, Noise))
    assert "contradict each other" in str(seen[-1])
    assert not any(map(is_totals, seen))
    driver.close()


def test_a_silent_turnstile_is_noise_and_then_heard_again(cable: Cable, board: Turnstile) -> None:
    board.is_silent = True
    driver = tpw321(cable, answer_within=timedelta(milliseconds=50))
    seen = seen_until(driver, lambda each: isinstance(each, Noise))
    assert "does not answer: look at its power" in str(seen)
    board.is_silent = False
    seen_until(driver, is_totals)
    driver.close()


def test_the_way_in_is_closed_and_the_way_out_never(cable: Cable, board: Turnstile) -> None:
    driver = tpw321(cable, may_forbid=True)
    assert isinstance(driver, CanForbid)
    assert driver.can_forbid
    driver.forbid_entries(True)
    assert board.mode == b"\x32\x31"
    driver.interrupt()  # a stop: the way in is opened all the same
    driver.forbid_entries(False)
    assert board.mode == b"\x30\x31"
    driver.close()


def test_a_reversed_turnstile_closes_the_other_side(cable: Cable, board: Turnstile) -> None:
    board.entries, board.exits = 5, 3
    driver = tpw321(cable, may_forbid=True, reversed=True)
    assert isinstance(driver, CanForbid)
    driver.forbid_entries(True)
    assert board.mode == b"\x31\x32"
    assert Totals(3, 5, 0) in seen_until(driver, is_totals)
    driver.close()


def test_a_turnstile_that_refuses_or_is_not_to_be_closed_says_so(cable: Cable, board: Turnstile) -> None:
    driver = tpw321(cable, may_forbid=True)
    assert isinstance(driver, CanForbid)
    board.refuses = True
    with pytest.raises(NotObeyed, match="refuses its working mode"):
        driver.forbid_entries(True)
    driver.close()
    driver = tpw321(cable)
    assert isinstance(driver, CanForbid)
    assert not driver.can_forbid
    with pytest.raises(NotObeyed, match="write may_forbid"):
        driver.forbid_entries(True)
    assert all(asked[1] != 0x14 for asked in board.asked[2:])
    driver.close()


@pytest.mark.parametrize(
    ("came", "content"),
    [
        ("02 21 02 31 32 04", "21 31 32"),  # twelve entries
        ("07 02 21 02 31 32 04", "21 31 32"),  # with an address, which may be any byte
        ("02 02 21 02 31 32 04", "21 31 32"),  # even the byte that begins a frame
        ("02 21 02 31 32", None),  # not whole yet
        ("02 21 02 31 32 05", None),  # without its end
        ("02 21 00 04", None),  # no digit
        ("02 21 0B 31 31 31 31 31 31 31 31 31 31 31 04", None),  # more digits than a counter has
        ("02 21 02 31 41 04", None),  # no digit
        ("02 22 01 31 04 02 21 01 39 04", "21 39"),  # the answer to another question before it
        ("02 44 00 04", None),  # done, which was not asked for
    ],
)
def test_an_answer_of_the_board_is_whole_or_none(came: str, content: str | None) -> None:
    assert content_of(bytes.fromhex(came), 0x21) == (None if content is None else bytes.fromhex(content))


def test_commands_are_those_of_the_manual() -> None:
    assert frame(0xFF) == bytes.fromhex("02FF0004")
    assert frame(0x28, b"\x30") == bytes.fromhex("0228013004")
    assert frame(0x28, b"\x31", 7) == bytes.fromhex("070228013104")
    assert frame(0x14, b"\x32\x31") == bytes.fromhex("021402323104")
