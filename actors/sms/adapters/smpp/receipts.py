"""Reads a delivery receipt: the optional parameters where it has them, else the text that most message centres send.

Source: SMPP 3.4 §5.2.12 (which deliver_sm is one), §5.2.28 (states), appendix B (the text, "typical", and no more).
"""

import re
from types import MappingProxyType
from typing import Final

import attrs

from actors.sms.adapters.smpp.pdu import Delivery, Option
from actors.sms.transport import Fate
from config.sentence import Sentence

_TYPE: Final = 0x3C
_RECEIPT: Final = 0x04
_INTERMEDIATE: Final = 0x20
_ACKNOWLEDGEMENTS: Final = frozenset({0x08, 0x10})
"""A telephone's or its user's own; nobody asks for them here."""
_STATES: Final = MappingProxyType(
    {
        1: "ENROUTE",
        2: "DELIVRD",
        3: "EXPIRED",
        4: "DELETED",
        5: "UNDELIV",
        6: "ACCEPTD",
        7: "UNKNOWN",
        8: "REJECTD",
    }
)
_FATES: Final = MappingProxyType(
    {
        "DELIVRD": Fate.DELIVERED,
        "DELIVERED": Fate.DELIVERED,
        "EXPIRED": Fate.FAILED,
        "DELETED": Fate.FAILED,
        "UNDELIV": Fate.FAILED,
        "UNDELIVERABLE": Fate.FAILED,
        "REJECTD": Fate.FAILED,
        "REJECTED": Fate.FAILED,
        "FAILED": Fate.FAILED,
    }
)
"""The states after which nothing more comes; all else is a station on the way, or says nothing (UNKNOWN)."""
_ID: Final = re.compile(r"(?:^|\s)id\s*:\s*(\S{1,65})", re.IGNORECASE)
_STAT: Final = re.compile(r"\bstat(?:us)?\s*:\s*([A-Za-z]{4,13})", re.IGNORECASE)
_ERR: Final = re.compile(r"\berr(?:or)?\s*:\s*([0-9A-Za-z]{1,6})(?![0-9A-Za-z])", re.IGNORECASE)
_TEXT: Final = re.compile(r"(?:^|\s)text\s*:", re.IGNORECASE)  # after which the SMS itself is quoted
_NO_ERROR: Final = frozenset({"", "0", "00", "000", "0000"})


@attrs.frozen
class Receipt:
    """What a receipt says. `option_id` and `text_id` are the message's number by parameter and by text, if any.

    `number` is whom the SMS went to, `own_reference` our user_message_reference if it came back.
    """

    number: str = attrs.field(repr=False)
    fate: Fate
    state: str
    error: str
    option_id: str | None
    text_id: str | None
    own_reference: int | None

    @property
    def reason(self) -> Sentence | None:
        """Why it failed, as far as the operator says."""
        return failure(self.state, self.error) if self.fate is Fate.FAILED else None


def is_acknowledgement(delivery: Delivery) -> bool:
    """Return whether a telephone or its user acknowledges, which is neither a receipt nor an SMS."""
    return delivery.esm_class & _TYPE in _ACKNOWLEDGEMENTS


def receipt_of(delivery: Delivery) -> Receipt | None:
    """Return the receipt, None for an SMS of a member, and for a receipt that names no SMS."""
    kind = delivery.esm_class & _TYPE
    head = _TEXT.split(delivery.content.decode("latin-1"), maxsplit=1)[0]
    id_, stat, err = _ID.search(head), _STAT.search(head), _ERR.search(head)
    # Some message centres leave esm_class at 0.
    is_receipt = kind in (_RECEIPT, _INTERMEDIATE) or Option.RECEIPTED_MESSAGE_ID in delivery.options
    if not is_receipt and not (kind == 0 and id_ and stat):
        return None
    state = _state(delivery, stat)
    return Receipt(
        delivery.source,
        _FATES.get(state, Fate.ON_ITS_WAY) if kind != _INTERMEDIATE else Fate.ON_ITS_WAY,
        state,
        "" if err is None else err[1],
        _string(delivery.options.get(Option.RECEIPTED_MESSAGE_ID)),
        None if id_ is None else id_[1],
        _number(delivery.options.get(Option.USER_MESSAGE_REFERENCE)),
    )


def is_receipt_by_name(delivery: Delivery) -> bool:
    """Return whether esm_class says receipt, so that it is no SMS whatever it holds."""
    return delivery.esm_class & _TYPE in (_RECEIPT, _INTERMEDIATE)


def fate_of(state: int) -> Fate:
    """Return the fate that a message_state means."""
    return _FATES.get(_STATES.get(state, ""), Fate.ON_ITS_WAY)


def failure(state: str, error: str) -> Sentence:
    """Return why an SMS was not delivered, in the operator's words."""
    match state:
        case "EXPIRED":
            why = Sentence.of("the telephone was not reached in time")
        case "REJECTD" | "REJECTED":
            why = Sentence.of("the operator rejected it")
        case "DELETED":
            why = Sentence.of("the operator deleted it")
        case _:
            why = Sentence.of("the operator could not deliver it")
    if error in _NO_ERROR:
        return why
    return Sentence.of("{why} (error {code})", why=why, code=error)


def _state(delivery: Delivery, stat: re.Match[str] | None) -> str:
    by_option = _number(delivery.options.get(Option.MESSAGE_STATE))
    if by_option is not None and by_option in _STATES:
        return _STATES[by_option]
    return "" if stat is None else stat[1].upper()


def _string(raw: bytes | None) -> str | None:
    text = "" if raw is None else raw.partition(b"\0")[0].decode("latin-1").strip()
    return text[:65] or None


def _number(raw: bytes | None) -> int | None:
    return int.from_bytes(raw, "big") if raw and len(raw) <= 2 else None  # noqa: PLR2004 - 16 bits are the longest
