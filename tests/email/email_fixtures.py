"""What the tests of the e-mail operation share: short timeouts, a server, a draft."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from faulty_smtp import Behaviour, FaultySmtp

from actors.delivery.loop import Delivery
from actors.delivery.pace import Brake
from actors.delivery.reins import Reins, Terms
from actors.delivery.tally import Tally
from actors.email.adapters.message import Draft, Envelope, build
from actors.email.adapters.smtp import SmtpSession
from actors.email.addresses import parse_mailbox, parse_recipients
from actors.email.courier import EmailCourier, Letter, Sender
from actors.email.settings import EmailSettings, Security, SmtpSettings
from club import Outbox

SHORT = timedelta(seconds=0.7)
SENDER = "Forme et Santé <club@example.org>"
DATED_AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

StartServer = Callable[..., FaultySmtp]
StartSession = Callable[..., SmtpSession]


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    with ExitStack() as stack:

        def start(**behaviour: Any) -> FaultySmtp:
            return stack.enter_context(FaultySmtp(Behaviour(**behaviour)))

        yield start


@pytest.fixture
def start_session() -> Iterator[StartSession]:
    with ExitStack() as stack:

        def start(server: FaultySmtp, **settings: Any) -> SmtpSession:
            return stack.enter_context(SmtpSession(smtp_settings(server.port, **settings)))

        yield start


def smtp_settings(port: int, **settings: Any) -> SmtpSettings:
    short = dict.fromkeys(("open_timeout", "reply_timeout", "message_timeout", "acceptance_timeout"), SHORT)
    return SmtpSettings(
        **{"host": "127.0.0.1", "port": port, "security": Security.NONE, "sender": SENDER, **short, **settings}
    )


def envelope(recipients: str, **fields: Any) -> Envelope:
    mailboxes = parse_recipients(recipients, 1000).mailboxes
    fields = {
        "subject": "Séance annulée",
        "text_body": "Bonjour,\n.\nà demain",
        "message_id": "<1@example.org>",
    } | fields
    return build(Draft(mailboxes, dated_at=DATED_AT, **fields), parse_mailbox(SENDER), 20_000_000)


def delivery(
    outbox: Outbox, session: SmtpSession, settings: EmailSettings, goes_on: Callable[[], bool], tally: Tally
) -> Delivery[Letter]:
    """Return a run of the e-mail operation over a session."""
    sender = Sender("Forme et Santé", "en", lambda: datetime.now(UTC))
    courier = EmailCourier(session, settings, sender, outbox.content)
    return Delivery(outbox, courier, Reins(goes_on), tally, Terms(claim_at_most=settings.batch), Brake(time.monotonic))


class Mark:
    """Stands for the durable mark: counts, and answers as told."""

    def __init__(self, answer: object = None) -> None:
        self.count = 0
        self._answer = answer

    def __call__(self) -> object:
        self.count += 1
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer
