"""What the club database says of the club's stations and leases, beside what the settings file read here says."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import attrs

from actors.operation import RULES
from actors.registry.policy import club_plan
from club import STOPPED, UNSEEN_SECONDS, LeaseRow, StationReport, same
from config import Settings

Plan = Mapping[str, tuple[str, ...]]
"""Who may do each exclusive operation, the preferred station first; nobody where it is switched off."""


class Standing(StrEnum):
    """How a station stands in the club; what it says of itself counts while it gives signs of life."""

    WELL = "active"
    ATTENTION = "attention"
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"
    LOST = "lost"
    UNSEEN = "unseen"
    GONE = "gone"
    """Neither in the settings file nor alive: it has been taken out of the club."""


@attrs.frozen
class StationView:
    """A station of the settings file, of the database, or of both."""

    name: str
    report: StationReport | None
    is_expected: bool
    """Whether it is in the settings file read here."""
    is_server: bool = False

    @property
    def is_lost(self) -> bool:
        """Whether it gives no sign of life, and did not say that it would stop.

        An age far below zero was written before the database's clock stepped back: a live station has written since.
        """
        report = self.report
        return report is None or (report.state != STOPPED and abs(report.age_seconds) > UNSEEN_SECONDS)

    @property
    def is_alive(self) -> bool:
        """Whether its program runs, as far as can be known."""
        return self.report is not None and not self.is_lost and self.report.state != STOPPED

    @property
    def standing(self) -> Standing:
        """How it stands; a state that only a later version knows asks for attention."""
        if self.report is None:
            return Standing.UNSEEN
        if not self.is_alive and not self.is_expected:
            return Standing.GONE
        if self.is_lost:
            return Standing.LOST
        state = self.report.state
        return Standing(state) if state in _SAID else Standing.ATTENTION


_SAID: Final = frozenset({"active", "attention", "failed", "stopping", "stopped"})


@attrs.frozen
class LeaseView:
    """An exclusive operation of the club: its lease, and who may hold it by the settings file read here."""

    operation: str
    row: LeaseRow | None
    candidates: tuple[str, ...]

    @property
    def holder(self) -> str | None:
        """The station that holds it now, None when nobody does."""
        return self.row.station if self.row is not None and self.row.is_current else None

    @property
    def wanted(self) -> str | None:
        """The station that it is to go to and has not reached, None when nobody asked."""
        wanted = self.row.wanted if self.row is not None else ""
        return wanted if wanted and not same(wanted, self.holder or "") else None

    @property
    def is_by_hand(self) -> bool:
        """Whether a person put it where it is, in place of the preferred station, which leaves it there."""
        if self.row is None or self.holder is None or not self.candidates:
            return False
        return same(self.row.wanted, self.holder) and not same(self.candidates[0], self.holder)

    @property
    def is_misplaced(self) -> bool:
        """Whether its holder is none of those that the settings file read here lets hold it."""
        return self.holder is not None and not any(same(self.holder, name) for name in self.candidates)


@attrs.frozen
class ClubView:
    """The whole club at one moment."""

    name: str
    stations: tuple[StationView, ...]
    leases: tuple[LeaseView, ...]
    plan: Plan
    """By the settings file read here."""

    def station(self, name: str) -> StationView | None:
        """Return the station of this name, whatever its capitals."""
        return next((station for station in self.stations if same(station.name, name)), None)

    def holds(self, station: StationView) -> tuple[str, ...]:
        """Return what a station holds: by the leases, which know it at once, else by its own last word."""
        by_lease = [lease.operation for lease in self.leases if same(lease.holder or "", station.name)]
        said = station.report.holds if station.report is not None and station.is_alive else ()
        return (*by_lease, *(operation for operation in said if self.lease(operation) is None))

    def lease(self, operation: str) -> LeaseView | None:
        """Return an exclusive operation of the club."""
        return next((lease for lease in self.leases if lease.operation == operation), None)


def view(settings: Settings, built: Iterable[str], found: "Found") -> ClubView:
    """Return the club as the database and the settings file show it, stations in the order of the file.

    `built` are the operations that this version does: nobody is missed at one that no station can do yet.
    """
    plan = club_plan(RULES, settings)
    known = set(built)
    reports = {report.name.casefold(): report for report in found.stations}
    expected = [
        StationView(name, reports.pop(name.casefold(), None), is_expected=True, is_server=station.server)
        for name, station in settings.stations.items()
    ]
    others = [StationView(report.name, report, is_expected=False) for report in reports.values()]
    operations = [
        rule.operation
        for rule in RULES
        if (rule.operation in known and plan.get(rule.operation))
        or (rule.operation in found.leases and found.leases[rule.operation].is_current)
    ]
    leases = [LeaseView(each, found.leases.get(each), plan.get(each, ())) for each in operations]
    return ClubView(settings.club.name, (*expected, *others), tuple(leases), plan)


@attrs.frozen
class Found:
    """What was read in the database: every station, and every lease by its operation."""

    stations: Sequence[StationReport]
    leases: Mapping[str, LeaseRow]


def station_json(club: ClubView, station: StationView) -> dict[str, Any]:
    """Return a station for programs; keys are only ever added."""
    report = station.report
    return {
        "name": station.name,
        "state": report.state if report is not None else "unknown",
        "is_lost": station.is_lost,
        "version": report.version if report is not None else None,
        "holds": list(club.holds(station)),
        "started_at": _iso(report.started_at) if report is not None else None,
        "seen_at": _iso(report.seen_at) if report is not None else None,
        "age_seconds": report.age_seconds if report is not None else None,
        "is_in_settings": station.is_expected,
        "is_server": station.is_server,
        "plan": {operation: list(names) for operation, names in report.plan.items()} if report is not None else {},
    }


def lease_json(lease: LeaseView) -> dict[str, Any]:
    """Return an exclusive operation for programs; keys are only ever added."""
    row = lease.row
    return {
        "operation": lease.operation,
        "holder": lease.holder,
        "wanted": lease.wanted,
        "since": _iso(row.acquired_at) if row is not None and lease.holder else None,
        "expires": _instant_of_ms(row.expires_ms) if row is not None and lease.holder else None,
        "is_by_hand": lease.is_by_hand,
        "candidates": list(lease.candidates),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _instant_of_ms(milliseconds: int) -> str | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()
    except (OverflowError, ValueError, OSError):  # what another program wrote there is no instant
        return None
