"""A computer that lacks something skips tests; with CI=true the same is a failure."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_SKIPPED = """
import pytest

@pytest.mark.skipif(True, reason="needs a pool")
def test_by_mark():
    pass

@pytest.fixture
def pool():
    pytest.skip("needs a pool")

def test_by_fixture(pool):
    pass

def test_by_itself():
    pytest.skip("needs a pool")

@pytest.mark.xfail(strict=True, reason="water is wet")
def test_that_is_expected_to_fail():
    assert False
"""


@pytest.mark.parametrize(("ci", "told"), [("", "3 skipped, 1 xfailed"), ("true", "1 failed, 1 xfailed, 2 errors")])
def test_what_is_missing_fails_where_nothing_may_be_missing(tmp_path: Path, ci: str, told: str) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_pool.py").write_text(_SKIPPED)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:randomly", "-p", "no:cacheprovider", "-c", os.devnull, "."],
        cwd=tmp_path,
        env=os.environ | {"CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told in done.stdout
    assert done.returncode == (1 if ci else 0)
    assert ("with CI=true nothing may be missing. Skipped: needs a pool" in done.stdout) is bool(ci)
