"""Handing an exclusive operation over: to which station, the wish in the club database, and the wait for it."""

from collections.abc import Callable, Iterator
from threading import Event
from time import monotonic
from typing import Final

import attrs

from actors.operation import RULES, unknown_operation
from club import STOPPED, Database, DatabaseError, LeaseRow, lease_rows, same, want
from config.problem import did_you_mean
from config.sentence import Sentence, SentenceError
from service.club_concerns import in_order, named, ranked
from service.club_view import ClubView, LeaseView, StationView
from service.words import duration

_BETWEEN_LOOKS_SECONDS: Final = 0.15
_ATTEMPTS: Final = 5


class HandoverRefused(SentenceError):  # noqa: N818 - what the reader sees
    """The operation cannot go where it was told to; nothing was written."""


@attrs.frozen
class Goal:
    """An operation's present holder and the station that is to have it; `row` is the lease as it was seen."""

    operation: str
    holder: str
    target: str
    row: LeaseRow
    preferred: str = ""

    @property
    def is_reached(self) -> bool:
        """True when it only has to stay where it is, against another wish."""
        return same(self.holder, self.target)

    @property
    def wish(self) -> str:
        """What is written into the lease: that the preferred station keep it needs no wish."""
        return "" if self.is_reached and same(self.target, self.preferred) else self.target


@attrs.frozen
class Ending:
    """How the wait ended: the lease as it was seen last, None when the database was away from the first look on."""

    is_done: bool
    seconds: float
    row: LeaseRow | None
    is_away: bool = False


def choose(club: ClubView, operation: str, to: str | None, language: str) -> Goal:
    """Return where an operation is to go: to the station `to`, by default to the next one that lives.

    Raises `HandoverRefused` with the reason and the remedy. `language` is the reader's, for durations.
    """
    lease = _exclusive(club, operation)
    target = None if to is None else _known(club, to)
    holder = lease.holder
    if holder is None or lease.row is None:
        raise HandoverRefused(_nobody(club, lease))
    if target is None:
        target = _next(club, lease, holder, language)
    elif same(target.name, holder):
        if lease.wanted is None:
            raise HandoverRefused("{name} does {operation} already", name=holder, operation=operation)
    else:
        obstacle = _obstacle(target, operation, language)
        if obstacle is not None:
            raise HandoverRefused(obstacle)
    preferred = next(iter(lease.candidates), "")
    return Goal(operation, holder, target.name, lease.row, preferred)


def wish(database: Database, look: Callable[[], ClubView], find: Callable[[ClubView], Goal]) -> Goal:
    """Write the wish for the goal that is found in a look at the club, and return the goal.

    Looks again when the lease changed hands meanwhile. Raises `HandoverRefused`, DatabaseAway, DatabaseUnfit.
    """
    for _ in range(_ATTEMPTS):
        goal = find(look())
        if want(database, goal.operation, goal.wish, seen_token=goal.row.token):
            return goal
    raise HandoverRefused("the lease changes hands faster than it can be read: try again")


def watch(database: Database, goal: Goal, seconds: float, on_look: Callable[[float], None]) -> Ending:
    """Wait, `seconds` at most, until the wanted station holds the lease or the wish is no longer there.

    A database that goes away meanwhile is asked again until the time is over. `on_look` hears the seconds so far.
    """
    begun = monotonic()
    pause = Event()  # never set: only Ctrl-C ends the wait early
    row: LeaseRow | None = goal.row
    while True:
        is_away = False
        try:
            row = lease_rows(database).get(goal.operation)
        except DatabaseError:
            is_away = True
        passed = monotonic() - begun
        if not is_away and row is not None and row.is_current and same(row.station, goal.target):
            return Ending(is_done=True, seconds=passed, row=row)
        is_withdrawn = not is_away and (row is None or not same(row.wanted, goal.target))
        if is_withdrawn or passed >= seconds:
            return Ending(is_done=False, seconds=passed, row=row, is_away=is_away)
        on_look(passed)
        pause.wait(min(_BETWEEN_LOOKS_SECONDS, seconds - passed))


def told(goal: Goal, ending: Ending, language: str) -> Sentence:
    """Return who does the operation now, and what is waited for when it is not the wanted station."""
    values = {
        "operation": goal.operation,
        "target": goal.target,
        "holder": goal.holder,
        "time": duration(ending.seconds, language),
    }
    if goal.is_reached:
        return Sentence.of("{target} keeps {operation}", **values)
    if ending.is_done:
        return Sentence.of("{target} does {operation} now: {holder} handed it over in {time}", **values)
    if ending.is_away:
        return Sentence.of(
            "the database has not answered since the wish was written: {target} gets {operation} when it is back; "
            "`heitz-service status --club` shows it",
            **values,
        )
    row = ending.row
    if row is None or not same(row.wanted, goal.target):
        now = row.station if row is not None and row.is_current else None
        return (
            Sentence.of(
                "{target} did not get {operation}: another wish or a takeover came before; nobody does it now", **values
            )
            if now is None
            else Sentence.of(
                "{target} did not get {operation}: another wish or a takeover came before; {now} does it",
                now=now,
                **values,
            )
        )
    if not row.is_current:
        return Sentence.of(
            "{holder} fell silent before it handed {operation} over: {target} takes it over by itself within 45 s",
            **values,
        )
    return Sentence.of(
        "{holder} still does {operation} after {time}; the wish stays: {target} gets it when the work in hand is done",
        **values,
    )


def _exclusive(club: ClubView, operation: str) -> LeaseView:
    unknown = unknown_operation(operation)
    if unknown is not None:
        raise HandoverRefused(unknown)
    exclusive = [rule.operation for rule in RULES if rule.is_exclusive]
    if operation not in exclusive:
        raise HandoverRefused(
            "{operation} is not handed over, its stations are set in the settings; only {names} are",
            operation=operation,
            names=", ".join(exclusive),
        )
    lease = club.lease(operation)
    if lease is None:
        raise HandoverRefused(
            "nobody does {operation}: the settings file here does not switch it on, or this version does not do it yet",
            operation=operation,
        )
    return lease


def _known(club: ClubView, name: str) -> StationView:
    station = club.station(name)
    if station is None:
        names = [each.name for each in club.stations]
        raise HandoverRefused(
            "there is no station {name} in the club: {remedy}",
            name=name,
            remedy=did_you_mean(name, names) or Sentence.of("they are {names}", names=named(names)),
        )
    return station


def _nobody(club: ClubView, lease: LeaseView) -> Sentence:
    alive = [name for name in lease.candidates if (station := club.station(name)) is not None and station.is_alive]
    if alive:
        return Sentence.of(
            "nobody does {operation} at this moment, so nobody can hand it over: {names} takes it within 45 s",
            operation=lease.operation,
            names=named(alive[:1]),
        )
    return Sentence.of(
        "nobody does {operation}, so nobody can hand it over: start {names}",
        operation=lease.operation,
        names=in_order(lease.candidates),
    )


def _next(club: ClubView, lease: LeaseView, holder: str, language: str) -> StationView:
    """Return the first station after the holder, in the order of the candidates, that can take the operation."""
    candidates = (lease.row.candidates if lease.row is not None else ()) or lease.candidates
    place = next((index for index, name in enumerate(candidates) if same(name, holder)), -1)
    order = [name for name in (*candidates[place + 1 :], *candidates[: max(place, 0)]) if not same(name, holder)]
    if not order:
        raise HandoverRefused(
            "the settings name no station but {holder} for {operation}: add standby to [{operation}]",
            holder=holder,
            operation=lease.operation,
        )
    obstacles: list[Sentence] = []
    for name in order:
        station = club.station(name) or StationView(name, None, is_expected=False)
        obstacle = _obstacle(station, lease.operation, language)
        if obstacle is None:
            return station
        obstacles.append(obstacle)
    raise HandoverRefused(Sentence.joined("; ", obstacles))


def _obstacle(station: StationView, operation: str, language: str) -> Sentence | None:
    """Return why a station cannot take an operation now; None when it can."""
    return next(_obstacles(station, operation, language), None)


def _obstacles(station: StationView, operation: str, language: str) -> Iterator[Sentence]:
    report = station.report
    if report is None:
        yield Sentence.of("{name} was never seen: start Heitz Service there", name=station.name)
        return
    since = duration(abs(report.age_seconds), language)
    if report.state == STOPPED:
        yield Sentence.of("{name} was stopped {time} ago: start Heitz Service there", name=station.name, time=since)
    elif not report.is_alive:
        yield Sentence.of(
            "{name} has given no sign of life for {time}: look whether it is on and reaches the database",
            name=station.name,
            time=since,
        )
    elif not report.plan:
        yield Sentence.of(
            "{name} does not say what it may do: install the newest version there, or wait for its next sign of life",
            name=station.name,
        )
    elif not any(same(station.name, name) for name in report.plan.get(operation, ())):
        yield Sentence.of(
            "the settings file of {name} does not let it do {operation} (there: {candidates}): "
            "name it in standby, and put the same file on every station",
            name=station.name,
            operation=operation,
            candidates=ranked(report.plan.get(operation, ())),
        )
