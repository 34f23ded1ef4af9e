"""What the benchmarks of the icon stand on: a desktop, a sample club's program, a tray actor with a real child."""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from actors.tray.actor import TrayActor
from actors.tray.adapters.child_process import ChildProcess, child_command
from actors.tray.presence import Bell, Memory, Place, Whereabouts
from actors.tray.settings import PresenceSettings
from supervisor import ChildSpec, SupervisorFlags, Tree
from tests.desktop.desktop import Desktop, desktop
from tests.desktop.icon_club import IconClub
from tests.desktop.sample_status import operation, status

NAMES = ("backup", "sms", "email", "fmi", "synchronisation", "planning", "maps", "verification", "web_server",
         "announcement", "passage_sync", "launcher")  # fmt: skip


def rounds(default: int) -> int:
    """Return how many rounds the command line asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=default)
    return int(parser.parse_args().rounds)


@contextmanager
def stage() -> Iterator[tuple[Desktop, IconClub]]:
    """Give a desktop with a tray host, and a club that is ready to run."""
    with tempfile.TemporaryDirectory() as folder, desktop(Path(folder) / "desk") as desk:
        club = IconClub(Path(folder) / "club", desk)
        club.prepare()
        yield desk, club


class Stand:
    """A program whose operations' states are set by hand, and its icon on a real desktop."""

    def __init__(self, desk: Desktop) -> None:
        self.states = dict.fromkeys(NAMES, "active")
        self.said: list[tuple[float, dict[str, Any]]] = []
        self.bell = Bell()
        self.child: ChildProcess | None = None
        environment = {**desk.environment, "HEITZ_SERVICE_TRAY": "xorg"}

        def start(said: Callable[[dict[str, Any]], None], ended: Callable[[int], None]) -> ChildProcess:
            def keep(line: dict[str, Any]) -> None:
                self.said.append((perf_counter(), line))
                said(line)

            self.child = ChildProcess(child_command(), keep, ended, environment)
            return self.child

        place = Place(
            station="ACCUEIL",
            language="fr",
            timezone=ZoneInfo("Europe/Paris"),
            settings=PresenceSettings(),
            program=self,
            bell=self.bell,
            memory=Memory(Whereabouts("starting")),
        )
        spec = ChildSpec(id="tray", start=TrayActor, args=(place, start))
        self.tree = Tree(SupervisorFlags(retry_first_start=True), (spec,))

    def describe(self, _language: str) -> dict[str, Any]:
        states = dict(self.states)
        order = ("failed", "recovering", "waiting")
        worst = next((each for each in order if each in states.values()), "active")
        aggregate = {"failed": "failed", "active": "active"}.get(worst, "attention")
        found = [operation(name, state, None if state == "active" else "why") for name, state in states.items()]
        return status(*found, state=aggregate)

    def open_window(self) -> None: ...

    def restart(self, operation: str) -> None: ...

    def ask_to_stop(self) -> None: ...

    def set(self, name: str, state: str) -> None:
        """Change the state of an operation, as its actor does."""
        self.states[name] = state
        self.bell.ring()

    def drawn(self) -> list[tuple[float, str]]:
        """Return when which picture was drawn."""
        return [(at, str(line["picture"])) for at, line in self.said if line["event"] == "drawn"]


def spread(values: list[float], unit: float = 1000) -> str:
    """Return median, 99th percentile and maximum."""
    ordered = sorted(values)
    p99 = ordered[min(len(ordered) - 1, round(len(ordered) * 0.99))]
    return f"median {ordered[len(ordered) // 2] * unit:7.0f}   p99 {p99 * unit:7.0f}   worst {ordered[-1] * unit:7.0f}"
