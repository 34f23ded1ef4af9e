"""A set that takes the same memory however much it holds: it answers "certainly not" or "perhaps"."""

from hashlib import blake2b
from typing import Final

_BITS: Final = 1 << 20
"""128 KiB. With the 20,000 messages of a page of the journal, 3 in 100,000 others are "perhaps" among them."""
_BITS_EACH: Final = 4
_BYTES_OF_A_PLACE: Final = 4


class Traces:
    """What was added, as bits that several may share (a Bloom filter): nothing that was added is ever denied."""

    def __init__(self) -> None:
        self._bits = bytearray(_BITS // 8)

    def add(self, channel: str, message_id: int) -> None:
        """Add a message."""
        for place in _places(channel, message_id):
            self._bits[place >> 3] |= 1 << (place & 7)

    def may_hold(self, channel: str, message_id: int) -> bool:
        """Return False when the message was certainly not added."""
        return all(self._bits[place >> 3] & 1 << (place & 7) for place in _places(channel, message_id))


def _places(channel: str, message_id: int) -> list[int]:
    digest = blake2b(f"{channel} {message_id}".encode(), digest_size=_BITS_EACH * _BYTES_OF_A_PLACE).digest()
    return [
        int.from_bytes(digest[place : place + _BYTES_OF_A_PLACE], "big") % _BITS
        for place in range(0, len(digest), _BYTES_OF_A_PLACE)
    ]
