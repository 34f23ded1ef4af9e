"""Which station may do what: the manual's table, row by row."""

from pathlib import Path

import pytest

from actors.board import OperationState
from actors.operation import RULES, Rule
from actors.registry.policy import Verdict, judge, judge_all
from config import UNCHECKED, Settings, SettingsSchema, load

FILE = """
[club]
name = "Forme et Santé"
database = "sqlite:///club.db"
[stations.SERVEUR]
server = true
[stations.ACCUEIL]
[[stations.ACCUEIL.sensors]]
name = "entree"
[stations.WEB]
web_server = true
"""
RULE = {rule.operation: rule for rule in RULES}
ALL = tuple(RULE)
HERE, ELSEWHERE, OFF = OperationState.ACTIVE, OperationState.NOT_ON_THIS_STATION, OperationState.DISABLED


def settings(folder: Path, tables: str = "") -> Settings:
    file = folder / "heitz-service.toml"
    file.write_text(FILE + tables, encoding="utf-8")
    schema = SettingsSchema(
        operations=dict.fromkeys(ALL, UNCHECKED), station_tables={"sensors": UNCHECKED, "programs": UNCHECKED}
    )
    return load(file, schema)


def verdict(folder: Path, operation: str, station: str, tables: str, built: tuple[str, ...] = ALL) -> Verdict:
    found = settings(folder, tables)
    return judge(RULE[operation], found, found.station(station), built)


@pytest.mark.parametrize(
    ("operation", "station", "tables", "state"),
    [
        # "Cette option n'est disponible que sur le serveur."
        ("backup", "SERVEUR", "[backup]", HERE),
        ("backup", "ACCUEIL", "[backup]", ELSEWHERE),
        ("synchronisation", "SERVEUR", "[synchronisation]", HERE),
        ("synchronisation", "WEB", "[synchronisation]", ELSEWHERE),
        ("verification", "SERVEUR", "[verification]", HERE),
        ("verification", "ACCUEIL", "[verification]", ELSEWHERE),
        ("passage_sync", "SERVEUR", "[passage_sync]", HERE),
        ("passage_sync", "ACCUEIL", "[passage_sync]", ELSEWHERE),
        # "disponible pour toutes les stations mais ne peut être activée que pour une seule station"
        ("email", "ACCUEIL", '[email]\nstation = "ACCUEIL"', HERE),
        ("email", "SERVEUR", '[email]\nstation = "ACCUEIL"', ELSEWHERE),
        ("email", "SERVEUR", '[email]\nstation = "ACCUEIL"\nstandby = ["SERVEUR"]', HERE),
        ("email", "WEB", '[email]\nstation = "ACCUEIL"\nstandby = ["SERVEUR"]', ELSEWHERE),
        ("sms", "WEB", "[sms]", HERE),
        ("planning", "ACCUEIL", '[planning]\nstation = "accueil"', HERE),
        ("maps", "ACCUEIL", '[maps]\nstation = "WEB"', ELSEWHERE),
        ("announcement", "WEB", '[announcement]\nstation = "WEB"', HERE),
        # "disponible pour toutes les stations ayant des capteurs FMI"
        ("fmi", "ACCUEIL", "[fmi]", HERE),
        ("fmi", "SERVEUR", "[fmi]", ELSEWHERE),
        # "disponible sur les stations servant de serveur WEB"
        ("web_server", "WEB", "[web_server]", HERE),
        ("web_server", "SERVEUR", "[web_server]", ELSEWHERE),
        # "Cette option est disponible pour toutes les stations."
        ("launcher", "SERVEUR", "[launcher]", HERE),
        ("launcher", "ACCUEIL", "[launcher]", HERE),
        # a missing table means that the operation is disabled; `enabled = false` too (contract §2)
        ("email", "ACCUEIL", "", OFF),
        ("email", "ACCUEIL", '[email]\nstation = "ACCUEIL"\nenabled = false', OFF),
        # a station that may never do it is told so first, whatever the settings say
        ("backup", "ACCUEIL", "", ELSEWHERE),
    ],
)
def test_an_operation_runs_where_the_manual_allows_it(
    tmp_path: Path, operation: str, station: str, tables: str, state: OperationState
) -> None:
    found = verdict(tmp_path, operation, station, tables)
    assert found.state is state
    assert (found.reason is None) == (state is HERE)


def test_an_operation_that_is_not_built_is_disabled_and_says_so(tmp_path: Path) -> None:
    found = verdict(tmp_path, "sms", "ACCUEIL", '[sms]\nstation = "ACCUEIL"', built=("email",))
    assert (found.state, str(found.reason)) == (OFF, "this version of Heitz Service does not do it yet")


@pytest.mark.parametrize("operation", [operation for operation in ALL if operation != "email"])
def test_what_is_not_built_is_disabled_on_every_station(tmp_path: Path, operation: str) -> None:
    for station in ("SERVEUR", "ACCUEIL", "WEB"):
        assert verdict(tmp_path, operation, station, "", built=("email",)).state is OFF


def test_the_reason_names_the_station_that_does_it(tmp_path: Path) -> None:
    found = verdict(tmp_path, "email", "WEB", '[email]\nstation = "ACCUEIL"\nstandby = ["SERVEUR"]')
    assert str(found.reason) == "the station ACCUEIL does it"


def test_all_twelve_operations_are_judged_in_the_order_of_the_manual(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert " ".join(judge_all(RULES, found, found.server, ALL)) == (
        "backup sms email fmi synchronisation planning maps verification web_server announcement passage_sync launcher"
    )


@pytest.mark.parametrize("rule", RULES, ids=ALL)
def test_no_operation_runs_without_its_table(tmp_path: Path, rule: Rule) -> None:
    found = settings(tmp_path)
    for station in found.stations.values():
        assert not judge(rule, found, station, ALL).is_here
