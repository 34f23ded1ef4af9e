"""A message centre for tests of SMPP, and transports that are closed when the test is over."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from smpp_programs import PASSWORD, Make, MessageCentre, message_centre

from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.adapters.smpp.transport import SmppTransport
from config.secret import Secret


@pytest.fixture
def centre() -> Iterator[MessageCentre]:
    with message_centre() as centre:
        yield centre


@pytest.fixture
def make(centre: MessageCentre) -> Iterator[Make]:
    made: list[SmppTransport] = []

    def make(password: str = PASSWORD, **changes: Any) -> SmppTransport:
        settings: dict[str, Any] = {
            "kind": "smpp",
            "host": "127.0.0.1",
            "port": centre.port,
            "system_id": "club",
            "password": Secret(password),
            "timeout": timedelta(seconds=5),
            **changes,
        }
        made.append(SmppTransport(SmppSettings(**settings)))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


@pytest.fixture
def transport(make: Make) -> SmppTransport:
    return make()
