"""Alerts: what begins to fail and its end, once each, grouped, none in quiet hours, none repeated."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tray import telling
from actors.tray.alerts import Alert, Pause, Quiet, Seen, Told, pause_until, step

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
AFTER = timedelta(seconds=30)


class Teller:
    """Steps through time, and keeps what was shown."""

    def __init__(self) -> None:
        self.told = Told()
        self.now = NOON
        self.shown: list[tuple[list[str], list[str]]] = []

    def look(self, seconds: float = 0, *, hushed: bool = False, **troubles: bool) -> Alert:
        self.now += timedelta(seconds=seconds)
        seen = {name: Seen(name, is_bad, "said") for name, is_bad in troubles.items()}
        self.told, alert = step(self.told, seen, self.now, after=AFTER, hushed=hushed)
        if alert.begun or alert.ended:
            self.shown.append(([each.title for each in alert.begun], [each.title for each in alert.ended]))
        return alert


@pytest.fixture
def teller() -> Teller:
    return Teller()


def test_a_failure_is_told_once_when_it_has_lasted_and_so_is_its_end(teller: Teller) -> None:
    teller.look(sms=True)
    teller.look(29, sms=True)
    assert teller.shown == []
    for _ in range(5):
        teller.look(10, sms=True)
    assert teller.shown == [(["sms"], [])]
    teller.look(0, sms=False)
    for _ in range(5):
        teller.look(10, sms=False)
    assert teller.shown == [(["sms"], []), ([], ["sms"])]


def test_what_passes_by_itself_is_not_told(teller: Teller) -> None:
    for _ in range(20):
        teller.look(10, sms=True)
        teller.look(10, sms=False)
    assert teller.shown == []


def test_an_operation_that_comes_and_goes_is_told_once(teller: Teller) -> None:
    teller.look(sms=True)
    teller.look(31, sms=True)
    for _ in range(20):
        teller.look(10, sms=False)
        teller.look(10, sms=True)
    assert teller.shown == [(["sms"], [])]


def test_what_fails_together_is_told_together(teller: Teller) -> None:
    teller.look(sms=True, email=False, backup=False)
    teller.look(15, sms=True, email=True, backup=False)
    teller.look(12, sms=True, email=True, backup=True)
    teller.look(4, sms=True, email=True, backup=True)
    assert teller.shown == [(["sms", "email"], [])]  # the backup may still pass by itself
    teller.look(30, sms=True, email=True, backup=True)
    assert teller.shown[1:] == [(["backup"], [])]


def test_quiet_hours_tell_nothing_and_what_still_lasts_is_told_once_at_their_end(teller: Teller) -> None:
    for _ in range(100):
        teller.look(60, hushed=True, sms=True, email=True)
    teller.look(60, hushed=True, sms=True, email=False)
    assert teller.shown == []
    teller.look(60, sms=True, email=False)
    teller.look(60, sms=True, email=False)
    assert teller.shown == [(["sms"], [])]


def test_an_operation_that_is_no_longer_listed_is_forgotten(teller: Teller) -> None:
    teller.look(sms=True)
    teller.look(31, sms=True)
    teller.look(1)
    assert teller.told == Told()


def test_a_clock_set_back_does_not_delay_an_alert_for_hours(teller: Teller) -> None:
    teller.look(sms=True)
    teller.look(-7200, sms=True)
    teller.look(31, sms=True)
    assert teller.shown == [(["sms"], [])]


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 60)), max_size=60))
def test_begin_and_end_always_alternate(looks: list[tuple[bool, bool, int]]) -> None:
    teller = Teller()
    for is_bad, hushed, seconds in looks:
        teller.look(seconds, hushed=hushed, sms=is_bad)
    kinds = [bool(begun) for begun, _ in teller.shown]
    assert kinds == [index % 2 == 0 for index in range(len(kinds))]


@pytest.mark.parametrize(
    ("start", "end", "quiet", "loud"),
    [
        (time(22), time(7), (time(22), time(0), time(6, 59)), (time(7), time(21, 59))),  # over midnight
        (time(12), time(14), (time(12), time(13, 59)), (time(11, 59), time(14), time(0))),
    ],
)
def test_quiet_hours_hold_by_the_local_clock(
    start: time, end: time, quiet: tuple[time, ...], loud: tuple[time, ...]
) -> None:
    hours = Quiet(start, end)
    assert all(hours.holds(datetime.combine(NOON.date(), at, UTC)) for at in quiet)
    assert not any(hours.holds(datetime.combine(NOON.date(), at, UTC)) for at in loud)


def test_pauses_end_when_they_say() -> None:
    assert pause_until("1h", NOON) == Pause(NOON + timedelta(hours=1))
    assert pause_until("tomorrow", NOON) == Pause(datetime(2026, 11, 25, 7, tzinfo=UTC))
    assert pause_until("ever", NOON).holds(NOON + timedelta(days=999))
    assert not pause_until("1h", NOON).holds(NOON + timedelta(hours=1))


def test_the_text_of_an_alert_is_short_whatever_it_is_about() -> None:
    awful = Seen('"\U0001f3ca" ' * 100, is_in_trouble=True, said="<b>' " * 100)
    for count in (1, 2, 4, 12):
        text = telling.text_of(Alert((awful,) * count), "fr")
        assert len(text.encode("utf-16-le")) // 2 <= telling.TEXT_UNITS
        assert len(text.splitlines()) == min(count, 4)
    assert telling.text_of(Alert((Seen("SMS", True, "waiting: no modem"),)), "en") == "SMS: waiting: no modem"
    assert len(telling.title_of("X" * 500).encode("utf-16-le")) // 2 <= telling.TITLE_UNITS
