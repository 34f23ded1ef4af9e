"""The courier of SMS over a transport that has several under way: what may leave at once, and what an answer costs."""

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import pytest
from sms_fixtures import Room, ScriptedTransport

from actors.delivery.courier import TransportAway
from actors.sms.quota import Quota
from actors.sms.transport import Accepted, Answer, Sms, Unavailable
from club import SMS, BatchedOutbox, DatabaseAway
from config.sentence import Sentence

LONG = "Le cours de 18 h est annulé. " * 12


class Together(ScriptedTransport):
    """Takes up to three at once."""

    most_together = together_now = 3

    def __init__(self) -> None:
        super().__init__()
        self.bursts: list[int] = []

    def send_together(self, batch: Sequence[Sms], mark: Callable[[], Collection[int]]) -> Iterator[tuple[int, Answer]]:
        self.before_mark()
        self.bursts.append(len(batch))
        leaving = mark()
        for place in leaving:
            self.copies.append(batch[place])
            yield place, Accepted(f"provider-{len(self.copies)}")


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Room]:
    monkeypatch.setattr("sms_fixtures.ScriptedTransport", Together)
    room = Room(tmp_path, **getattr(request, "param", {}))
    room.outbox = BatchedOutbox(room.database, SMS, room.lease, journal=room.journal)
    room.outbox.recover()
    yield room
    room.close()


def transport_of(room: Room) -> Together:
    assert isinstance(room.transport, Together)
    return room.transport


def numbers(count: int) -> list[str]:
    return [f"+336987600{place:02}" for place in range(10, 10 + count)]


def test_as_many_leave_at_once_as_the_transport_takes(room: Room) -> None:
    room.write(*numbers(7))
    assert room.run().sent == 7
    assert transport_of(room).bursts == [3, 3]
    assert len(transport_of(room).copies) == 7


def test_a_text_of_several_parts_goes_by_itself(room: Room) -> None:
    first, *others = numbers(6)
    room.write(first)
    room.write(others[0], body=LONG)
    room.write(*others[1:])
    assert room.run().sent == 6
    assert transport_of(room).bursts == [3]
    assert [copy.recipient for copy in transport_of(room).copies] == numbers(6)


@pytest.mark.parametrize("room", [{"per_minute": 4, "max_parts": 2}], indirect=True)
def test_no_more_leave_than_the_minute_has_room_for(room: Room) -> None:
    room.write(*numbers(7))
    room.run()
    assert len(transport_of(room).copies) == 4


def test_a_database_that_goes_away_while_answers_come_loses_none_of_them(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_quota: Quota) -> None:
        raise DatabaseAway("gone")

    room.write(*numbers(3))
    transport_of(room).before_mark = lambda: monkeypatch.setattr(Quota, "pause", away)
    assert room.run().sent == 3


def test_a_gateway_that_is_away_before_the_mark_leaves_all_of_them_due(room: Room) -> None:
    def away() -> None:
        raise Unavailable(Sentence.of("nobody is there"))

    transport_of(room).before_mark = away
    room.write(*numbers(5))
    with pytest.raises(TransportAway, match="nobody is there"):
        room.run()
    assert room.rows() == [("pending", 0, None)] * 5
