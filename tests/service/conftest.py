"""A private home for the program's files, and servers that are closed whatever happens."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.channel.handshake import make_key
from service.channel.server import ControlServer, Handler
from service.instance import Instance, acquire
from service.paths import HOME_VARIABLE, Folders, folders

Serve = Callable[..., Instance]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    return folders()


@pytest.fixture
def serve(home: Folders) -> Iterator[Serve]:
    """Run a control server for a station, as the program does: lock, key, listen."""
    opened: list[Callable[[], None]] = []

    def start(handle: Handler, station: str = "ACCUEIL", **settings: Any) -> Instance:
        instance = acquire(station, datetime(2026, 11, 24, 7, 58, 3, tzinfo=UTC), home)
        opened.append(instance.release)
        server = ControlServer(instance.holder.address, make_key(home), handle, **settings)
        server.start()
        opened.append(server.close)
        return instance

    yield start
    for close in reversed(opened):
        close()
