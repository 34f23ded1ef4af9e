"""Which station may do what: pure decisions on the manual's table and the settings."""

from collections.abc import Collection, Mapping
from typing import Any

import attrs

from actors.board import OperationState
from actors.operation import Eligibility, Rule
from config import Settings, StationSettings
from config.sentence import Sentence


@attrs.frozen(slots=True)
class Verdict:
    """Whether an operation runs here. `state` is ACTIVE when it may; otherwise `reason` says why not."""

    operation: str
    state: OperationState
    reason: Sentence | None = None

    @property
    def is_here(self) -> bool:
        """True when the operation's actors belong on this station."""
        return self.state is OperationState.ACTIVE


def judge(rule: Rule, settings: Settings, station: StationSettings, built: Collection[str]) -> Verdict:
    """Return whether `rule`'s operation runs on `station`.

    The reasons come in the order in which a person would ask: does this version do it, may this station ever do it,
    is it switched on, is it another station's.
    """
    if rule.operation not in built:
        reason = Sentence.of("this version of Heitz Service does not do it yet")
        return Verdict(rule.operation, OperationState.DISABLED, reason)
    may_not = _why_station_may_not(rule.eligibility, station)
    if may_not is not None:
        return Verdict(rule.operation, OperationState.NOT_ON_THIS_STATION, may_not)
    table = settings.operations.get(rule.operation)
    if table is None:
        reason = Sentence.of("the settings file has no [{table}]", table=rule.operation)
        return Verdict(rule.operation, OperationState.DISABLED, reason)
    if not table.enabled:
        reason = Sentence.of("switched off in the settings file: [{table}] enabled = false", table=rule.operation)
        return Verdict(rule.operation, OperationState.DISABLED, reason)
    if rule.is_exclusive:
        named = named_stations(table)
        if named and station.name.casefold() not in (name.casefold() for name in named):
            reason = Sentence.of("the station {station} does it", station=named[0])
            return Verdict(rule.operation, OperationState.NOT_ON_THIS_STATION, reason)
    return Verdict(rule.operation, OperationState.ACTIVE)


def judge_all(
    rules: Collection[Rule], settings: Settings, station: StationSettings, built: Collection[str]
) -> Mapping[str, Verdict]:
    """Return the verdict on every operation of the manual, in its order, by operation id."""
    return {rule.operation: judge(rule, settings, station, built) for rule in rules}


def _why_station_may_not(eligibility: Eligibility, station: StationSettings) -> Sentence | None:
    match eligibility:
        case Eligibility.SERVER if not station.server:
            return Sentence.of("only the club's server does it")
        case Eligibility.WEB_SERVERS if not station.web_server:
            return Sentence.of("only stations that serve as web server do it")
        case Eligibility.WITH_SENSORS if not station.tables.get("sensors"):
            return Sentence.of("this station has no F.M.I. sensor")
    return None


def named_stations(table: Any) -> tuple[str, ...]:
    """Return the stations that may hold an exclusive operation, the preferred one first; empty: any station."""
    preferred = () if table.station is None else (table.station,)
    return (*preferred, *table.standby)


def club_plan(rules: Collection[Rule], settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """Return who may do each exclusive operation by these settings, so that stations can tell whether they agree.

    One that is switched off, or missing, is nobody's.
    """
    tables = {rule.operation: settings.operations.get(rule.operation) for rule in rules if rule.is_exclusive}
    return {
        operation: named_stations(table) if table is not None and table.enabled else ()
        for operation, table in tables.items()
    }
