"""One run: makes a club, lets the weather loose, waits until all is settled, judges, and leaves nothing behind."""

import random
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any, Final

import attrs

from chaos import faketime
from chaos.cable import Cable
from chaos.counterpart import Counterpart
from chaos.faults import Club, Outage, Steps, Takeover, perform
from chaos.judge import FinalRow, Verdict, judge
from chaos.places import AWAY, Place, ServerPlace, place_of
from chaos.stations import NAMES, Station
from chaos.weather import Fault, Forecast, Kind
from chaos.writer import Writer, is_unanswered

_SAMPLE_SECONDS: Final = 2.0
_NUMBER: Final = re.compile(r"(\d+)$")
_FINAL_ROWS: Final = "SELECT reference, state, claim_token, error FROM email"
_OPEN_ROWS: Final = "SELECT count(*) FROM email WHERE state IN ('pending', 'sending')"


@attrs.frozen(kw_only=True)
class Options:
    """What to run; `root` is where the program's code is."""

    engine: str
    root: Path
    messages: int = 8000
    seconds: float = 600
    seed: int = 1
    longest_fault_seconds: float = 75
    settle_seconds: float = 120
    """How long nothing may change at the end before the rest counts as lost: longer than a takeover."""


@attrs.frozen(kw_only=True)
class Result:
    """What a run has shown."""

    options: Options
    verdict: Verdict
    token_steps_back: tuple[str, ...]
    """Times at which the lease's token was seen smaller than before."""
    outages: tuple[Outage, ...]
    takeovers: tuple[Takeover, ...]
    exit_codes: dict[str, int | None]
    """Of the stations, stopped in order at the end."""
    orphans: tuple[str, ...]
    """Processes of stations that were there when all was over."""
    most_mebibytes: dict[str, float]
    log_lines: dict[str, int]
    uncertain_by_server: int
    """How many of the uncertain ones the mail server itself left unanswered."""
    seconds: float

    @property
    def is_clean(self) -> bool:
        ended_well = all(code in (0, None) for code in self.exit_codes.values())
        return self.verdict.is_clean and not self.token_steps_back and not self.orphans and ended_well

    def takeover_seconds(self, cause: Kind) -> list[float]:
        return sorted(each.seconds for each in self.takeovers if each.cause is cause)


class _Token:
    """Watches the lease's token from outside."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._highest = 0
        self.steps_back: list[str] = []

    def look(self) -> None:
        if isinstance(self._place, ServerPlace) and not self._place.is_up:
            return
        try:
            token = int(self._place.rows("SELECT token FROM lease WHERE name = 'email'")[0][0])
        except (*AWAY, IndexError):
            return
        if token < self._highest:
            self.steps_back.append(f"{token} after {self._highest}")
        self._highest = max(self._highest, token)


def run(options: Options, folder: Path, say: Any) -> Result:
    """Run one club in `folder`, where the mail server's log and the stations' logs remain."""
    with ExitStack() as stack:
        stack.callback(faketime.sweep)
        place = stack.enter_context(place_of(options.engine, folder))
        place.make_tables()
        counterpart = stack.enter_context(Counterpart(folder / "accepted.log", NAMES, options.seed))
        stations = [Station(name, folder / name.lower(), options.root) for name in NAMES]
        cables: list[Cable] = []
        if isinstance(place, ServerPlace):
            cables = [stack.enter_context(Cable(place.server.port)) for _ in stations]
        for number, station in enumerate(stations):
            station.prepare(place.url(cables[number].port if cables else 0), counterpart.port(station.name))
            stack.callback(station.kill)
        # From the start two of three clocks are wrong by an hour, each its way.
        stations[1].step(3600)
        stations[2].step(-3600)
        writer = Writer(place, options.messages, options.seconds * 0.97, monotonic)
        stack.callback(writer.stop)
        return _Run(options, Club(place, stations, cables, counterpart, say), writer).result()


class _Run:
    def __init__(self, options: Options, club: Club, writer: Writer) -> None:
        self._options = options
        self._club = club
        self._writer = writer
        self._token = _Token(club.place)
        self._pause = threading.Event()

    def result(self) -> Result:
        club, began_at = self._club, monotonic()
        for station in club.stations:
            station.start()
        self._writer.start()
        self._let_loose(began_at)
        self._clear_up()
        self._until_settled()
        exit_codes = {station.name: station.end() for station in club.stations}
        rows = [
            FinalRow(int(found[1]) if (found := _NUMBER.search(str(row[0]))) else -1, str(row[1]), int(row[2]), row[3])
            for row in club.place.rows(_FINAL_ROWS)
        ]
        return Result(
            options=self._options,
            verdict=judge(self._options.messages, club.counterpart.acceptances, rows),
            token_steps_back=tuple(self._token.steps_back),
            outages=tuple(club.outages),
            takeovers=tuple(club.takeovers),
            exit_codes=exit_codes,
            orphans=_orphans(club),
            most_mebibytes={each.name: round(each.most_bytes / 1048576, 1) for each in club.stations},
            log_lines={each.name: len(each.log_lines()) for each in club.stations},
            uncertain_by_server=sum(row.state == "uncertain" and is_unanswered(row.number) for row in rows),
            seconds=monotonic() - began_at,
        )

    def _let_loose(self, began_at: float) -> None:
        """Step all tracks until the time is over; what a track has begun then, it ends."""
        options, club = self._options, self._club
        forecast = Forecast(
            options.seed, len(club.stations), isinstance(club.place, ServerPlace), options.longest_fault_seconds
        )
        over_at = began_at + options.seconds
        tracks = {
            name: _track(club, faults, random.Random(f"{options.seed} {name} instants"), over_at)
            for name, faults in forecast.tracks().items()
        }
        due: dict[str, float] = dict.fromkeys(tracks, began_at + 3)
        sample_at = began_at
        while tracks:
            name = min(due, key=lambda each: due[each])
            self._pause.wait(max(0.0, min(due[name], sample_at) - monotonic()))
            if monotonic() >= sample_at:
                sample_at = monotonic() + _SAMPLE_SECONDS
                self._sample()
            if monotonic() < due[name]:
                continue
            try:
                due[name] = monotonic() + next(tracks[name])
            except StopIteration:
                del tracks[name], due[name]

    def _sample(self) -> None:
        self._token.look()
        for station in self._club.stations:
            station.weigh()

    def _clear_up(self) -> None:
        club = self._club
        for cable in club.cables:
            cable.become("well")
        if isinstance(club.place, ServerPlace):
            club.place.step(0)
        for station in club.stations:
            station.thaw()
            station.start()
        club.say("the weather is over")

    def _until_settled(self) -> None:
        """Wait until nothing is open any more, or nothing has changed for too long."""
        left, changed_at = -1, monotonic()
        while left != 0 or not self._writer.is_over.is_set():
            if monotonic() - changed_at > self._options.settle_seconds:
                self._club.say(f"{left} messages were not settled in time")
                return
            self._pause.wait(0.5)
            self._sample()
            try:
                open_rows = int(self._club.place.rows(_OPEN_ROWS)[0][0])
            except AWAY:
                continue
            if open_rows != left:
                left, changed_at = open_rows, monotonic()


def _track(club: Club, faults: Iterator[Fault], chance: random.Random, over_at: float) -> Steps:
    for fault in faults:
        if monotonic() + fault.calm_seconds > over_at:
            return
        yield fault.calm_seconds
        yield from perform(club, fault, chance)


def _orphans(club: Club) -> tuple[str, ...]:
    """Return the processes that run with the folder of a station, though all stations have ended."""
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        try:
            environment = file.read_bytes()
        except OSError:
            continue
        if any(f"HEITZ_SERVICE_HOME={station.folder}/home".encode() in environment for station in club.stations):
            found.append(file.parent.name)
    return tuple(found)


def as_json(result: Result) -> dict[str, Any]:
    """Return a result as plain values."""
    values = attrs.asdict(
        result, value_serializer=lambda _, __, value: str(value) if isinstance(value, Path) else value
    )
    killed = result.takeover_seconds(Kind.KILL_UNTIL_TAKEOVER)
    return {
        **values,
        "is_clean": result.is_clean,
        "takeover_after_kill_seconds": {
            "each": killed,
            "median": median(killed) if killed else None,
            "most": max(killed, default=None),
        },
    }
