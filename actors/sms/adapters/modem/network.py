"""Reads how a modem stands to its network: registration, signal, operator (3GPP TS 27.007 §7.2, §7.3, §8.5)."""

import re
from enum import Enum, unique
from typing import Final

from actors.sms.adapters.modem.dialogue import Dialogue
from actors.sms.transport import Unavailable
from config.sentence import Sentence

_UNKNOWN_SIGNAL: Final = 99
_WEAK: Final = 7
"""-99 dBm: below it SMS begin to fail."""


@unique
class Registration(Enum):
    """Where the modem is registered, by the third generation's numbers and the fourth's."""

    HOME = "home"
    ROAMING = "roaming"
    OFF = "off"
    SEARCHING = "searching"
    DENIED = "denied"
    EMERGENCY = "emergency"
    UNKNOWN = "unknown"


_STATES: Final = {
    0: Registration.OFF,
    1: Registration.HOME,
    2: Registration.SEARCHING,
    3: Registration.DENIED,
    4: Registration.UNKNOWN,
    5: Registration.ROAMING,
    6: Registration.HOME,  # for SMS only
    7: Registration.ROAMING,
    8: Registration.EMERGENCY,
    9: Registration.HOME,  # for calls not
    10: Registration.ROAMING,
}
_REASONS: Final = {
    Registration.OFF: Sentence.of("the modem is on no network and looks for none: check antenna and SIM card"),
    Registration.SEARCHING: Sentence.of("the modem is looking for a network"),
    Registration.DENIED: Sentence.of("the network turned the SIM card away: ask its operator"),
    Registration.EMERGENCY: Sentence.of("only emergency calls are possible: check the SIM card and its contract"),
    Registration.UNKNOWN: Sentence.of("the modem does not know whether it is on a network"),
    Registration.ROAMING: Sentence.of(
        "the modem is on a foreign network, which roaming in the settings does not allow"
    ),
}
_NEEDS_A_PERSON: Final = frozenset({Registration.DENIED, Registration.EMERGENCY, Registration.ROAMING})


def registration(dialogue: Dialogue) -> Registration:
    """Return where the modem is registered, on whichever generation it is best."""
    found = Registration.UNKNOWN
    for kind in ("CREG", "CEREG", "CGREG"):
        said = dialogue.ask(f"AT+{kind}?").after(f"+{kind}:")
        state = re.fullmatch(r"\d ?, ?(\d+)(?:,.*)?", said or "")
        if state is None:
            continue
        now = _STATES.get(int(state[1]), Registration.UNKNOWN)
        if now in (Registration.HOME, Registration.ROAMING):
            return now
        if found is Registration.UNKNOWN or now is Registration.DENIED:
            found = now
        if kind == "CREG" and now is Registration.DENIED:
            break
    return found


def demand_network(dialogue: Dialogue, *, may_roam: bool) -> Registration:
    """Return the registration that SMS can leave by. Raises Unavailable with the reason."""
    found = registration(dialogue)
    if found is Registration.HOME or (found is Registration.ROAMING and may_roam):
        return found
    raise Unavailable(_REASONS[found], needs_a_person=found in _NEEDS_A_PERSON)


def signal(dialogue: Dialogue) -> int | None:
    """Return the signal from 0 to 31, None when the modem does not know."""
    said = re.fullmatch(r"(\d+),.*", dialogue.ask("AT+CSQ").after("+CSQ:") or "")
    return None if said is None or int(said[1]) >= _UNKNOWN_SIGNAL else int(said[1])


def operator(dialogue: Dialogue) -> str | None:
    """Return the operator as the modem calls it."""
    said = re.search(r'"([^"]*)"', dialogue.ask("AT+COPS?", 10.0).after("+COPS:") or "")
    return said[1] if said else None


def is_weak(level: int | None) -> bool:
    """Return whether SMS may fail for want of signal."""
    return level is not None and level <= _WEAK
