"""What every command_status means: the message's fault, the account's, load, a passing trouble, or unknown.

Source: SMPP 3.4 issue 1.2 table 5-2, §4.4.2; the codes from 0x100 are SMPP 5.0's, which servers of 3.4 send too.
A response other than ESME_ROK says that the request failed (§5.1.3): no copy exists. What a status outside every table
says is not known.
"""

from datetime import timedelta
from enum import Enum, unique
from types import MappingProxyType
from typing import Final

from actors.sms.transport import Blame, Refused, Unknown
from config.sentence import Sentence

OK: Final = 0x00
INVALID_LENGTH: Final = 0x01
NOT_BOUND: Final = 0x04
ALREADY_BOUND: Final = 0x05
INVALID_COMMAND: Final = 0x03
UNKNOWN_ERROR: Final = 0xFF
OUR_TROUBLE: Final = 0x64
"""ESME_RX_T_APPN: what we answer to what cannot be taken now; the message centre keeps it."""


@unique
class Meaning(Enum):
    """What becomes of an SMS that a status answers."""

    MESSAGE = "message"
    """Final: this number or text."""
    ACCOUNT = "account"
    """A person must act: account, sender, or a setting of ours that this message centre does not take."""
    THROTTLED = "throttled"
    """Too fast."""
    FULL = "full"
    """Too much at once, or its own trouble: later."""
    PASSING = "passing"
    """Refused this time, nobody knows why: tried again."""
    UNKNOWN = "unknown"
    """A copy may exist."""


_MESSAGE: Final = {
    0x01: "ESME_RINVMSGLEN",
    0x0B: "ESME_RINVDSTADR",
    0x33: "ESME_RINVNUMDESTS",
    0x34: "ESME_RINVDLNAME",
    0x40: "ESME_RINVDESTFLAG",
    0x42: "ESME_RINVSUBREP",
    0x44: "ESME_RCNTSUBDL",
    0x50: "ESME_RINVDSTTON",
    0x51: "ESME_RINVDSTNPI",
    0x55: "ESME_RINVNUMMSGS",
    0x61: "ESME_RINVSCHED",
    0x62: "ESME_RINVEXPIRY",
    0x65: "ESME_RX_P_APPN",
    0x66: "ESME_RX_R_APPN",
    0xFE: "ESME_RDELIVERYFAILURE",
    0x106: "ESME_RINVDSTADDRSUBUNIT",
}
_ACCOUNT: Final = {
    0x02: "ESME_RINVCMDLEN",
    0x03: "ESME_RINVCMDID",
    0x06: "ESME_RINVPRTFLG",
    0x07: "ESME_RINVREGDLVFLG",
    0x0A: "ESME_RINVSRCADR",
    0x0D: "ESME_RBINDFAIL",
    0x0E: "ESME_RINVPASWD",
    0x0F: "ESME_RINVSYSID",
    0x15: "ESME_RINVSERTYP",
    0x43: "ESME_RINVESMCLASS",
    0x48: "ESME_RINVSRCTON",
    0x49: "ESME_RINVSRCNPI",
    0x53: "ESME_RINVSYSTYP",
    0x54: "ESME_RINVREPFLAG",
    0x63: "ESME_RINVDFTMSGID",
    0xC0: "ESME_RINVOPTPARSTREAM",
    0xC1: "ESME_ROPTPARNOTALLWD",
    0xC2: "ESME_RINVPARLEN",
    0xC3: "ESME_RMISSINGOPTPARAM",
    0xC4: "ESME_RINVOPTPARAMVAL",
    0x100: "ESME_RSERTYPUNAUTH",
    0x101: "ESME_RPROHIBITED",
    0x103: "ESME_RSERTYPDENIED",
    0x104: "ESME_RINVDCS",
    0x105: "ESME_RINVSRCADDRSUBUNIT",
}
_THROTTLED: Final = {0x58: "ESME_RTHROTTLED"}
_FULL: Final = {
    0x04: "ESME_RINVBNDSTS",  # it has forgotten us: bound anew before the next
    0x05: "ESME_RALYBND",
    0x08: "ESME_RSYSERR",
    0x14: "ESME_RMSGQFUL",
    0x64: "ESME_RX_T_APPN",
    0x102: "ESME_RSERTYPUNAVAIL",
}
_PASSING: Final = {
    0x0C: "ESME_RINVMSGID",
    0x11: "ESME_RCANCELFAIL",
    0x13: "ESME_RREPLACEFAIL",
    0x45: "ESME_RSUBMITFAIL",
    0x67: "ESME_RQUERYFAIL",
}
_UNKNOWN: Final = {0x00: "ESME_ROK", 0xFF: "ESME_RUNKNOWNERR"}
_TABLE: Final = MappingProxyType(
    {
        status: (meaning, name)
        for meaning, names in (
            (Meaning.MESSAGE, _MESSAGE),
            (Meaning.ACCOUNT, _ACCOUNT),
            (Meaning.THROTTLED, _THROTTLED),
            (Meaning.FULL, _FULL),
            (Meaning.PASSING, _PASSING),
            (Meaning.UNKNOWN, _UNKNOWN),
        )
        for status, name in names.items()
    }
)
_VENDORS: Final = range(0x400, 0x500)
"""Reserved for what each vendor likes (table 5-2): refusals, but of what?"""
_WRONG_LOGIN: Final = frozenset({0x0D, 0x0E, 0x0F, 0x53})
_WRONG_SENDER: Final = frozenset({0x0A, 0x48, 0x49})
_AT_ONCE: Final = timedelta(seconds=1)
_A_WHILE: Final = timedelta(seconds=30)


def meaning_of(status: int) -> Meaning:
    """Return what an answer to submit_sm with this status means; UNKNOWN for what no table has."""
    if status in _TABLE:
        return _TABLE[status][0]
    return Meaning.PASSING if status in _VENDORS else Meaning.UNKNOWN


def name_of(status: int) -> str:
    """Return the status as documentation has it, such as ESME_RTHROTTLED; of others the number."""
    return _TABLE[status][1] if status in _TABLE else f"0x{status:08X}"


def verdict(status: int) -> Refused | Unknown:
    """Return what is said of an SMS whose first and only part was answered with a status other than ESME_ROK."""
    meaning, name = meaning_of(status), name_of(status)
    match meaning:
        case Meaning.MESSAGE:
            return Refused(Sentence.of("the message centre refuses it: {status}", status=name), is_final=True)
        case Meaning.PASSING:
            return Refused(Sentence.of("the message centre refuses it: {status}", status=name), is_final=False)
        case Meaning.ACCOUNT:
            return Refused(_of_account(status, name), is_final=False, blame=Blame.ACCOUNT)
        case Meaning.THROTTLED | Meaning.FULL:
            wait = _AT_ONCE if meaning is Meaning.THROTTLED else _A_WHILE
            reason = Sentence.of("the message centre asks to come back later: {status}", status=name)
            return Refused(reason, is_final=False, blame=Blame.LOAD, retry_after=wait)
        case Meaning.UNKNOWN:
            return Unknown(
                Sentence.of("the message centre broke on it ({status}) and does not say whether it has it", status=name)
            )


def bind_refused(status: int) -> tuple[Sentence, bool]:
    """Return why nobody was bound, and whether a person must act."""
    name = name_of(status)
    if meaning_of(status) in (Meaning.ACCOUNT, Meaning.MESSAGE):
        return _of_account(status, name), True
    if status == ALREADY_BOUND:
        return Sentence.of("the message centre still holds the former connection ({status})", status=name), False
    return Sentence.of("the message centre lets nobody in now ({status})", status=name), False


def is_about_login(status: int) -> bool:
    """Return whether a message centre says by it that user or password are wrong."""
    return status in _WRONG_LOGIN


def _of_account(status: int, name: str) -> Sentence:
    if status in _WRONG_LOGIN:
        return Sentence.of(
            "the message centre does not let the club in ({status}): check system_id, password and system_type",
            status=name,
        )
    if status in _WRONG_SENDER:
        return Sentence.of("the message centre refuses the sender ({status}): check sender", status=name)
    return Sentence.of(
        "the message centre does not take SMS of this make ({status}): check own_reference, long_texts and receipts",
        status=name,
    )
