"""Judges what a modem says against an SMS, and what an operator says of one: pure, of numbers.

Source: 3GPP TS 27.005 §3.2.5 (+CMS ERROR), TS 24.011 annex E (its codes below 128), TS 23.040 §9.2.3.22 (128 to 255)
and §9.2.3.15 (TP-Status), TS 27.007 §9.2 (+CME ERROR).
"""

import re
from datetime import timedelta
from typing import Final

from actors.sms.transport import Answer, Blame, Fate, Refused, Unknown
from config.sentence import Sentence

MEMORY_FULL: Final = "+CMS ERROR: 322"
_ERROR: Final = re.compile(r"\+(?P<kind>CM[ES]) ERROR: ?(?P<code>\d+)")
_SOON: Final = timedelta(minutes=2)

# Only what names an objection, of the network or of the modem to the order itself, is a refusal. Left out on purpose
# are those that modems also say when an answer of the network was lost: 38 (out of order), 41 (temporary failure), 47,
# 111, 127, 194, 255, 320, 322, 331, 332, 500 and makers' own from 512. And 197, duplicate: a copy is there.
_ABOUT_THE_MESSAGE: Final = {
    1: Sentence.of("the operator does not know the number"),
    21: Sentence.of("the operator refused the SMS"),
    27: Sentence.of("the telephone of this number is out of service"),
    28: Sentence.of("the operator does not know the number"),
    30: Sentence.of("the operator does not know the number"),
    195: Sentence.of("the operator does not know the number"),
    196: Sentence.of("the operator bars SMS to this number"),
}
_ABOUT_THE_ACCOUNT: Final = {
    8: Sentence.of("the operator bars SMS from this SIM card: ask them why"),
    10: Sentence.of("the operator bars SMS from this SIM card: ask them why"),
    29: Sentence.of("the operator refuses SMS from this SIM card: ask them why"),
    50: Sentence.of("SMS are not in the contract of this SIM card: ask the operator"),
    193: Sentence.of("SMS are not in the contract of this SIM card: ask the operator"),
    310: Sentence.of("there is no SIM card in the modem"),
    311: Sentence.of("the SIM card wants its PIN"),
    316: Sentence.of("the SIM card is blocked and wants its PUK"),
    330: Sentence.of("the number of the operator's SMS centre is not known: write sms_centre in the settings"),
}
_FOR_NOW: Final = {
    42: Sentence.of("the network is congested"),
    192: Sentence.of("the operator's SMS centre is busy"),
    302: Sentence.of("the modem does not allow it now"),
    304: Sentence.of("the SMS reached the modem damaged"),
    314: Sentence.of("the SIM card is busy"),
}
_BUSY: Final = frozenset({42, 192})


def code_of(error: str) -> tuple[str, int] | None:
    """Return kind (`CMS` or `CME`) and number of an error; None for one without."""
    found = _ERROR.fullmatch(error)
    return None if found is None else (found["kind"], int(found["code"]))


def told(error: str) -> Sentence:
    """Return an error before the prompt in words."""
    match code_of(error):
        case ("CMS", 322):
            return Sentence.of("the memory of the SIM card is full")
        case ("CMS", code):
            known = _ABOUT_THE_MESSAGE.get(code) or _ABOUT_THE_ACCOUNT.get(code) or _FOR_NOW.get(code)
            return known or Sentence.of("the modem says {error}", error=error)
        case _:
            return Sentence.of("the modem says {error}", error=error)


def verdict(error: str) -> Answer:
    """Return what an error after Ctrl-Z means: a refusal where it names one, else that a copy may exist."""
    match code_of(error):
        case ("CMS", code) if code in _ABOUT_THE_MESSAGE:
            return Refused(_ABOUT_THE_MESSAGE[code], is_final=True)
        case ("CMS", code) if code in _ABOUT_THE_ACCOUNT:
            return Refused(_ABOUT_THE_ACCOUNT[code], is_final=False, blame=Blame.ACCOUNT)
        case ("CMS", code) if code in _FOR_NOW:
            blame = Blame.LOAD if code in _BUSY else Blame.MESSAGE
            return Refused(_FOR_NOW[code], is_final=False, blame=blame, retry_after=_SOON)
        case _:
            return Unknown(
                Sentence.of("the modem says {error}, which it may also say of an SMS that left", error=error)
            )


_STATUSES: Final = {
    0x40: Sentence.of("an error on the way to the telephone"),
    0x41: Sentence.of("the telephone cannot show it"),
    0x42: Sentence.of("the telephone refused it"),
    0x43: Sentence.of("the number cannot be reached"),
    0x45: Sentence.of("the operators do not work together for this number"),
    0x46: Sentence.of("the telephone could not be reached in time"),
    0x47: Sentence.of("it was deleted at the operator"),
    0x48: Sentence.of("it was deleted at the operator"),
    0x49: Sentence.of("the operator does not know this SMS"),
    0x60: Sentence.of("the network was congested to the end"),
    0x61: Sentence.of("the telephone was busy to the end"),
    0x62: Sentence.of("the telephone did not answer to the end"),
    0x63: Sentence.of("the operator refused the SMS"),
    0x65: Sentence.of("an error of the telephone"),
}


def fate_of(status: int) -> tuple[Fate, Sentence | None]:
    """Return what a TP-Status says, and why it failed."""
    if status == 0x00:
        return Fate.DELIVERED, None
    if status < 0x40:  # noqa: PLR2004 - forwarded or replaced; and the centre still tries, from 0x20
        return Fate.ON_ITS_WAY, None
    return Fate.FAILED, _STATUSES.get(status) or Sentence.of("the operator says {code}", code=f"0x{status:02X}")
