"""Stations, leases and clubs as a look at the database finds them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone

from club import LeaseRow, StationReport
from service.club_view import ClubView, LeaseView, StationView

NOW = datetime(2026, 11, 24, 10, 11, 30, tzinfo=timezone(timedelta(hours=1)))
CANDIDATES = ("ACCUEIL", "SERVEUR")
PLAN: Mapping[str, tuple[str, ...]] = {"email": CANDIDATES}


def report(
    name: str,
    state: str = "active",
    *,
    age: float = 12.0,
    version: str = "0.1.0",
    holds: tuple[str, ...] = (),
    plan: Mapping[str, tuple[str, ...]] = PLAN,
) -> StationReport:
    seen_at = NOW - timedelta(seconds=age)
    return StationReport(
        name, f"process of {name}", version, state, holds, seen_at - timedelta(hours=2), seen_at, age, plan
    )


def station(
    name: str, found: StationReport | None = None, *, server: bool = False, expected: bool = True
) -> StationView:
    return StationView(name, found, expected, server)


def lease(
    holder: str = "ACCUEIL",
    *,
    wanted: str = "",
    seconds_left: float = 24,
    candidates: tuple[str, ...] = CANDIDATES,
    own: tuple[str, ...] | None = None,
) -> LeaseView:
    """Return the lease of `email`; `candidates` by the settings read here, `own` by the holder's."""
    row = LeaseRow(
        name="email",
        station=holder,
        process=f"process of {holder}",
        token=5,
        expires_ms=1_000_000 + int(seconds_left * 1000) if holder else 0,
        ttl_ms=30_000,
        renewals=3,
        acquired_at=NOW - timedelta(minutes=90),
        wanted=wanted,
        candidates=candidates if own is None else own,
        now_ms=1_000_000,
    )
    return LeaseView("email", row, candidates)


def club(
    *stations: StationView, leases: Sequence[LeaseView] = (), plan: Mapping[str, tuple[str, ...]] | None = None
) -> ClubView:
    """Return a club; by default ACCUEIL and SERVEUR are well, and ACCUEIL does the e-mails."""
    everyone = stations or (
        station("SERVEUR", report("SERVEUR"), server=True),
        station("ACCUEIL", report("ACCUEIL", holds=("email",))),
    )
    return ClubView("Forme et Santé", everyone, tuple(leases) or (lease(),), PLAN if plan is None else plan)
