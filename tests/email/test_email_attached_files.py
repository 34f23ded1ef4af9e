"""Attachments come from the allowed folder, whole or not at all."""

import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from email_fixtures import StartServer
from test_email_limits import SlowClub

from actors.email.adapters import attached_files
from actors.email.adapters.attached_files import NotYet, read_file
from actors.email.adapters.message import Unsendable
from club import Attachment

LIMIT = 1000


@pytest.fixture(params=["relative", "by path"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a file in it, read in each of both ways."""
    if request.param == "by path":
        monkeypatch.setattr(attached_files, "_HAS_OPENAT", False)
    (tmp_path / "secret.txt").write_text("of somebody else")
    allowed = tmp_path / "allowed"
    (allowed / "2026" / "novembre").mkdir(parents=True)
    (allowed / "2026" / "facture é.pdf").write_bytes(b"%PDF")
    (allowed / "2026" / "novembre" / "a.pdf").write_bytes(b"a")
    return allowed


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("2026/facture é.pdf", b"%PDF"),
        ("2026\\facture é.pdf", b"%PDF"),
        ("2026/novembre/a.pdf", b"a"),
    ],
)
def test_a_file_of_the_folder_is_read(folder: Path, path: str, content: bytes) -> None:
    assert read_file(folder, path, LIMIT) == content


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "../secret.txt",
        "2026/../../secret.txt",
        "2026\\..\\..\\secret.txt",
        "/etc/passwd",
        "\\\\server\\share\\a.pdf",
        "//server/share/a.pdf",
        "\\\\?\\C:\\a.pdf",
        "\\\\.\\PhysicalDrive0",
        "C:\\a.pdf",
        "C:a.pdf",
        "a.pdf:stream",
        "2026//a.pdf",
        "2026/",
        "NUL",
        "con.pdf",
        "2026/COM1",
        "lpt9.txt",
        "com\u00b2.txt",
        "CONIN$",
        "a.pdf.",
        "a.pdf ",
        "a\x00.pdf",
        "a\n.pdf",
        "a|b",
        "?",
        "x" * 401,
    ],
)
def test_a_path_that_is_none_inside_the_folder_is_refused(folder: Path, path: str) -> None:
    with pytest.raises(Unsendable, match="no path inside"):
        read_file(folder, path, LIMIT)


def test_a_path_needs_a_folder_that_the_settings_allow() -> None:
    with pytest.raises(Unsendable, match="attachments_folder"):
        read_file(None, "a.pdf", LIMIT)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
@pytest.mark.parametrize("leads_to", ["2026/novembre/a.pdf", "../secret.txt"])
def test_a_link_is_not_followed(folder: Path, leads_to: str) -> None:
    target = folder / leads_to
    (folder / "link.pdf").symlink_to(target)
    (folder / "out").symlink_to(target.parent, target_is_directory=True)
    for path in ("link.pdf", f"out/{target.name}"):
        with pytest.raises(Unsendable, match=r"link\.pdf|cannot be opened"):
            read_file(folder, path, LIMIT)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "to").symlink_to(folder, target_is_directory=True)
    assert read_file(tmp_path / "to", "2026/novembre/a.pdf", LIMIT) == b"a"


def test_what_is_not_there_is_told_without_the_rest_of_its_path(folder: Path) -> None:
    with pytest.raises(Unsendable, match=r"its attachment b\.pdf is not there"):
        read_file(folder, "Dupont/b.pdf", LIMIT)


def test_a_folder_that_is_away_is_no_fault_of_the_row(folder: Path) -> None:
    with pytest.raises(NotYet, match="attachments_folder cannot be opened"):
        read_file(folder / "gone", "b.pdf", LIMIT)


@pytest.mark.parametrize(("number", "error"), [(errno.EIO, NotYet), (errno.EMFILE, NotYet), (errno.EACCES, Unsendable)])
def test_a_share_that_stutters_is_waited_for_and_a_file_that_may_not_be_read_is_not(
    folder: Path, number: int, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def stutter(path: Any, *args: Any, **kwargs: Any) -> int:
        if Path(path).name == "a.pdf":
            raise OSError(number, os.strerror(number))
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", stutter)
    with pytest.raises(error, match=r"a\.pdf cannot be opened"):
        read_file(folder, "2026/novembre/a.pdf", LIMIT)


def test_a_file_that_is_still_empty_is_waited_for(folder: Path) -> None:
    (folder / "empty.pdf").touch()
    with pytest.raises(NotYet, match=r"empty\.pdf is empty"):
        read_file(folder, "empty.pdf", LIMIT)


def test_a_folder_is_no_file(folder: Path) -> None:
    with pytest.raises(Unsendable, match="no file"):
        read_file(folder, "2026", LIMIT)


@pytest.mark.skipif(sys.platform == "win32", reason="has no pipes in folders")
def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(Unsendable, match="no file"):
        read_file(folder, "pipe", LIMIT)


def test_a_file_that_is_too_large_is_not_read(folder: Path) -> None:
    (folder / "large").write_bytes(b"x" * (LIMIT + 1))
    with pytest.raises(Unsendable, match="1001 bytes, more than max_message_size"):
        read_file(folder, "large", LIMIT)
    (folder / "large").write_bytes(b"x" * LIMIT)
    assert len(read_file(folder, "large", LIMIT)) == LIMIT


@pytest.mark.parametrize("change", [b"xyz", b"xyzxyz", b""])
def test_a_file_that_changes_while_it_is_read_does_not_leave(
    folder: Path, change: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "growing"
    file.write_bytes(b"abc")
    os.utime(file, ns=(1, 1))
    read = os.read

    def read_and_change(descriptor: int, length: int) -> bytes:
        chunk = read(descriptor, length)
        if os.fstat(descriptor).st_mtime_ns == 1:
            file.write_bytes(change)
        return chunk

    monkeypatch.setattr(os, "read", read_and_change)
    with pytest.raises(NotYet, match="changed while it was read"):
        read_file(folder, "growing", LIMIT)


@pytest.fixture
def club(tmp_path: Path) -> Iterator[SlowClub]:
    club = SlowClub(tmp_path)
    yield club
    club.database.dispose()


def with_invoice(club: SlowClub, recipient: str, path: str) -> None:
    club.write(recipient, "transactional")
    club.sql(
        "INSERT INTO email_attachment (email_id, name, content, path) SELECT MAX(id), ?, X'', ? FROM email", path, path
    )


def test_what_has_an_attachment_waits_for_the_folder_and_the_others_leave(
    club: SlowClub, start_server: StartServer, tmp_path: Path
) -> None:
    """A network drive that is away for a night must not make a pile of failed invoices."""
    server, folder = start_server(), tmp_path / "away"
    with_invoice(club, "lea@example.org", "facture.pdf")
    club.write("paul@example.org", "transactional")
    club.run_until_empty(server, attachments_folder=folder, most_runs=3)
    assert server.recipients() == ["paul@example.org"]
    [(state, attempts, error)] = club.sql("SELECT state, attempts, error FROM email WHERE recipient LIKE 'lea%'")
    assert (state, attempts) == ("pending", 0)
    assert "attachments_folder cannot be opened" in error
    folder.mkdir()
    (folder / "facture.pdf").write_bytes(b"%PDF")
    club.run_until_empty(server, attachments_folder=folder)
    assert server.recipients() == ["paul@example.org", "lea@example.org"]


def test_a_file_that_is_never_written_is_given_up_with_its_reason(
    club: SlowClub, start_server: StartServer, tmp_path: Path
) -> None:
    server, folder = start_server(), tmp_path / "allowed"
    folder.mkdir()
    (folder / "facture.pdf").touch()
    with_invoice(club, "lea@example.org", "facture.pdf")
    club.sql("UPDATE email SET created_at = '2020-01-01 08:00:00'")
    club.run_until_empty(server, attachments_folder=folder)
    assert server.recipients() == []
    [(state, error)] = club.sql("SELECT state, error FROM email")
    assert state == "failed"
    assert "given up after" in error
    assert "facture.pdf is empty" in error


def test_a_file_that_goes_away_between_the_claim_and_the_sending_is_told(
    club: SlowClub, start_server: StartServer, tmp_path: Path
) -> None:
    server, folder = start_server(), tmp_path / "allowed"
    folder.mkdir()
    (folder / "facture.pdf").write_bytes(b"%PDF-1.7 whole")
    with_invoice(club, "lea@example.org", "facture.pdf")
    claim = club.outbox.claim

    def claim_and_lose(limit: int = 100) -> Any:
        taken = claim(limit)
        if taken:
            (folder / "facture.pdf").unlink()
        return taken

    club.outbox.claim = claim_and_lose  # type: ignore[method-assign]
    club.run_until_empty(server, attachments_folder=folder)
    [(state, error)] = club.sql("SELECT state, error FROM email")
    assert (state, server.recipients()) == ("failed", [])
    assert "its attachment facture.pdf is not there" in error


def test_what_is_removed_from_the_table_while_it_is_loaded_does_not_leave_empty(
    club: SlowClub, start_server: StartServer
) -> None:
    server = start_server()
    club.write("lea@example.org", "transactional")
    club.sql("INSERT INTO email_attachment (email_id, name, content) VALUES (1, 'facture.pdf', X'255044')")
    load = club.outbox.content
    loaded: list[bytes] = []

    def content(attachment: Attachment) -> bytes:
        loaded.append(load(attachment) if loaded else b"")
        return loaded[-1]

    club.outbox.content = content  # type: ignore[method-assign]
    club.run_until_empty(server, most_runs=1)
    assert server.recipients() == []
    assert club.sql("SELECT state, attempts FROM email") == [("pending", 0)]
    club.run_until_empty(server)
    assert loaded == [b"", b"%PD"]
    assert b'filename="facture.pdf"' in server.copies[0].content
