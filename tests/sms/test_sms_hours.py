"""Sending hours: decisions by table, and a year beside an oracle."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import slow_hours
from slow_hours import ALSACE_MOSELLE, MINUTE, NATIONAL, REUNION, SlowSpan, dates, open_minutes

from actors.sms.charter import CHARTERS, PROVIDERS
from actors.sms.hours import Calendar, Hours, Rule, Span, ever_opens, no_holidays
from actors.sms.public_holidays import NoCalendarError, calendar_of
from actors.sms.transport import Category
from config.sentence import Sentence
from config.weekdays import parse_days

PARIS = ZoneInfo("Europe/Paris")
MARKETING = Category.MARKETING
OURS = Sentence.of("the club's hours")


def span(days: str, start: str, end: str, *, on_holidays: bool = False) -> Span:
    return Span(parse_days(days), time.fromisoformat(start), time.fromisoformat(end), on_holidays)


def hours(*spans: Span, more: tuple[Rule, ...] = (), calendar: Calendar = no_holidays) -> Hours:
    rules: Mapping[Category, tuple[Rule, ...]] = dict.fromkeys(Category, (Rule(OURS, spans), *more))
    return Hours(PARIS, rules, calendar)


def local(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS, fold=fold).astimezone(UTC)


OFFICE = span("mon-sat", "08:00", "20:00")
NIGHT = span("fri", "22:00", "02:00")


@pytest.mark.parametrize(
    ("spans", "at", "opening"),
    [
        ((OFFICE,), "2026-11-24 08:00", "2026-11-24 08:00"),  # its first instant is inside
        ((OFFICE,), "2026-11-24 19:59:59", "2026-11-24 19:59:59"),
        ((OFFICE,), "2026-11-24 20:00", "2026-11-25 08:00"),  # its end is not
        ((OFFICE,), "2026-11-24 07:59:59", "2026-11-24 08:00"),
        ((OFFICE,), "2026-11-28 20:00", "2026-11-30 08:00"),  # Saturday night: over the Sunday
        ((NIGHT,), "2026-11-27 23:00", "2026-11-27 23:00"),
        ((NIGHT,), "2026-11-28 01:59", "2026-11-28 01:59"),  # Friday's span, on Saturday
        ((NIGHT,), "2026-11-27 01:00", "2026-11-27 22:00"),  # Thursday has none that could go on
        ((NIGHT,), "2026-11-28 02:00", "2026-12-04 22:00"),
        ((OFFICE, span("sun", "10:00", "12:00")), "2026-11-28 21:00", "2026-11-29 10:00"),
        (
            (span("mon-fri", "08:00", "12:00"), span("mon-fri", "14:00", "18:00")),
            "2026-11-24 12:30",
            "2026-11-24 14:00",
        ),
        ((span("mon-sun", "00:00", "00:00"),), "2026-11-29 03:33", "2026-11-29 03:33"),  # always
        ((span("sun", "00:00", "00:00"),), "2026-11-29 23:59", "2026-11-29 23:59"),
        ((span("sun", "00:00", "00:00"),), "2026-11-30 00:00", "2026-12-06 00:00"),
    ],
)
def test_the_next_opening(spans: tuple[Span, ...], at: str, opening: str) -> None:
    assert hours(*spans).next_opening(local(at), MARKETING) == local(opening)
    assert hours(*spans).is_open(local(at), MARKETING) is (at == opening)


@pytest.mark.parametrize(
    ("spans", "at", "opening"),
    [
        # 2026-03-29: 02:00 to 03:00 does not exist. A span inside it opens a week later, one across it at 03:00.
        ((span("sun", "02:15", "02:45"),), "2026-03-29 00:00", "2026-04-05 02:15"),
        ((span("sun", "02:15", "04:00"),), "2026-03-29 00:00", "2026-03-29 03:00"),
        ((span("sun", "01:00", "02:30"),), "2026-03-29 03:00", "2026-04-05 01:00"),
        # Saturday's night is an hour shorter, and ends where the wall clock says.
        ((span("sat", "22:00", "03:30"),), "2026-03-29 03:30", "2026-04-04 22:00"),
    ],
)
def test_in_spring_an_opening_inside_the_hour_that_is_skipped_begins_at_its_end(
    spans: tuple[Span, ...], at: str, opening: str
) -> None:
    assert hours(*spans).next_opening(local(at), MARKETING) == local(opening)


def test_in_autumn_both_passes_of_the_double_hour_count() -> None:
    double = hours(span("sun", "02:00", "02:30"))
    assert double.is_open(local("2026-10-25 02:10"), MARKETING)
    assert double.next_opening(local("2026-10-25 02:30"), MARKETING) == local("2026-10-25 02:00", fold=1)
    assert double.is_open(local("2026-10-25 02:10", fold=1), MARKETING)
    assert not double.is_open(local("2026-10-25 02:30", fold=1), MARKETING)
    ends_inside = hours(span("sat", "22:00", "02:30"))
    assert ends_inside.next_opening(local("2026-10-25 02:45"), MARKETING) == local("2026-10-25 02:00", fold=1)


FRANCE = calendar_of("FR")


@pytest.mark.parametrize(
    ("spans", "at", "opening"),
    [
        ((OFFICE,), "2026-12-24 21:00", "2026-12-26 08:00"),  # over Christmas
        ((span("mon-sat", "08:00", "20:00", on_holidays=True),), "2026-12-25 09:00", "2026-12-25 09:00"),
        ((span("thu", "22:00", "02:00"),), "2026-12-25 00:30", "2026-12-31 22:00"),  # the night before runs into it
        ((span("fri", "22:00", "02:00"),), "2026-12-26 00:30", "2027-01-08 22:00"),  # began on it; and 1 January too
        # a public holiday has hours of its own
        ((OFFICE, span("mon-sun", "10:00", "12:00", on_holidays=True)), "2026-12-25 08:00", "2026-12-25 10:00"),
    ],
)
def test_public_holidays_are_left_out_unless_a_span_says_otherwise(
    spans: tuple[Span, ...], at: str, opening: str
) -> None:
    assert hours(*spans, calendar=FRANCE).next_opening(local(at), MARKETING) == local(opening)


@pytest.mark.parametrize(
    ("country", "subdivision", "day", "name"),
    [
        ("FR", None, date(2026, 7, 14), "Fête nationale"),
        ("FR", None, date(2026, 4, 3), None),  # Good Friday
        ("FR", "67", date(2026, 4, 3), "Vendredi saint"),
        ("FR", "68", date(2026, 12, 26), "Saint-Étienne"),
        ("FR", "57", date(2026, 12, 26), "Saint-Étienne"),
        ("FR", "75", date(2026, 12, 26), None),
        ("FR", "2A", date(2026, 11, 11), "Armistice"),
        ("FR", "971", date(2026, 5, 27), "Abolition de l'esclavage"),
        ("FR", "972", date(2026, 5, 22), "Abolition de l'esclavage"),
        ("FR", "973", date(2026, 6, 10), "Abolition de l'esclavage"),
        ("FR", "974", date(2026, 12, 20), "Abolition de l'esclavage"),
        ("FR", "976", date(2026, 4, 27), "Abolition de l'esclavage"),
        ("RE", None, date(2026, 12, 20), "Abolition de l'esclavage"),  # a club that says where it is by its country
        ("FR", "988", date(2026, 9, 24), "Fête de la Citoyenneté"),
        ("BE", None, date(2026, 7, 21), "Fête nationale"),
    ],
)
def test_each_part_of_france_has_its_public_holidays(
    country: str, subdivision: str | None, day: date, name: str | None
) -> None:
    assert calendar_of(country, subdivision)(day) == name


def test_a_place_without_a_known_calendar_is_refused_in_words() -> None:
    with pytest.raises(NoCalendarError, match="public holidays of the country XX"):
        calendar_of("XX")
    with pytest.raises(NoCalendarError, match="public holidays in ZZ, of the country FR"):
        calendar_of("FR", "ZZ")


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("2026-11-24 12:00", None),
        (
            "2026-11-24 21:00",
            "outside the club's hours (Monday to Saturday, 08:00-20:00): it waits until 2026-11-25 08:00",
        ),
        (
            "2026-12-25 09:00",
            "public holiday (Noël), outside the club's hours: it waits until 2026-12-26 08:00",
        ),
        (
            "2026-12-25 21:00",
            "outside the club's hours (Monday to Saturday, 08:00-20:00): it waits until 2026-12-26 08:00",
        ),
    ],
)
def test_why_an_sms_waits(at: str, why: str | None) -> None:
    said = hours(OFFICE, calendar=FRANCE).why_closed(local(at), MARKETING)
    assert (str(said) if said else None) == why


def test_the_reason_names_who_is_in_the_way() -> None:
    both = hours(span("mon-sun", "00:00", "00:00"), more=(CHARTERS["recommended"],))
    assert str(both.why_closed(local("2026-11-29 12:00"), MARKETING)) == (
        "outside the hours of the operators' charter for marketing (Monday to Saturday, 08:00-21:30): "
        "it waits until 2026-11-30 08:00"
    )


@pytest.mark.parametrize(
    ("spans", "english", "french"),
    [
        ((OFFICE,), "Monday to Saturday, 08:00-20:00", "du lundi au samedi, 08:00-20:00"),
        ((span("sun", "00:00", "00:00"),), "Sunday, all day", "dimanche, toute la journée"),
        ((span("mon-sun", "08:00", "09:00"),), "every day, 08:00-09:00", "tous les jours, 08:00-09:00"),
        (
            (span("mon,tue,fri-sun", "22:00", "02:00"), span("wed", "08:00", "09:00")),
            "Monday, Tuesday, Friday to Sunday, 22:00-02:00; Wednesday, 08:00-09:00",
            "lundi, mardi, du vendredi au dimanche, 22:00-02:00; mercredi, 08:00-09:00",
        ),
    ],
)
def test_hours_are_said_in_words(spans: tuple[Span, ...], english: str, french: str) -> None:
    said = Rule(OURS, spans).hours
    assert (str(said), said.render("fr")) == (english, french)


def test_hours_that_have_nothing_in_common_never_open_and_say_so() -> None:
    never = hours(span("sun", "10:00", "12:00"), more=(CHARTERS["recommended"],))
    at = local("2026-11-29 11:00")
    assert never.next_opening(at, MARKETING) is None
    assert str(never.why_closed(at, MARKETING)).endswith("and never inside")
    assert not ever_opens(never.rules[MARKETING])
    assert ever_opens((Rule(OURS, (span("sun", "10:00", "12:00"),)), CHARTERS["tolerated"]))
    assert not ever_opens((Rule(OURS, (span("sat", "08:00", "20:00"),)), PROVIDERS["ovh"]))
    assert ever_opens((Rule(OURS, (span("sun", "23:00", "08:01"),)), PROVIDERS["ovh"]))  # a minute of Monday


def year_of(spans: list[list[SlowSpan]], zone: str, holidays: frozenset[date]) -> list[bool]:
    return open_minutes(spans, ZoneInfo(zone), 2026, holidays)


WEEKDAYS = "mon tue wed thu fri sat"
YEARS = {
    # the contract's window
    "shop": ([span("mon-sat", "08:00", "20:00")], [[(WEEKDAYS, "08:00", "20:00", False)]], "FR", None, "Europe/Paris"),
    # twice a day, over midnight into the nights when clocks are moved, Moselle
    "nights": (
        [span("mon-sat", "08:00", "12:00"), span("sat", "22:00", "02:30"), span("sun", "02:15", "05:00")],
        [[(WEEKDAYS, "08:00", "12:00", False), ("sat", "22:00", "02:30", False), ("sun", "02:15", "05:00", False)]],
        "FR",
        "57",
        "Europe/Paris",
    ),
    # a club of La Réunion with public holidays open for an hour
    "island": (
        [span("mon-fri", "07:30", "19:45"), span("mon-sun", "10:00", "11:00", on_holidays=True)],
        [[("mon tue wed thu fri", "07:30", "19:45", False), (WEEKDAYS + " sun", "10:00", "11:00", True)]],
        "FR",
        "974",
        "Indian/Reunion",
    ),
}
MORE_HOLIDAYS = {"57": ALSACE_MOSELLE, "974": REUNION}


@pytest.mark.parametrize("name", YEARS)
def test_over_a_year_nothing_leaves_outside_and_nothing_waits_a_minute_inside(name: str) -> None:
    spans, slow, country, part, zone = YEARS[name]
    charter = (WEEKDAYS, "08:00", "21:30", False)
    judged = Hours(
        ZoneInfo(zone),
        {MARKETING: (Rule(OURS, tuple(spans)), CHARTERS["recommended"])},
        calendar_of(country, part),
    )
    minutes = year_of([*slow, [charter]], zone, dates(NATIONAL, MORE_HOLIDAYS.get(part or "", "")))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    step = 17  # minutes: meets every minute of the hour and of the day, and each night of moved clocks some times
    wrong = [
        number
        for number in range(0, 365 * 1440, step)
        if judged.is_open(start + number * MINUTE, MARKETING) is not minutes[number]
    ]
    assert wrong == []
    for number in range(0, 365 * 1440, 601):
        opening = judged.next_opening(start + number * MINUTE, MARKETING)
        assert opening == start + minutes.index(True, number) * MINUTE


def test_the_oracle_knows_the_public_holidays_that_the_program_takes_from_a_package() -> None:
    for year in (2026, 2027):
        every = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
        for part, more in ((None, ""), ("67", ALSACE_MOSELLE), ("974", REUNION)):
            calendar = calendar_of("FR", part)
            assert {day for day in every if calendar(day)} == {d for d in dates(NATIONAL, more) if d.year == year}


def test_the_oracle_can_say_no() -> None:
    labels = slow_hours.open_labels([("mon", "23:00", "01:00", False)], [date(2026, 11, 23)], frozenset())
    assert len(labels) == 120
    assert datetime(2026, 11, 24, 0, 59) in labels  # noqa: DTZ001 - a wall clock label
    assert datetime(2026, 11, 24, 1, 0) not in labels  # noqa: DTZ001 - a wall clock label
