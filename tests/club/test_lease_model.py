"""The lease as a model: at every instant at most one station believes that it holds it, and tokens only grow."""

import shutil
import sqlite3
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import event

from club import Database, Lease, LeaseLost, Times

STATIONS = ("ACCUEIL", "SERVEUR", "BASSIN")
SETTINGS = settings(
    max_examples=60, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


class LeaseMachine(RuleBasedStateMachine):
    """Three stations, each with a clock of its own that starts anywhere; the database's clock jumps."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.template, self.folder / "club.db")
        self.database = Database(f"sqlite:///{self.folder / 'club.db'}")
        event.listen(self.database.engine, "connect", self._set_up)
        self.seconds = 0.0
        self.ahead = 0.0
        self.dead: dict[str, list[str]] = {station: [] for station in STATIONS}
        self.frozen: list[Lease] = []
        self.tokens: list[int] = []
        self.leases = {station: self._lease(station) for station in STATIONS}

    def _set_up(self, connection: sqlite3.Connection, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")
        day = 86_400.0
        connection.create_function("julianday", 1, lambda _: 2440587.5 + 20_000 + (self.seconds + self.ahead) / day)

    def _lease(self, station: str) -> Lease:
        process = f"{station}-{len(self.dead[station])}"
        start = 1000.0 * STATIONS.index(station)
        lease = Lease(
            self.database,
            "email",
            station,
            process,
            predecessors=tuple(self.dead[station]),
            times=Times(clock=lambda: start + self.seconds),
        )
        self.dead[station].append(process)
        return lease

    @rule(station=st.sampled_from(STATIONS))
    def acquire(self, station: str) -> None:
        lease = self.leases[station]
        before = lease.token
        if lease.acquire() and lease.token != before:
            self.tokens.append(lease.token or 0)

    @rule(station=st.sampled_from(STATIONS))
    def renew(self, station: str) -> None:
        with suppress(LeaseLost):
            self.leases[station].renew()

    @rule(station=st.sampled_from(STATIONS))
    def supersede(self, station: str) -> None:
        with suppress(LeaseLost):
            self.leases[station].supersede(lambda _connection, token: self.tokens.append(token))

    @rule(station=st.sampled_from(STATIONS))
    def release(self, station: str) -> None:
        self.leases[station].release()

    @rule(station=st.sampled_from(STATIONS))
    def kill(self, station: str) -> None:
        self.leases[station] = self._lease(station)

    @rule(seconds=st.sampled_from([0.5, 5.0, 12.0, 29.0, 31.0]))
    def pass_time(self, seconds: float) -> None:
        self.seconds += seconds

    @rule(seconds=st.sampled_from([-86_400.0, -60.0, -20.0, 20.0, 60.0, 86_400.0]))
    def step_the_database_clock(self, seconds: float) -> None:
        self.ahead += seconds

    @invariant()
    def at_most_one_station_works(self) -> None:
        working = [station for station, lease in self.leases.items() if lease.is_held]
        assert len(working) <= 1, f"two stations work: {working}"

    @invariant()
    def tokens_only_grow(self) -> None:
        assert self.tokens == sorted(set(self.tokens))

    def teardown(self) -> None:
        self.database.dispose()
        shutil.rmtree(self.folder)


def test_at_most_one_station_works_at_any_instant(template: Path) -> None:
    LeaseMachine.template = template
    run_state_machine_as_test(LeaseMachine, settings=SETTINGS)


def test_the_model_catches_a_lease_that_trusts_the_clock_of_the_database(
    template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    LeaseMachine.template = template
    monkeypatch.setattr(Lease, "_may_take", lambda _self, row: row["expires_ms"] <= row["now"])
    unshrunk = settings(SETTINGS, max_examples=500, phases=[Phase.generate], report_multiple_bugs=False)
    with pytest.raises(AssertionError, match="two stations work"):
        run_state_machine_as_test(LeaseMachine, settings=unshrunk)
