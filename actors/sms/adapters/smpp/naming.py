"""The number of a message as answer and receipt write it: the same, or one in hexadecimal and the other in decimal."""

from typing import Literal, TypeAlias

from actors.sms.adapters.smpp.receipts import Receipt

Difference: TypeAlias = Literal["same", "decimal", "hexadecimal"]
"""How a receipt writes it; other than "same", the answer is the other way round."""


def name_in_answer(text: str, receipts: Difference) -> str | None:
    """Return the name that is kept of a message_id: as it is, or the decimal number where receipts differ."""
    text = text.strip()
    if receipts == "same":
        return text or None
    return _decimal(text, 16 if receipts == "decimal" else 10) or None


def name_in_receipt(receipt: Receipt, receipts: Difference) -> str | None:
    """Return the same name, of a receipt. None when it has none."""
    if receipts == "same":
        return receipt.option_id or receipt.text_id
    if receipt.text_id is not None:
        return _decimal(receipt.text_id, 10 if receipts == "decimal" else 16)
    # receipted_message_id is by its definition (§5.3.2.12) what the answer said.
    return None if receipt.option_id is None else name_in_answer(receipt.option_id, receipts)


def _decimal(text: str, base: int) -> str:
    try:
        return str(int(text, base)) if text.isalnum() else text
    except ValueError:
        return text
