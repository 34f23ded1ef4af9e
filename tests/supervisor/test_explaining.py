"""The tree explains itself: reports, events, journal and log; nothing of that can harm it."""

import json
import logging
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor import (
    Backoff,
    ChildEnded,
    ChildState,
    EndKind,
    Event,
    Failure,
    FileJournal,
    Intensity,
    JournalEntry,
    StateChanged,
    SupervisorFlags,
    Tree,
)
from supervisor.courier import Courier
from supervisor.testing import Stage, raising

BOOM = raising(ValueError("boom"))
AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MANY = SupervisorFlags(intensity=Intensity(10_000, 1000))


def _crash(stage: Stage, tree: Tree, path: str = "a") -> None:
    incarnation = tree.report(path).incarnation
    tree.child(path).tell(BOOM)
    stage.witness.wait_for_end(path, incarnation)
    stage.witness.wait_for_state(tree, path, ChildState.RUNNING)


def test_a_report_tells_state_since_restarts_mailbox_and_the_last_twenty_ends(stage: Stage) -> None:
    tree = stage.tree(stage.child(), flags=MANY)
    stage.clock.advance(60)
    for _ in range(25):
        _crash(stage, tree)
    stage.clock.advance(5)
    report = tree.report("a")
    assert (report.state, report.incarnation, report.restarts) == (ChildState.RUNNING, 26, 25)
    assert report.since_at == report.up_since_at
    assert (stage.clock.now() - report.since_at).total_seconds() == 5
    assert (report.mailbox, report.dropped, report.next_attempt_at) == (0, 0, None)
    assert [end.incarnation for end in report.ends] == list(range(6, 26))
    assert report.last_failure == report.ends[-1]
    failure = report.ends[-1]
    assert (failure.kind, failure.error, failure.message_kind) == (EndKind.CRASH, "ValueError: boom", "function")
    assert "Traceback (most recent call last)" in failure.traceback


def test_orderly_ends_do_not_push_the_last_failure_out(stage: Stage) -> None:
    tree = stage.tree(stage.child())
    _crash(stage, tree)
    for _ in range(25):
        tree.restart_child("a")
    report = tree.report("a")
    assert {end.kind for end in report.ends} == {EndKind.SHUTDOWN}
    assert report.last_failure is not None
    assert report.last_failure.error == "ValueError: boom"


def test_the_messages_that_wait_are_counted(stage: Stage) -> None:
    tree = stage.tree(stage.child())
    tree.child("a").tell(stage.hang())
    stage.wait_for_hang()
    for n in range(3):
        tree.child("a").tell(n)
    assert tree.report("a").mailbox == 3


def test_an_observer_that_raises_or_hangs_harms_nothing(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    hang = stage.hang()
    tree = stage.tree(stage.child(), observers=(raising(SystemExit()), raising(ValueError("observer")), hang))
    stage.wait_for_hang()
    assert tree.restart_child("a") == 2
    assert tree.report("a").state is ChildState.RUNNING
    stage.release()
    stage.witness.wait_for_end("a", 1)
    warnings = [r for r in caplog.records if r.__dict__.get("event") == "observer.raised"]
    assert [r.levelno for r in warnings if r.levelno > logging.DEBUG] == [logging.WARNING] * 2  # once each


def test_a_courier_drops_the_oldest_when_its_reader_hangs() -> None:
    seen: list[int] = []
    hanging, go = threading.Event(), threading.Event()

    def read(item: int) -> None:
        hanging.set()
        assert go.wait(10)
        seen.append(item)

    courier: Courier[int] = Courier("test-courier", (read,), waiting=3)
    courier.send(0)
    assert hanging.wait(10)
    for n in range(1, 8):
        courier.send(n)
    go.set()
    courier.close()
    assert (seen, courier.dropped) == ([0, 6, 7], 5)  # the end of the round took a place, too


def test_a_courier_without_a_thread_delivers_when_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    courier: Courier[int] = Courier("test-courier", (seen.append,))

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        courier.send(1)
    courier.send(2)
    courier.close()
    assert seen == [1, 2]


# -- log


def _lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [r for r in caplog.records if r.__dict__.get("event") == "child.ended" and r.levelno > logging.DEBUG]


def test_the_log_begins_quiet_and_grows_loud_and_stays_bounded(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    tree = stage.tree(stage.child(backoff=Backoff(0, 0, reset_after_seconds=9)), flags=MANY)
    for _ in range(40):
        _crash(stage, tree)
    lines = _lines(caplog)
    assert [r.levelno for r in lines] == [logging.WARNING] * 2 + [logging.ERROR] * 4
    assert "Traceback" not in lines[1].getMessage()
    assert "Traceback" in lines[2].getMessage()
    assert lines[0].__dict__["path"] == "a"
    stage.clock.advance(60)
    _crash(stage, tree)
    stage.witness.wait_for(lambda: len(_lines(caplog)) == 7)
    last = _lines(caplog)[-1]
    assert last.levelno == logging.WARNING  # after a good run it is the first again
    assert "(34 more ends were not logged)" in last.getMessage()


def test_an_orderly_end_is_no_news(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.tree(stage.child(), stage.child("b")).stop()
    assert _lines(caplog) == []


# -- journal


def test_ends_are_kept_over_a_restart_of_the_program(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    first = stage.tree(stage.child(), journal=FileJournal(path))
    _crash(stage, first)
    first.stop()
    second = stage.tree(stage.child(), journal=FileJournal(path), start=False)
    report = second.report("a")
    assert report.incarnation == 0
    assert [(end.kind, end.error, end.incarnation) for end in report.ends] == [(EndKind.CRASH, "ValueError: boom", 1)]
    assert report.last_failure is not None
    assert "Traceback" in report.last_failure.traceback


def _entry(path: str = "a", number: int = 1, error: str = "ValueError: boom") -> JournalEntry:
    return JournalEntry(path, Failure(AT, EndKind.CRASH, error, "Traceback …", "Tick", number))


entries = st.builds(
    JournalEntry,
    st.sampled_from(["a", "s/x", "é"]),
    st.builds(
        Failure,
        st.datetimes(timezones=st.just(UTC)),
        st.sampled_from(EndKind),
        st.text(st.characters(codec="utf-8"), max_size=40),
        st.text(st.characters(codec="utf-8"), max_size=40),
        st.none() | st.just("Tick"),
        st.integers(0, 10**9),
    ),
)


@settings(max_examples=50)
@given(kept=st.lists(entries, max_size=12), torn=st.integers(0, 400))
def test_a_journal_reads_what_it_wrote_whatever_the_last_line_lost(
    tmp_path_factory: pytest.TempPathFactory, kept: list[JournalEntry], torn: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    journal = FileJournal(path)
    for entry in kept:
        journal.record(entry)
    assert list(journal.load()) == kept
    journal.record(_entry(number=999))
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    path.write_bytes(whole[: max(last, len(whole) - 1 - torn)])  # a power cut inside the last line
    again = FileJournal(path)
    assert list(again.load()) in ([*kept, _entry(number=999)], kept)
    again.record(_entry(number=1000))
    assert list(again.load())[-1] == _entry(number=1000)
    path.unlink()


def test_a_journal_is_bounded_and_keeps_the_last_ends_of_each_child(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = FileJournal(path, max_bytes=8_000)
    journal.record(_entry("quiet", 1))
    for number in range(500):
        journal.record(_entry("noisy", number))
        assert path.stat().st_size <= 8_500
    kept = list(journal.load())
    assert kept[-1] == _entry("noisy", 499)
    assert len([entry for entry in kept if entry.path == "noisy"]) <= 20
    assert list(tmp_path.iterdir()) == [path]


def test_a_journal_of_entries_that_are_each_too_long_is_still_bounded(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "journal", max_bytes=1_000)
    for number in range(30):
        journal.record(_entry(number=number, error="x" * 900))
    assert (tmp_path / "journal").stat().st_size <= 2_000


GARBAGE = [
    b"not json\n",
    b"\xff\xfe\n",
    b"[]\n",
    b"{}\n",
    b'{"path": "a", "at": "yesterday", "kind": "crash"}\n',
    json.dumps({"path": "a", "at": "2026-11-24T08:00:00", "kind": "crash", "error": "", "traceback": ""}).encode(),
    b"[" * 100_000,
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_lines_that_are_no_entries_are_skipped(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "journal"
    path.write_bytes(garbage)
    journal = FileJournal(path)
    assert list(journal.load()) == []
    journal.record(_entry())
    assert list(journal.load()) == [_entry()]


def test_a_journal_that_cannot_be_read_or_written_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = FileJournal(tmp_path)  # a folder
    assert list(journal.load()) == []
    for _ in range(3):
        journal.record(_entry())
    keys = [r.__dict__.get("event") for r in caplog.records]
    assert keys == ["journal.unreadable", "journal.away"]  # once, not three times
    assert list(FileJournal(tmp_path / "missing").load()) == []


class _BadJournal:
    def record(self, entry: JournalEntry) -> None:
        raise OSError("disk full")

    def load(self) -> Iterable[JournalEntry]:
        raise ValueError("nonsense")


def test_a_bad_journal_harms_nothing(stage: Stage) -> None:
    tree = stage.tree(stage.child(), journal=_BadJournal())
    _crash(stage, tree)
    assert tree.report("a").incarnation == 2


def test_events_come_in_the_order_in_which_things_happened(stage: Stage) -> None:
    tree = stage.tree(stage.child())
    _crash(stage, tree)
    tree.stop()
    told: list[Any] = [_short(event) for event in stage.witness.events if event.path == "a"]
    assert told == [
        "starting",
        "running",
        "stopping",
        "crash",
        "starting",
        "running",
        "stopping",
        "shutdown",
        "stopped",
    ]


def _short(event: Event) -> str:
    match event:
        case StateChanged():
            return event.after.value
        case ChildEnded():
            return event.failure.kind.value
        case _:
            return type(event).__name__
