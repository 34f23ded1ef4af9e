"""What the window shows of a status: pure, from contract §1's JSON to lines of text and the names of pictures."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import attrs

from config.sentence import Sentence
from service.window.actions import Action, actions_of
from service.window.text import clipped, one_line, sentence_case
from service.words import counted_word, duration, instant, outcome_word

Json = Mapping[str, Any]

SHORT: Final = 160
"""How many characters of a remark stand beside the name; the rest is shown when the operation is opened."""
STATES: Final = {
    "active": Sentence.of("Active"),
    "not_on_this_station": Sentence.of("Not active on this station"),
    "disabled": Sentence.of("Switched off"),
    "standby": Sentence.of("Not active on this station"),
    "waiting": Sentence.of("Waiting"),
    "recovering": Sentence.of("Starting again after an error"),
    "failed": Sentence.of("Failed"),
    "paused": Sentence.of("Paused"),
    "unknown": Sentence.of("Unknown"),
}


@attrs.frozen
class Row:
    """One operation: its picture, its name, its state in words, what is to be said of it, and what can be done."""

    id: str
    icon: str
    title: str
    state: str
    remark: str
    fields: tuple[tuple[str, str], ...]
    actions: tuple[Action, ...]
    is_urgent: bool = False


@attrs.frozen
class Head:
    """The top of the window: the worst in words."""

    icon: str
    title: str
    subtitle: str
    notice: str = ""
    is_running: bool = True


@attrs.frozen
class Page:
    """The whole: what the program said, or what is left to say without it."""

    station: str
    head: Head
    rows: tuple[Row, ...]


def page_of(status: Json, language: str, now: datetime) -> Page:
    """Return the page of a status; `now` is aware, its zone is the reader's."""
    operations = [each for each in status.get("operations") or () if isinstance(each, Mapping)]
    rows = tuple(_Speaker(language, now).row(operation) for operation in operations)
    return Page(one_line(status.get("station")), _head(status, rows, language), rows)


def page_without(page: Page, trouble: str, language: str) -> Page:
    """Return what stays of a page when the program is gone: nothing that was true then is shown as true now."""
    unknown = STATES["unknown"].render(language)
    rows = tuple(
        attrs.evolve(row, icon="unknown", state=unknown, remark="", fields=(), actions=(), is_urgent=False)
        for row in page.rows
    )
    title = Sentence.of("Heitz Service does not run on this station")
    head = Head("unknown", title.render(language), page.station, sentence_case(trouble), is_running=False)
    return Page(page.station, head, rows)


def _head(status: Json, rows: Sequence[Row], language: str) -> Head:
    def say(sentence: Sentence) -> str:
        return sentence.render(language)

    state = str(status.get("state"))
    station = one_line(status.get("station"))
    counts = {icon: sum(row.icon == icon for row in rows) for icon in ("failed", "attention", "paused")}
    parts = []
    if counts["failed"]:
        parts.append(say(Sentence.counted("{n} has failed", "{n} have failed", counts["failed"])))
    if counts["attention"]:
        parts.append(say(Sentence.counted("{n} to look at", "{n} to look at", counts["attention"])))
    if counts["paused"]:
        parts.append(say(Sentence.counted("{n} paused", "{n} paused", counts["paused"])))
    if not parts and state == "active":
        parts.append(say(Sentence.of("All is well")))
    elif not parts:
        parts.append(say(Sentence.of("Something needs attention: see the tab Support")))
    active = sum(operation.get("state") == "active" for operation in status.get("operations") or ())
    title = Sentence.counted("{n} operation active on this station", "{n} operations active on this station", active)
    if state == "stopping":
        title, parts = Sentence.of("Heitz Service is stopping"), []
    problem = (status.get("config") or {}).get("problem")
    notice = (
        Sentence.of("The settings file has a problem, the last good one is in force: {problem}", problem=problem)
        if problem
        else None
    )
    return Head(
        icon="off" if state == "stopping" else state,
        title=say(title),
        subtitle=" — ".join([", ".join(parts), station] if parts else [station]),
        notice="" if notice is None else one_line(say(notice)),
    )


class _Speaker:
    """What a reader's language and clock have in common for every line."""

    def __init__(self, language: str, now: datetime) -> None:
        self._language = language
        self._now = now

    def row(self, operation: Json) -> Row:
        state = str(operation.get("state"))
        is_paused = bool(operation.get("paused") or operation.get("paused_until"))
        icon = "paused" if is_paused else state
        if operation.get("attention") and icon in {"active", "standby"}:
            icon = "attention"
        word = STATES.get("paused" if is_paused else state)
        return Row(
            id=str(operation.get("id")),
            icon=_PICTURES.get(icon, icon),
            title=one_line(operation.get("title") or operation.get("id")),
            state=word.render(self._language) if word is not None else one_line(state),
            remark=clipped(self._remark(operation), SHORT),
            fields=tuple(self._fields(operation)),
            actions=actions_of(operation, self._language),
            is_urgent=state == "failed",
        )

    def _remark(self, operation: Json) -> str:
        """Return the one line beside the name: why it does not work, else what it did last."""
        if operation.get("reason"):
            return sentence_case(operation["reason"])
        run = operation.get("last_run")
        if not run:
            return ""
        at = self._instant(run.get("started_at"))
        said = run.get("summary") or outcome_word(str(run.get("outcome")), self._language)
        return one_line(self._say(Sentence.of("{at}: {summary}", at=at, summary=said)))

    def _fields(self, operation: Json) -> Iterator[tuple[str, str]]:
        reason = sentence_case(operation.get("reason"))
        if len(reason) > SHORT:  # else it stands whole beside the name
            yield self._say(Sentence.of("Reason")), reason
        if operation.get("since"):
            yield self._say(Sentence.of("Since")), self._instant(operation["since"])
        if operation.get("holder"):
            yield self._say(Sentence.of("Done by")), one_line(operation["holder"])
        run = operation.get("last_run")
        if run:
            text = Sentence.of(
                "{at}, {outcome} in {duration}",
                at=self._instant(run.get("started_at")),
                outcome=outcome_word(str(run.get("outcome")), self._language),
                duration=duration(float(run.get("seconds") or 0), self._language),
            )
            summary = one_line(run.get("summary"))
            yield self._say(Sentence.of("Last run")), f"{self._say(text)} — {summary}" if summary else self._say(text)
        if operation.get("next_run"):
            yield self._say(Sentence.of("Next run")), self._instant(operation["next_run"])
        counters = operation.get("counters") or {}
        counted = [counted_word(str(name), count, self._language) for name, count in counters.items() if count]
        if counted:
            yield self._say(Sentence.of("Since the start")), one_line(", ".join(counted))

    def _instant(self, text: Any) -> str:
        return instant(str(text) if text else None, self._now, self._language)

    def _say(self, sentence: Sentence) -> str:
        return sentence.render(self._language)


_PICTURES: Final = {
    "not_on_this_station": "off",
    "disabled": "off",
    "standby": "off",
    "waiting": "attention",
    "recovering": "attention",
}
