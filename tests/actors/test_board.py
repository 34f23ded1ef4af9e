"""The board shows what operations last said of themselves."""

from datetime import UTC, datetime, timedelta

import pytest

from actors.board import Board, Desk, OperationState, Outcome, Run
from config.sentence import Sentence

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Hand:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def board(hand: Hand) -> Board:
    return Board(hand)


@pytest.fixture
def desk(board: Board) -> Desk:
    return board.desk("email")


def run(outcome: Outcome = Outcome.OK, **counters: int) -> Run:
    return Run(NOON, 0.5, outcome, Sentence.of("done"), counters)


def test_the_since_of_a_state_moves_only_when_the_state_changes(board: Board, desk: Desk, hand: Hand) -> None:
    desk.waiting(Sentence.of("the database is away"))
    hand.now += timedelta(minutes=1)
    desk.waiting(Sentence.of("it is still away"))
    assert board.notices()["email"].since_at == NOON
    desk.active()
    assert board.notices()["email"].since_at == NOON + timedelta(minutes=1)


def test_an_active_operation_has_no_reason(board: Board, desk: Desk) -> None:
    desk.waiting(Sentence.of("why"))
    desk.active()
    assert board.notices()["email"].reason is None


def test_counters_add_up_over_runs(board: Board, desk: Desk) -> None:
    desk.ran(run(sent=2))
    desk.ran(run(sent=1, failed=1))
    notice = board.notices()["email"]
    assert dict(notice.counters) == {"sent": 3, "failed": 1}
    assert notice.last_run == run(sent=1, failed=1)


def test_a_standby_names_the_holder(board: Board, desk: Desk) -> None:
    desk.standby("ACCUEIL")
    notice = board.notices()["email"]
    assert (notice.state, notice.holder) == (OperationState.STANDBY, "ACCUEIL")


def test_an_expected_operation_waits_until_it_speaks_and_is_not_silenced_afterwards(board: Board, desk: Desk) -> None:
    board.expect("email")
    assert board.notices()["email"].state is OperationState.WAITING
    desk.active()
    board.expect("email")
    assert board.notices()["email"].state is OperationState.ACTIVE


def test_an_operation_that_comes_back_to_the_station_waits_again(board: Board) -> None:
    board.set_state("email", OperationState.DISABLED, Sentence.of("switched off"))
    board.expect("email")
    assert board.notices()["email"].state is OperationState.WAITING


def test_a_notice_that_was_read_does_not_change_afterwards(board: Board, desk: Desk) -> None:
    desk.ran(run(sent=1))
    before = board.notices()["email"]
    desk.ran(run(sent=1))
    assert dict(before.counters) == {"sent": 1}


def test_a_concern_lasts_while_the_operation_works_and_goes_with_it_to_another_station(
    board: Board, desk: Desk
) -> None:
    low = Sentence.of("the credit runs low")
    desk.active()
    desk.concern(low)
    desk.active()
    desk.warn(None)  # the leases have their own word
    assert board.notices()["email"].concern == low
    desk.waiting(Sentence.of("away"))
    assert board.notices()["email"].concern == low
    desk.standby("SERVEUR")
    assert board.notices()["email"].concern is None
