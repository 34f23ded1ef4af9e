"""Lists as text for a terminal of 80 columns: the history of runs, e-mails."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from config.sentence import Sentence
from service.rendering_table import Row, look_of, table
from service.terminal import Terminal
from service.words import counter_word, duration, instant, outcome_word, work_word

Json = Mapping[str, Any]

# Symbol and colour by outcome of a run, state of a message.
_LOOK: Final = {
    "ok": ("good", "green"),
    "sent": ("good", "green"),
    "failed": ("bad", "red"),
    "expired": ("bad", "red"),
    "interrupted": ("warning", "yellow"),
    "uncertain": ("warning", "yellow"),
    "running": ("busy", ""),
    "sending": ("busy", ""),
    "pending": ("busy", ""),
    "skipped": ("off", "dim"),
}


def render_history(runs: Sequence[Json], terminal: Terminal, language: str, now: datetime) -> str:
    """Return the runs of `history`, one line each and its summary beneath."""
    if not runs:
        return Sentence.of("no run is recorded").render(language)
    rows = (
        Row(
            look=look_of(_LOOK, str(run["outcome"])),
            cells=(
                instant(run["started_at"], now, language),
                work_word(str(run["operation"]), language),
                str(run["station"]),
                outcome_word(str(run["outcome"]), language),
                duration(run["seconds"], language) if run["seconds"] is not None else "-",
            ),
            beneath=(str(run["summary"] or ""),),
        )
        for run in runs
    )
    titles = ("began", "operation", "station", "outcome", "time")
    return "\n".join(table(_said(titles, language), (16, 14, 14, 12, 12), rows, terminal))


def render_messages(
    messages: Sequence[Json], counts: Mapping[str, int], terminal: Terminal, language: str, now: datetime
) -> str:
    """Return the messages of `email list`, under how many there are in each state."""
    dot = f" {terminal.symbol('dot')} "
    total = dot.join(f"{counter_word(state, language)} {count}" for state, count in counts.items())
    if not messages:
        return total
    rows = (
        Row(
            look=look_of(_LOOK, str(message["state"])),
            cells=(
                str(message["id"]),
                counter_word(str(message["state"]), language),
                instant(message["created_at"], now, language),
                str(message["attempts"]),
                str(message["subject"] or ""),
            ),
            beneath=(str(message["error"] or ""),),
        )
        for message in messages
    )
    titles = ("number", "state", "written", "attempts", "subject")
    widths = (8, 11, 16, 8, terminal.columns - 53)
    return "\n".join([total, "", *table(_said(titles, language), widths, rows, terminal)])


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
}


def _said(titles: Iterable[str], language: str) -> tuple[str, ...]:
    return tuple(_TITLES[title].render(language) for title in titles)
