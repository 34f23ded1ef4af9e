"""Lists as text for a terminal of 80 columns: the history of runs, e-mails, SMS, objections."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from config.sentence import Sentence
from service.rendering_table import Row, look_of, table
from service.terminal import Terminal, wrap
from service.words import counter_word, duration, instant, outcome_word, work_word

Json = Mapping[str, Any]

_STAYS: Final = "\N{NO-BREAK SPACE}"
"""Between a word and its count, which stay on one line."""
# Symbol and colour by outcome of a run, state of a message.
_LOOK: Final = {
    "ok": ("good", "green"),
    "sent": ("good", "green"),
    "delivered": ("good", "green"),
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
    """Return the messages of `email list` or `sms list`, under how many there are in each state."""
    dot = f" {terminal.symbol('dot')} "
    total = dot.join(f"{counter_word(state, language)}{_STAYS}{count}" for state, count in counts.items())
    totals = [line.replace(_STAYS, " ") for line in wrap(total, terminal.columns)]
    if not messages:
        return "\n".join(totals)
    about = "subject" if "subject" in messages[0] else "recipient"
    rows = (
        Row(
            look=look_of(_LOOK, str(message["state"])),
            cells=(
                str(message["id"]),
                counter_word(str(message["state"]), language),
                instant(message["created_at"], now, language),
                str(message["attempts"]),
                str(message[about] or ""),
            ),
            beneath=(str(message["error"] or ""),),
        )
        for message in messages
    )
    titles = ("number", "state", "written", "attempts", about)
    widths = (8, 11, 16, 8, terminal.columns - 53)
    return "\n".join([*totals, "", *table(_said(titles, language), widths, rows, terminal)])


def render_opt_outs(opt_outs: Sequence[Json], terminal: Terminal, language: str, now: datetime) -> str:
    """Return the numbers of `sms opt-out list`, one line each and the member's words beneath."""
    if not opt_outs:
        return Sentence.of("nobody has objected to marketing by SMS").render(language)
    doubt = Sentence.of("read this: `sms opt-out add` keeps it as an objection, `remove` takes it back").render(
        language
    )
    rows = (
        Row(
            look=("warning", "yellow") if one["doubtful"] else ("off", "dim"),
            cells=(str(one["number"]), instant(one["at"], now, language), str(one["source"] or "")),
            beneath=(str(one["words"] or ""), doubt if one["doubtful"] else ""),
        )
        for one in opt_outs
    )
    titles = ("telephone", "since", "source")
    return "\n".join(table(_said(titles, language), (24, 16, terminal.columns - 46), rows, terminal))


def render_email_opt_outs(opt_outs: Sequence[Json], terminal: Terminal, language: str, now: datetime) -> str:
    """Return the addresses of `email opt-out list`, one line each; of some only the token is known."""
    if not opt_outs:
        return Sentence.of("nobody has objected to marketing by e-mail").render(language)
    rows = (
        Row(
            look=("off", "dim"),
            cells=(str(one["address"] or one["token"]), instant(one["at"], now, language), str(one["source"] or "")),
        )
        for one in opt_outs
    )
    titles = ("address", "since", "source")
    return "\n".join(table(_said(titles, language), (40, 16, terminal.columns - 62), rows, terminal))


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
    "recipient": Sentence.of("recipient"),
    "address": Sentence.of("address"),
    "telephone": Sentence.of("telephone"),
    "since": Sentence.of("since"),
    "source": Sentence.of("source"),
}


def _said(titles: Iterable[str], language: str) -> tuple[str, ...]:
    return tuple(_TITLES[title].render(language) for title in titles)
