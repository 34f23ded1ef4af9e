"""What idle stations ask of a server, counted by the server itself: a holder, a standby, then fifty stations.

PYTHONPATH=. .venv/bin/python benchmarks/idle_cost.py [--engine mariadb|postgresql …] [--seconds 120] [--stations 50]

The fifty are the actors of the real program, one tree a station, in one process; no e-mail is due.
"""

import argparse
import logging
import re
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import psutil

from actors.board import Board
from actors.registry import Belongings, Identity, StationPlan
from club import Journal
from config import Settings, SettingsFile
from service.roster import ROSTER, settings_schema
from supervisor import Park, SupervisorFlags, Tree
from tests.program.server_club import KINDS, Server, ServerClub, running

OPTIONS = {"mariadb": ["--general-log=1", "--general-log-file=queries"], "postgresql": ["log_statement=all"]}
"""Each engine writes every statement that it is asked into a file of its own."""
_VERB = r"(\w+(?: station\b| lease\b)?)"
"""With the table, where it is the sign of life or the lease."""
_STATEMENT = {
    "mariadb": re.compile(rf"\t +\d+ (?:Query|Execute)\t *{_VERB}"),
    "postgresql": re.compile(rf"LOG:  (?:statement|execute [^:]*): *{_VERB}"),
}
_READS = ("SELECT",)
_WRITES = ("INSERT", "UPDATE", "DELETE")
_SETTLE_SECONDS = 15.0


class Meter:
    """Counts statements and processor time of a server between two moments."""

    def __init__(self, server: Server) -> None:
        self._server = server
        names = {"mariadb": server.folder / "data" / "queries", "postgresql": server.folder / "log"}
        self._file = names[server.engine]
        self._at = 0
        self._used = 0.0

    def start(self) -> None:
        self._at = self._file.stat().st_size
        self._used = self._processor_seconds()

    def read(self) -> tuple[Counter[str], float]:
        """Return the statements by verb since `start`, and the processor's seconds."""
        used = self._processor_seconds() - self._used
        with self._file.open("rb") as file:
            file.seek(self._at)
            text = file.read().decode("utf-8", "replace")
        verbs = (found[1] for found in _STATEMENT[self._server.engine].finditer(text))
        return Counter(verb.upper() for verb in verbs if verb), used

    def _processor_seconds(self) -> float:
        parent = next(
            process
            for process in psutil.process_iter(["cmdline"])
            if process.info["cmdline"] and str(self._server.folder / "data") in " ".join(process.info["cmdline"])
        )
        times = [process.cpu_times() for process in (parent, *parent.children(recursive=True))]
        return sum(each.user + each.system for each in times)


def tell(label: str, meter: Meter, stations: int, seconds: float) -> Counter[str]:
    """Print what the server counted in `seconds`, a minute and a station, and return it."""
    meter.start()
    Event().wait(seconds)
    verbs, used = meter.read()
    a_minute = 60 / seconds / stations
    reads, writes = (
        sum(verbs[verb] for verb in verbs if verb.split()[0] in kind) * a_minute for kind in (_READS, _WRITES)
    )
    others = sum(verbs.values()) * a_minute - reads - writes
    print(
        f"  {label:<34} {reads:6.1f} reads {writes:6.1f} writes {others:6.1f} others a minute and station; "
        f"server's processor {100 * used / seconds:5.2f} %"
    )
    return verbs


def simulated(settings: Settings, names: list[str], folder: Path) -> list[tuple[Tree, StationPlan]]:
    """Start one tree of the real actors for each name."""
    flags = SupervisorFlags(on_meltdown=Park(60), retry_first_start=True)
    stations = []
    for number, name in enumerate(names):
        plan = StationPlan(
            Identity(name, "bench", f"bench-{number}"),
            ROSTER,
            Board(lambda: datetime.now(UTC)),
            Belongings(Journal(folder / f"answers-{number}", sync=False)),
            tell=lambda _operation, _message: True,
            aggregate_state=lambda: "active",
        )
        tree = Tree(flags, plan.specs(settings))
        tree.start()
        stations.append((tree, plan))
    return stations


def settings_of(club: ServerClub, names: list[str]) -> Settings:
    """Write settings in which the first station holds the operation and all others would take over."""
    standby = ", ".join(f'"{name}"' for name in names[1:])
    club.write_settings(
        email=f"standby = [{standby}]", more="".join(f"\n[stations.{name}]" for name in names[2:]) + "\n"
    )
    text = club.settings.read_text("utf-8").replace('every = "1s"', 'every = "60s"')
    club.settings.write_text(text, encoding="utf-8")
    return SettingsFile(club.settings, settings_schema()).load()


def measure(engine: str, seconds: float, count: int) -> None:
    print(f"{engine}, {seconds:g} s each")
    with tempfile.TemporaryDirectory() as folder, running(KINDS[engine], *OPTIONS[engine]) as server:
        club = ServerClub(Path(folder), server)
        try:
            club.make_database()
            meter = Meter(server)
            names = ["ACCUEIL", "SERVEUR", *(f"POSTE{number}" for number in range(3, count + 1))]
            settings_of(club, names)
            club.start(names[0])
            club.wait_until(lambda: club.operation("email", "--station", names[0])["state"] == "active")
            Event().wait(_SETTLE_SECONDS)
            alone = tell("the holder, alone", meter, 1, seconds)
            club.start(names[1])
            club.wait_until(lambda: club.operation("email", "--station", names[1])["state"] == "standby")
            Event().wait(_SETTLE_SECONDS)
            both = tell("a holder and its standby", meter, 2, seconds)
            written = {verb for verb in (*both, *alone) if verb.split()[0] in _WRITES}
            told = (f"{verb.lower()} {(both[verb] - alone[verb]) * 60 / seconds:+.1f}" for verb in sorted(written))
            print(f"  a standby adds, in writes a minute: {', '.join(told)}")
            for station in (names[1], names[0]):
                club.command("stop", "--station", station)
            stations = simulated(settings_of(club, names), names, Path(folder))
            Event().wait(_SETTLE_SECONDS)
            tell(f"{count} stations, one of them the holder", meter, count, seconds)
            for tree, plan in stations:
                tree.stop(5)
                plan.close()
        finally:
            club.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=tuple(KINDS), nargs="*", default=tuple(KINDS))
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--stations", type=int, default=50)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    for engine in options.engine:
        measure(engine, options.seconds, options.stations)
    return 0


if __name__ == "__main__":
    sys.exit(main())
