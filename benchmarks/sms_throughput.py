"""Measures SMS per second with a durable commit for each: over HTTP, by a modem on an instant simulator, over SMPP.

    sh benchmarks/run sms_throughput [http] [modem] [smpp] [--count 2000] [--rounds 3] [--under-way 1 3 10]

The other side is a process of its own that answers at once. The best round counts, for the machine is shared. SMPP is
measured with each number of SMS under way that is named, of which the program's own default is one. Beside HTTP a bare
loop of requests.Session without any database; beside the modem gammu-smsd, where it is installed.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from smpp_programs import IS_THERE, NEEDS, PASSWORD, message_centre
from sms_http_request import SERVER, with_session
from sms_kills import SMSD
from sms_room import Room

from actors.sms.adapters.http.octopush import OctopushSettings
from actors.sms.adapters.modem.settings import ModemSettings
from actors.sms.adapters.smpp.settings import SmppSettings
from config.secret import Secret
from tests.program.sample_club import ROOT, Club

TEXT = "Votre cours de 18 h est annulé, le club vous prie de l'excuser."


@contextmanager
def http_server() -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.kill()


@contextmanager
def simulated_modem(folder: Path) -> Iterator[Path]:
    script = ROOT / "tests/sms/modem_simulator.py"
    command = [sys.executable, str(script), str(folder / "modem"), str(folder / "air")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as simulator:
        assert simulator.stdout is not None
        simulator.stdout.readline()
        yield folder / "modem"
        simulator.kill()


@contextmanager
def gateway(way: str, folder: Path, under_way: int = 1) -> Iterator[Any]:
    if way == "http":
        with http_server() as url:
            yield OctopushSettings(kind="http", provider="octopush", url=url, login="club", api_key=Secret("key"))
    elif way == "modem":
        with simulated_modem(folder) as port:
            yield ModemSettings(kind="modem", port=str(port))
    else:
        with message_centre() as centre:
            yield SmppSettings(
                kind="smpp",
                host="127.0.0.1",
                port=centre.port,
                system_id="club",
                password=Secret(PASSWORD),
                sms_under_way=under_way,
            )


def ours(way: str, count: int, under_way: int = 1) -> float:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        room = Room(folder, stack.enter_context(gateway(way, folder, under_way)))
        stack.callback(room.close)
        room.write([("+33698760000", TEXT, 1)])
        assert room.run().sent == 1  # connections are made
        room.write([(f"+33698{number // 100:04}{number % 50:02}", TEXT, 1) for number in range(count)])
        began = time.perf_counter()
        assert room.run().sent == count
        return count / (time.perf_counter() - began)


def session(count: int) -> float:
    with http_server() as url, with_session(url) as send:
        send(0)
        began = time.perf_counter()
        for number in range(count):
            send(number)
        return count / (time.perf_counter() - began)


def smsd(count: int) -> float:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = stack.enter_context(simulated_modem(folder))
        for name in ("inbox", "outbox", "sent", "error"):
            (folder / name).mkdir()
        for number in range(count):
            name = f"OUTB20261124_080000_{number:05}_+33698{number // 100:04}{number % 50:02}_club.txt"
            (folder / "outbox" / name).write_text("Votre cours de 18 h est annule")
        (folder / "smsdrc").write_text(SMSD.format(link=port, folder=folder))
        air = folder / "air"

        def copies() -> int:
            return air.read_bytes().count(b"\n")

        process = subprocess.Popen(
            ["gammu-smsd", "-c", str(folder / "smsdrc")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        Club.wait_until(lambda: copies() >= 1, 60)
        began = time.perf_counter()
        Club.wait_until(lambda: copies() >= count, 600)
        seconds = time.perf_counter() - began
        process.kill()
        process.wait()
        return (count - 1) / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ways", nargs="*", default=["http", "modem", "smpp"])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--under-way", type=int, nargs="+", default=[1, 3, 10])
    options = parser.parse_args()
    print(f"{'way':<34} {'SMS/s':>9} {'to the peer':>12}")
    for way in options.ways:
        if way == "smpp" and not IS_THERE:
            print(NEEDS)
            continue
        if way == "smpp":
            for under_way in options.under_way:
                rate = max(ours(way, options.count, under_way) for _ in range(options.rounds))
                print(f"{f'ours, smpp, {under_way} under way':<34} {rate:>9.1f}", flush=True)
            continue
        rate = max(ours(way, options.count) for _ in range(options.rounds))
        peer = None
        if way == "http":
            peer = ("requests.Session, no database", max(session(options.count) for _ in range(options.rounds)))
        elif way == "modem" and shutil.which("gammu-smsd"):
            peer = ("gammu-smsd", smsd(max(10, options.count // 50)))
        print(f"{'ours, ' + way:<34} {rate:>9.1f} {'' if peer is None else f'{rate / peer[1]:.2f}x':>12}", flush=True)
        if peer is not None:
            print(f"{peer[0]:<34} {peer[1]:>9.1f}", flush=True)


if __name__ == "__main__":
    main()
