"""What becomes of an SMS for each answer of a gateway, inside limits and hours; nothing twice, nothing lost."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sms_fixtures import ALWAYS, GATEWAY, PARIS, Room

from actors.board import Board
from actors.delivery.courier import LoginRefused, TransportAway
from actors.operation import Workplace
from actors.sms.courier import SmsCourier
from actors.sms.settings import SmsSettings
from actors.sms.settings_window import WindowSettings
from actors.sms.transport import Accepted, Blame, NotSent, Refused, Unavailable, Unknown
from config.sentence import Sentence
from config.weekdays import parse_days

Open = Callable[..., Room]
FIRST, SECOND, THIRD = "+33698760001", "+33698760002", "+33698760003"


@pytest.fixture
def open_room(tmp_path: Path) -> Iterator[Open]:
    rooms: list[Room] = []

    def open_room(**settings: Any) -> Room:
        rooms.append(Room(tmp_path, **settings))
        return rooms[-1]

    yield open_room
    for room in rooms:
        room.close()


def refused(blame: Blame, *, is_final: bool = False, after: timedelta | None = None) -> Refused:
    return Refused(Sentence.of("no"), is_final=is_final, blame=blame, retry_after=after)


def closed_now(now: datetime) -> WindowSettings:
    """Return a window that opens in three hours."""
    opens = (now.astimezone(PARIS) + timedelta(hours=3)).replace(second=0, microsecond=0)
    closes = opens + timedelta(hours=2)
    return WindowSettings(days=parse_days("mon-sun"), start=opens.time(), end=closes.time(), public_holidays=True)


def test_an_accepted_sms_is_sent_under_the_provider_s_name_and_ours(open_room: Open) -> None:
    room = open_room()
    room.write("06 98 76 00 01", body="L’eau est à 22 °C")
    assert room.run().as_counters() == {"sent": 1}
    [sms] = room.transport.copies
    assert (sms.recipient, sms.body) == (FIRST, "L’eau est à 22 °C")
    [(state, number, parts, provider, ours)] = room.rows("state, number, parts, provider_reference, sent_as")
    assert (state, number, parts, provider, ours) == ("sent", FIRST, 1, "provider-0", sms.reference)


def test_parts_that_the_gateway_counts_otherwise_are_told(open_room: Open) -> None:
    room = open_room()
    room.transport.answers[FIRST] = [Accepted("x", 3)]
    room.write(FIRST)
    room.run()
    assert room.rows() == [("sent", 1, "the gateway counted 3 SMS, not 1")]


def test_a_refusal_for_good_ends_the_row_and_one_for_now_is_tried_again_under_the_same_name(open_room: Open) -> None:
    room = open_room(retry_after=timedelta(seconds=1), retry_at_most=timedelta(seconds=1))
    room.transport.answers = {FIRST: [refused(Blame.MESSAGE, is_final=True)], SECOND: [refused(Blame.MESSAGE)]}
    room.write(FIRST, SECOND)
    assert room.run().as_counters() == {"failed": 1, "later": 1}
    [name] = [row[0] for row in room.rows("sent_as")[1:]]
    with room_clock_past_the_wait(room):
        assert room.run().as_counters() == {"sent": 1}
    assert [row[0] for row in room.rows("state")] == ["failed", "sent"]
    assert room.transport.copies[0].reference == name


def room_clock_past_the_wait(room: Room) -> Any:
    """Bring the end of the wait to now: the database's clock is its own."""
    import contextlib  # noqa: PLC0415
    import sqlite3  # noqa: PLC0415

    with contextlib.closing(sqlite3.connect(room.file)) as connection, connection:
        connection.execute("UPDATE sms SET due_ms = 1 WHERE state = 'pending'")
    return contextlib.nullcontext()


def test_a_gateway_with_too_much_to_do_is_left_alone_as_long_as_it_asks(open_room: Open) -> None:
    room = open_room()
    room.transport.answers[FIRST] = [refused(Blame.LOAD, after=timedelta(minutes=7))]
    room.write(FIRST, SECOND)
    assert room.run().as_counters() == {"later": 1}
    assert room.transport.copies == []
    assert 400 < room.brake.seconds() <= 420
    room.seconds += 421
    assert room.run().as_counters() == {"sent": 1}


def test_a_refused_account_ends_the_run_and_blames_no_row_that_was_not_asked(open_room: Open) -> None:
    room = open_room()
    room.transport.answers = {each: [refused(Blame.ACCOUNT)] for each in (FIRST, SECOND, THIRD)}
    room.write(FIRST, SECOND, THIRD)
    with pytest.raises(TransportAway) as away:
        room.run()
    assert away.value.needs_a_person
    assert room.rows("state, attempts") == [("pending", 1), ("pending", 0), ("pending", 0)]
    assert room.transport.answers[THIRD] != []


def test_a_refused_key_is_a_refused_login_and_one_sms_alone_proves_none(open_room: Open) -> None:
    room = open_room()
    room.transport.answers = {FIRST: [refused(Blame.KEY)]}  # as Twilio's 403 for a country that is switched off
    room.write(FIRST, SECOND)
    assert room.run().as_counters() == {"later": 1, "sent": 1}
    room.transport.answers = {each: [refused(Blame.KEY)] for each in (SECOND, THIRD)}
    room.write(SECOND, THIRD)
    with pytest.raises(LoginRefused):
        room.run()
    assert room.rows("state")[2:] == [("pending",), ("pending",)]


@pytest.mark.parametrize("is_login", [True, False])
def test_a_way_that_does_not_let_the_club_in_is_a_refused_login(open_room: Open, *, is_login: bool) -> None:
    room = open_room()
    room.transport.trouble = Unavailable(Sentence.of("no"), refuses_login=is_login)
    with pytest.raises(TransportAway) as away:
        room.run()
    assert isinstance(away.value, LoginRefused) is is_login


@pytest.mark.parametrize("trouble", [NotSent(Sentence.of("cut")), Unavailable(Sentence.of("cut"))])
def test_what_has_not_left_stays_due_and_counts_no_attempt(open_room: Open, trouble: Any) -> None:
    room = open_room()
    room.transport.answers[FIRST] = [trouble]
    room.write(FIRST)
    with pytest.raises(TransportAway, match="cut"):
        room.run()
    assert room.rows() == [("pending", 0, None)]
    assert room.run().as_counters() == {"sent": 1}


def test_an_answer_that_was_lost_leaves_the_row_uncertain_with_what_is_known(open_room: Open) -> None:
    room = open_room()
    room.transport.answers[FIRST] = [Unknown(Sentence.of("no answer in time"), "7001")]
    room.write(FIRST)
    assert room.run().as_counters() == {"uncertain": 1}
    [(state, error, provider)] = room.rows("state, error, provider_reference")
    assert (state, provider) == ("uncertain", "7001")
    assert error == "the gateway was given it and did not confirm it (no answer in time): it may have left"


def test_outside_the_hours_a_row_waits_with_its_reason_and_the_desk_says_until_when(open_room: Open) -> None:
    room = open_room(window=closed_now(datetime.now(UTC)))
    room.write(FIRST)
    assert room.run().as_counters() == {"put_off": 1}
    [(state, attempts, error)] = room.rows()
    assert (state, attempts) == ("pending", 0)
    assert "it waits until" in error
    assert str(room.courier.remark()) == error
    opens_at = room.courier.opens_at()
    assert opens_at is not None
    assert opens_at.astimezone(PARIS).time() == room.settings.window.start
    room.ahead = timedelta(hours=3, minutes=1)
    assert room.courier.remark() is None


def test_hours_that_end_between_the_judgement_and_the_mark_keep_it_back(open_room: Open) -> None:
    now = datetime.now(UTC)
    opens = (now.astimezone(PARIS) - timedelta(hours=1)).replace(second=0, microsecond=0)
    window = WindowSettings(
        days=parse_days("mon-sun"),
        start=opens.time(),
        end=(opens + timedelta(hours=3)).time(),
        public_holidays=True,
    )
    room = open_room(window=window)
    room.transport.before_mark = lambda: setattr(room, "ahead", timedelta(hours=2))
    room.write(FIRST)
    tally = room.run()
    assert tally.sent == 0
    assert room.transport.copies == []
    [(state, attempts, error)] = room.rows()
    assert (state, attempts) == ("pending", 0)
    assert "outside the club's hours" in error


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(hours=1)], ids=["clocks agree", "ours is ahead"])
def test_the_last_day_of_the_calendar_is_never(open_room: Open, ahead: timedelta) -> None:
    room = open_room()
    room.ahead = ahead
    room.write(FIRST, expires_at="9999-12-31 23:59:59")
    assert room.run().sent == 1
    assert [sms.validity for sms in room.transport.copies] == [None]


def test_what_would_expire_before_the_hours_ends_at_once(open_room: Open) -> None:
    room = open_room(window=closed_now(datetime.now(UTC)))
    room.write(FIRST, expires_at=f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%d %H:%M:%S}")
    assert room.run().as_counters() == {"expired": 1}
    [(state, _, error)] = room.rows()
    assert state == "expired"
    assert error.startswith("it would expire before it may leave")


def test_the_limit_of_a_minute_is_kept_in_parts_and_holds_after_a_restart(open_room: Open) -> None:
    room = open_room(per_minute=6)
    room.write(*(f"+3369876{number:04}" for number in range(9)))
    assert room.run().sent == 6
    assert room.brake.seconds() > 50
    room.brake = type(room.brake)(lambda: room.seconds)  # a new program remembers no pause
    room.courier = room.another()
    room.outbox.recover()
    tally = room.run()
    assert (tally.sent, tally.put_off) == (0, 3)
    assert room.rows()[-1][2] == "the limit of 6 SMS a minute is reached"


def test_the_limit_of_a_day_puts_the_rest_off_to_the_club_s_next_day(open_room: Open) -> None:
    room = open_room(per_day=6)
    room.write(*(f"+3369876{number:04}" for number in range(8)))
    assert room.run().as_counters() == {"sent": 6, "put_off": 2}
    assert room.rows()[-1] == ("pending", 0, "the limit of 6 SMS a day is reached")
    [(due_ms,)] = room.rows("due_ms")[-1:]
    due_at = datetime.fromtimestamp(due_ms / 1000, PARIS)
    midnight = datetime.combine(datetime.now(PARIS).date() + timedelta(days=1), time(), PARIS)
    assert abs(due_at - midnight) < timedelta(seconds=5)


def test_marketing_to_who_objected_fails_and_a_cancelled_lesson_is_still_told(open_room: Open) -> None:
    room = open_room()
    room.write(FIRST, body="-20 %. STOP au 36180", category="marketing")
    room.write(FIRST)
    room.write(SECOND, body="-20 %", category="marketing")
    from club.sms_answers import SmsAnswers  # noqa: PLC0415

    SmsAnswers(room.database).add(FIRST, "test")
    assert room.run().as_counters() == {"sent": 1, "failed": 2}
    assert [row[2] for row in room.rows()] == [
        "the member answered STOP: no marketing may be sent",
        None,
        "marketing must say how to object, as in: STOP 36180",
    ]


def test_an_urgent_sms_passes_a_campaign_that_has_begun(open_room: Open) -> None:
    room = open_room()
    room.write(*(f"+3369876{number:04}" for number in range(40)), priority=2)

    def cancelled() -> None:
        if len(room.transport.copies) == 5:
            room.write("+33611223344", priority=0)
            room.transport.before_mark = lambda: None

    room.transport.before_mark = cancelled
    assert room.run(claim_at_most=10).sent == 41
    place = [sms.recipient for sms in room.transport.copies].index("+33611223344")
    assert place == 10, "behind what was claimed already, before all the rest"


def test_a_country_without_a_calendar_is_the_operation_s_reason(open_room: Open) -> None:
    room = open_room()
    settings = SmsSettings(station="ACCUEIL", gateway=GATEWAY)
    place = Workplace(
        station="ACCUEIL",
        process="process",
        club_name="Forme",
        language="en",
        timezone=PARIS,
        settings=settings,
        database=room.database,
        desk=Board(lambda: datetime.now(UTC)).desk("sms"),
        lease=room.lease,
        journal=room.journal,
        country="XX",
    )
    with pytest.raises(TransportAway, match="public holidays") as away:
        SmsCourier.at(place, room.outbox)
    assert away.value.needs_a_person


def test_the_settings_of_the_tests_are_open_at_any_hour(open_room: Open) -> None:
    assert open_room(window=ALWAYS).courier.remark() is None
