"""A SIM card never loses its last tries to this program: not by a wrong PIN, a new one, a crash or a lost file."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from modem_rig import Rig, an_sms, plugged_in, wait_until

from actors.sms.transport import Accepted, Unavailable
from config.secret import Secret


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with plugged_in(tmp_path) as rig:
        rig.modem.pin = "4711"
        rig.modem.reboot()
        yield rig


def opened(rig: Rig, pin: str | None) -> Unavailable | None:
    """Open as a program that starts anew does; return what stood in the way."""
    rig.transport.close()
    rig.transport = rig.another(pin=None if pin is None else Secret(pin))
    try:
        rig.transport.open()
    except Unavailable as unavailable:
        why = unavailable
    else:
        return None
    assert pin is None or pin not in str(why.sentence)
    return why


def test_the_right_pin_opens_the_card_and_sms_leave(rig: Rig) -> None:
    assert opened(rig, "4711") is None
    assert isinstance(rig.send(), Accepted)
    assert rig.modem.pins_given == ["4711"]


def test_a_card_that_wants_a_pin_needs_a_person_where_the_settings_have_none(rig: Rig) -> None:
    why = opened(rig, None)
    assert why is not None
    assert why.needs_a_person
    assert "write pin in the settings" in str(why.sentence)


def test_a_wrong_pin_is_given_once_however_often_the_program_starts(rig: Rig) -> None:
    for _ in range(4):
        why = opened(rig, "1234")
        assert why is not None
        assert why.needs_a_person
    assert rig.modem.pins_given == ["1234"]
    assert rig.modem.tries == 2


def test_another_pin_is_not_given_either_while_a_try_is_lost(rig: Rig) -> None:
    opened(rig, "1234")
    why = opened(rig, "4711")
    assert why is not None
    assert "modem-pin.json" in str(why.sentence)
    assert rig.modem.pins_given == ["1234"]


def test_another_pin_is_given_once_the_card_was_opened_elsewhere(rig: Rig) -> None:
    opened(rig, "1234")
    rig.modem.tries = 3
    rig.modem.tells_tries = True  # a modem that says so; of another, the file is deleted
    assert opened(rig, "4711") is None
    assert rig.modem.pins_given == ["1234", "4711"]


def test_the_refused_pin_is_not_given_again_even_with_all_tries(rig: Rig) -> None:
    opened(rig, "1234")
    rig.modem.tries = 3
    rig.modem.tells_tries = True
    assert opened(rig, "1234") is not None
    assert rig.modem.pins_given == ["1234"]


@pytest.mark.parametrize("left", [1, 2])
def test_no_pin_is_given_with_fewer_than_three_tries(rig: Rig, left: int) -> None:
    rig.modem.tries = left
    rig.modem.tells_tries = True
    why = opened(rig, "4711")
    assert why is not None
    assert why.needs_a_person
    assert rig.modem.pins_given == []


def test_a_card_that_wants_its_puk_needs_a_person(rig: Rig) -> None:
    rig.modem.tries = 0
    why = opened(rig, "4711")
    assert why is not None
    assert why.needs_a_person
    assert "PUK" in str(why.sentence)
    assert rig.modem.pins_given == []


def test_a_try_whose_end_nobody_saw_is_not_repeated(rig: Rig) -> None:
    rig.modem.is_hung = False
    original = rig.modem._about_pin

    def dies(command: str) -> str | int | None:
        answer: str | int | None = original(command)
        if command.startswith("+CPIN="):
            rig.modem.tries, rig.modem._is_open, rig.modem.is_hung = 2, False, True
        return answer

    rig.modem._about_pin = dies
    assert opened(rig, "1234") is not None
    rig.modem._about_pin = original
    rig.modem.is_hung = False
    assert opened(rig, "1234") is not None
    assert rig.modem.pins_given == ["1234"]


def test_a_file_that_cannot_be_read_counts_as_a_lost_try(rig: Rig) -> None:
    (rig.folder / "modem-pin.json").write_text("[", encoding="utf-8")
    assert opened(rig, "4711") is not None
    assert rig.modem.pins_given == []


def test_a_file_that_cannot_be_written_keeps_the_pin_back(rig: Rig) -> None:
    (rig.folder / "modem-pin.json.new").mkdir()
    why = opened(rig, "4711")
    assert why is not None
    assert rig.modem.pins_given == []


def test_a_pin_that_was_right_is_given_again_after_a_power_cut_of_the_modem(rig: Rig) -> None:
    assert opened(rig, "4711") is None
    rig.simulated.unplug()
    assert isinstance(rig.send(), Unavailable)
    rig.simulated.plug_in()
    wait_until(rig.simulated.link.exists)
    assert isinstance(rig.send(an_sms("club-2")), Accepted)
    assert rig.modem.pins_given == ["4711", "4711"]


def test_a_card_that_is_open_clears_what_was_remembered(rig: Rig) -> None:
    opened(rig, "1234")
    rig.modem._is_open, rig.modem.tries = True, 3
    assert opened(rig, "4711") is None
    rig.modem.reboot()
    assert opened(rig, "4711") is None
    assert rig.modem.pins_given == ["1234", "4711"]


@pytest.mark.parametrize("pin", ["", "12", "abcd", "123456789", '4711";+CFUN=0'])
def test_what_is_no_pin_is_never_given(rig: Rig, pin: str) -> None:
    rig.transport = rig.another(pin=Secret(pin))
    with pytest.raises(Unavailable):
        rig.transport.open()
    assert rig.modem.pins_given == []


def test_the_pin_is_not_in_the_file(rig: Rig) -> None:
    opened(rig, "4711")
    file = rig.folder / "modem-pin.json"
    assert set(json.loads(file.read_text())) == {"state", "salt", "digest"}
    assert "4711" not in file.read_text()[:20]
    assert file.stat().st_mode & 0o077 == 0
