"""The lease as a model: at every instant at most one station works, tokens only grow, and never long nobody works."""

from contextlib import suppress

import pytest
from club_places import FIRST_DAY_MS, ModelPlaces
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from club import Lease, LeaseLost, Times, lease_rows, want

STATIONS = ("ACCUEIL", "SERVEUR", "BASSIN")
LONGEST_GAP = 45
"""Seconds from the death of a holder to the work of the next: what the club was promised."""
SETTINGS = settings(stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)


class LeaseMachine(RuleBasedStateMachine):
    """Three stations, each with a clock of its own that starts anywhere; the database's clock jumps.

    `unserved` counts the seconds for which living stations have looked every second and none was allowed to work.
    """

    places: ModelPlaces

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self.ahead = 0.0
        self.place = self.places.take()
        self.database = self.place.database(self._now_ms, busy_seconds=5)
        self.dead: dict[str, list[str]] = {station: [] for station in STATIONS}
        self.off: set[str] = set()
        self.unserved = 0
        self.tokens: list[int] = []
        self.leases = {station: self._lease(station) for station in STATIONS}

    def _now_ms(self) -> int:
        return FIRST_DAY_MS + int((self.seconds + self.ahead) * 1000)

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
        lease.stand_for(STATIONS)
        self.dead[station].append(process)
        return lease

    @rule(station=st.sampled_from(STATIONS))
    def acquire(self, station: str) -> None:
        lease = self.leases[station]
        before = lease.token
        if lease.acquire() and lease.token != before:
            self.tokens.append(lease.token or 0)
        self._note_work(lease)

    def _note_work(self, lease: Lease) -> None:
        """Begin to count anew when a station works, also one that is frozen again before the next second."""
        if lease.is_held:
            self.unserved = 0

    @rule(seconds=st.sampled_from([1, 7, 46]))
    def live(self, seconds: int) -> None:
        """Let the stations that are on look every second, as their leases actors do."""
        for _ in range(seconds):
            self.seconds += 1
            for station in STATIONS:
                if station not in self.off:
                    self.look(station)
                    self.at_most_one_station_works()
            is_served = any(lease.is_held for lease in self.leases.values())
            self.unserved = 0 if is_served or len(self.off) == len(STATIONS) else self.unserved + 1
            assert self.unserved <= LONGEST_GAP, f"nobody worked for {self.unserved} s"

    def look(self, station: str) -> None:
        lease = self.leases[station]
        if not (lease.is_held and not lease.is_renewal_due):
            self.acquire(station)

    @rule(wanted=st.sampled_from([*STATIONS, "", "NOWHERE"]))
    def wish(self, wanted: str) -> None:
        row = lease_rows(self.database).get("email")
        if row is not None:
            assert want(self.database, "email", wanted, seen_token=row.token)

    @rule(station=st.sampled_from(STATIONS), successor=st.sampled_from(STATIONS))
    def pass_on(self, station: str, successor: str) -> None:
        row = lease_rows(self.database).get("email")
        if row is not None and station != successor:
            self.unserved = 0  # a successor that is off has its time, too
            with suppress(LeaseLost):
                self.leases[station].pass_on(row, successor, self.dead[successor][-1])
            assert not self.leases[station].is_held

    @rule(station=st.sampled_from(STATIONS))
    def switch_off(self, station: str) -> None:
        """Kill a station that looks no more; another rule may have it act once, as one that thaws and freezes again."""
        self.kill(station)
        self.off.add(station)

    @rule(station=st.sampled_from(STATIONS))
    def switch_on(self, station: str) -> None:
        self.off.discard(station)

    @rule(station=st.sampled_from(STATIONS))
    def renew(self, station: str) -> None:
        with suppress(LeaseLost):
            self.leases[station].renew()
        self._note_work(self.leases[station])

    @rule(station=st.sampled_from(STATIONS))
    def supersede(self, station: str) -> None:
        with suppress(LeaseLost):
            self.leases[station].supersede(lambda _connection, token: self.tokens.append(token))
        self._note_work(self.leases[station])

    @rule(station=st.sampled_from(STATIONS))
    def release(self, station: str) -> None:
        self.leases[station].release()

    @rule(station=st.sampled_from(STATIONS))
    def kill(self, station: str) -> None:
        self.unserved = 0  # it has to begin to watch anew
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
        self.places.give_back(self.place)


def test_at_most_one_station_works_at_any_instant(model_places: ModelPlaces) -> None:
    LeaseMachine.places = model_places
    run_state_machine_as_test(LeaseMachine, settings=settings(SETTINGS, max_examples=model_places.examples(60)))


@pytest.mark.engines("sqlite")
def test_the_model_catches_a_lease_that_trusts_the_clock_of_the_database(
    model_places: ModelPlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    LeaseMachine.places = model_places
    monkeypatch.setattr(Lease, "_may_take", lambda _self, row: row.expires_ms <= row.now_ms)
    monkeypatch.setitem(
        globals(), "LONGEST_GAP", float("inf")
    )  # it also leaves the club unserved, another test's business
    unshrunk = settings(SETTINGS, max_examples=500, phases=[Phase.generate], report_multiple_bugs=False)
    with pytest.raises(AssertionError, match="two stations work"):
        run_state_machine_as_test(LeaseMachine, settings=unshrunk)


@pytest.mark.engines("sqlite")
def test_the_model_catches_a_standby_that_never_takes_over(
    model_places: ModelPlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    LeaseMachine.places = model_places
    monkeypatch.setattr(Lease, "_may_take", lambda lease, row: row.is_free or row.process in lease._own_processes)
    unshrunk = settings(SETTINGS, max_examples=500, phases=[Phase.generate], report_multiple_bugs=False)
    with pytest.raises(AssertionError, match="nobody worked for 46 s"):
        run_state_machine_as_test(LeaseMachine, settings=unshrunk)
