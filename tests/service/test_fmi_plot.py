"""The picture of a day: read back from what it was drawn of."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from club.attendance_records import HistoryMinute
from service.fmi_day import DayOfZone

pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
MINUTE = timedelta(minutes=1)


def a_night(begins_at: datetime, minutes: int) -> DayOfZone:
    """Return a history of a day that ends at four, in Paris."""
    return DayOfZone(
        zone="bassin",
        day=date(2025, 10, 25),
        begins_at=datetime(2025, 10, 25, 2, tzinfo=UTC),
        ends_at=datetime(2025, 10, 26, 3, tzinfo=UTC),
        timezone=ZoneInfo("Europe/Paris"),
        minutes=[
            HistoryMinute(begins_at + n * MINUTE, n % 9, not 60 <= n < 90, False, 1, 1, 2, 250) for n in range(minutes)
        ],
        corrections=(),
        sensors=(),
        suspicions=(),
    )


def words_of(file: Path) -> list[str]:
    """Return the texts of a drawing, which are drawn as curves and named in comments."""
    return re.findall("<!-- (.*?) -->", file.read_text("utf-8"))


def test_each_hour_of_the_clock_has_its_mark_and_the_two_of_autumn_have_two(tmp_path: Path) -> None:
    from service.fmi_plot import draw  # noqa: PLC0415 - an optional part

    draw(a_night(datetime(2025, 10, 25, 22, 40, tzinfo=UTC), 280), tmp_path / "day.svg", "fr")
    hours = [word for word in words_of(tmp_path / "day.svg") if re.fullmatch(r"\d\d( \(\d\))?", word)]
    assert hours[:4] == ["01", "02 (1)", "02 (2)", "03"]


def test_a_day_without_a_minute_is_drawn_empty(tmp_path: Path) -> None:
    from service.fmi_plot import draw  # noqa: PLC0415 - an optional part

    draw(a_night(datetime(2025, 10, 25, 22, 40, tzinfo=UTC), 0), tmp_path / "day.svg", "fr")
    assert "bassin, 2025-10-25 : personnes présentes" in words_of(tmp_path / "day.svg")
