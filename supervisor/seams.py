"""Every private or global piece of pykka that the runtime stands on, in one place, pinned by the contract tests."""

from importlib import metadata
from typing import Final

from pykka import ActorRegistry  # noqa: TID251 - the only place: a supervised actor is registered, never looked up
from pykka._envelope import Envelope
from pykka.messages import ProxyCall, ProxyGetAttr, ProxySetAttr
from pykka.messages import _ActorStop as StopMessage

from supervisor.errors import UnsupportedPykka

__all__ = [
    "TESTED",
    "Envelope",
    "ProxyCall",
    "ProxyGetAttr",
    "ProxySetAttr",
    "StopMessage",
    "check_version",
    "kind_of",
    "register",
    "unregister",
]

TESTED: Final = ((4, 5), (4, 6))
"""The versions that the contract tests passed on: from the first, below the second."""

register = ActorRegistry.register
unregister = ActorRegistry.unregister


def check_version(version: str) -> None:
    """Refuse a pykka outside `TESTED`: its private seams were never seen.

    Raises:
        UnsupportedPykka: says which versions were tested.

    """
    parts = tuple(int(part) if part.isdigit() else -1 for part in version.split(".")[:2])
    lowest, below = TESTED
    if not lowest <= parts < below:
        raise UnsupportedPykka(
            f"the supervision runtime was tested with pykka {lowest[0]}.{lowest[1]} up to, not including, "
            f"{below[0]}.{below[1]}, and this is pykka {version}: install a tested one"
        )


def kind_of(message: object) -> str:
    """Return what kind of message this is, for reports: never its content."""
    match message:
        case ProxyCall(attr_path=path):
            return f"call {'.'.join(path)}"
        case ProxyGetAttr(attr_path=path):
            return f"get {'.'.join(path)}"
        case ProxySetAttr(attr_path=path):
            return f"set {'.'.join(path)}"
        case StopMessage():
            return "stop"
        case _:
            return type(message).__qualname__


check_version(metadata.version("pykka"))
