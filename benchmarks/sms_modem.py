"""Measures SMS per second by a modem that answers at once, and copies when an answer is lost; gammu-smsd beside it.

Both talk to the same simulator, a process of its own. gammu-smsd (Debian) runs with its files backend and the
settings of its manual, but for LoopSleep 1 and short waits between two tries; MaxRetries has no effect there, so it is
watched for as long as `patience` says. What it does on a database, where it gives up: lost_reply.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from actors.sms.adapters.modem.settings import ModemSettings
from actors.sms.adapters.modem.transport import ModemTransport
from actors.sms.transport import Sms

SIMULATOR = Path(__file__).resolve().parents[1] / "tests/sms/modem_simulator.py"
TEXT = "Votre cours de 18 h est annule."
GOOD, LOST = "+33612345678", "+33612345692"


@contextmanager
def a_modem(folder: Path) -> Iterator[Path]:
    """Plug a modem in; the log of what goes on air is `air` in the folder."""
    command = [sys.executable, str(SIMULATOR), str(folder / "modem"), str(folder / "air")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdout.readline()
        yield folder / "modem"
        running.stdin.close()


def air(folder: Path) -> list[str]:
    return [json.loads(line)["to"] for line in (folder / "air").read_text().splitlines()]


def ours(folder: Path, numbers: list[str]) -> float:
    with a_modem(folder) as port:
        transport = ModemTransport(ModemSettings(kind="modem", port=str(port)), folder)
        transport.open()
        began = time.perf_counter()
        for place, number in enumerate(numbers):
            transport.send(Sms(number, TEXT, f"club-{place}"), lambda: True)
            for _ in transport.reports([]):
                pass
        seconds = time.perf_counter() - began
        transport.close()
    return seconds


def gammu_smsd(folder: Path, numbers: list[str], is_over: Callable[[], bool], at_most: float) -> float:
    for name in ("inbox", "outbox", "sent", "error"):
        (folder / name).mkdir()
    for place, number in enumerate(numbers):
        name = f"OUTA20260101_000000_{place:02d}_{number}_bench{place}.txt"
        (folder / "outbox" / name).write_text(TEXT)
    with a_modem(folder) as port:
        rc = folder / "smsdrc"
        rc.write_text(
            f"[gammu]\nport = {port}\nconnection = at115200\n"
            f"[smsd]\nservice = files\nlogfile = {folder}/log\nloopsleep = 1\nmaxretries = 3\nsendtimeout = 5\n"
            f"retrytimeout = 1\ncheckbattery = 0\nchecksignal = 0\n"
            + "".join(f"{name}path = {folder}/{name}/\n" for name in ("inbox", "outbox"))
            + f"sentsmspath = {folder}/sent/\nerrorsmspath = {folder}/error/\n"
        )
        with subprocess.Popen(
            ["gammu-smsd", "-c", str(rc)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as peer:
            began, never = time.perf_counter(), Event()
            while not air(folder) and time.perf_counter() - began < at_most:
                never.wait(0.005)
            first = time.perf_counter()  # its start is not counted
            while not is_over() and time.perf_counter() - began < at_most:
                never.wait(0.02)
            seconds = time.perf_counter() - first
            peer.terminate()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="SMS of ours")
    parser.add_argument("--peer-count", type=int, default=20, help="SMS of gammu-smsd")
    parser.add_argument("--patience", type=float, default=240, help="seconds that gammu-smsd has with lost answers")
    given = parser.parse_args()
    has_peer = shutil.which("gammu-smsd") is not None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("ours", "peer", "ours-lost", "peer-lost"):
            (folder / part).mkdir()
        rate = given.count / ours(folder / "ours", [GOOD] * given.count)
        print(f"\nours        {rate:8.1f} SMS/s, report of each taken")
        assert len(air(folder / "ours")) == given.count
        if has_peer:
            count, place = given.peer_count, folder / "peer"
            seconds = gammu_smsd(place, [GOOD] * count, lambda: len(air(place)) >= count, 300)
            peer_rate = (len(air(place)) - 1) / seconds
            print(f"gammu-smsd  {peer_rate:8.1f} SMS/s; ours is {rate / peer_rate:.0f} times that")
        seconds = ours(folder / "ours-lost", [LOST, GOOD])
        went = air(folder / "ours-lost")
        print(
            f"lost answer: ours {went.count(LOST)} copy, the next SMS {went.count(GOOD)} time, {seconds:.0f} s in all"
        )
        if has_peer:
            place = folder / "peer-lost"
            seconds = gammu_smsd(
                place, [LOST, GOOD], lambda: any(file.name for file in (place / "error").iterdir()), given.patience
            )
            went = air(place)
            print(
                f"{'':12} gammu-smsd {went.count(LOST)} copies, the next SMS {went.count(GOOD)} times, {seconds:.0f} s"
            )
        else:
            print("gammu-smsd is not here: install the Debian package")


if __name__ == "__main__":
    main()
