"""Requests from outside become typed messages, or one sentence."""

from typing import Any

import pytest

from service.channel.requests import (
    LookForLeases,
    Pause,
    Request,
    Restart,
    Resume,
    RunNow,
    ShowStatus,
    Stop,
    UnknownRequest,
    Watch,
    parse,
)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"command": "status"}, ShowStatus()),
        ({"command": "status", "added": "by a later version"}, ShowStatus()),
        ({"command": "restart", "actor": "fmi/entree"}, Restart("fmi/entree")),
        ({"command": "look-for-leases"}, LookForLeases()),
        ({"command": "run-now", "operation": "email", "dry_run": False}, RunNow("email", dry_run=False)),
        ({"command": "run-now", "operation": "email", "dry_run": True}, RunNow("email", dry_run=True)),
        ({"command": "stop"}, Stop()),
        ({"command": "resume", "operation": "email"}, Resume("email")),
        (
            {"command": "pause", "operation": "email", "seconds": 60, "by": "marie", "reason": ""},
            Pause("email", 60.0, "marie", ""),
        ),
        (
            {"command": "pause", "operation": "email", "seconds": None, "by": "", "reason": "why"},
            Pause("email", None, "", "why"),
        ),
        ({"command": "watch", "seen": ""}, Watch("")),
    ],
)
def test_a_request_is_a_message(request_: dict[str, Any], message: Request) -> None:
    assert parse(request_) == message


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"command": None},
        {"command": "fly"},
        {"command": "restart"},
        {"command": "restart", "actor": 3},
        {"command": "watch"},
        {"command": "run-now", "operation": "email"},
        {"command": "pause", "operation": "email", "by": "", "reason": ""},  # for ever only when it says so
        {"command": "pause", "operation": "email", "seconds": "60", "by": "", "reason": ""},
        {"command": "pause", "operation": "email", "seconds": True, "by": "", "reason": ""},
        {"command": "resume"},
        {"command": "run-now", "operation": "email", "dry_run": "yes"},  # in doubt nothing runs for real
    ],
)
def test_what_is_no_request_is_one_sentence(request_: dict[str, Any]) -> None:
    with pytest.raises(UnknownRequest, match="another version than this command"):
        parse(request_)
