"""The status of contract §1 as text for a terminal of 80 columns."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from config.sentence import Sentence
from service.rendering_fmi import sensor_lines, zone_lines
from service.terminal import Terminal, clean, pad, width, wrap
from service.words import (
    ACTOR,
    AGGREGATE,
    LOOK,
    OPERATION,
    UNKNOWN_LOOK,
    counted_word,
    duration,
    failure_word,
    instant,
    outcome_word,
    parsed,
    state_word,
    word,
)

Json = Mapping[str, Any]

_NAME_COLUMNS: Final = 16
_INDENT: Final = _NAME_COLUMNS + 3
_PATH_COLUMNS: Final = 28
_STATE_COLUMNS: Final = 13
_NUMBER_COLUMNS: Final = 8


def render_status(status: Json, terminal: Terminal, language: str, now: datetime) -> str:
    """Return the text of a status. `now` is aware: its zone is the reader's."""
    page = _Page(terminal, language, now)
    return "\n".join(line.rstrip() for line in page.status(status))


class _Page:
    """One rendering: what the reader's terminal, language and clock have in common for every line."""

    def __init__(self, terminal: Terminal, language: str, now: datetime) -> None:
        self._terminal = terminal
        self._language = language
        self._now = now

    def status(self, status: Json) -> Iterator[str]:
        yield from self._head(status)
        operations = status.get("operations") or []
        if operations:
            yield ""
            yield self._title(Sentence.of("Operations"))
            for operation in operations:
                yield from self._operation(operation)
        yield from self._attendance(status.get("fmi") or {})
        actors = status.get("actors") or []
        if actors:
            yield ""
            yield from self._actor_titles()
            paths = [str(actor["path"]) for actor in actors]
            for actor in actors:
                yield from self._actor(actor, self._branch(str(actor["path"]), paths))

    def _attendance(self, fmi: Json) -> Iterator[str]:
        zones, sensors = fmi.get("zones") or [], fmi.get("sensors") or []
        if zones:
            yield ""
            yield self._title(Sentence.of("Attendance"))
            yield from zone_lines(zones, self._terminal, self._language, self._now)
        if sensors:
            yield ""
            yield from sensor_lines(sensors, self._terminal, self._language)

    def _head(self, status: Json) -> Iterator[str]:
        state = str(status["state"])
        symbol, colour = self._look(state)
        sentence = Sentence.of(
            "{station}: {state}",
            station=clean(str(status["station"])),
            state=word(AGGREGATE, state),
        )
        lines = wrap(self._say(sentence), self._terminal.columns - 2)
        for index, line in enumerate(lines):
            yield f"{self._terminal.paint(symbol, colour) if index == 0 else ' '} {self._terminal.paint(line, 'bold')}"
        started_at = parsed(status.get("started_at"), self._now)
        up_seconds = (self._now - started_at) // timedelta(seconds=1) if started_at else 0
        yield from self._details(
            2,
            Sentence.of(
                "running since {since} ({duration}), process {pid}, version {version}",
                since=self._instant(status.get("started_at")),
                duration=duration(up_seconds, self._language),
                pid=status.get("pid"),
                version=status.get("program"),
            ),
        )
        yield from self._icon(status.get("tray") or {})
        config = status.get("config") or {}
        if config.get("file"):
            at = self._instant(config.get("loaded_at"))
            yield from self._details(2, Sentence.of("settings {file}, read {at}", file=config["file"], at=at))
        if config.get("problem"):
            problem = Sentence.of(
                "the settings file has a problem, the last good one is in force: {problem}", problem=config["problem"]
            )
            yield from self._details(2, problem, colour="yellow", mark=self._terminal.symbol("warning"))

    def _icon(self, tray: Json) -> Iterator[str]:
        """Say where the icon is; that none was wanted is no news."""
        state, reason = str(tray.get("state")), tray.get("reason")
        if state == "docked":
            at = self._instant(tray.get("since"))
            yield from self._details(2, Sentence.of("icon beside the clock since {at}", at=at))
        elif reason:
            colour, mark = ("dim", "") if state == "off" else ("yellow", self._terminal.symbol("warning"))
            yield from self._details(2, Sentence.of("no icon: {reason}", reason=reason), colour=colour, mark=mark)

    def _operation(self, operation: Json) -> Iterator[str]:
        state = str(operation["state"])
        symbol, colour = self._look(state)
        said = state_word(OPERATION, state, self._language)
        reason = operation.get("reason")
        name = clean(str(operation["id"]))
        if state in {"disabled", "not_on_this_station"}:  # nothing more will come: state and reason share the line
            if reason:
                said = self._say(Sentence.of("{state}: {reason}", state=said, reason=reason))
            yield from self._named(symbol, colour, name, said)
            return
        if operation.get("since"):
            said = self._say(Sentence.of("{state} since {since}", state=said, since=self._instant(operation["since"])))
        yield from self._named(symbol, colour, name, said)
        if reason:
            yield from self._details(_INDENT, str(reason))
        if operation.get("holder") and state == "standby":
            yield from self._details(_INDENT, Sentence.of("held by {holder}", holder=operation["holder"]))
        if operation.get("last_run"):
            yield from self._details(_INDENT, self._last_run(operation["last_run"]))
        dot = f" {self._terminal.symbol('dot')} "
        counters = (operation.get("counters") or {}).items()
        later = [counted_word(name, count, self._language) for name, count in counters]
        if operation.get("next_run"):
            later.insert(0, self._say(Sentence.of("next run {at}", at=self._instant(operation["next_run"]))))
        if later:
            yield from self._details(_INDENT, dot.join(later), colour="dim")

    def _last_run(self, run: Json) -> Sentence:
        return Sentence.of(
            "last run {at}: {outcome} in {duration}{summary}",
            at=self._instant(run.get("started_at")),
            outcome=outcome_word(str(run.get("outcome")), self._language),
            duration=duration(float(run.get("seconds") or 0), self._language),
            summary=f", {run['summary']}" if run.get("summary") else "",
        )

    def _actor_titles(self) -> Iterator[str]:
        cells = (
            pad(self._say(Sentence.of("Actors")), _PATH_COLUMNS + 2),
            pad(self._say(Sentence.of("state")), _STATE_COLUMNS),
            self._right(self._say(Sentence.of("restarts"))),
            self._right(self._say(Sentence.of("mailbox"))),
            "  " + self._say(Sentence.of("up since")),
        )
        yield self._terminal.paint("".join(cells), "bold")

    def _actor(self, actor: Json, branch: str) -> Iterator[str]:
        state = str(actor["state"])
        symbol, colour = self._look(state)
        name = f"{branch}{clean(str(actor['path']))}"
        mark = self._terminal.paint(symbol, colour)
        if width(name) >= _PATH_COLUMNS:
            for index, line in enumerate(wrap(name, self._terminal.columns - 2)):
                yield f"{mark if index == 0 else ' '} {line}"
            mark, name = " ", ""
        said = pad(state_word(ACTOR, state, self._language), _STATE_COLUMNS)
        up_since = self._instant(actor.get("up_since")) if actor.get("up_since") else "-"
        yield (
            f"{mark} {pad(name, _PATH_COLUMNS)}{self._terminal.paint(said, colour)}"
            f"{self._right(str(actor.get('restarts', 0)))}{self._right(str(actor.get('mailbox', 0)))}  {up_since}"
        )
        indent = 2 + width(branch) + 2
        if actor.get("next_attempt_at"):
            at = self._instant(actor["next_attempt_at"])
            yield from self._details(indent, Sentence.of("next attempt {at}", at=at))
        failure = actor.get("last_failure")
        if failure:
            sentence = Sentence.of(
                "last failure {at}, {kind}: {error}",
                at=self._instant(failure.get("at")),
                kind=failure_word(str(failure.get("kind")), self._language),
                error=failure.get("error"),
            )
            yield from self._details(indent, sentence, colour="dim" if state == "running" else "")

    def _branch(self, path: str, paths: list[str]) -> str:
        parent, slash, _ = path.rpartition("/")
        if not slash or parent not in paths:
            return ""
        siblings = [other for other in paths if other.rpartition("/")[0] == parent]
        depth = path.count("/") - 1
        return "  " * depth + self._terminal.symbol("last" if siblings[-1] == path else "branch")

    def _named(self, symbol: str, colour: str, name: str, text: str) -> Iterator[str]:
        mark = self._terminal.paint(symbol, colour)
        if width(name) > _NAME_COLUMNS:
            for index, line in enumerate(wrap(name, self._terminal.columns - 2)):
                yield f"{mark if index == 0 else ' '} {line}"
            mark, name = " ", ""
        for line in wrap(text, self._terminal.columns - _INDENT):
            yield f"{mark} {pad(name, _NAME_COLUMNS)} {self._terminal.paint(line, colour)}"
            mark, name = " ", ""

    def _details(self, indent: int, text: Sentence | str, colour: str = "", mark: str = "") -> Iterator[str]:
        said = text if isinstance(text, str) else self._say(text)
        start = f"{mark} " if mark else ""
        for line in wrap(start + said, self._terminal.columns - indent):
            yield " " * indent + self._terminal.paint(line, colour)

    def _title(self, sentence: Sentence) -> str:
        return self._terminal.paint(self._say(sentence), "bold")

    def _look(self, state: str) -> tuple[str, str]:
        symbol, colour = LOOK.get(state, UNKNOWN_LOOK)
        return self._terminal.symbol(symbol), colour

    def _instant(self, text: str | None) -> str:
        return instant(text, self._now, self._language)

    def _say(self, sentence: Sentence) -> str:
        return sentence.render(self._language)

    @staticmethod
    def _right(text: str) -> str:
        return " " * (_NUMBER_COLUMNS + 1 - width(text)) + text
