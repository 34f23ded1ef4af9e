"""Several SMS under way by SMPP, against a real message centre: each answer to its own, however the line breaks."""

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway_contract import an_sms
from smpp_programs import IS_THERE, LONG, NEEDS, SHORT_TIMEOUT, Make, MessageCentre, joined
from sms_fixtures import Room

from actors.sms.adapters.smpp.transport import SmppTransport
from actors.sms.transport import Accepted, Answer, Blame, CanSendTogether, Refused, Sms, Unknown, Withheld
from club import SMS, BatchedOutbox

pytest_plugins = ["smpp_fixtures"]
pytestmark = pytest.mark.skipif(not IS_THERE, reason=NEEDS)


def batch(count: int, **changes: Any) -> list[Sms]:
    return [an_sms(recipient=f"+3369876000{place}", reference=f"club-{place}", **changes) for place in range(count)]


def all_sent(transport: SmppTransport, sms: list[Sms]) -> dict[int, Answer]:
    return dict(transport.send_together(sms, lambda: range(len(sms))))


def reached(centre: MessageCentre) -> Counter[str]:
    return Counter(f"+{copy['to']}" for copy in centre.copies())


@pytest.fixture
def window(make: Make) -> SmppTransport:
    return make(sms_under_way=4)


def test_it_can_send_together_and_by_default_sends_one_by_one(make: Make) -> None:
    transport = make()
    assert isinstance(transport, CanSendTogether)
    assert (transport.most_together, transport.together_now) == (1, 1)


def test_each_gets_the_name_that_the_message_centre_gave_to_its_number(
    window: SmppTransport, centre: MessageCentre
) -> None:
    sms = batch(4)
    answers = all_sent(window, sms)
    names = {f"+{copy['to']}": copy["id"] for copy in centre.copies()}
    assert answers == {place: Accepted(names[each.recipient], 1) for place, each in enumerate(sms)}


def test_an_answer_that_comes_after_those_of_later_ones_is_still_its_own(
    window: SmppTransport, centre: MessageCentre
) -> None:
    centre.fault("late")
    sms = batch(4)
    answers = window.send_together(sms, lambda: range(4))
    sooner = [next(answers) for _ in range(3)]
    assert {place for place, _ in sooner} == {1, 2, 3}
    centre.order("answer_late")
    [(place, answer)] = answers
    name = next(copy["id"] for copy in centre.copies() if f"+{copy['to']}" == sms[0].recipient)
    assert (place, answer) == (0, Accepted(name, 1))


def test_an_answer_that_is_lost_makes_its_own_uncertain_and_no_other(make: Make, centre: MessageCentre) -> None:
    transport = make(sms_under_way=4, timeout=SHORT_TIMEOUT)
    transport.open()
    centre.fault("none")
    centre.fault("lost")
    answers = all_sent(transport, batch(4))
    assert isinstance(answers[1], Unknown)
    assert all(isinstance(answers[place], Accepted) for place in (0, 2, 3))
    assert set(reached(centre).values()) == {1}


@pytest.mark.parametrize("kind", ["drop", "reset", "lost_drop", "garbage"])
def test_a_line_that_breaks_makes_those_uncertain_that_have_no_answer(
    window: SmppTransport, centre: MessageCentre, kind: str
) -> None:
    centre.fault("none")
    centre.fault(kind)
    sms = batch(4)
    answers = all_sent(window, sms)
    assert answers.keys() == {0, 1, 2, 3}
    assert isinstance(answers[1], Unknown)
    copies = reached(centre)
    for place, answer in answers.items():
        assert isinstance(answer, Accepted | Unknown)
        assert copies[sms[place].recipient] <= 1
        assert not isinstance(answer, Accepted) or copies[sms[place].recipient] == 1
    assert isinstance(window.send(an_sms(reference="next"), lambda: True), Accepted)


def test_one_that_is_too_much_is_refused_alone_and_fewer_leave_at_once_until_all_are_taken(
    window: SmppTransport, centre: MessageCentre
) -> None:
    centre.fault("none")
    centre.fault("status", status=0x58)
    answers = all_sent(window, batch(4))
    refused = answers[1]
    assert isinstance(refused, Refused)
    assert refused.blame is Blame.LOAD
    assert all(isinstance(answers[place], Accepted) for place in (0, 2, 3))
    assert window.together_now == 2
    all_sent(window, batch(2))
    assert window.together_now == 3
    for _ in range(5):
        all_sent(window, batch(2))
    assert window.together_now == window.most_together == 4


def test_what_the_mark_keeps_back_is_withheld_and_the_others_leave(
    window: SmppTransport, centre: MessageCentre
) -> None:
    sms = batch(4)
    answers = dict(window.send_together(sms, lambda: (0, 2)))
    assert answers[1] == answers[3] == Withheld()
    assert reached(centre) == {sms[0].recipient: 1, sms[2].recipient: 1}


def test_a_stop_within_the_mark_keeps_all_of_them_back(window: SmppTransport, centre: MessageCentre) -> None:
    def mark() -> Collection[int]:
        window.interrupt()
        return range(4)

    assert set(dict(window.send_together(batch(4), mark)).values()) == {Withheld()}
    assert not reached(centre)


def test_what_a_mark_raises_passes_through_and_nothing_leaves(window: SmppTransport, centre: MessageCentre) -> None:
    def mark() -> Collection[int]:
        raise LookupError("the database is away")

    answers = window.send_together(batch(4), mark)
    with pytest.raises(LookupError):
        next(answers)
    assert not reached(centre)


def test_long_ones_among_them_arrive_whole(window: SmppTransport, centre: MessageCentre) -> None:
    sms = [*batch(3), an_sms(recipient="+33698760009", reference="club-9", body=LONG)]
    assert all(isinstance(answer, Accepted) for answer in all_sent(window, sms).values())
    assert ("33698760009", LONG) in joined(centre.copies())


class TestTheWholeOperation:
    """A campaign through outbox, loop and courier."""

    @pytest.fixture
    def room(self, tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
        monkeypatch.setattr("sms_fixtures.ScriptedTransport", lambda: make(sms_under_way=4))
        room = Room(tmp_path)
        room.outbox = BatchedOutbox(room.database, SMS, room.lease, journal=room.journal)
        room.outbox.recover()
        yield room
        room.close()

    def test_all_of_it_leaves_and_each_row_has_the_name_of_its_own_copy(
        self, room: Room, centre: MessageCentre
    ) -> None:
        numbers = [f"+336987600{place:02}" for place in range(40)]
        room.write(*numbers)
        assert room.run().sent == 40
        names = {f"+{copy['to']}": copy["id"] for copy in centre.copies()}
        assert room.rows("recipient, state, provider_reference") == [(each, "sent", names[each]) for each in numbers]

    def test_a_line_that_breaks_leaves_no_more_uncertain_than_were_under_way(
        self, room: Room, centre: MessageCentre
    ) -> None:
        numbers = [f"+336987600{place:02}" for place in range(40)]
        for _ in range(9):
            centre.fault("none")
        centre.fault("lost_drop")
        room.write(*numbers)
        tally = room.run()
        assert 1 <= tally.uncertain <= 4
        assert tally.sent == 40 - tally.uncertain
        copies = reached(centre)
        assert max(copies.values()) == 1
        assert {number for number, state in room.rows("recipient, state") if state == "sent"} <= copies.keys()

    def test_what_is_too_much_waits_and_nothing_is_doubled(self, room: Room, centre: MessageCentre) -> None:
        centre.fault("none")
        for _ in range(2):
            centre.fault("status", status=0x58)
        room.write(*[f"+336987600{place:02}" for place in range(12)])
        tally = room.run()
        assert (tally.sent, tally.later) == (10, 2)
        assert max(reached(centre).values()) == 1
