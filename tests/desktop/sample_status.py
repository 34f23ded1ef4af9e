"""Statuses as the program writes them, for what looks at statuses."""

from typing import Any


def operation(name: str, state: str = "active", reason: str | None = None, **more: Any) -> dict[str, Any]:
    worrying = state in ("waiting", "recovering", "failed")
    return {"id": name, "title": name.upper(), "state": state, "reason": reason, "attention": worrying, **more}


def status(*operations: dict[str, Any], state: str = "active", **more: Any) -> dict[str, Any]:
    actors = [{"path": each["id"]} for each in operations if each["state"] not in ("disabled", "not_on_this_station")]
    return {"station": "ACCUEIL", "state": state, "operations": list(operations), "actors": actors, **more}
