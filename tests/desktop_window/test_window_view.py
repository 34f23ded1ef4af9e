"""What the window says of a status: rows, their buttons, the head, the bars, the tree."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from service.window.actions import Action, Kind, actions_of, request_of
from service.window.text import clipped, one_line, sentence_case
from service.window.tree import nodes_of
from service.window.view import Page, page_of, page_without
from service.window.zones import bars_of

NOW = datetime(2026, 11, 24, 10, 11, 30, tzinfo=timezone(timedelta(hours=1)))
RUN = {"started_at": "2026-11-24T10:11:00+01:00", "seconds": 0.41, "outcome": "ok", "summary": "3 SMS envoyés"}


def operation(**changes: Any) -> dict[str, Any]:
    return {"id": "sms", "title": "SMS", "state": "active", "is_exclusive": True, "can_pause": True, **changes}


def page(*operations: dict[str, Any], language: str = "fr", **changes: Any) -> Page:
    return page_of({"station": "ACCUEIL", "state": "active", "operations": operations, **changes}, language, NOW)


@pytest.mark.parametrize(
    ("changes", "icon", "state"),
    [
        ({}, "active", "Active"),
        # it works, and something is wrong all the same
        ({"attention": True}, "attention", "Active"),
        # the manual knows two words; the reason beside them says the rest
        ({"state": "not_on_this_station"}, "off", "Non active sur cette station"),
        ({"state": "standby"}, "off", "Non active sur cette station"),
        ({"state": "disabled"}, "off", "Désactivée"),
        ({"state": "waiting"}, "attention", "En attente"),
        ({"state": "recovering"}, "attention", "Redémarre après une erreur"),
        ({"state": "failed"}, "failed", "En échec"),
        # a pause is shown as what somebody wanted, not as what is wrong
        ({"state": "waiting", "attention": True, "paused": {"by": "Jeanne"}}, "paused", "En pause"),
        # a state of a later version
        ({"state": "dancing"}, "dancing", "dancing"),
    ],
)
def test_an_operation_has_an_icon_and_a_word(changes: dict[str, Any], icon: str, state: str) -> None:
    (row,) = page(operation(**changes)).rows
    assert (row.icon, row.state) == (icon, state)


def test_beside_the_name_stands_why_it_does_not_work_else_what_it_did_last() -> None:
    rows = page(operation(reason="le modem ne répond plus", last_run=RUN), operation(last_run=RUN), operation()).rows
    assert [row.remark for row in rows] == ["Le modem ne répond plus", "10:11\u00a0: 3 SMS envoyés", ""]


def test_an_open_operation_tells_its_runs_and_counters() -> None:
    counters = {"sent": 128, "failed": 1, "uncertain": 0}
    (row,) = page(
        operation(last_run=RUN, next_run="2026-11-24T10:12:00+01:00", holder="ACCUEIL", counters=counters)
    ).rows
    assert row.fields == (
        ("Assurée par", "ACCUEIL"),
        ("Dernière exécution", "10:11, réussie en 0,41 s — 3 SMS envoyés"),
        ("Prochaine exécution", "10:12"),
        ("Depuis le démarrage", "envoyé : 128, échec : 1"),
    )


def test_a_long_reason_is_cut_beside_the_name_and_whole_beneath() -> None:
    reason = "Le modem ne répond plus. " * 20
    (row,) = page(operation(reason=reason)).rows
    assert row.remark.endswith("Le modem…")
    assert row.fields[0] == ("Raison", reason)


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, ["run-now", "restart", "handover", "pause"]),
        ({"is_exclusive": False}, ["run-now", "restart", "pause"]),
        ({"can_pause": False}, ["run-now", "restart", "handover"]),
        ({"state": "waiting"}, ["run-now", "restart", "pause"]),
        ({"state": "standby", "can_pause": False}, ["restart"]),
        ({"state": "failed", "can_pause": False}, ["restart"]),
        # what somebody paused is resumed, and nothing else
        ({"state": "waiting", "paused_until": "2026-11-24T15:00:00+01:00"}, ["resume"]),
        ({"state": "disabled", "can_pause": False}, []),
        ({"state": "not_on_this_station", "can_pause": False}, []),
    ],
)
def test_there_is_a_button_for_what_can_be_done(changes: dict[str, Any], kinds: list[str]) -> None:
    assert [action.kind.value for action in actions_of(operation(**changes), "fr")] == kinds


@pytest.mark.parametrize(
    ("kind", "request_"),
    [
        (Kind.RUN_NOW, {"command": "run-now", "operation": "sms", "dry_run": False}),
        (Kind.RESTART, {"command": "restart", "actor": "sms"}),
        (Kind.RESUME, {"command": "resume", "operation": "sms"}),
        (Kind.PAUSE, {"command": "pause", "operation": "sms", "seconds": 60.0, "by": "Jeanne", "reason": ""}),
        (Kind.HAND_OVER, None),
    ],
)
def test_a_button_is_a_request(kind: Kind, request_: dict[str, Any] | None) -> None:
    assert request_of(Action(kind, "sms", "SMS", ""), seconds=60.0, by="Jeanne") == request_


@pytest.mark.parametrize(
    ("language", "count", "title"),
    [
        ("fr", 0, "0 opération active sur cette station"),
        ("fr", 1, "1 opération active sur cette station"),
        ("fr", 2, "2 opérations actives sur cette station"),
        ("en", 0, "0 operations active on this station"),
        ("en", 1, "1 operation active on this station"),
    ],
)
def test_the_head_counts_in_the_readers_language(language: str, count: int, title: str) -> None:
    assert page(*[operation()] * count, language=language).head.title == title


def test_the_head_says_the_worst_and_how_many() -> None:
    operations = (operation(state="failed"), operation(state="waiting"), operation(attention=True), operation())
    head = page(*operations, state="failed").head
    assert head.icon == "failed"
    assert head.subtitle == "1 en échec, 2 à surveiller — ACCUEIL"


def test_trouble_that_is_no_operations_is_not_called_well() -> None:
    assert page(operation(), state="active").head.subtitle == "Tout va bien — ACCUEIL"
    assert "Assistance" in page(operation(), state="attention").head.subtitle


def test_a_problem_of_the_settings_is_said_at_the_top() -> None:
    assert "ligne 14" in page(config={"problem": "ligne 14"}).head.notice


def test_a_program_that_is_gone_leaves_nothing_that_looks_true() -> None:
    left = page_without(page(operation(last_run=RUN)), "il est arrêté", "fr")
    (row,) = left.rows
    assert (row.icon, row.state, row.remark, row.actions) == ("unknown", "Inconnu", "", ())
    assert left.head.icon == "unknown"
    assert not left.head.is_running
    assert left.head.notice == "Il est arrêté"


ZONE = {
    "name": "Bassin",
    "present": 132,
    "known": True,
    "since": None,
    "limit": 250,
    "level": "normal",
    "day_total": 411,
}


@pytest.mark.parametrize(
    ("changes", "number", "share", "colour"),
    [
        ({}, "132", 0.528, "active"),
        ({"level": "warning"}, "132", 0.528, "attention"),
        ({"level": "stop"}, "132", 0.528, "failed"),
        # the day's limit may be reached while there is room
        ({"day_level": "stop"}, "132", 0.528, "failed"),
        # a level that is not known goes by the share
        ({"level": None, "present": 220}, "220", 0.88, "attention"),
        ({"level": None, "present": 260}, "260", 1.04, "failed"),
        ({"limit": None}, "132", None, "unknown"),
        # never a number that nobody knows
        ({"known": False}, "?", None, "unknown"),
        ({"present": None}, "?", None, "unknown"),
    ],
)
def test_a_zone_is_a_bar(changes: dict[str, Any], number: str, share: float | None, colour: str) -> None:
    (bar,) = bars_of({"fmi": {"zones": [{**ZONE, **changes}]}}, "fr", NOW)
    assert (bar.number, bar.share, bar.colour) == (number, share, colour)


def test_a_zone_says_since_when_nobody_knows() -> None:
    zone = {**ZONE, "known": False, "since": "2026-11-24T10:04:00+01:00"}
    (bar,) = bars_of({"fmi": {"zones": [zone]}}, "fr", NOW)
    assert bar.remark == "nombre inconnu depuis 10:04 — 411 entrées aujourd'hui"


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        (
            {"known": False, "reason": "capteur débranché"},
            "Capteur débranché — 411 entrées aujourd'hui",
        ),
        ({"uncertainty": 4}, "à 4 près — 411 entrées aujourd'hui"),
        ({"day_limit": 900}, "411 entrées aujourd'hui, 900 au plus"),
        ({"day_total": 1, "day_limit": 900}, "1 entrée aujourd'hui, 900 au plus"),
        ({"day_total": None}, ""),
    ],
)
def test_a_zone_says_how_sure_its_number_is(changes: dict[str, Any], remark: str) -> None:
    (bar,) = bars_of({"fmi": {"zones": [{**ZONE, **changes}]}}, "fr", NOW)
    assert bar.remark == remark


def test_a_station_that_counts_nobody_has_no_bars() -> None:
    assert bars_of({}, "fr", NOW) == ()
    assert bars_of({"fmi": {"zones": []}}, "fr", NOW) == ()


def test_actors_are_a_tree_with_their_last_failure() -> None:
    failure = {"at": "2026-11-24T10:10:31+01:00", "kind": "crash", "error": "ZeroDivisionError", "traceback": "a\n  b"}
    actors = [
        {"path": "fmi", "state": "running", "restarts": 0, "mailbox": 0, "up_since": None, "last_failure": None},
        {"path": "fmi/entree", "state": "backoff", "restarts": 3, "mailbox": 2, "last_failure": failure,
         "next_attempt_at": "2026-11-24T10:12:40+01:00"},
        {"path": "gone/child", "state": "hung"},
    ]  # fmt: skip
    nodes = nodes_of({"actors": actors}, "en", NOW)
    assert [(node.path, node.parent, node.name) for node in nodes] == [
        ("fmi", "", "fmi"),
        ("fmi/entree", "fmi", "entree"),
        ("gone/child", "", "gone/child"),
    ]
    assert nodes[0].failure == "fmi has not failed"
    assert nodes[1].failure == ("last failure 10:10:31, crash: ZeroDivisionError\nnext attempt 10:12:40\n\na\n  b")


def test_text_is_one_line_that_tk_can_draw() -> None:
    assert one_line("a\nb\x1b[31m \u202ec 😀") == "a b?[31m ?c ▫"
    assert len(one_line("x" * 10_000)) == 2000
    assert one_line(None) == ""
    assert sentence_case("le modem") == "Le modem"
    assert clipped("abcdef", 4) == "abc…"
