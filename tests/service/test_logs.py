"""The log tells what happened and hides who it happened to."""

import io
import logging
import os
import re
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.masking import mask
from service import logs
from service.logs import logging_to

LOG = logging.getLogger("actors.email.test")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accueil.log"


def log_failure(error: Exception) -> None:
    try:
        raise error  # noqa: TRY301 - a real traceback is wanted
    except Exception:
        LOG.exception("it failed")


def test_a_line_is_a_sentence_an_event_and_values(path: Path) -> None:
    terminal = io.StringIO()
    with logging_to(path, terminal):
        LOG.warning(
            "the server %s does not answer", "smtp", extra={"event": "email.away", "host": "smtp", "why": "a b"}
        )
    line = path.read_text(encoding="utf-8")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d WARNING actors\.email\.test: "
        r'the server smtp does not answer \| event=email\.away host=smtp why="a b"\n',
        line,
    )
    assert re.fullmatch(r"\d\d:\d\d:\d\d warning: the server smtp does not answer\n", terminal.getvalue())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_message_cannot_forge_a_line(path: Path) -> None:
    with logging_to(path, None):
        LOG.info("bad\n2026-11-24T00:00:00 INFO x: all is well\x1b[2J", extra={"event": "x", "value": "a\nb"})
        log_failure(ValueError("first\n2026-11-24T00:00:00.000+00:00 INFO x: forged"))
    lines = path.read_text(encoding="utf-8").splitlines()
    assert sum(bool(re.match(r"\d{4}-", line)) for line in lines) == 2
    assert "\x1b" not in path.read_text(encoding="utf-8")


def test_addresses_numbers_and_secrets_are_hidden_everywhere(path: Path) -> None:
    terminal = io.StringIO()
    with logging_to(path, terminal):
        LOG.info("sent to léa.martin@example.org", extra={"event": "x", "recipient": "bob@example.org"})
        LOG.info("token=hunter2 was refused by https://club:hunter2@example.org")
        log_failure(ConnectionError("535 auth failed for club@example.org password='p4ss word' from 06 12 34 56 78"))
    for text in (path.read_text(encoding="utf-8"), terminal.getvalue()):
        assert not re.search(r"martin|bob@|hunter2|p4ss|club@|12 34 56", text)
        assert "***@example.org" in text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("to jean-luc.o'neill+gym@mail.example.fr now", "to j***@mail.example.fr now"),
        ("0612345678", "061***78"),
        ("06.12.34.56.78", "06.***78"),
        ("+33 6 12 34 56 78", "+33***78"),
        ("0033612345678", "003***78"),
        ("to=33612345678&from=%2b33712345678", "to=336***78&from=%2b***78"),
        ('AT+CPIN="1234", code PIN : 0000', 'AT+CPIN="***", code PIN : ***'),
        ("encryption_key = abc", "encryption_key = ***"),
        ("+33 (0)6 12 34 56 78", "+33***78"),
        ("sqlite:///club.db", "sqlite:///club.db"),
        ("mssql+pyodbc://sa:S3cr:et@host/db", "mssql+pyodbc://sa:***@host/db"),
        ("Authorization: Bearer abcdef.ghijkl", "Authorization: Bearer ***"),
        ("AUTH PLAIN AGNsdWIAc2VjcmV0", "AUTH PLAIN ***"),
        ('{"api_key": "k-123", "a": 1}', '{"api_key": ***, "a": 1}'),
        ("https://x.org/?token=abc&page=2", "https://x.org/?token=***&page=2"),
        ("MOT_DE_PASSE=abc", "MOT_DE_PASSE=***"),
        ("+CPIN: SIM PIN", "+CPIN: SIM PIN"),
        # What must stay readable: instants, durations, versions, ids, paths, counts
        ("2026-11-24T10:11:30.412+01:00", "2026-11-24T10:11:30.412+01:00"),
        ("run 1764000000000 took 0.0412345678 s", "run 1764000000000 took 0.0412345678 s"),
        ("3f2c0612345678-aa", "3f2c0612345678-aa"),
        ("the fencing token 1764000000001 is stale", "the fencing token 1764000000001 is stale"),
        ("/home/club/0612345678x.log", "/home/club/0612345678x.log"),
        ("version 0.1.0, port 587, 192.168.100.200", "version 0.1.0, port 587, 192.168.100.200"),
    ],
)
def test_what_is_hidden_and_what_stays(text: str, masked: str) -> None:
    assert mask(text) == masked


@given(st.emails(), st.text(max_size=30))
def test_no_address_keeps_its_first_part(address: str, around: str) -> None:
    local = address.rpartition("@")[0]
    masked = mask(f"{around} <{address}>")
    assert f"{local}@" not in masked or not local.strip("*")  # stars alone are hidden by stars


def test_the_files_are_bounded_and_rotated(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 20_000)
    with logging_to(path, None):
        for number in range(3000):
            LOG.warning("the server does not answer for the %d. time", number)
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["accueil.log", *(f"accueil.log.{number}" for number in range(1, 5))]
    assert all(file.stat().st_size <= 20_000 for file in files)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert "for the 2999. time" in path.read_text(encoding="utf-8")


def test_a_file_that_cannot_be_rotated_stays_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 20_000)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "somebody reads it")

    monkeypatch.setattr(os, "rename", refuse)
    with logging_to(path, None):
        for number in range(2000):
            LOG.warning("the server does not answer for the %d. time", number)
    assert path.stat().st_size <= 20_000
    assert "for the 1999. time" in path.read_text(encoding="utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_is_full_ends_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        logs._PrivateRotatingFile, "_open", lambda _: io.TextIOWrapper(io.FileIO("/dev/full", "a"), write_through=True)
    )
    with logging_to(path, None):
        LOG.warning("this goes nowhere")
        LOG.warning("nor does this")
    assert capsys.readouterr().err == ""


def test_an_error_that_no_thread_caught_is_logged(path: Path) -> None:
    def fail() -> None:
        raise ZeroDivisionError("of léa@example.org")

    with logging_to(path, None):
        thread = threading.Thread(target=fail, name="lost")
        thread.start()
        thread.join()
    text = path.read_text(encoding="utf-8")
    assert "event=thread.uncaught of=lost" in text
    assert "ZeroDivisionError: of l***@example.org" in text


def test_chatty_libraries_are_silent_and_everything_is_put_back(path: Path) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), threading.excepthook)
    with logging_to(path, None, debug=True):
        logging.getLogger("sqlalchemy.engine").info("SELECT 1")
        LOG.debug("seen")
    assert (root.level, list(root.handlers), threading.excepthook) == before
    assert path.read_text(encoding="utf-8").count("\n") == 1
