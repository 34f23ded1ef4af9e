"""What in the club needs a person, in sentences that say what to do: pure judgements on one look at the database."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Final

import attrs

from config.sentence import Sentence
from service.club_view import ClubView, LeaseView, Standing, StationView
from service.words import duration

_NAMES_SHOWN: Final = 6
_LONG_STOPPED_SECONDS: Final = 7 * 86_400.0


@attrs.frozen
class Concern:
    """One thing that a person should look at. `kind` is stable, for programs."""

    kind: str
    sentence: Sentence
    stations: tuple[str, ...] = ()
    operation: str | None = None
    is_grave: bool = False
    """Whether something is not done because of it."""


def concerns(club: ClubView, language: str) -> tuple[Concern, ...]:
    """Return what needs attention, the worst first; none when all is well.

    Of many stations in one plight there is one sentence. `language` is the reader's, for durations.
    """
    found = (
        *(concern for lease in club.leases for concern in _undone(club, lease)),
        *_silent(club, language),
        *_unwell(club),
        *_contradictions(club),
        *_versions(club),
        *_strays(club),
    )
    return tuple(sorted(found, key=lambda concern: not concern.is_grave))


def named(names: Sequence[str]) -> Sentence:
    """Return names as a list for a sentence, cut where nobody would read on."""
    if len(names) <= _NAMES_SHOWN:
        return Sentence.of("{names}", names=", ".join(names))
    return Sentence.of(
        "{names} and {n} others", names=", ".join(names[: _NAMES_SHOWN - 1]), n=len(names) - _NAMES_SHOWN + 1
    )


def in_order(candidates: Sequence[str]) -> Sentence:
    """Return which station to turn to, and which ones else."""
    if len(candidates) < 2:  # noqa: PLR2004 - one has no else
        return named(candidates)
    return Sentence.of("{name}, else {others}", name=candidates[0], others=named(candidates[1:]))


def ranked(candidates: Sequence[str]) -> Sentence:
    """Return who may do an operation, in their order."""
    if not candidates:
        return Sentence.of("nobody")
    if len(candidates) == 1:
        return Sentence.of("{name} alone", name=candidates[0])
    return in_order(candidates)


def outdated(club: ClubView) -> dict[str, str]:
    """Return the stations whose version is not the newest of the club, with that newest one."""
    versions = {
        station.name: station.report.version
        for station in club.stations
        if station.report is not None and station.standing is not Standing.GONE
    }
    newest = max(versions.values(), key=_order, default="")
    return {name: newest for name, version in versions.items() if version != newest}


def _undone(club: ClubView, lease: LeaseView) -> Iterator[Concern]:
    if lease.holder is None:
        alive = [name for name in lease.candidates if (station := club.station(name)) is not None and station.is_alive]
        sentence = (
            Sentence.of(
                "nobody does {operation} now: {names} should within 45 s; if not, "
                "`heitz-service status` there says why",
                operation=lease.operation,
                names=named(alive),
            )
            if alive
            else Sentence.of(
                "nobody does {operation}: start {names}", operation=lease.operation, names=in_order(lease.candidates)
            )
        )
        yield Concern("nobody", sentence, lease.candidates, lease.operation, is_grave=True)


def _silent(club: ClubView, language: str) -> Iterator[Concern]:
    unseen = _standing(club, Standing.UNSEEN)
    if unseen:
        sentence = Sentence.counted(
            "{names} was never seen: start Heitz Service there, or take it out of the settings file",
            "{names} were never seen: start Heitz Service there, or take them out of the settings file",
            len(unseen),
            names=named(_names(unseen)),
        )
        yield Concern("never_seen", sentence, _names(unseen), is_grave=True)
    lost = _standing(club, Standing.LOST)
    if lost:
        sentence = Sentence.counted(
            "{names} has given no sign of life for {time}: look whether it is on and reaches the database",
            "{names} have given no sign of life for {time} or longer: look whether they are on and reach the database",
            len(lost),
            names=named(_names(lost)),
            time=duration(min(_age(station) for station in lost), language),
        )
        yield Concern("lost", sentence, _names(lost), is_grave=True)
    stopped = _standing(club, Standing.STOPPED)
    for station in stopped:
        if station.is_server:
            sentence = Sentence.of(
                "{name}, the club's server, is stopped: start Heitz Service there", name=station.name
            )
            yield Concern("server_stopped", sentence, (station.name,), is_grave=True)
    long_stopped = [station for station in stopped if not station.is_server and _age(station) > _LONG_STOPPED_SECONDS]
    if long_stopped:
        sentence = Sentence.counted(
            "{names} has been stopped for {time}: start it, or take it out of the settings file",
            "{names} have been stopped for {time} or longer: start them, or take them out of the settings file",
            len(long_stopped),
            names=named(_names(long_stopped)),
            time=duration(min(_age(station) for station in long_stopped), language),
        )
        yield Concern("long_stopped", sentence, _names(long_stopped))


def _unwell(club: ClubView) -> Iterator[Concern]:
    failed = _names(_standing(club, Standing.FAILED))
    if failed:
        sentence = Sentence.of(
            "an operation has failed on {names}: `heitz-service status` there says why", names=named(failed)
        )
        yield Concern("failed", sentence, failed, is_grave=True)
    worried = _names(_standing(club, Standing.ATTENTION))
    if worried:
        sentence = Sentence.of(
            "something needs attention on {names}: `heitz-service status` there says what", names=named(worried)
        )
        yield Concern("attention", sentence, worried)


def _contradictions(club: ClubView) -> Iterator[Concern]:
    """Compare what the settings files of the running stations, and the one read here, let do each operation."""
    plans = {
        station.name: station.report.plan
        for station in club.stations
        if station.is_alive
        and station.report is not None
        and station.report.plan  # empty: of a version that tells none
    }
    operations = dict.fromkeys((*club.plan, *(operation for plan in plans.values() for operation in plan)))
    for operation in operations:
        views: dict[tuple[str, ...], list[str]] = defaultdict(list)
        spelt: dict[tuple[str, ...], tuple[str, ...]] = {}
        for name, plan in (("", club.plan), *plans.items()):
            if name and operation not in plan:
                continue  # another version may not know the operation
            candidates = tuple(plan.get(operation, ()))
            folded = tuple(map(str.casefold, candidates))
            spelt.setdefault(folded, candidates)
            views[folded] += [name] if name else []
        if len(views) > 1:
            said = [_view(spelt[folded], names) for folded, names in views.items()]
            sentence = Sentence.of(
                "the settings files differ on who does {operation} ({views}): put the same file on every station",
                operation=operation,
                views=reduce(_and, said),
            )
            yield Concern("contradiction", sentence, tuple(plans), operation, is_grave=True)
            continue
        lease = club.lease(operation)
        if lease is not None and lease.is_misplaced:
            sentence = Sentence.of(
                "{name} does {operation}, which the settings file here leaves to {candidates}: "
                "put the same file on every station",
                name=lease.holder,
                operation=operation,
                candidates=ranked(lease.candidates),
            )
            yield Concern("contradiction", sentence, (lease.holder or "",), operation, is_grave=True)


def _view(candidates: Sequence[str], names: Sequence[str]) -> Sentence:
    if not names:
        return Sentence.of("here: {candidates}", candidates=ranked(candidates))
    return Sentence.of("on {names}: {candidates}", names=named(names), candidates=ranked(candidates))


def _and(one: Sentence, other: Sentence) -> Sentence:
    return Sentence.of("{one}; {other}", one=one, other=other)


def _versions(club: ClubView) -> Iterator[Concern]:
    old = outdated(club)
    if old:
        sentence = Sentence.of(
            "the versions differ: install {newest} on {names}", newest=next(iter(old.values())), names=named(tuple(old))
        )
        yield Concern("versions", sentence, tuple(old))


def _strays(club: ClubView) -> Iterator[Concern]:
    strays = _names([station for station in club.stations if station.is_alive and not station.is_expected])
    if strays:
        sentence = Sentence.counted(
            "{names} runs, but the settings file here does not know it: put the same file on every station",
            "{names} run, but the settings file here does not know them: put the same file on every station",
            len(strays),
            names=named(strays),
        )
        yield Concern("stray", sentence, strays)


def _standing(club: ClubView, standing: Standing) -> list[StationView]:
    return [station for station in club.stations if station.standing is standing]


def _names(stations: Sequence[StationView]) -> tuple[str, ...]:
    return tuple(station.name for station in stations)


def _age(station: StationView) -> float:
    return abs(station.report.age_seconds) if station.report is not None else 0.0


def _order(version: str) -> tuple[tuple[int, ...], str]:
    return tuple(map(int, re.findall(r"\d+", version))), version
