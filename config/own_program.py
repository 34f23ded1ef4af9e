"""The command lines by which this program starts itself and its parts: by the interpreter, or by itself when frozen."""

import sys
from typing import Final

PART_WORD: Final = "--part"
"""Asks a frozen program for one of its parts; which there are is written in `service.parts`."""


def own_command(*words: str) -> tuple[str, ...]:
    """Return the command line of this same installation of the program with these words."""
    return (sys.executable, *words) if _is_frozen() else _by_module("service", *words)


def part_command(module: str) -> tuple[str, ...]:
    """Return the command line of a part of the program that is a process and a module of its own.

    A frozen program has no `-m`: its executable is the only program there is, and serves its parts itself.
    """
    return (sys.executable, PART_WORD, module) if _is_frozen() else _by_module(module)


def interpreter() -> str | None:
    """Return the interpreter into which a library can be installed; None: the program is frozen, and has none."""
    return None if _is_frozen() else sys.executable


def _by_module(module: str, *words: str) -> tuple[str, ...]:
    # -P: whoever starts the program may stand in a folder where somebody keeps an `email.py` or a `queue.py`.
    return (sys.executable, "-P", "-m", module, *words)


def _is_frozen() -> bool:
    return bool(getattr(sys, "frozen", False))
