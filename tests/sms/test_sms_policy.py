"""What an SMS may do now, and when it is tried again."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.retrying import RowFacts
from actors.sms.limits import Room, Spent, room_now
from actors.sms.policy import Draft, Expired, Failed, MayLeave, Policy, WaitUntil
from actors.sms.settings_sending import SendingSettings
from actors.sms.settings_window import hours_of
from actors.sms.transport import Category
from config import ClubSettings, DatabaseUrl
from config.sentence import Sentence

CLUB = ClubSettings(name="Forme et Santé", database=DatabaseUrl("sqlite:///club.db"))
PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)  # noon in Paris, a Tuesday
NIGHT = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)  # 08:00 in Paris
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
AD = "Offre de Noël chez Forme et Santé. STOP au 36180"


def policy(**settings: Any) -> Policy:
    made = SendingSettings(station="ACCUEIL", **settings)
    return Policy(made, hours_of(made, CLUB), "FR")


def draft(**changes: Any) -> Draft:
    return attrs.evolve(Draft("06 12 34 56 71", "cours annulé"), **changes)


def advert(**changes: Any) -> Draft:
    return draft(**{"body": AD, "category": Category.MARKETING, **changes})


def test_what_may_leave_has_its_number_text_parts_and_validity() -> None:
    assert policy().admit(draft(), NOON) == MayLeave("+33612345671", "cours annulé", 1)
    found = policy().admit(draft(expires_at=NOON + HOUR), NOON)
    assert isinstance(found, MayLeave)
    assert found.validity == HOUR
    never = policy().admit(draft(expires_at=NOON + timedelta(days=3000)), NOON)
    assert isinstance(never, MayLeave)
    assert never.validity is None, "as long as the operator likes to try"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (draft(recipient="0142345671"), "the number cannot be used: a landline, which takes no SMS"),
        (draft(recipient=""), "the number cannot be used: no number"),
        (draft(body=""), "the text is empty"),
        (draft(body="a\0"), "the text holds 1 character that no SMS can carry: U+0000"),
        (draft(body="x" * 2000), "the text makes 14 SMS in a row, more than the 6 allowed"),
        (advert(body="Offre de Noël"), "marketing must say how to object, as in: STOP 36180"),
    ],
)
def test_what_can_never_leave_fails_at_once_even_at_night(wrong: Draft, reason: str) -> None:
    for now in (NOON, NIGHT):
        found = policy().admit(wrong, now)
        assert isinstance(found, Failed)
        assert str(found.reason) == reason


def test_marketing_to_who_objected_fails_and_a_cancelled_lesson_reaches_them() -> None:
    found = policy().admit(advert(), NOON, is_opted_out=True)
    assert isinstance(found, Failed)
    assert str(found.reason) == "the member answered STOP: no marketing may be sent"
    assert isinstance(policy().admit(draft(), NOON, is_opted_out=True), MayLeave)


def test_a_gateway_that_adds_the_mention_needs_none_in_the_text() -> None:
    assert isinstance(policy(gateway_adds_stop=True).admit(advert(body="Offre de Noël"), NOON), MayLeave)


def test_a_text_is_folded_only_for_the_categories_that_the_settings_name() -> None:
    long = "Votre séance de samedi est annulée, elle aura lieu dimanche à la même heure. À bientôt"
    as_is = policy(fold=(Category.MARKETING,)).admit(draft(body=long), NOON)
    folded = policy(fold=(Category.TRANSACTIONAL,)).admit(draft(body=long), NOON)
    assert isinstance(as_is, MayLeave)
    assert isinstance(folded, MayLeave)
    assert (as_is.body, as_is.parts) == (long, 2)
    assert (folded.body, folded.parts) == (long.replace("ê", "e").replace("À", "A").replace("ô", "o"), 1)


def test_an_sms_waits_for_its_hours() -> None:
    found = policy().admit(draft(), NIGHT)
    assert isinstance(found, WaitUntil)
    assert found.at == MORNING
    assert (
        str(found.reason)
        == "outside the club's hours (Monday to Saturday, 08:00-20:00): it waits until 2026-11-25 08:00"
    )


@pytest.mark.parametrize(
    ("expires_at", "now", "reason"),
    [
        (NOON, NOON, "it expired before it could leave"),
        (NOON - HOUR, NIGHT, "it expired before it could leave"),
        (MORNING, NIGHT, "it would expire before it may leave: outside the club's hours"),  # at the opening it is over
        (NIGHT + HOUR, NIGHT, "it would expire before it may leave: outside the club's hours"),
    ],
)
def test_what_is_too_late_expires_with_the_reason(expires_at: datetime, now: datetime, reason: str) -> None:
    found = policy().admit(draft(expires_at=expires_at), now)
    assert isinstance(found, Expired)
    assert str(found.reason).startswith(reason)


def test_what_outlives_the_night_waits() -> None:
    assert isinstance(policy().admit(draft(expires_at=MORNING + MINUTE), NIGHT), WaitUntil)


def test_hours_and_expiry_are_asked_again_before_the_irrevocable_byte() -> None:
    rules = policy()
    last = datetime(2026, 11, 24, 18, 59, 59, tzinfo=UTC)
    assert rules.still_may_leave(draft(), last)
    assert not rules.still_may_leave(draft(), last + timedelta(seconds=1))
    assert not rules.still_may_leave(draft(expires_at=NOON), NOON)
    assert rules.still_may_leave(draft(expires_at=NOON + MINUTE), NOON)


BUSY = Sentence.of("the gateway is busy")


def row(**changes: Any) -> RowFacts:
    return attrs.evolve(RowFacts(attempts=1, due_at=NOON), **changes)


@pytest.mark.parametrize(
    ("attempts", "retry_after", "wait"),
    [
        (1, None, MINUTE),
        (2, None, 2 * MINUTE),
        (20, None, 30 * MINUTE),  # the longest
        (1, 10 * MINUTE, 10 * MINUTE),  # the gateway asked for it
        (6, MINUTE, 30 * MINUTE),  # but knows nothing of our patience
    ],
)
def test_the_wait_before_another_attempt(attempts: int, retry_after: timedelta | None, wait: timedelta) -> None:
    assert policy().retry(draft(), row(attempts=attempts), BUSY, NOON, retry_after) == WaitUntil(NOON + wait, BUSY)


def test_another_attempt_waits_for_the_next_opening() -> None:
    end = datetime(2026, 11, 24, 18, 59, 30, tzinfo=UTC)
    assert policy().retry(draft(), row(), BUSY, end) == WaitUntil(MORNING, BUSY)


@pytest.mark.parametrize(
    ("facts", "ending", "reason"),
    [
        (row(attempts=30), Failed, "given up after 30 attempts: the gateway is busy"),
        (row(due_at=NOON - timedelta(days=3)), Failed, "given up after 72 hours: the gateway is busy"),
        (row(expires_at=NOON + MINUTE), Expired, "it expires before the next attempt: the gateway is busy"),
    ],
)
def test_an_sms_is_given_up_with_what_happened(facts: RowFacts, ending: type, reason: str) -> None:
    found = policy().retry(draft(), facts, BUSY, NOON)
    assert isinstance(found, ending)
    assert isinstance(found, Failed | Expired)
    assert str(found.reason) == reason


@given(
    at=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds it
    attempts=st.integers(1, 29),
    category=st.sampled_from(Category),
)
def test_whatever_happens_when_the_next_attempt_is_inside_the_hours(
    at: datetime, attempts: int, category: Category
) -> None:
    rules = policy()
    found = rules.retry(draft(category=category), row(attempts=attempts, due_at=at), BUSY, at)
    assert isinstance(found, WaitUntil)
    assert found.at > at
    assert rules.hours.is_open(found.at, category)


def test_hours_that_never_open_again_end_an_sms_at_once() -> None:
    rules = policy()
    never = attrs.evolve(rules, hours=attrs.evolve(rules.hours, calendar=lambda _day: "grève"))
    admission = never.admit(draft(), NOON)
    assert isinstance(admission, Expired)
    assert str(admission.reason).endswith("and never inside")
    found = never.retry(draft(), row(), BUSY, NOON)
    assert isinstance(found, Failed)
    assert str(found.reason) == "the gateway is busy; and the hours never open again"


def test_a_draft_and_what_may_leave_show_neither_number_nor_text() -> None:
    shown = repr(draft()) + repr(policy().admit(draft(), NOON))
    assert "612" not in shown
    assert "cours" not in shown


LIMITED = SendingSettings(station="ACCUEIL", per_minute=60, per_day=1000)


@pytest.mark.parametrize(
    ("spent", "parts", "again_at"),
    [
        (Spent(), 60, NOON + MINUTE),
        (Spent(59, NOON - 20 * timedelta(seconds=1), 59), 1, NOON + 40 * timedelta(seconds=1)),
        (Spent(60, NOON - MINUTE / 2, 900), 0, NOON + MINUTE / 2),
        (Spent(70, NOON - MINUTE / 2, 900), 0, NOON + MINUTE / 2),  # the limit was lowered meanwhile
        (Spent(0, None, 995), 5, datetime(2026, 11, 24, 23, 0, tzinfo=UTC)),  # until midnight in Paris
        (Spent(60, NOON, 1000), 0, datetime(2026, 11, 24, 23, 0, tzinfo=UTC)),  # both: the later one
    ],
)
def test_the_room_that_limits_leave(spent: Spent, parts: int, again_at: datetime) -> None:
    room = room_now(spent, LIMITED, PARIS, NOON)
    assert (room.parts, room.again_at) == (parts, again_at)
    assert room.takes(parts)
    assert not room.takes(parts + 1)


def test_without_limits_there_is_room_for_all() -> None:
    room = room_now(Spent(10_000, NOON, 10_000), SendingSettings(station="ACCUEIL"), PARIS, NOON)
    assert room == Room()
    assert room.takes(10_000)


def test_the_reason_names_the_limit() -> None:
    assert str(room_now(Spent(today=1000), LIMITED, PARIS, NOON).reason) == "the limit of 1000 SMS a day is reached"
    assert str(room_now(Spent(60, NOON), LIMITED, PARIS, NOON).reason) == "the limit of 60 SMS a minute is reached"
