"""A scratch copy of the program without its fence, to see that the chaos can find what the fence prevents.

What is taken out is what fences: the condition of the mark (claim, state and token presented in the statement), the
local deadline, and two habits of the delivery loop that alone keep nearly every message from leaving twice: it marks
many in advance, and gives the rest of a claim back when it has taken long. What stays is a program such as everybody
writes first: whoever was given the lease looks when it takes a batch, and finishes the batch that it has.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import attrs

ROOT: Final = Path(__file__).resolve().parents[2]
_FLOORS: Final = ("actors", "assets", "club", "config", "service", "supervisor")


class FenceMoved(Exception):  # noqa: N818  # named by what happened
    """The program has changed, and the patch does not apply any more: mend the patch."""


@attrs.frozen
class _Cut:
    """One place of the patch, that must be there exactly once."""

    file: str
    old: str
    new: str


UNFENCED: Final = (
    _Cut(
        "club/queue_statements.py",
        '.where(self.mine, c.state == "pending", HOLDS_TOKEN)',
        '.where(c.id == bindparam("m_id"))',
    ),
    _Cut(
        "club/lease.py",
        "return self._token is not None and self._clock() < self._deadline",
        "return self._highest > 0",
    ),
    _Cut(
        "club/batched_outbox.py",
        "return self._journal is not None and self._journal.tells_kills_apart",
        "return False",
    ),
    _Cut(
        "actors/delivery/loop.py",
        "if not done or took <= LOOK_AGAIN_SECONDS:",
        "if took is not None:",
    ),
)


def unfenced_copy(folder: Path) -> Path:
    """Copy the program into `folder` and take its fence out there; return its root. Raises FenceMoved."""
    for floor in _FLOORS:
        shutil.copytree(ROOT / floor, folder / floor, ignore=shutil.ignore_patterns("__pycache__"))
    for cut in UNFENCED:
        file = folder / cut.file
        text = file.read_text("utf-8")
        if text.count(cut.old) != 1:
            raise FenceMoved(f"{cut.file} has {text.count(cut.old)} times, not once: {cut.old}")
        file.write_text(text.replace(cut.old, cut.new), "utf-8")
    _check_that_it_is_used(folder)
    return folder


def _check_that_it_is_used(folder: Path) -> None:
    """See that a program started there runs this code, and not the code that is installed."""
    ended = subprocess.run(
        [sys.executable, "-c", "import club.lease, service; print(club.lease.__file__)"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    if Path(ended.stdout.strip()).parents[1].resolve() != folder.resolve():
        raise FenceMoved(f"the copy in {folder} is not what runs: {ended.stdout.strip()}")
