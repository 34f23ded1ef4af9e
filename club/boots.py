"""Which start of this computer it is: what tells a killed program from a power cut."""

from pathlib import Path
from typing import Final

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")  # Linux: random(4)


def boot_id() -> str | None:
    """Return what is the same until the computer stops, and never again; None where this system has nothing such."""
    try:
        return _BOOT_ID.read_text("ascii").strip() or None
    except (OSError, ValueError):
        return None
