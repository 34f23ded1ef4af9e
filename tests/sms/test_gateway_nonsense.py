"""No answer of a gateway is too strange: it is understood, refused, unknown or unavailable, and stops nothing else."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from gateway_contract import BEGAN, NUMBER, Marks, an_sms
from hypothesis import given
from hypothesis import strategies as st

from actors.http.exchange import Reply
from actors.sms.adapters.http.brevo import BrevoGateway, BrevoSettings
from actors.sms.adapters.http.gateway import HttpGateway
from actors.sms.adapters.http.generic import GenericGateway, GenericReply, GenericSettings, GenericStatus
from actors.sms.adapters.http.kannel import KannelGateway, KannelSettings
from actors.sms.adapters.http.octopush import OctopushGateway, OctopushSettings
from actors.sms.adapters.http.ovh import OvhGateway, OvhSettings
from actors.sms.adapters.http.smsmode import SmsmodeGateway, SmsmodeSettings
from actors.sms.adapters.http.twilio import TwilioGateway, TwilioSettings
from actors.sms.adapters.http.verdict import Judge, amount, instant
from actors.sms.transport import (
    Accepted,
    Answer,
    Blame,
    CanLookUp,
    CanReceive,
    CanReport,
    HasCredit,
    Refused,
    Sighting,
    Unavailable,
    Unknown,
)
from config.secret import Secret

SECRET_TEXT = "s3cr3t"
SECRET = Secret(SECRET_TEXT)
ASKED = GenericStatus(url="https://sms.example.org/{id}{reference}", state="status", id="id", reason="message")
GATEWAYS: dict[str, Callable[[], HttpGateway[Any]]] = {
    "brevo": lambda: BrevoGateway(BrevoSettings(kind="http", provider="brevo", api_key=SECRET, sender="Club")),
    "generic": lambda: GenericGateway(
        GenericSettings(
            kind="http",
            provider="generic",
            name="MySMS",
            url="https://sms.example.org/?to={to}&text={text}",
            reply=GenericReply(accepted="id", id="ids.0", error="message"),
            status=ASKED,
            look_up=ASKED,
        )
    ),
    "kannel": lambda: KannelGateway(
        KannelSettings(kind="http", provider="kannel", user="club", password=SECRET),
    ),
    "octopush": lambda: OctopushGateway(
        OctopushSettings(kind="http", provider="octopush", login="club@example.org", api_key=SECRET)
    ),
    "ovh": lambda: OvhGateway(
        OvhSettings(
            kind="http",
            provider="ovh",
            service="sms-1",
            application_key="key",
            application_secret=SECRET,
            consumer_key=SECRET,
        )
    ),
    "smsmode": lambda: SmsmodeGateway(SmsmodeSettings(kind="http", provider="smsmode", api_key=SECRET)),
    "twilio": lambda: TwilioGateway(
        TwilioSettings(kind="http", provider="twilio", account="AC" + "0" * 32, token=SECRET, sender="+33700000000")
    ),
}
# What the gateways' answers are read by: with other values below, they are nonsense in the right places.
KEYS = [
    *(
        "FR",
        "balance",
        "body",
        "code",
        "creationDatetime",
        "credits",
        "creditsLeft",
        "date",
        "date_created",
        "deliveredAt",
    ),
    *("date_updated", "deliveryDate", "deliveryReceipt", "detail", "direction", "error_code", "error_message", "event"),
    *(
        "errorCode",
        "events",
        "from",
        "id",
        "ids",
        "invalidReceivers",
        "message",
        "messageId",
        "messagePartCount",
        "sid",
    ),
    *(
        "messages",
        "number_of_sms_needed",
        "num_segments",
        "phoneNumber",
        "plan",
        "premium_sms",
        "ptt",
        "reason",
        "value",
    ),
    *("refClient", "reply", "sender", "sms_ticket", "status", "type"),
]
STRANGE = st.sampled_from(
    [
        *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-14:00", "Mon, 01 Jan 0001 00:00:00 +2359", "²", "\ud800"),
        *("\0", "1e999", "delivered", "sms", "inbound", "replied", "STOP", 10**400, float("inf"), float("nan"), -1),
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | STRANGE
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=12,
)


def everywhere(value: Any) -> Any:
    """Return an answer that holds the same in each place that is read."""
    inner = dict.fromkeys(KEYS, value)
    lists = {"events": [inner], "messages": [inner], "plan": [{**inner, "type": "sms"}]}
    return {**inner, **lists, "status": inner}


ANSWERS = JSON | JSON.map(everywhere) | JSON.map(lambda value: dict.fromkeys(KEYS, value))
BODIES = st.binary(max_size=30) | ANSWERS.map(lambda value: json.dumps(value).encode())
STATUSES = st.sampled_from(
    [200, 200, 200, 200, 201, 202, 204, 206, 300, 303, 400, 401, 402, 403, 404, 409, 418, 422, 429, 500, 503]
)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "location", "content-type"]), st.text(max_size=12) | STRANGE.map(str), max_size=3
)
GREETING = Reply(200, {}, b"1764000000")
"""What OVHcloud is asked before all else: its clock."""
REPLIES = st.builds(Reply, STATUSES, HEADERS, BODIES, st.booleans())


class Wire:
    """Answers each request with the next of what a test gives, and the last for ever."""

    def __init__(self, replies: list[Reply]) -> None:
        self.replies = replies

    def exchange(self, _request: Any, mark: Callable[[], bool] | None, _private: Any) -> Reply:
        assert mark is None or mark()
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def close(self) -> None:
        """Have nothing to close."""


def wired(name: str, replies: list[Reply]) -> HttpGateway[Any]:
    gateway = GATEWAYS[name]()
    gateway._wire = Wire(replies)  # type: ignore[assignment]
    gateway.now = lambda: BEGAN + timedelta(minutes=10)
    return gateway


@pytest.mark.parametrize("name", GATEWAYS)
@given(reply=REPLIES)
def test_whatever_it_answers_to_an_sms_is_an_answer(name: str, reply: Reply) -> None:
    gateway = wired(name, [GREETING, reply] if name == "ovh" else [reply])
    marks = Marks()
    answer: Answer = gateway.send(an_sms(), marks)
    assert isinstance(answer, Accepted | Refused | Unknown)
    assert marks.count == 1
    if isinstance(answer, Accepted):
        assert reply.is_whole
        assert reply.status < 300 or name == "octopush"  # which says by a 4xx that it had it before
    assert str(getattr(answer, "reason", "")).isprintable()


def look_up(gateway: HttpGateway[Any]) -> None:
    if isinstance(gateway, CanLookUp):
        gateway.look_up(Sighting(an_sms(), BEGAN), gateway.now())


def reports(gateway: HttpGateway[Any]) -> None:
    if isinstance(gateway, CanReport):
        for _, report in zip(range(20), gateway.reports(["1", "ab"]), strict=False):
            assert report.reason is None or str(report.reason).isprintable()


def incoming(gateway: HttpGateway[Any]) -> None:
    if isinstance(gateway, CanReceive):
        for _ in zip(range(20), gateway.incoming(), strict=False):
            pass


def credit(gateway: HttpGateway[Any]) -> None:
    if isinstance(gateway, HasCredit):
        left = gateway.credit()
        assert left is None or abs(left) < float("inf")


@pytest.mark.parametrize("name", GATEWAYS)
@given(replies=st.lists(REPLIES, min_size=1, max_size=4), is_greeted=st.booleans())
def test_whatever_it_answers_to_a_question_is_understood_or_unavailable(
    name: str, replies: list[Reply], *, is_greeted: bool
) -> None:
    for question in (look_up, reports, incoming, credit):
        with suppress(Unavailable):
            question(wired(name, [*([GREETING] if is_greeted else []), *replies]))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-25T08:00:00+01:00", datetime(2026, 11, 25, 7, 0, tzinfo=UTC)),
        ("Wed, 25 Nov 2026 07:00:00 +0000", datetime(2026, 11, 25, 7, 0, tzinfo=UTC)),
        ("2026-11-25 07:00:00", datetime(2026, 11, 25, 7, 0, tzinfo=UTC)),  # without a zone it is UTC
        ("0001-01-01T00:00:00+01:00", None),  # "never", of programs that have no other word for it
        ("9999-12-31T23:59:59-01:00", None),
        ("soon", None),
        (20261125, None),
    ],
)
def test_an_instant_is_read_or_there_is_none(text: object, at: datetime | None) -> None:
    assert instant(text) == at


@pytest.mark.parametrize(
    ("value", "read"),
    [(42, 42.0), ("42.5", 42.5), (True, None), ("much", None), (10**400, None), ("inf", None), ([1], None)],
)
def test_a_number_is_read_or_there_is_none(value: object, read: float | None) -> None:
    assert amount(value) == read


@pytest.mark.parametrize("run", ["a", "<", "1", "+1 ", "a@", "https://", " "])
def test_a_page_of_one_long_run_is_quoted_at_once(run: str) -> None:
    """A picture inside a page is such a run; to look for an address in it took minutes, in which nothing else ran."""
    page = run * (256 * 1024 // len(run))
    assert len(Reply(403, private=(SECRET_TEXT, NUMBER)).quote(page)) <= 160
    assert Reply(403, private=(SECRET_TEXT, NUMBER)).quote(page + SECRET_TEXT) == "…"


@pytest.mark.parametrize(
    ("body", "is_final"),
    [
        (b"<!DOCTYPE html><html><body>400 Bad Request</body></html>", False),
        (b"\n <HTML><head>", False),
        (b"<!-- portal -->\n<html>", False),
        (b'{"message": "wrong number"}', True),
        (b"<?xml version='1.0'?><error>wrong number</error>", True),  # of a gateway that speaks XML
        (b"", True),
    ],
)
def test_a_page_for_people_with_a_4xx_fails_no_sms_for_good(body: bytes, *, is_final: bool) -> None:
    said = Judge("MySMS", "https://sms.example.org").by_status(Reply(400, {}, body))
    assert isinstance(said, Refused)
    assert (said.is_final, said.blame) == (is_final, Blame.MESSAGE if is_final else Blame.ACCOUNT)
