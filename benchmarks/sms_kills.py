"""Kills the whole program with SIGKILL at random moments while SMS leave, and counts copies at the other side.

    sh benchmarks/run sms_kills [http] [modem] [smpp] [--kills 50] [--sms 2000] [--under-way 1 10] [--smsd-sms 200]

The other side is a process of its own, or a thread of this one, that no kill touches: an HTTP gateway that can be
asked by our reference, a simulated modem, the message centre of the npm package smpp. Beside HTTP, under the same
treatment, the loop that everybody writes first: requests.post, then mark the row as sent. Beside the modem gammu-smsd,
where Debian's package is installed: it sends one SMS a second, so it gets as many kills and fewer SMS, and each kill
comes within the time that as many of its own SMS take as of ours. "doubled" counts SMS with more than one copy, also
per kill; "settled" are those that were uncertain and that a look-up or a report settled. SMPP is measured with each
number of SMS under way that is named: by default the program's own, and ten. Ends with 1 when ours doubles or loses
one, or leaves more uncertain than kills times those under way.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from threading import Event

import attrs
from club_gateway import ClubGateway, settings_for
from gateway_server import serving
from modem_simulator import SimulatedModem
from smpp_programs import IS_THERE, NEEDS, PASSWORD, message_centre

from tests.program.sample_club import Club
from tests.program.sms_club import ALWAYS

NAIVE = """
import sqlite3, sys, requests
file, url = sys.argv[1:]
rows = sqlite3.connect(file, isolation_level=None, timeout=20)
rows.execute("PRAGMA synchronous=FULL")
session = requests.Session()
session.headers["Authorization"] = "Bearer key-of-the-club-0123456789"
while row := rows.execute("SELECT id, recipient, body FROM sms WHERE state = 'pending' ORDER BY id LIMIT 1").fetchone():
    session.post(url + "/sms", json={"to": row[1], "text": row[2], "ref": str(row[0])}, timeout=10).raise_for_status()
    rows.execute("UPDATE sms SET state = 'sent', attempts = 1 WHERE id = ?", row[:1])
"""
SMSD = """
[gammu]
device = {link}
connection = at
[smsd]
service = files
logfile = {folder}/smsd.log
inboxpath = {folder}/inbox/
outboxpath = {folder}/outbox/
sentsmspath = {folder}/sent/
errorsmspath = {folder}/error/
commtimeout = 1
sendtimeout = 5
receivefrequency = 3600
checksecurity = 0
checkbattery = 0
checksignal = 0
checknetwork = 0
"""


@attrs.frozen
class OtherSide:
    """What SMS leave to: its tables of the settings file, and who got how many copies."""

    settings: str
    copies: "Callable[[], Counter[str]]"
    url: str = ""


@contextmanager
def http(folder: Path) -> Iterator[OtherSide]:
    vendor = ClubGateway(folder / "gateway.log")
    with serving(vendor) as server:
        yield OtherSide(settings_for(server.url), lambda: Counter(copy["to"] for copy in vendor.copies()), server.url)


@contextmanager
def modem(folder: Path) -> Iterator[OtherSide]:
    simulated = SimulatedModem(folder / "modem", folder / "air")
    try:
        yield OtherSide(
            f'[sms.gateway]\nkind = "modem"\nport = "{simulated.link}"\n',
            lambda: Counter(f"+{each['to'].lstrip('+')}" for each in simulated.air()),
        )
    finally:
        simulated.close()


@contextmanager
def smpp(_folder: Path, under_way: int = 1) -> Iterator[OtherSide]:
    if not IS_THERE:
        raise SystemExit(NEEDS)
    with message_centre() as centre:
        yield OtherSide(
            f'[sms.gateway]\nkind = "smpp"\nhost = "127.0.0.1"\nport = {centre.port}\n'
            f'system_id = "club"\npassword = "{PASSWORD}"\nsms_under_way = {under_way}\n',
            lambda: Counter(f"+{each['to'].lstrip('+')}" for each in centre.copies()),
        )


WAYS: dict[str, Callable[[Path], AbstractContextManager[OtherSide]]] = {"http": http, "modem": modem, "smpp": smpp}


def numbers(count: int) -> list[str]:
    return [f"+3369876{number:04}" for number in range(count)]


def states(club: Club) -> dict[str, int]:
    return dict(club.rows("SELECT state, count(*) FROM sms GROUP BY state"))


def kill_until_done(
    start: "Callable[[], subprocess.Popen[str]]",
    copies: "Callable[[], Counter[str]]",
    kills: int,
    count: int,
    has_left: Callable[[], bool] = lambda: False,
    seconds_each: float = 0.003,
) -> int:
    """Start, wait for the first new copy, wait a little more, kill; return how many kills there were.

    `has_left` says that nothing waits any more: what is uncertain may never make a copy, and is not sent again. The
    wait is for a few SMS, each of which takes `seconds_each`: so few that some are left for the last kill.
    """
    chance = random.Random(20261124)
    done = 0
    share = count / (kills + 10)
    while done < kills and len(copies()) < count and not has_left():
        process = start()
        before = sum(copies().values())
        Club.wait_until(
            partial(
                lambda before: sum(copies().values()) > before or len(copies()) >= count or has_left(),
                before,
            ),
            300,  # a busy machine takes its time to start a program
        )
        Event().wait(chance.uniform(0, share * seconds_each))
        process.kill()
        process.communicate()
        done += 1
    return done


def line(name: str, kills: int, count: int, copies: "Counter[str]", more: tuple[int, int, int]) -> None:
    lost, uncertain, settled = more
    doubled = sum(1 for number in copies.values() if number > 1)
    per_kill = f"{doubled / max(1, kills):.2f} {lost / max(1, kills):>6.2f}"
    print(
        f"{name:<30} {count:>6} {kills:>6} {doubled:>8} {lost:>6} {uncertain:>10} {settled:>8}   {per_kill:>15}",
        flush=True,
    )


def ours(name: str, kills: int, count: int, under_way: int | None = None) -> bool:
    """Print what kills did to the program, and return whether all is well."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        way = WAYS[name] if under_way is None else partial(smpp, under_way=under_way)
        other = stack.enter_context(way(folder))
        club = made(folder, other, count)
        stack.callback(club.close)
        done = kill_until_done(
            club.run, other.copies, kills, count, lambda: not set(states(club)) & {"pending", "sending"}
        )
        club.start()
        club.wait_until(lambda: not set(states(club)) & {"pending", "sending"}, seconds=600)
        if name == "http":
            club.wait_until(lambda: "uncertain" not in states(club), seconds=120)
        copies = other.copies()
        left = {number for (number,) in club.rows("SELECT number FROM sms WHERE state IN ('sent', 'delivered')")}
        unsure = states(club).get("uncertain", 0)
        [(ever,)] = club.rows("SELECT count(DISTINCT message_id) FROM outbox_attempt WHERE outcome = 'uncertain'")
        lost = len(left - set(copies)) + count - len(left) - unsure
        said = "" if under_way is None else f", {under_way} under way"
        line(f"Heitz Service, {name}{said}", done, count, copies, (lost, ever, ever - unsure))
        return lost == 0 and max(copies.values()) == 1 and ever <= done * (under_way or 1)


def made(folder: Path, other: OtherSide, count: int) -> Club:
    club = Club(folder)
    club.start_smtp()
    club.write_settings(more=f'\n[sms]\nstation = "ACCUEIL"\nevery = "1s"\n{ALWAYS}\n{other.settings}')
    club.make_database()
    write(club, count)
    return club


def write(club: Club, count: int) -> None:
    import sqlite3  # noqa: PLC0415
    from contextlib import closing  # noqa: PLC0415

    rows = [(number, "Cours annulé") for number in numbers(count)]
    with closing(sqlite3.connect(club.database, timeout=20)) as connection, connection:
        connection.executemany("INSERT INTO sms (recipient, body) VALUES (?, ?)", rows)


def naive(kills: int, count: int) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        other = stack.enter_context(http(folder))
        club = made(folder, other, count)
        stack.callback(club.close)
        command = [sys.executable, "-c", NAIVE, str(club.database), other.url]
        done = kill_until_done(lambda: club.spawn(command), other.copies, kills, count)
        subprocess.run(command, check=True, timeout=600)
        copies = other.copies()
        line("requests.post, then mark", done, count, copies, (count - len(copies), 0, 0))


def gammu(kills: int, count: int) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        simulated = SimulatedModem(folder / "modem", folder / "air")
        stack.callback(simulated.close)
        for name in ("inbox", "outbox", "sent", "error"):
            (folder / name).mkdir()
        for place, number in enumerate(numbers(count)):
            (folder / "outbox" / f"OUTB20261124_080000_{place:05}_{number}_club.txt").write_text("Cours annule")
        config = folder / "smsdrc"
        config.write_text(SMSD.format(link=simulated.link, folder=folder))

        def air() -> "Counter[str]":
            return Counter(f"+{json.loads(each)['to'].lstrip('+')}" for each in simulated.log.read_text().splitlines())

        def is_waiting() -> bool:
            return any((folder / "outbox").glob("OUT*.txt"))

        def start() -> "subprocess.Popen[str]":
            return subprocess.Popen(
                ["gammu-smsd", "-c", str(config)], text=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )

        done = kill_until_done(start, air, kills, count, lambda: not is_waiting(), seconds_each=1.0)
        process = start()
        Club.wait_until(lambda: not is_waiting(), 600)
        process.kill()
        process.communicate()
        line("gammu-smsd", done, count, air(), (count - len(air()), 0, 0))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ways", nargs="*", choices=[[], *WAYS], default=[])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--sms", type=int, default=2000)
    parser.add_argument("--under-way", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--smsd-sms", type=int, default=200, help="SMS of gammu-smsd, at one a second")
    options = parser.parse_args()
    columns = f"{'SMS':>6} {'kills':>6} {'doubled':>8} {'lost':>6} {'uncertain':>10} {'settled':>8}"
    print(f"{'':<30} {columns}   doubled, lost per kill")
    is_well = True
    for way in options.ways or WAYS:
        for under_way in options.under_way if way == "smpp" else [None]:
            is_well &= ours(way, options.kills, options.sms, under_way)
        if way == "http":
            naive(options.kills, options.sms)
        elif way == "modem" and shutil.which("gammu-smsd"):
            gammu(options.kills, options.smsd_sms)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
