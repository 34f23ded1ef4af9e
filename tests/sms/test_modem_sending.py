"""Whatever a modem does with an SMS, the answer is true about whether a copy can exist, and the next leaves."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
from modem_at import Fault
from modem_rig import NUMBER, TEXT, Rig, an_sms, plugged_in, wait_until

from actors.sms.transport import (
    Accepted,
    Answer,
    Blame,
    CanReceive,
    CanReport,
    NotSent,
    Refused,
    Unavailable,
    Unknown,
    Withheld,
)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with plugged_in(tmp_path) as rig:
        yield rig


def texts(rig: Rig) -> list[str]:
    return [each["text"] for each in rig.simulated.air()]


OUTCOMES: list[tuple[Fault, type[Answer | Unavailable], int]] = [
    (Fault.REFUSED, Refused, 0),
    (Fault.UNKNOWN_NUMBER, Refused, 0),
    (Fault.FAILED, Unknown, 0),  # the same words as of one that went
    (Fault.LYING, Unknown, 1),
    (Fault.LOST_RESULT, Unknown, 1),
    (Fault.LOST_UNSENT, Unknown, 0),
    (Fault.LATE, Unknown, 1),
    (Fault.LATE_BEFORE_NEXT, Unknown, 1),
    (Fault.GARBAGE, Accepted, 1),
    (Fault.OTHER_ANSWER, Accepted, 1),
    (Fault.NO_OK, Accepted, 1),
    (Fault.REBOOT_BEFORE_PROMPT, Unavailable, 0),
    (Fault.REBOOT_UNSENT, Unknown, 0),
    (Fault.REBOOT_SENT, Unknown, 1),
    (Fault.HANG_BEFORE_PROMPT, Unavailable, 0),
    (Fault.HANG_SENT, Unknown, 1),
    (Fault.VANISH_BEFORE_PROMPT, Unavailable, 0),
    (Fault.VANISH_SENT, Unknown, 1),
    (Fault.NO_PROMPT, NotSent, 0),
    (Fault.FULL, NotSent, 0),
]


def test_every_fault_of_the_simulator_is_in_the_table() -> None:
    assert {fault for fault, _, _ in OUTCOMES} == set(Fault)


@pytest.mark.parametrize("is_first", [True, False], ids=["the first SMS", "a later SMS"])
@pytest.mark.parametrize(("fault", "answer", "copies"), OUTCOMES, ids=lambda each: getattr(each, "name", ""))
def test_a_fault_has_one_answer_and_the_next_sms_leaves(
    rig: Rig, fault: Fault, answer: type, copies: int, *, is_first: bool
) -> None:
    if is_first:
        rig.transport.open()
    else:
        assert isinstance(rig.send(an_sms("club-0", body="zéro")), Accepted)
    before = len(rig.simulated.air())
    rig.modem.faults.append(fault)
    assert isinstance(rig.send(an_sms("club-1", body="un")), answer)
    assert len(rig.simulated.air()) - before == copies
    if fault in (Fault.VANISH_BEFORE_PROMPT, Fault.VANISH_SENT):
        wait_until(lambda: not rig.simulated.link.exists())
        rig.simulated.plug_in()
    answer_of_the_next = rig.send(an_sms("club-2", body="deux"))
    if fault is Fault.LOST_UNSENT and not is_first:  # the next has the reference that the lost one could have
        assert isinstance(answer_of_the_next, Unknown)
    else:
        assert isinstance(answer_of_the_next, Accepted)
    assert texts(rig)[before:] == ["un"] * copies + ["deux"]
    assert isinstance(rig.send(an_sms("club-3")), Accepted)


def test_what_leaves_is_what_was_written(rig: Rig) -> None:
    body = "L'été à Noël : 10 € [promis] ~ Où ça ? Ça va, ê œ 🏊"
    assert isinstance(rig.send(an_sms(body=body, validity=timedelta(hours=5))), Accepted)
    [sent] = rig.simulated.air()
    assert (sent["to"], sent["text"], sent["validity"], sent["srr"]) == (NUMBER, body, 59, True)


def test_a_long_sms_leaves_in_parts_that_belong_together(rig: Rig) -> None:
    body = "Bonjour, le cours est annulé. " * 12
    answer = rig.send(an_sms(body=body))
    assert isinstance(answer, Accepted)
    parts = rig.simulated.air()
    assert (answer.parts, len(parts)) == (3, 3)
    assert "".join(part["text"] for part in parts) == body
    assert [part["tail"][2:] for part in parts] == ["0301", "0302", "0303"]
    assert len({part["tail"][:2] for part in parts}) == 1
    assert rig.marks == 1


def test_two_long_sms_in_a_row_have_different_references(rig: Rig) -> None:
    for number in range(2):
        rig.send(an_sms(f"club-{number}", body="x" * 200))
    assert len({part["tail"][:2] for part in rig.simulated.air()}) == 2


def test_a_middle_part_that_surely_stayed_is_tried_again(rig: Rig) -> None:
    rig.modem.faults.extend([None, Fault.NO_PROMPT, Fault.REFUSED, None, None])
    assert isinstance(rig.send(an_sms(body="y" * 400)), Accepted)
    assert "".join(texts(rig)) == "y" * 400


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.NO_PROMPT, Fault.LOST_RESULT, Fault.VANISH_BEFORE_PROMPT])
def test_parts_that_left_make_the_whole_unknown_when_another_stays(rig: Rig, fault: Fault) -> None:
    rig.modem.faults.extend([None, *[fault] * 3])
    answer = rig.send(an_sms(body="z" * 400))
    assert isinstance(answer, Unknown)
    assert answer.provider_reference is not None
    assert 1 <= len(rig.simulated.air()) <= 2


def test_a_first_part_that_was_refused_leaves_no_other(rig: Rig) -> None:
    rig.modem.faults.append(Fault.UNKNOWN_NUMBER)
    answer = rig.send(an_sms(body="z" * 400))
    assert isinstance(answer, Refused)
    assert answer.is_final
    assert answer.blame is Blame.MESSAGE


def test_nothing_leaves_when_the_mark_says_no_and_the_prompt_is_left(rig: Rig) -> None:
    assert isinstance(rig.send(mark=lambda: False), Withheld)
    assert isinstance(rig.send(an_sms("club-2")), Accepted)
    assert texts(rig) == [TEXT]


def test_what_the_mark_raises_passes_through_and_nothing_leaves(rig: Rig) -> None:
    def broken() -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        rig.transport.send(an_sms(), broken)
    assert isinstance(rig.send(an_sms("club-2")), Accepted)
    assert texts(rig) == [TEXT]


def test_no_byte_of_the_pdu_is_written_before_the_mark(rig: Rig) -> None:
    heard: list[bytes] = []

    def mark() -> bool:
        wait_until(lambda: rig.modem.commands[-1].startswith("AT+CMGS="))
        heard.append(rig.simulated.heard)
        return True

    rig.transport.send(an_sms(), mark)
    assert heard[0].rsplit(b"\r", 2)[1].startswith(b"AT+CMGS=")
    assert heard[0].endswith(b"\r")


@pytest.mark.parametrize("pieces", [1, 2, 3, 7])
def test_answers_in_pieces_and_echo_are_read_all_the_same(rig: Rig, pieces: int) -> None:
    rig.modem.always_echoes = True
    rig.simulated.splits = pieces
    assert isinstance(rig.send(), Accepted)
    assert isinstance(rig.send(an_sms("club-2")), Accepted)
    assert texts(rig) == [TEXT, TEXT]


def test_what_a_modem_says_by_itself_in_the_middle_of_answers_is_no_answer(rig: Rig) -> None:
    rig.modem.says_before_each_answer = '^RSSI:19\r\n\r\nRING\r\n\r\n+CREG: 1\r\n\r\n+CUSD: 2,"Solde : 3 EUR",15'
    assert isinstance(rig.send(), Accepted)


def test_a_silent_restart_into_text_mode_sends_no_pdu_as_text(rig: Rig) -> None:
    assert isinstance(rig.send(), Accepted)
    with rig.simulated.lock:
        rig.modem.boots_silently = rig.modem.boots_in_text_mode = True
        rig.modem.reboot()
    assert isinstance(rig.send(an_sms("club-2")), Unavailable)
    assert isinstance(rig.send(an_sms("club-3")), Accepted)
    assert [each["mode"] for each in rig.simulated.air()] == ["pdu", "pdu"]


def test_a_refusal_that_may_belong_to_an_earlier_sms_is_none(rig: Rig) -> None:
    rig.modem.faults.extend([Fault.LOST_RESULT, Fault.REFUSED])
    rig.send()
    assert isinstance(rig.send(an_sms("club-2")), Unknown)


def test_interrupting_while_the_network_is_waited_for_ends_the_wait_at_once(tmp_path: Path) -> None:
    with plugged_in(tmp_path, answer_within=timedelta(seconds=50)) as rig:
        rig.transport.open()
        rig.modem.faults.append(Fault.LOST_RESULT)
        answers: list[Answer | Unavailable] = []
        thread = threading.Thread(target=lambda: answers.append(rig.send()))
        thread.start()
        wait_until(lambda: bool(rig.simulated.air()))
        began = monotonic()
        rig.transport.interrupt()
        thread.join(20)
        assert monotonic() - began < 20  # of fifty
        assert isinstance(answers[0], Unknown)
        assert isinstance(rig.send(an_sms("club-2")), Withheld)
        rig.transport.close()
        assert isinstance(rig.send(an_sms("club-3")), Accepted)


def test_interrupting_before_the_irrevocable_byte_withholds(rig: Rig) -> None:
    def mark() -> bool:
        rig.transport.interrupt()
        return rig.mark()

    assert isinstance(rig.send(mark=mark), Withheld)
    assert texts(rig) == []


@pytest.mark.parametrize("body", ["", "   ", "nul \x00", "half \ud83d"])
def test_a_text_that_no_sms_can_carry_is_refused_before_anything_is_opened(rig: Rig, body: str) -> None:
    answer = rig.send(an_sms(body=body))
    assert isinstance(answer, Refused)
    assert answer.is_final
    assert rig.modem.commands == []


def test_a_hanging_modem_lets_the_next_sms_follow_within_a_minute(tmp_path: Path) -> None:
    # With the patience of the field: nothing is waited for beyond the network's own limit and a few commands.
    from actors.sms.adapters.modem.dialogue import Patience  # noqa: PLC0415 - the real ones, only here

    field = Patience()
    tries, commands = 3, 1
    assert 40 + tries * (field.wake + 2 * field.quiet) + commands * field.command < 60


def test_the_transport_reports_and_receives(rig: Rig) -> None:
    assert isinstance(rig.transport, CanReport)
    assert isinstance(rig.transport, CanReceive)


def test_nothing_private_is_written_beside_the_journal(rig: Rig) -> None:
    rig.send()
    kept = "".join(file.read_text("utf-8") for file in rig.folder.glob("modem-*.json*"))
    assert "club-1" in kept
    assert NUMBER[-9:] not in kept
    assert "annul" not in kept
