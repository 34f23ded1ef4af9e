"""Counters read from a real Modbus server, over a wire that does what wires do."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modbus_module import Module
from pymodbus.framer import FramerRTU

from actors.fmi.drivers.driver import CanForbid, Noise, NotObeyed, Seen, Totals
from actors.fmi.drivers.modbus import ModbusCodec, reading
from actors.fmi.drivers.roster import open_driver
from actors.fmi.drivers.settings import ModbusSettings
from actors.serial_port import PortLost
from config.problem import ValueRefusedError

PATIENCE = 90.0


@pytest.fixture
def module(tmp_path: Path) -> Iterator[Module]:
    simulated = Module(tmp_path / "module")
    yield simulated
    simulated.close()


def settings(module: Module, **keys: Any) -> ModbusSettings:
    quick = {"every": timedelta(milliseconds=100), "answer_within": timedelta(seconds=5), "entries": 16, "exits": 18}
    return ModbusSettings(driver="modbus", port=str(module.cable.link), **{**quick, **keys})


def seen_until(driver: Any, is_enough: Callable[[Seen], bool]) -> Sequence[Seen]:
    seen: list[Seen] = []
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        seen += driver.read()
        if any(map(is_enough, seen)):
            return seen
    raise AssertionError(seen)


def is_totals(seen: Seen) -> bool:
    return isinstance(seen, Totals)


def totals_of(module: Module, **keys: Any) -> Totals:
    driver = open_driver(settings(module, **keys))
    try:
        found = seen_until(driver, is_totals)[-1]
        assert isinstance(found, Totals)
        return found
    finally:
        driver.close()


@pytest.mark.parametrize(
    ("keys", "totals"),
    [
        ({}, Totals(65_538, 77, 32)),
        ({"function": "holding"}, Totals(65_538, 77, 32)),
        ({"word_order": "low_first"}, Totals(131_073, 77 << 16, 32)),
        ({"words": 1, "entries": 17, "exits": 19}, Totals(2, 77, 16)),
        ({"exits": None}, Totals(65_538, 0, 32)),
        ({"entries": None}, Totals(0, 77, 32)),
        ({"entries": 18, "exits": 16}, Totals(77, 65_538, 32)),  # wired the other way round
        ({"pulses": 2}, Totals(32_769, 38, 31)),  # begins at 0 again after half as many people
        ({"entries": 16, "exits": 190}, Totals(65_538, 4, 32)),  # too far apart for one question
    ],
)
def test_counters_are_read_as_the_settings_say(module: Module, keys: dict[str, Any], totals: Totals) -> None:
    module.registers[16:20] = [1, 2, 0, 77]
    module.registers[191] = 4
    assert totals_of(module, **keys) == totals


def test_counters_are_followed(module: Module) -> None:
    driver = open_driver(settings(module))
    seen_until(driver, lambda seen: seen == Totals(0, 0, 32))
    module.registers[17] = 3
    seen_until(driver, lambda seen: seen == Totals(3, 0, 32))
    driver.close()


def test_a_damaged_answer_is_noise_and_the_next_is_read(module: Module) -> None:
    module.registers[17] = 5
    damaged = iter([True, True])
    module.damage = lambda answer: answer[:-1] + b"\xff" if next(damaged, False) else answer
    driver = open_driver(settings(module, answer_within=timedelta(milliseconds=500)))
    seen = seen_until(driver, is_totals)
    assert all(isinstance(each, Noise) and "came damaged" in str(each.reason) for each in seen[:-1])
    assert seen[-1] == Totals(5, 0, 32)
    driver.close()


@pytest.mark.parametrize("around", [(b"\x01\x04\x08", b""), (b"\x00\xff", b"\x00"), (b"\x01\x04", b"\x01")])
def test_noise_around_an_answer_is_read_past(module: Module, around: tuple[bytes, bytes]) -> None:
    module.registers[17] = 5
    module.damage = lambda answer: around[0] + answer + around[1]
    assert totals_of(module) == Totals(5, 0, 32)


def test_an_adapter_that_echoes_is_read_past(module: Module) -> None:
    module.echoes = True
    module.registers[17] = 5
    assert totals_of(module) == Totals(5, 0, 32)


def test_a_module_that_is_not_there_is_silence(module: Module) -> None:
    driver = open_driver(settings(module, unit=9, answer_within=timedelta(milliseconds=50)))
    seen = seen_until(driver, lambda each: isinstance(each, Noise))
    assert "does not answer: look at its power" in str(seen)
    assert driver.silence == timedelta(milliseconds=350)
    driver.close()


def test_a_register_that_is_not_there_is_said(module: Module) -> None:
    driver = open_driver(settings(module, entries=500))
    seen = seen_until(driver, lambda each: isinstance(each, Noise))
    assert "has no such register" in str(seen)
    driver.close()


@pytest.mark.parametrize(("closes", "coil"), [("on", True), ("off", False)])
def test_a_relay_closes_the_way_in(module: Module, closes: str, *, coil: bool) -> None:
    driver = open_driver(settings(module, relay_coil=3, relay_closes=closes))
    assert isinstance(driver, CanForbid)
    assert driver.can_forbid
    driver.forbid_entries(True)
    assert module.coils[3] is coil
    driver.interrupt()  # a stop: the way in is opened all the same
    driver.forbid_entries(False)
    assert module.coils[3] is not coil
    driver.close()


def test_a_relay_that_sticks_is_not_taken_for_moved(module: Module) -> None:
    """An adapter that echoes would confirm anything: the coil is read back."""
    module.sticks = module.echoes = True
    driver = open_driver(settings(module, relay_coil=3))
    assert isinstance(driver, CanForbid)
    with pytest.raises(NotObeyed, match="stayed as it was"):
        driver.forbid_entries(True)
    driver.close()


def test_a_relay_behind_an_adapter_that_echoes_is_moved(module: Module) -> None:
    module.echoes = True
    driver = open_driver(settings(module, relay_coil=3))
    assert isinstance(driver, CanForbid)
    for forbidden in (True, False, False, True):
        driver.forbid_entries(forbidden)
        assert module.coils[3] is forbidden
    driver.close()


def test_a_relay_that_is_not_there_or_not_written_is_said(module: Module) -> None:
    driver = open_driver(settings(module, relay_coil=3, relay_unit=9, answer_within=timedelta(milliseconds=50)))
    assert isinstance(driver, CanForbid)
    with pytest.raises(NotObeyed, match="did not confirm: the module does not answer"):
        driver.forbid_entries(True)
    driver.close()
    driver = open_driver(settings(module))
    assert isinstance(driver, CanForbid)
    assert not driver.can_forbid
    with pytest.raises(NotObeyed, match="write relay_coil"):
        driver.forbid_entries(True)
    driver.close()


def test_a_pulled_cable_is_a_lost_port(module: Module) -> None:
    driver = open_driver(settings(module))
    seen_until(driver, is_totals)
    module.cable.unplug()
    with pytest.raises(PortLost):
        seen_until(driver, lambda _: False)
    driver.close()


QUESTION = reading("input", 16, 4, 1)


def answer_of(registers: Sequence[int]) -> bytes:
    body = b"\x01\x04\x08" + b"".join(each.to_bytes(2) for each in registers)
    return body + FramerRTU.compute_CRC(body).to_bytes(2)


@given(st.lists(st.integers(0, 65_535), min_size=4, max_size=4), st.binary(max_size=40), st.integers(0, 12))
def test_an_answer_is_found_whole_and_never_half(registers: list[int], before: bytes, cut: int) -> None:
    codec = ModbusCodec()
    frame = answer_of(registers)
    found = codec.answer(before + frame, QUESTION, 13)
    assert found is not None
    assert found[0] == frame
    assert codec.answer(frame[:cut], QUESTION, 13) is None


def test_random_bytes_are_next_to_never_an_answer() -> None:
    """What CRC-16 lets through is one in 65,536 of what begins like an answer: the seed is fixed."""
    codec, rng = ModbusCodec(), random.Random(11)
    assert not any(codec.answer(rng.randbytes(4096), QUESTION, 13) for _ in range(250))


@given(st.lists(st.integers(0, 65_535), min_size=4, max_size=4), st.integers(0, 12), st.integers(1, 255))
def test_one_damaged_byte_is_no_answer(registers: list[int], place: int, flipped: int) -> None:
    frame = bytearray(answer_of(registers))
    frame[place] ^= flipped
    found = ModbusCodec().answer(bytes(frame), QUESTION, 13)
    assert found is None


@pytest.mark.parametrize(
    "keys",
    [{}, {"entries": 70_000}, {"entries": 1, "pulses": 3}, {"entries": 1, "unit": 0}, {"entries": 1, "words": 3}],
)
def test_settings_that_cannot_work_are_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValueRefusedError):
        ModbusSettings(driver="modbus", port="COM3", **keys)
