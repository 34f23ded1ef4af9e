"""gammu, which nobody here wrote, talks to the same simulator, and both read what the other wrote: so it is right."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from modem_pdus import deliver, status_report
from modem_simulator import SimulatedModem

pytestmark = pytest.mark.skipif(shutil.which("gammu") is None, reason="needs the Debian package gammu")
AT = datetime(2026, 11, 24, 8, 30, 1, tzinfo=UTC)


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[SimulatedModem]:
    simulated = SimulatedModem(tmp_path / "modem", tmp_path / "air")
    yield simulated
    simulated.close()


def gammu(simulated: SimulatedModem, *words: str) -> str:
    rc = simulated.link.with_name("gammurc")
    rc.write_text(f"[gammu]\nport = {simulated.link}\nconnection = at115200\nsynchronizetime = no\n")
    done = subprocess.run(
        ["gammu", "-c", rc, *words],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_gammu_knows_it_as_a_modem(simulated: SimulatedModem) -> None:
    said = gammu(simulated, "identify")
    assert "Manufacturer         : Simulated" in said
    assert "860000000000001" in said


def test_what_gammu_sends_is_read_as_it_was_written(simulated: SimulatedModem) -> None:
    said = gammu(simulated, "sendsms", "TEXT", "+33612345678", "-report", "-text", "L'été : 10 € [promis]")
    assert "message reference=7" in said
    [sent] = simulated.air()
    assert (sent["to"], sent["text"], sent["srr"]) == ("+33612345678", "L'été : 10 € [promis]", True)


def test_what_gammu_sends_in_parts_and_in_ucs2_is_read_as_it_was_written(simulated: SimulatedModem) -> None:
    body = "Fête à l'été, œuf " * 8
    gammu(simulated, "sendsms", "TEXT", "+33612345678", "-unicode", "-len", "400", "-text", body)
    parts = simulated.air()
    assert "".join(part["text"] for part in parts) == body
    assert [part["tail"][2:] for part in parts] == ["0301", "0302", "0303"]


def test_gammu_reads_what_came_in(simulated: SimulatedModem) -> None:
    simulated.modem.store(deliver("+33612345678", "STOP à l'été", at=AT))
    simulated.modem.store(deliver("+33612345679", "Première partie ê", part=(7, 2, 1), at=AT))
    simulated.modem.store(status_report(8, "+33612345678", 0x00, AT))
    said = gammu(simulated, "getallsms")
    assert "STOP à l'été" in said
    assert "ID (8 bit) 7, part 1 of 2" in said
    assert "Première partie ê" in said
    assert "Reference number     : 8" in said
    assert "Delivered" in said
    assert "Tue Nov 24 08:30:01 2026" in said
