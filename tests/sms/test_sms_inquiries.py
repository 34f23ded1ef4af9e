"""What the gateway is asked before anything leaves: what is unknown is settled, and nothing is taken twice."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sms_fixtures import PARIS, Room

from actors.delivery.tally import Tally
from actors.sms.settings_window import WindowSettings
from actors.sms.transport import (
    Absent,
    Accepted,
    Condition,
    DeliveryReport,
    Fate,
    Finding,
    Found,
    Incoming,
    NotKnown,
    Sighting,
    Unavailable,
    Unknown,
)
from club.errors import DatabaseAway
from club.sms_answers import Received, SmsAnswers
from config.sentence import Sentence
from config.weekdays import parse_days

Open = Callable[..., Room]
LOST = Unknown(Sentence.of("no answer"))
COUNT = 120


@pytest.fixture
def open_room(tmp_path: Path) -> Iterator[Open]:
    rooms: list[Room] = []

    def open_room(**settings: Any) -> Room:
        rooms.append(Room(tmp_path, **settings))
        return rooms[-1]

    yield open_room
    for room in rooms:
        room.close()


def numbers(count: int) -> list[str]:
    return [f"+3369876{number:04}" for number in range(count)]


def ask(room: Room) -> dict[str, int]:
    tally = Tally()
    room.courier.before_run(tally)
    return tally.as_counters()


def minute_by_minute(room: Room, minutes: int) -> None:
    for _ in range(minutes):
        room.seconds += 60
        room.ahead += timedelta(minutes=1)
        ask(room)


def test_what_nobody_knows_is_settled_within_ten_minutes_where_the_gateway_can_tell(open_room: Open) -> None:
    """Half of them left; the gateway, as OVHcloud and Twilio, can tell that it never had one only after 3 minutes."""
    room = open_room()
    room.transport.answers = {number: [LOST] for number in numbers(COUNT)}
    room.write(*numbers(COUNT))
    assert room.run().uncertain == COUNT
    had = set(numbers(COUNT)[::2])

    def tell(sighting: Sighting, now: datetime) -> Finding:
        if sighting.sms.recipient in had:
            return Found(f"name-of-{sighting.sms.recipient}")
        return Absent() if now - sighting.began_at > timedelta(minutes=3) else NotKnown()

    room.transport.finding = tell
    minute_by_minute(room, 10)
    states = [row[0] for row in room.rows("state")]
    assert states == ["sent", "pending"] * (COUNT // 2)
    assert len(room.transport.asked) <= COUNT // 2 + 4 * COUNT // 2, "it is asked less and less often"
    assert room.run().sent == COUNT // 2
    assert {sms.recipient for sms in room.transport.copies} == set(numbers(COUNT)) - had


def test_an_sms_put_back_leaves_under_the_name_that_it_was_asked_for(open_room: Open) -> None:
    room = open_room()
    room.transport.answers = {numbers(1)[0]: [LOST]}
    room.write(*numbers(1), body="Séance à 18 h")
    room.run()
    room.transport.finding = lambda _sighting, _now: Absent()
    assert room.run().as_counters() == {"put_back": 1, "sent": 1}
    [copy] = room.transport.copies
    [asked] = room.transport.asked
    assert (asked.sms.reference, asked.sms.body) == (copy.reference, "Séance à 18 h")
    [(attempts,)] = room.rows("attempts")
    assert attempts == 2


def test_where_only_number_and_text_can_be_asked_for_the_copy_of_one_never_passes_for_another(open_room: Open) -> None:
    """As at Twilio: a text to two children's one telephone, of which the second never arrived, and nobody knew."""
    room = open_room()
    [number] = numbers(1)
    room.transport.answers = {number: [Accepted("SM1"), LOST]}
    room.write(number, number, body="Séance annulée")
    assert (room.run().sent, len(room.transport.copies)) == (1, 1)

    def listed(sighting: Sighting, _now: datetime) -> Finding:
        return Absent() if sighting.is_another_s("SM1") else Found("SM1")

    room.transport.finding = listed
    assert room.run().as_counters() == {"put_back": 1, "sent": 1}
    assert len(room.transport.copies) == 2
    assert [row[0] for row in room.rows("state")] == ["sent", "sent"]


def test_a_fate_that_a_look_up_tells_is_written_with_it(open_room: Open) -> None:
    room = open_room()
    room.transport.answers = {number: [LOST] for number in numbers(2)}
    room.write(*numbers(2))
    room.run()
    fates = {numbers(2)[0]: Fate.DELIVERED, numbers(2)[1]: Fate.FAILED}
    room.transport.finding = lambda sighting, _now: Found("7001", fates[sighting.sms.recipient])
    assert ask(room) == {"found": 2, "delivered": 1, "undelivered": 1}
    assert [row[0] for row in room.rows("state")] == ["delivered", "failed"]


def test_where_asking_may_send_it_is_done_only_as_if_it_were_sent(open_room: Open) -> None:
    opens = (datetime.now(PARIS) + timedelta(hours=3)).replace(second=0, microsecond=0)
    later = WindowSettings(
        days=parse_days("mon-sun"), start=opens.time(), end=(opens + timedelta(hours=2)).time(), public_holidays=True
    )
    room = open_room(window=later)
    room.transport.may_send_when_asked = True
    room.ahead = timedelta(hours=4)  # it is open: three leave, no answer comes
    first, second, third = numbers(3)
    room.transport.answers = {number: [LOST] for number in numbers(3)}
    room.write(first)
    room.write(second, body="-20 %. STOP au 36180", category="marketing")
    room.write(third, body="-20 %. STOP au 36180", category="marketing")
    assert room.run().uncertain == 3
    room.ahead = timedelta(0)
    ask(room)
    assert room.transport.asked == [], "it is night"
    room.ahead, room.is_held = timedelta(hours=4), False
    ask(room)
    assert room.transport.asked == [], "another station has the lease"
    room.is_held = True
    SmsAnswers(room.database).add(second, "test")
    ask(room)
    assert [each.sms.recipient for each in room.transport.asked] == [first, third], "the second member objected"


def test_an_answer_is_kept_once_before_the_next_is_asked_for(open_room: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    room = open_room()
    came = [
        Incoming("0698760001", "Arrêt svp", None, "a"),
        Incoming("+33698760002", "stop me voir demain", None, "b"),
        Incoming("+33698760003", "merci", None, "c"),
        Incoming("36180", "STOP", None, "d"),
    ]
    room.transport.came = list(came)
    with monkeypatch.context() as patched:
        patched.setattr(SmsAnswers, "receive", _away)
        with pytest.raises(DatabaseAway):
            ask(room)
    assert room.transport.came == came, "nothing is removed there that is not kept here"
    assert ask(room) == {"received": 4, "stop": 2, "perhaps_stop": 1}
    room.transport.came = list(came)  # as Brevo, which keeps them for two days
    assert ask(room) == {}
    kept = {each.number for each in SmsAnswers(room.database).opt_outs()}
    assert kept == {"+33698760001", "+33698760002"}


def _away(*_: object) -> bool:
    raise DatabaseAway(Sentence.of("away"))


def test_reports_that_the_database_did_not_take_are_written_with_the_next(
    open_room: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = open_room()
    room.write(*numbers(2))
    room.run()
    room.transport.news = [DeliveryReport(Fate.DELIVERED, "provider-0")]
    with monkeypatch.context() as patched:
        patched.setattr("club.delivery_reports.DeliveryReports.apply", _away)
        with pytest.raises(DatabaseAway):
            ask(room)
    room.transport.news = [
        DeliveryReport(Fate.FAILED, "provider-1", None, None, Sentence.of("absent")),
        DeliveryReport(Fate.FAILED, "provider-1"),
        DeliveryReport(Fate.DELIVERED, "provider-0"),
        DeliveryReport(Fate.DELIVERED, "of-nobody-here"),
    ]
    assert ask(room) == {"delivered": 1, "undelivered": 1}
    assert room.rows("state, error") == [("delivered", None), ("failed", "absent")]


def test_a_campaign_s_reports_are_asked_for_in_turns(open_room: Open) -> None:
    room = open_room()
    room.write(*numbers(250))
    room.run()
    room.transport.asked_reports.clear()
    for _ in range(4):
        ask(room)
    assert [len(asked) for asked in room.transport.asked_reports] == [100, 100, 50, 100]
    assert len({name for asked in room.transport.asked_reports for name in asked}) == 250


def test_a_gateway_that_does_not_answer_questions_is_told_and_sms_leave_all_the_same(open_room: Open) -> None:
    room = open_room()

    def fail(_sighting: Sighting, _now: datetime) -> Finding:
        raise Unavailable(Sentence.of("MySMS: 503"))

    room.transport.answers = {numbers(1)[0]: [LOST]}
    room.write(*numbers(1))
    room.run()
    room.transport.finding = fail
    room.write("+33611223344")
    assert room.run().sent == 1
    assert str(room.board.notices()["sms"].concern) == "the gateway does not say what became of SMS: MySMS: 503"
    room.transport.finding = lambda _sighting, _now: NotKnown()
    room.run()
    assert room.board.notices()["sms"].concern is None


def test_credit_is_asked_for_once_an_hour_and_what_runs_low_is_told(open_room: Open) -> None:
    room = open_room(credit_low=50)
    room.transport.left = 42.5
    ask(room)
    concern = "the credit at the gateway runs low (42.5): buy some before SMS have to wait"
    assert str(room.board.notices()["sms"].concern) == concern
    room.transport.left = 900
    ask(room)
    assert str(room.board.notices()["sms"].concern) == concern, "not asked again yet"
    room.seconds += 3601
    ask(room)
    assert room.board.notices()["sms"].concern is None


def test_an_interrupted_look_says_nothing_against_the_gateway(open_room: Open) -> None:
    room = open_room()
    room.transport.answers = {numbers(1)[0]: [LOST]}
    room.write(*numbers(1))
    room.run()

    def interrupted(_sighting: Sighting, _now: datetime) -> Finding:
        room.courier.interrupt()
        raise Unavailable(Sentence.of("MySMS: interrupted"))

    room.transport.finding = interrupted
    ask(room)
    assert room.board.notices()["sms"].concern is None
    assert datetime.now(UTC) - room.now() < timedelta(seconds=1)


def test_a_doubtful_stop_asks_for_a_person_until_one_has_decided(open_room: Open) -> None:
    room = open_room()
    first, second = numbers(2)
    room.transport.came = [
        Incoming(first, "stop me voir demain", None, "a"),
        Incoming(second, "stop ou encore", None, "b"),
    ]
    ask(room)
    said = str(room.board.notices()["sms"].concern)
    assert said.startswith("2 answers may mean STOP")
    assert "opt-out list" in said
    room.courier = room.another()  # the program was started anew, and nothing came in since
    ask(room)
    assert str(room.board.notices()["sms"].concern) == said
    SmsAnswers(room.database).add(first, "a person")
    ask(room)
    assert str(room.board.notices()["sms"].concern).startswith("1 answer may mean STOP")
    SmsAnswers(room.database).remove(second)
    ask(room)
    assert room.board.notices()["sms"].concern is None
    assert SmsAnswers(room.database).refusing([first, second]) == {first}


def test_a_doubtful_stop_is_told_also_when_the_gateway_answers_nothing(open_room: Open) -> None:
    room = open_room(credit_low=1)
    SmsAnswers(room.database).receive(Received(numbers(1)[0], numbers(1)[0], "stop ?", "perhaps_stop"), "modem")
    room.transport.credit = _no_answer  # type: ignore[method-assign]
    ask(room)
    said = str(room.board.notices()["sms"].concern)
    assert "does not say what became of SMS: MySMS: 503; 1 answer may mean STOP" in said


def _no_answer() -> float | None:
    raise Unavailable(Sentence.of("MySMS: 503"))


def test_a_program_that_is_started_again_and_again_asks_once_each_time_and_never_more_than_its_share(
    open_room: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.sms.inquiries._LOOKED_UP_AT_MOST", 50)
    room = open_room()
    room.transport.answers = {number: [LOST] for number in numbers(COUNT)}
    room.write(*numbers(COUNT))
    room.run()
    room.ahead = timedelta(hours=3)
    asked = room.transport.asked
    for _ in range(3):
        ask(room)
    assert len(asked) == COUNT, "50 in a run, and each once"
    for start in range(1, 4):
        room.courier = room.another()  # knows no pause any more
        minute_by_minute(room, 30)
        assert len(asked) == COUNT * (1 + start), "what is three hours old is asked for once an hour from the start on"


def test_a_key_that_may_not_ask_is_left_alone_for_longer_each_time_and_keeps_no_sms_back(open_room: Open) -> None:
    room = open_room(credit_low=1)
    asked: list[float] = []

    def refuse() -> float | None:
        asked.append(room.seconds)
        raise Unavailable(Sentence.of("401"), refuses_login=True)

    room.transport.credit = refuse  # type: ignore[method-assign]
    room.write(*numbers(1))
    assert room.run().sent == 1
    for _ in range(25):
        room.seconds += 60
        room.courier._inquiries.ask_credit_soon()
        ask(room)
    assert asked == [0, 60, 360, 1260], "after 1, 5 and 15 minutes"
    assert "401" in str(room.board.notices()["sms"].concern)
    room.courier.be_quick()
    room.courier._inquiries.ask_credit_soon()
    ask(room)
    assert len(asked) == 5, "a person need not wait"


def test_how_a_device_is_is_told_and_what_is_wrong_with_it_needs_a_person(open_room: Open) -> None:
    room = open_room()
    caution, weak = Sentence.of("private"), Sentence.of("weak")
    looks: list[float] = []

    def condition() -> Condition:
        looks.append(room.seconds)
        return Condition(Sentence.of("modem"), (weak,) if len(looks) == 1 else (), caution)

    room.transport.condition = condition  # type: ignore[attr-defined]
    ask(room)
    assert str(room.courier.remark()) == "modem; private"
    assert str(room.board.notices()["sms"].concern) == "weak"
    for _ in range(11):
        room.seconds += 60
        ask(room)
    assert looks == [0, 600], "every ten minutes"
    assert room.board.notices()["sms"].concern is None
