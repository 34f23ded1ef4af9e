"""One program per station and user, whatever a crash leaves behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from service.instance import AlreadyRunning, acquire, control_address, is_held, recorded, running
from service.paths import Folders, UnsafePath

AT = datetime(2026, 11, 24, 7, 58, 3, tzinfo=UTC)
HOLD = """
import sys
from datetime import UTC, datetime
from service.instance import acquire
from service.paths import folders
instance = acquire(sys.argv[1], datetime.now(UTC), folders())
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def other_process(station: str) -> Iterator["subprocess.Popen[str]"]:
    """Hold a station's lock in another process until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, station], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_the_holder_is_written_for_others_to_read(home: Folders) -> None:
    with acquire("ACCUEIL", AT, home) as instance:
        assert recorded(home.of("accueil").lock) == instance.holder
        holder = instance.holder
        assert (holder.station, holder.pid, holder.address) == (
            "ACCUEIL",
            os.getpid(),
            control_address("ACCUEIL", home),
        )
        assert holder.started_at == "2026-11-24T07:58:03+00:00"


def test_a_second_process_is_refused_and_the_first_is_named(home: Folders) -> None:
    with other_process("ACCUEIL") as first, pytest.raises(AlreadyRunning) as refusal:
        acquire("Accueil", AT, home)
    assert refusal.value.holder is not None
    assert refusal.value.holder.pid == first.pid
    assert f"already runs in process {first.pid} since" in str(refusal.value)
    since = datetime.fromisoformat(refusal.value.holder.started_at).astimezone()
    assert f"since {since:%Y-%m-%d %H:%M:%S}: " in str(refusal.value)  # by the reader's clock
    assert refusal.value.exit_code == 3


def test_stations_do_not_hinder_each_other(home: Folders) -> None:
    with acquire("ACCUEIL", AT, home), acquire("SERVEUR", AT, home):
        assert [holder.station for holder in running(home)] == ["ACCUEIL", "SERVEUR"]
    assert list(running(home)) == []


def test_a_kill_minus_nine_frees_the_station(home: Folders) -> None:
    with other_process("ACCUEIL") as first:
        assert is_held(home.of("ACCUEIL").lock)
        first.send_signal(signal.SIGKILL)
        first.wait(10)
        with acquire("ACCUEIL", AT, home) as instance:
            assert instance.holder.pid == os.getpid()


def test_a_child_of_the_holder_does_not_keep_the_station(home: Folders) -> None:
    with acquire("ACCUEIL", AT, home) as instance:
        child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
        with child:
            instance.release()
            assert not is_held(home.of("ACCUEIL").lock)
            child.kill()


@pytest.mark.parametrize("left", [b"", b"{", b"\xff\x00", b"[]", b'{"station": "A"}', b'{"pid": "x"}', b"x" * 100_000])
def test_nonsense_in_the_lock_s_file_hinders_nobody(left: bytes, home: Folders) -> None:
    lock = home.of("ACCUEIL").lock
    lock.write_bytes(left)
    assert recorded(lock) is None
    assert list(running(home)) == []
    with acquire("ACCUEIL", AT, home) as instance:
        assert recorded(lock) == instance.holder


def test_a_holder_that_cannot_be_read_still_refuses_the_second(home: Folders) -> None:
    with acquire("ACCUEIL", AT, home):
        home.of("ACCUEIL").lock.write_bytes(b"")
        with pytest.raises(AlreadyRunning, match="already runs in another process") as refusal:
            acquire("ACCUEIL", AT, home)
    assert refusal.value.holder is None


def test_releasing_twice_does_not_free_a_successor(home: Folders) -> None:
    first = acquire("ACCUEIL", AT, home)
    first.release()
    with acquire("ACCUEIL", AT, home):
        first.release()
        assert is_held(home.of("ACCUEIL").lock)


def test_each_run_has_a_name_and_knows_those_that_are_dead(home: Folders) -> None:
    names = list[str]()
    for _ in range(30):
        with acquire("ACCUEIL", AT, home) as instance:
            assert instance.holder.predecessors == tuple(reversed(names))[:20]
            names.append(instance.holder.process)
    assert len(set(names)) == 30


def test_a_run_that_was_killed_is_a_predecessor_too(home: Folders) -> None:
    with other_process("ACCUEIL") as first:
        killed = recorded(home.of("ACCUEIL").lock)
        first.kill()
        first.wait(10)
    assert killed is not None
    with acquire("ACCUEIL", AT, home) as instance:
        assert instance.holder.predecessors == (killed.process,)


def test_a_lock_that_cannot_be_made_says_what_to_do(home: Folders) -> None:
    home.of("ACCUEIL").lock.mkdir()
    with pytest.raises(UnsafePath, match="can't be written"):
        acquire("ACCUEIL", AT, home)
    assert not is_held(home.of("ACCUEIL").lock)
