"""A window whose Tk thread hangs begins anew by itself, and one that hangs at every beginning ends with an error."""

import os
import subprocess
import sys
from pathlib import Path

from window_desk import LONG, Screen

ROOT = Path(__file__).resolve().parents[2]


def test_one_that_hangs_begins_anew_and_gives_up_after_three_times(display: Screen, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    line = [sys.executable, str(ROOT / "tests/desktop_window/lab/hanging_window.py"), str(trace)]
    environment = {**os.environ, "DISPLAY": display.name, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(line, env=environment, timeout=LONG, check=False)
    assert ended.returncode == 1
    assert trace.read_text("utf-8").splitlines() == ["begun"] * 4
