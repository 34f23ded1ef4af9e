"""Brings a modem from "a port is open" to "an SMS may leave", step by step; each step says what stands in its way."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

import attrs

from actors.sms.adapters.modem import network
from actors.sms.adapters.modem.dialogue import Dialogue
from actors.sms.adapters.modem.mailbox import Mailbox
from actors.sms.adapters.modem.settings import ModemSettings
from actors.sms.adapters.modem.sim_pin import SimPin
from actors.sms.transport import Unavailable
from config.sentence import Sentence

_PATIENCE_STEPS: Final = 10
_RANGE: Final = re.compile(r"\(([^)]*)\)")


@attrs.frozen
class Equipment:
    """What was found out about a modem."""

    model: str
    operator: str | None
    registration: network.Registration
    signal: int | None
    tells_reports: bool


def bring_up(
    dialogue: Dialogue, settings: ModemSettings, pin: SimPin, mailbox: Mailbox, now: Callable[[], datetime]
) -> Equipment:
    """Return the modem, ready to send. Raises Unavailable, Silent, Restarted, PortLost, Interrupted."""
    dialogue.is_starting = dialogue.echoes = True
    dialogue.wake()
    _demand_no_echo(dialogue)
    dialogue.ask("AT+CMEE=1")  # errors by number; a modem that cannot is told by ERROR alone
    model = _identity(dialogue)
    pin.unlock(dialogue)
    _demand_pdu_mode(dialogue)
    registered = network.demand_network(dialogue, may_roam=settings.roaming)
    _demand_sms_centre(dialogue, settings.sms_centre)
    mailbox.choose_memory(dialogue)
    tells = _choose_indications(dialogue)
    mailbox.sweep(dialogue, now())
    equipment = Equipment(model, network.operator(dialogue), registered, network.signal(dialogue), tells_reports=tells)
    dialogue.is_starting = False
    return equipment


def _demand_no_echo(dialogue: Dialogue) -> None:
    dialogue.ask("ATE0")
    dialogue.echoes = dialogue.echoes_back()


def _identity(dialogue: Dialogue) -> str:
    words = []
    for command in ("AT+CGMI", "AT+CGMM"):
        answer = dialogue.ask(command)
        if answer.is_ok and answer.lines:
            words.append(answer.lines[0].partition(":")[2].strip(' "') or answer.lines[0])
    return " ".join(words)[:80]


def _demand_pdu_mode(dialogue: Dialogue) -> None:
    """Set PDU mode; a modem whose card was opened this moment may want some seconds for it."""
    answer = dialogue.ask("AT+CMGF=0")
    for _ in range(_PATIENCE_STEPS):
        if answer.is_ok:
            return
        dialogue.listen(0.5)
        answer = dialogue.ask("AT+CMGF=0")
    raise Unavailable(
        Sentence.of("the modem takes no SMS in PDU mode ({error}): is it a GSM modem", error=answer.final),
        needs_a_person=True,
    )


def _demand_sms_centre(dialogue: Dialogue, wanted: str | None) -> None:
    known = re.search(r'"(\+?\d*)"', dialogue.ask("AT+CSCA?").after("+CSCA:") or "")
    if wanted is None and known is not None and known[1]:
        return
    if wanted is None:
        raise Unavailable(
            Sentence.of("the SIM card knows no SMS centre: write sms_centre in the settings"), needs_a_person=True
        )
    if known is not None and known[1].lstrip("+") == wanted.lstrip("+"):
        return
    answer = dialogue.ask(f'AT+CSCA="{wanted}",145')
    if not answer.is_ok:
        raise Unavailable(
            Sentence.of("the modem does not take the SMS centre of the settings ({error})", error=answer.final),
            needs_a_person=True,
        )


def _choose_indications(dialogue: Dialogue) -> bool:
    """Have SMS and reports stored and announced: what is stored outlives us. Return whether reports are told at all."""
    dialogue.ask("AT+CSMS=0")  # phase 2+ would want each direct report acknowledged
    offered = [_numbers(each) for each in _RANGE.findall(dialogue.ask("AT+CNMI=?").after("+CNMI:") or "")]
    while len(offered) < 4:  # noqa: PLR2004 - mode, mt, bm, ds
        offered.append(set())
    mode = _first_of((2, 1, 3, 0), offered[0])
    mt = _first_of((1, 2, 0), offered[1])
    for ds in (2, 1):
        if (not offered[3] or ds in offered[3]) and dialogue.ask(f"AT+CNMI={mode},{mt},0,{ds},0").is_ok:
            return True
    dialogue.ask(f"AT+CNMI={mode},{mt},0,0,0")
    return False


def _first_of(wanted: tuple[int, ...], offered: set[int]) -> int:
    return next((each for each in wanted if each in offered), wanted[0])


def _numbers(written: str) -> set[int]:
    """Return the numbers of a range such as `0-2` or `0,1,3`."""
    numbers: set[int] = set()
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", written):
        numbers.update(range(int(first), min(int(last or first), 9) + 1))
    return numbers
