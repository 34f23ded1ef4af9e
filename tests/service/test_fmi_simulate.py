"""`fmi simulate`, run as a person runs it."""

import socket
import subprocess
import sys
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from service.command_line import main

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def connected(number: int) -> socket.socket:
    """Connect as soon as somebody listens."""
    until = monotonic() + 60
    while True:
        try:
            return socket.create_connection(("127.0.0.1", number), 1)
        except OSError:
            assert monotonic() < until
        Event().wait(0.05)


def test_a_recorded_day_is_played_to_whoever_listens_and_its_truth_is_told(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text(
        "at,sensor,direction\n09:00:00,entree,in\n09:00:01,entree,in\n09:00:30,entree,out\n"
    )
    number = free_port()
    words = (
        "--record",
        str(tmp_path / "day.csv"),
        "--listen",
        str(number),
        "--wait",
        "1",
        "--speed",
        "30",
        "--lang",
        "en",
    )
    with subprocess.Popen(
        [sys.executable, "-m", "service", "fmi", "simulate", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as playing:
        heard = b""
        with connected(number) as client:
            client.settimeout(60)
            while read := client.recv(4096):
                heard += read
        out, _ = playing.communicate(timeout=60)
    assert f'port = "socket://127.0.0.1:{number}"' in out
    assert "entree: 2 in, 1 out: what the program should have counted" in out
    from actors.fmi.simulation.frames import count  # noqa: PLC0415

    assert count(2, 1) in heard


@pytest.mark.parametrize("line", ["09:00", "9h,entree,in", "09:00:00,entree,up", "09:00:00,porte,in", "a,b,c,d"])
def test_a_recorded_day_that_cannot_be_read_names_its_line(line: str, tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text(f"09:00:00,entree,in\n{line}\n")
    code = main(["fmi", "simulate", "--record", str(tmp_path / "day.csv")])
    assert code in (1, 2)


def test_what_cannot_be_played_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "day.csv").write_text('09:00:00,entree,"' + "x" * 200_000, "utf-8")
    assert main(["fmi", "simulate", "--record", str(tmp_path / "day.csv"), "--lang", "en"]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert main(["fmi", "simulate", "--listen", "65535", "--sensors", "a,b", "--lang", "en"]) == 2
    assert "not so many TCP ports" in capsys.readouterr().err
