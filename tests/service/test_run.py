"""How the life of the program ends: its exit code, or a new process in its place."""

import os
import sys

import pytest

from config.own_program import own_command
from service import run
from service.options import RunOptions
from supervisor import Outcome, RootEnd


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome(RootEnd.STOPPED), 0),
        (Outcome(RootEnd.GAVE_UP), 4),
        (Outcome(RootEnd.STOPPED, abandoned=("email",)), 5),
    ],
)
def test_the_exit_code_tells_how_the_tree_ended(monkeypatch: pytest.MonkeyPatch, outcome: Outcome, code: int) -> None:
    monkeypatch.setattr(run, "_run", lambda *_: outcome)
    assert run.run(RunOptions()) == code


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Outcome(RootEnd.STOPPED), "station ACCUEIL has stopped"),
        (Outcome(RootEnd.GAVE_UP), "station ACCUEIL gave up"),
        (Outcome(RootEnd.STOPPED, abandoned=("email", "leases")), "these did not obey: email, leases"),
        (Outcome(RootEnd.TOO_MANY_ABANDONED), "starts afresh"),
    ],
)
def test_the_last_line_of_the_log_tells_how_it_ended(
    caplog: pytest.LogCaptureFixture, outcome: Outcome, told: str
) -> None:
    caplog.set_level("INFO")
    run._tell_end("ACCUEIL", outcome)
    assert told in caplog.messages[-1]


def test_a_program_with_too_many_abandoned_threads_is_replaced_by_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced: list[tuple[str, ...]] = []
    monkeypatch.setattr(run, "_run", lambda *_: Outcome(RootEnd.TOO_MANY_ABANDONED))
    monkeypatch.setattr(os, "execv", lambda _path, words: replaced.append(words))
    monkeypatch.setattr(sys, "argv", ["heitz-service", "run", "--station", "ACCUEIL"])
    run.run(RunOptions())
    assert replaced == [own_command("run", "--station", "ACCUEIL")]
