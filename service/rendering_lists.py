"""Lists as text for a terminal of 80 columns: the history of runs, e-mails, the stations of the club."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from config.sentence import Sentence
from service.terminal import Terminal, clean, clip, pad, width, wrap
from service.words import AGGREGATE, counter_word, duration, instant, outcome_word, state_word, work_word

Json = Mapping[str, Any]

# Symbol and colour by outcome of a run, state of a message, state of a station.
_LOOK: Final = {
    "ok": ("good", "green"),
    "sent": ("good", "green"),
    "active": ("good", "green"),
    "failed": ("bad", "red"),
    "expired": ("bad", "red"),
    "interrupted": ("warning", "yellow"),
    "uncertain": ("warning", "yellow"),
    "attention": ("warning", "yellow"),
    "lost": ("bad", "red"),
    "running": ("busy", ""),
    "sending": ("busy", ""),
    "pending": ("busy", ""),
    "stopping": ("busy", ""),
    "skipped": ("off", "dim"),
    "stopped": ("off", "dim"),
}
_GAP: Final = "  "


def render_history(runs: Sequence[Json], terminal: Terminal, language: str, now: datetime) -> str:
    """Return the runs of `history`, one line each and its summary beneath."""
    if not runs:
        return Sentence.of("no run is recorded").render(language)
    rows = (
        _Row(
            look=str(run["outcome"]),
            cells=(
                instant(run["started_at"], now, language),
                work_word(str(run["operation"]), language),
                str(run["station"]),
                outcome_word(str(run["outcome"]), language),
                duration(run["seconds"], language) if run["seconds"] is not None else "-",
            ),
            beneath=str(run["summary"] or ""),
        )
        for run in runs
    )
    titles = ("began", "operation", "station", "outcome", "time")
    return _table(_said(titles, language), (16, 14, 14, 12, 12), rows, terminal)


def render_messages(
    messages: Sequence[Json], counts: Mapping[str, int], terminal: Terminal, language: str, now: datetime
) -> str:
    """Return the messages of `email list`, under how many there are in each state."""
    dot = f" {terminal.symbol('dot')} "
    total = dot.join(f"{counter_word(state, language)} {count}" for state, count in counts.items())
    if not messages:
        return total
    rows = (
        _Row(
            look=str(message["state"]),
            cells=(
                str(message["id"]),
                counter_word(str(message["state"]), language),
                instant(message["created_at"], now, language),
                str(message["attempts"]),
                str(message["subject"] or ""),
            ),
            beneath=str(message["error"] or ""),
        )
        for message in messages
    )
    titles = ("number", "state", "written", "attempts", "subject")
    widths = (8, 11, 16, 8, terminal.columns - 53)
    return f"{total}\n\n{_table(_said(titles, language), widths, rows, terminal)}"


def render_club(stations: Sequence[Json], terminal: Terminal, language: str, now: datetime) -> str:
    """Return the stations of `status --club`."""
    rows = (
        _Row(
            look="lost" if station["is_lost"] else str(station["state"]),
            cells=(
                str(station["name"]),
                _state_of_station(station, language),
                instant(station["seen_at"], now, language) if station["seen_at"] else "-",
                str(station["version"] or "-"),
            ),
            beneath=Sentence.of("holds {operations}", operations=", ".join(station["holds"])).render(language)
            if station["holds"]
            else "",
        )
        for station in stations
    )
    titles = ("station", "state", "last seen", "version")
    return _table(_said(titles, language), (20, 26, 16, 8), rows, terminal)


def _state_of_station(station: Json, language: str) -> str:
    if station["seen_at"] is None:
        return Sentence.of("never seen").render(language)
    if station["is_lost"]:
        return Sentence.of("no sign of life").render(language)
    return state_word(AGGREGATE, str(station["state"]), language)


class _Row:
    """One line of a table, its look, and what is said beneath it."""

    def __init__(self, *, look: str, cells: tuple[str, ...], beneath: str) -> None:
        self.look = look
        self.cells = tuple(map(clean, cells))
        self.beneath = beneath


_TITLES: Final = {
    "began": Sentence.of("began"),
    "operation": Sentence.of("operation"),
    "station": Sentence.of("station"),
    "outcome": Sentence.of("outcome"),
    "time": Sentence.of("time taken"),
    "number": Sentence.of("number"),
    "state": Sentence.of("state"),
    "written": Sentence.of("written"),
    "attempts": Sentence.of("attempts"),
    "subject": Sentence.of("subject"),
    "last seen": Sentence.of("last seen"),
    "version": Sentence.of("version"),
}


def _said(titles: Iterable[str], language: str) -> tuple[str, ...]:
    return tuple(_TITLES[title].render(language) for title in titles)


def _table(titles: tuple[str, ...], widths: Sequence[int], rows: Iterable[_Row], terminal: Terminal) -> str:
    lines = [terminal.paint(_line(titles, widths, "  "), "bold")]
    for row in rows:
        symbol, colour = _LOOK.get(row.look, ("warning", "yellow"))
        lines.append(_line(row.cells, widths, terminal.paint(terminal.symbol(symbol), colour) + " "))
        lines += _beneath(row.beneath, terminal)
    return "\n".join(line.rstrip() for line in lines)


def _line(cells: tuple[str, ...], widths: Sequence[int], start: str) -> str:
    return start + _GAP.join(pad(clip(cell, columns), columns) for cell, columns in zip(cells, widths, strict=True))


def _beneath(text: str, terminal: Terminal) -> Iterator[str]:
    indent = " " * 4
    for line in wrap(text, terminal.columns - width(indent)):
        yield indent + line
