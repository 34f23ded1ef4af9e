"""Where nothing may be missing (`CI=true`), a test that is skipped has failed: what it proves is not proved."""

import os
from collections.abc import Generator

import hypothesis
import pytest

# How long an example takes says how busy the computer is, and nothing of what it proves.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was not run, and with CI=true nothing may be missing. {reason}"
    return report
