"""The parts that a frozen program serves as processes of their own. A fixed list: no other module can be called."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from config.own_program import PART_WORD


def _icon() -> int:
    from actors.tray.child.__main__ import main  # noqa: PLC0415 - a part pays for itself alone

    return main()


def _watchman() -> int:
    from actors.fmi.watchman import main  # noqa: PLC0415

    return main()


PARTS: Final[Mapping[str, Callable[[], int]]] = MappingProxyType(
    {"actors.tray.child": _icon, "actors.fmi.watchman": _watchman}
)

_WORDS: Final = 2  # the word that asks, and the part


def asked_part(words: Sequence[str]) -> Callable[[], int] | None:
    """Return the part that a command line asks for, None when it is any other command line."""
    if len(words) != _WORDS or words[0] != PART_WORD:
        return None
    return PARTS.get(words[1])
