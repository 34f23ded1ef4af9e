"""How long a thread waited for a processor, where the operating system tells; not known on Windows and macOS."""

from pathlib import Path
from typing import Final

_NANOSECONDS: Final = 1e9


def seconds_without_processor(native_id: int | None) -> float:
    """Return the seconds that a thread of this process was ready to run and had no processor; 0.0 where not known.

    Linux: the second number of `/proc/self/task/<id>/schedstat` (kernel documentation, scheduler/sched-stats).
    """
    try:
        fields = Path(f"/proc/self/task/{native_id}/schedstat").read_bytes().split()
        return int(fields[1]) / _NANOSECONDS
    except (OSError, ValueError, IndexError):
        return 0.0
