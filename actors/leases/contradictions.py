"""What to say when the stations of a club do not agree who does an operation; pure."""

from collections.abc import Iterable, Sequence

from club import LeaseRow, StationReport, same
from config.sentence import Sentence


def agree(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether two settings files name the same stations in the same order."""
    return [name.casefold() for name in ours] == [name.casefold() for name in theirs]


def why_standby_is_amiss(row: LeaseRow, station: str, candidates: Sequence[str]) -> Sentence | None:
    """Return what is wrong with a lease that another program holds, as seen by a standby; None: nothing."""
    if row.is_free:
        return None
    if same(row.station, station):
        return Sentence.of(
            "another computer that also calls itself {station} does it: give each computer a name of its own",
            station=station,
        )
    if row.candidates and candidates and not agree(candidates, row.candidates):
        return _contradiction(candidates, row.station, row.candidates)
    if candidates and not any(same(name, row.station) for name in candidates):
        return Sentence.of(
            "the station {station} does it, and the settings file here does not let it: put the same file on both",
            station=row.station,
        )
    return None


def why_holding_is_amiss(
    reports: Iterable[StationReport], operation: str, station: str, candidates: Sequence[str]
) -> Sentence | None:
    """Return which living station has other settings for an operation that is held here; None: they all agree."""
    for report in reports:
        theirs = report.plan.get(operation)
        if theirs is None or not report.is_alive or same(report.name, station) or agree(candidates, theirs):
            continue
        if theirs:
            return _contradiction(candidates, report.name, theirs)
        if any(same(name, report.name) for name in candidates):
            return Sentence.of(
                "the station {station} would not take over, its settings file does not have {operation} switched on: "
                "put the same file on both",
                station=report.name,
                operation=operation,
            )
    return None


def why_successor_cannot(report: StationReport | None, operation: str, station: str) -> Sentence | None:
    """Return why a station that is wanted cannot take an operation over; None: it can."""
    if report is None:
        return Sentence.of("the station {station} has never been seen in this club", station=station)
    if not report.is_alive:
        return Sentence.of("the station {station} does not run", station=report.name)
    if not any(same(name, report.name) for name in report.plan.get(operation, ())):
        return Sentence.of(
            "the settings file of the station {station} does not let it do {operation}",
            station=report.name,
            operation=operation,
        )
    return None


def _contradiction(ours: Sequence[str], station: str, theirs: Sequence[str]) -> Sentence:
    return Sentence.of(
        "the settings file here lets {ours} do it, that of {station} lets {theirs}: put the same file on both",
        ours=", ".join(ours),
        station=station,
        theirs=", ".join(theirs),
    )
