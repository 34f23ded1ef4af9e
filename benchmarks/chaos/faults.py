"""Performs the forecast on a club: each fault a generator that yields how many seconds to wait."""

import random
from collections.abc import Callable, Generator, Sequence
from time import monotonic
from typing import Final, TypeAlias, assert_never

import attrs

from chaos.cable import Cable, State
from chaos.counterpart import Counterpart
from chaos.places import AWAY, FilePlace, Place, ServerPlace
from chaos.stations import Station
from chaos.weather import HOLDER, Fault, Kind

Steps: TypeAlias = Generator[float, None, None]

_LOOK_SECONDS: Final = 0.1
_WAIT_FOR_WORK_SECONDS: Final = 4.0


@attrs.frozen
class Outage:
    """One fault that was performed: what, on what, from when to when (CLOCK_MONOTONIC, seconds)."""

    kind: Kind
    target: str
    began_at: float
    ended_at: float


@attrs.frozen
class Takeover:
    """From the end of a holder's work to the first message that another station had accepted."""

    cause: Kind
    victim: str
    heir: str
    struck_at: float
    seconds: float


@attrs.define(eq=False)
class Club:
    """What the weather strikes."""

    place: Place
    stations: Sequence[Station]
    cables: Sequence[Cable]
    """One for each station; none when the database is a file."""
    counterpart: Counterpart
    say: Callable[[str], None]
    outages: list[Outage] = attrs.field(factory=list)
    takeovers: list[Takeover] = attrs.field(factory=list)

    def holder(self) -> int:
        """Return the number of the station that holds the lease, or that sent last when the database does not say."""
        name = ""
        if not isinstance(self.place, ServerPlace) or self.place.is_up:
            try:
                name = str(self.place.rows("SELECT station FROM lease WHERE name = 'email'")[0][0])
            except (*AWAY, IndexError):
                name = ""
        if not name and self.counterpart.acceptances:
            name = self.counterpart.acceptances[-1].station
        return next((number for number, station in enumerate(self.stations) if station.name == name), 0)


def perform(club: Club, fault: Fault, chance: random.Random) -> Steps:
    """Do one fault and undo it."""
    number = (yield from _sender(club, chance)) if fault.target == HOLDER else fault.target
    station = club.stations[number]
    began_at = monotonic()
    match fault.kind:
        case Kind.KILL | Kind.KILL_ALL | Kind.KILL_UNTIL_TAKEOVER | Kind.FREEZE | Kind.FREEZE_LONG:
            yield from _strike(club, fault, station, began_at)
            target = "all" if fault.kind is Kind.KILL_ALL else station.name
        case Kind.CUT | Kind.SILENT | Kind.SLOW:
            yield from _spoil(club.cables[number], fault)
            target = station.name
        case Kind.SERVER_KILL | Kind.LOCK:
            yield from _take_away(club.place, fault.seconds)
            target = "database"
        case Kind.SERVER_CLOCK:
            yield from _step_server(club.place, fault)
            target = f"database {fault.step_seconds:+d} s"
        case Kind.STATION_CLOCK:
            station.step(fault.step_seconds)
            target = f"{station.name} {fault.step_seconds:+d} s"
        case _:
            assert_never(fault.kind)
    club.outages.append(Outage(fault.kind, target, began_at, monotonic()))
    club.say(f"{fault.kind}: {target}, {monotonic() - began_at:.1f} s")


def _strike(club: Club, fault: Fault, station: Station, began_at: float) -> Steps:
    match fault.kind:
        case Kind.KILL:
            yield from _kill((station,), fault.seconds)
        case Kind.KILL_ALL:
            yield from _kill(club.stations, fault.seconds)
        case Kind.KILL_UNTIL_TAKEOVER:
            station.kill()
            yield from _until_takeover(club, fault, station, began_at)
            station.start()
        case _:
            station.freeze()
            if fault.kind is Kind.FREEZE_LONG:
                yield from _until_takeover(club, fault, station, began_at)
            yield max(0, began_at + fault.seconds - monotonic())
            station.thaw()


def _sender(club: Club, chance: random.Random) -> Generator[float, None, int]:
    """Wait for the middle of somebody's work, some instant of the delivery after one just accepted; who it is."""
    give_up_at, seen = monotonic() + _WAIT_FOR_WORK_SECONDS, len(club.counterpart.acceptances)
    while monotonic() < give_up_at:
        fresh = club.counterpart.acceptances[seen:]
        if fresh:
            yield chance.uniform(0, 0.05)
            return next(n for n, station in enumerate(club.stations) if station.name == fresh[-1].station)
        yield 0.002
    return club.holder()


def _kill(stations: Sequence[Station], seconds: float) -> Steps:
    for station in stations:
        station.kill()
    yield seconds
    for station in stations:
        station.start()


def _until_takeover(club: Club, fault: Fault, victim: Station, struck_at: float) -> Steps:
    if club.stations[club.holder()] is not victim:
        return  # it was about to pass the lease on, and nothing is taken over
    while monotonic() < struck_at + fault.seconds:
        heir = club.counterpart.first_after(struck_at, other_than=victim.name)
        if heir is not None:
            club.takeovers.append(Takeover(fault.kind, victim.name, heir.station, struck_at, heir.at - struck_at))
            yield 2.0  # let the heir work before the other comes back
            return
        yield _LOOK_SECONDS


def _spoil(cable: Cable, fault: Fault) -> Steps:
    state: State = "cut" if fault.kind is Kind.CUT else "silent" if fault.kind is Kind.SILENT else "slow"
    cable.become(state)
    yield fault.seconds
    cable.become("well")


def _take_away(place: Place, seconds: float) -> Steps:
    if isinstance(place, ServerPlace):
        place.kill()
        yield seconds
        place.start()
    elif isinstance(place, FilePlace):
        place.lock()
        yield seconds
        place.unlock()


def _step_server(place: Place, fault: Fault) -> Steps:
    if isinstance(place, ServerPlace):
        place.step(fault.step_seconds)
        yield fault.seconds
