"""Lives a simulated year minute by minute with the French calendar: SMS sent outside the window, and those sent late.

    .venv/bin/python benchmarks/sms_year.py [--year 2026] [--days 365]

A tick each minute asks the policy, as the program does, for SMS that became due at random instants since the last one;
what may leave leaves at that tick, and is late when an earlier tick since it was due was inside. The judge is the
oracle of the tests: it writes out every open minute of the wall clock, and lists public holidays by date. Both are
compared on every minute, too. Ends with 1 if any of that goes wrong.
"""

import argparse
import random
import sys
from bisect import bisect_left
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/sms"))

from slow_hours import ALSACE_MOSELLE, MINUTE, NATIONAL, REUNION, SlowSpan, dates, open_minutes

from actors.sms.policy import Draft, Expired, Failed, MayLeave, Policy, WaitUntil
from actors.sms.settings_sending import SendingSettings
from actors.sms.settings_window import SpanSettings, WindowSettings, hours_of
from actors.sms.transport import Category
from config.tables import ClubSettings
from config.urls import DatabaseUrl
from config.weekdays import parse_days

WEEK = "mon tue wed thu fri sat"
CHARTER: SlowSpan = (WEEK, "08:00", "21:30", False)
BREVO: SlowSpan = (WEEK, "08:00", "22:00", False)
AD = "Offre de rentrée. STOP au 36180"


def clock(text: str) -> time:
    return time.fromisoformat(text)


def window(
    days: str, begins: str, ends: str, *, holidays: bool = False, also: tuple[SpanSettings, ...] = ()
) -> WindowSettings:
    return WindowSettings(
        days=parse_days(days), start=clock(begins), end=clock(ends), public_holidays=holidays, also=also
    )


SATURDAY_NIGHT = SpanSettings(days=parse_days("sat"), start=clock("22:00"), end=clock("02:30"))
SUNDAY = SpanSettings(days=parse_days("sun"), start=clock("02:15"), end=clock("05:00"), public_holidays=True)
CLUBS: dict[str, tuple[str, str | None, WindowSettings, tuple[SlowSpan, ...], str]] = {
    "Paris, the contract's window": (
        "Europe/Paris",
        None,
        window("mon-sat", "08:00", "20:00"),
        ((WEEK, "08:00", "20:00", False),),
        NATIONAL,
    ),
    "Metz, three spans, one at night": (
        "Europe/Paris",
        "57",
        window("mon-sat", "08:00", "21:00", also=(SATURDAY_NIGHT, SUNDAY)),
        ((WEEK, "08:00", "21:00", False), ("sat", "22:00", "02:30", False), ("sun", "02:15", "05:00", True)),
        NATIONAL + ALSACE_MOSELLE,
    ),
    "Saint-Denis, La Réunion": (
        "Indian/Reunion",
        "974",
        window("mon-sun", "07:30", "22:15", holidays=False),
        ((WEEK + " sun", "07:30", "22:15", False),),
        NATIONAL + REUNION,
    ),
}


def live(policy: Policy, category: Category, is_open: list[bool], year: int, minutes: int) -> Counter[str]:
    """Return how many SMS left outside, late by more than a minute, in time; and the minutes judged otherwise."""
    start = datetime(year, 1, 1, tzinfo=UTC)
    dice = random.Random(f"{category}{year}")
    told: Counter[str] = Counter()
    opens = [number for number, each in enumerate(is_open) if each]
    waiting: list[tuple[datetime, datetime, Draft]] = []
    """When to ask again, when it became due, and the SMS."""
    for number in range(minutes):
        now = start + number * MINUTE
        told["judged otherwise"] += policy.hours.is_open(now, category) is not is_open[number]
        if dice.random() < 0.02:
            expires_at = now + dice.randint(1, 4000) * MINUTE if dice.random() < 0.5 else None
            due_at = now - timedelta(seconds=dice.randint(0, 59))
            waiting.append((now, due_at, Draft("0612345671", AD, category, expires_at)))
        asked = [each for each in waiting if each[0] <= now]
        waiting = [each for each in waiting if each[0] > now]
        for _, due_at, draft in asked:
            match policy.admit(draft, now):
                case MayLeave():
                    told["left outside"] += not is_open[number] or not policy.still_may_leave(draft, now)
                    first_tick = -((start - due_at) // MINUTE)
                    could = start + opens[bisect_left(opens, first_tick)] * MINUTE
                    told["late"] += now - could >= MINUTE
                    told["left"] += 1
                case Expired():
                    could = start + opens[bisect_left(opens, number)] * MINUTE
                    told["expired too soon"] += draft.expires_at is None or could < draft.expires_at
                    told["expired"] += 1
                case WaitUntil(at):
                    waiting.append((at, due_at, draft))
                case Failed(reason):
                    raise RuntimeError(reason)
    return told


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--year", type=int, default=2026)
    parser.add_argument("--days", type=int, default=365)
    arguments = parser.parse_args()
    faults = 0
    for name, (zone, part, opening, slow, holidays) in CLUBS.items():
        settings = SendingSettings(station="S", window=opening, subdivision=part)
        club = ClubSettings(name=name, timezone=zone, database=DatabaseUrl("sqlite:///club.db"))
        policy = Policy(settings, hours_of(settings, club, "brevo"), "FR")
        for category in Category:
            rules = [list(slow)] if category is Category.TRANSACTIONAL else [list(slow), [CHARTER], [BREVO]]
            is_open = open_minutes(rules, ZoneInfo(zone), arguments.year, dates(holidays))
            began = perf_counter()
            told = live(policy, category, is_open, arguments.year, arguments.days * 1440)
            bad = [f"{told[each]} {each}" for each in ("judged otherwise", "left outside", "late", "expired too soon")]
            faults += sum(told[each] for each in ("judged otherwise", "left outside", "late", "expired too soon"))
            print(
                f"{name:<32} {category.value:<13} {arguments.days * 1440} minutes, {told['left']} left, "
                f"{told['expired']} expired; {', '.join(bad)}  ({perf_counter() - began:.0f} s)"
            )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
