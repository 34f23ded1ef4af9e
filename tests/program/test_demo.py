"""The demonstration, ended before its end."""

import signal
import subprocess
import sys

import pytest

from tests.program.sample_club import ROOT, Club, end


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_demonstration_that_is_ended_early_leaves_nothing_behind(club: Club, number: int) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "service", "demo"],
        cwd=ROOT,
        env={"TMPDIR": str(club.folder), "HOME": str(club.folder), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with demo:
        club.wait_until(lambda: bool(list(club.folder.glob("heitz-service-demo-*/home"))))
        assert end(demo, number) == 130
    assert not list(club.folder.glob("heitz-service-demo-*"))
