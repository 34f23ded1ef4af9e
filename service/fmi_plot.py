"""Draws one day of a zone with matplotlib: how many were inside, the limit, what is not known, what was corrected."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from config.sentence import Sentence

if TYPE_CHECKING:
    from service.fmi_day import DayOfZone

SUFFIXES: Final = (".png", ".svg")
_INCHES: Final = (11.0, 5.0)
_DOTS_PER_INCH: Final = 120
_MINUTE: Final = timedelta(minutes=1)
_PRESENT: Final = "#0b5fa5"
_LIMIT: Final = "#c0392b"
_UNKNOWN: Final = "#9a9a9a"
_CORRECTED: Final = "#7d3c98"


def draw(day: "DayOfZone", to: Path, language: str) -> None:
    """Write the picture of a day, its kind by the file's suffix. Raises OSError.

    The figure is drawn without a window, and without pyplot's list of all figures.
    """
    with mpl.rc_context({"svg.hashsalt": "heitz-service"}):  # the same day gives the same file
        figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, layout="constrained")
        axes = figure.subplots()
        _draw_unknown(axes, day, language)
        _draw_present(axes, day, language)
        _draw_limit(axes, day, language)
        _draw_corrections(axes, day, language)
        _dress(axes, day, language)
        figure.savefig(to, metadata={"Date": None} if to.suffix.lower() == ".svg" else {"Software": None})


def _draw_present(axes: Any, day: "DayOfZone", language: str) -> None:
    at: list[datetime] = []
    present: list[float] = []
    low: list[float] = []
    high: list[float] = []
    for minute in day.minutes:
        if at and minute.at - at[-1] > _MINUTE:  # a gap, not a line across it
            at.append(at[-1] + _MINUTE)
            present.append(float("nan"))
            low.append(float("nan"))
            high.append(float("nan"))
        at.append(minute.at)
        present.append(minute.present if minute.known else float("nan"))
        low.append(max(0, minute.present - minute.uncertainty) if minute.known else float("nan"))
        high.append(minute.present + minute.uncertainty if minute.known else float("nan"))
    inside = Sentence.of("inside").render(language)
    axes.fill_between(at, low, high, step="post", color=_PRESENT, alpha=0.15, linewidth=0)
    axes.plot(at, present, drawstyle="steps-post", color=_PRESENT, linewidth=1.6, label=inside)


def _draw_limit(axes: Any, day: "DayOfZone", language: str) -> None:
    limits = [(minute.at, minute.present_limit) for minute in day.minutes if minute.present_limit is not None]
    if limits:
        at, values = zip(*limits, strict=True)
        label = Sentence.of("limit").render(language)
        axes.plot(at, values, drawstyle="steps-post", color=_LIMIT, linewidth=1.4, linestyle="--", label=label)


def _draw_unknown(axes: Any, day: "DayOfZone", language: str) -> None:
    label: str | None = Sentence.of("not known").render(language)
    for begins_at, ends_at in unknown_stretches(day):
        axes.axvspan(begins_at, ends_at, facecolor=_UNKNOWN, alpha=0.3, hatch="//", linewidth=0, label=label)
        label = None  # once in the legend


def unknown_stretches(day: "DayOfZone") -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches between the first and the last minute of the day's history in which nothing is known."""
    since: datetime | None = None
    expected: datetime | None = None
    for minute in day.minutes:
        if since is None and expected is not None and minute.at > expected:
            since = expected
        if since is not None and minute.known:
            yield since, minute.at
            since = None
        if since is None and not minute.known:
            since = minute.at
        expected = minute.at + _MINUTE
    if since is not None and expected is not None:
        yield since, expected


def _draw_corrections(axes: Any, day: "DayOfZone", language: str) -> None:
    label: str | None = Sentence.of("corrected by staff").render(language)
    for correction in day.corrections:
        at = correction.applied_at
        if correction.kind == "staff" and at is not None and correction.after is not None:
            axes.plot([at], [correction.after], marker="D", color=_CORRECTED, linestyle="none", label=label)
            label = None


def _hours(day: "DayOfZone") -> Iterator[datetime]:
    """Yield the hours of the club's clock in the day's history: matplotlib's own leave out one of the two of autumn."""
    if not day.minutes:
        return
    at = day.minutes[0].at
    at += timedelta(minutes=-at.astimezone(day.timezone).minute % 60)
    while at <= day.minutes[-1].at:
        yield at
        at += timedelta(hours=1)


def _dress(axes: Any, day: "DayOfZone", language: str) -> None:
    title = Sentence.of("{zone}, {day}: people inside", zone=day.zone, day=day.day.isoformat()).render(language)
    axes.set_title(title)
    axes.set_ylim(bottom=0)
    hours = list(_hours(day))
    axes.set_xticks(hours, labels=[day.clock(at, "%H") for at in hours])
    axes.grid(visible=True, alpha=0.3)
    axes.margins(x=0)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left")
