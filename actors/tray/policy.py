"""What the icon shows for a status: pure decisions on the worst of it, in the reader's words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from actors.tray.face import DIVIDER, HELP, OPEN, PAUSE, QUIT, RESTART, RESUME, Face, Item, Words
from config.sentence import Sentence

Json = Mapping[str, Any]

TOOLTIP_UNITS: Final = 127
"""What Windows shows of a tooltip, in UTF-16 units; a longer one is refused by it."""
_LINE_UNITS: Final = 84
_TITLE_UNITS: Final = 40
_ABSENT: Final = ("not_on_this_station", "disabled", "standby")
_WORST_FIRST: Final = ("failed", "recovering", "waiting")
_PAUSES: Final = (
    ("1h", Sentence.of("for one hour")),
    ("tomorrow", Sentence.of("until tomorrow morning")),
    ("ever", Sentence.of("until I turn them on again")),
)
_AGGREGATE: Final = {
    "active": Sentence.of("all is well"),
    "attention": Sentence.of("something needs attention"),
    "failed": Sentence.of("an operation has failed"),
    "stopping": Sentence.of("stopping"),
}
_IDLE: Final = Sentence.of("no operation is active on this station")


def face_of(status: Json, language: str, *, pause: Sentence | None = None) -> Face:
    """Return what the icon shows; `pause` says until when the alerts are paused, None: they are not."""
    return Face(
        picture=picture_of_station(status),
        tooltip=tooltip_of(status, language, pause),
        menu=tuple(_menu(status, language, pause)),
    )


def picture_of_station(status: Json) -> str:
    """Return the picture of the whole station: its aggregate state, or `off` when nothing is active here."""
    state = str(status.get("state"))
    return "off" if state == "active" and not _works_here(status) else state


def tooltip_of(status: Json, language: str, pause: Sentence | None = None) -> str:
    """Return the station's state and the worst thing in words, within what every desktop shows."""
    state = str(status.get("state"))
    said = _AGGREGATE.get(state) or Sentence.of("{state}", state=state)
    if state == "active" and not _works_here(status):
        said = _IDLE
    head = Sentence.of("{station}: {state}", station=clipped(str(status.get("station")), 32), state=said)
    lines = [head.render(language)]
    worst = worst_of(status)
    if worst:
        lines.append(_trouble(worst[0], language))
        if len(worst) > 1:
            more = Sentence.counted("and {n} more", "and {n} more", n=len(worst) - 1).render(language)
            lines[-1] = f"{clipped(lines[-1], TOOLTIP_UNITS - units(lines[0]) - units(more) - 3)} {more}"
    elif (problem := (status.get("config") or {}).get("problem")) is not None:
        lines.append(str(problem))
    elif pause is not None:
        lines.append(pause.render(language))
    return clipped("\n".join(_one_line(line) for line in lines), TOOLTIP_UNITS)


def worst_of(status: Json) -> list[Json]:
    """Return the operations that need somebody, the worst first."""
    found = [each for each in status.get("operations", ()) if is_in_trouble(each)]
    return sorted(found, key=lambda each: _rank(str(each["state"])))


def is_in_trouble(operation: Json) -> bool:
    """Whether an operation needs somebody: it does not work as it should, or warns."""
    return str(operation["state"]) in _WORST_FIRST or bool(operation.get("attention"))


def operation_line(operation: Json, language: str) -> str:
    """Return the menu's line of an operation: its name and its state with the reason."""
    return clipped(_one_line(f"{_title(operation)} — {state_of(operation, language)}"), _LINE_UNITS)


def state_of(operation: Json, language: str) -> str:
    """Return an operation's state in words, with the reason where it is not simply active."""
    state, reason = str(operation["state"]), operation.get("reason")
    if state == "active" and not operation.get("attention"):
        return Sentence.of("active").render(language)
    plain, reasoned = _STATES.get("absent" if state in _ABSENT else state, _STATES["failed"])
    if not reason:
        return plain.render(language)
    return Sentence.of(reasoned.template, reason=reason).render(language)


_STATES: Final = {
    # the state: without a reason, with one
    "absent": (
        Sentence.of("not active on this station"),
        Sentence.of("not active on this station: {reason}"),
    ),
    "active": (Sentence.of("active"), Sentence.of("active, but {reason}")),
    "waiting": (Sentence.of("waiting"), Sentence.of("waiting: {reason}")),
    "recovering": (Sentence.of("being started again"), Sentence.of("being started again: {reason}")),
    "failed": (Sentence.of("failed"), Sentence.of("failed: {reason}")),
}


def words_of(station: str, language: str, support: str | None) -> Words:
    """Return what the child says by itself."""

    def say(sentence: Sentence) -> str:
        return sentence.render(language)

    call = Sentence.of(
        "If something stays wrong, note what the window says and call whoever looks after your computers."
    )
    if support:
        call = Sentence.of(
            "If something stays wrong, note what the window says and call {support}.", support=clipped(support, 80)
        )
    return Words(
        name="Heitz Service",
        quit_title=say(Sentence.of("Stop Heitz Service?")),
        quit_question=say(
            Sentence.of(
                "The automatic work of the station {station} stops until the program is started again: messages, "
                "backups and sensors wait. To put only the window away, close it: the program stays active.",
                station=clipped(station, _TITLE_UNITS),
            )
        ),
        quit_yes=say(Sentence.of("Stop it")),
        quit_no=say(Sentence.of("Leave it active")),
        help_title=say(Sentence.of("What the icons mean")),
        legend=tuple((picture, say(meaning)) for picture, meaning in _LEGEND),
        help_text=say(
            Sentence.of(
                "A click on the icon opens the window, a right click its menu. An operation that fails is started "
                "again by itself; to do it at once, choose Restart an operation. {call}",
                call=call,
            )
        ),
        close=say(Sentence.of("Close")),
    )


_LEGEND: Final = (
    ("active", Sentence.of("all is well: what should run on this station runs")),
    ("attention", Sentence.of("something waits or is being started again: it may pass by itself")),
    ("failed", Sentence.of("an operation that should run here does not: somebody must look")),
    ("off", Sentence.of("not active on this station: switched off, or another station does it")),
    ("paused", Sentence.of("paused by somebody, for a while")),
    ("unknown", Sentence.of("not known: the program does not answer")),
)


def _menu(status: Json, language: str, pause: Sentence | None) -> list[Item]:
    def say(sentence: Sentence) -> str:
        return sentence.render(language)

    operations = status.get("operations", ())
    return [
        Item(say(Sentence.of("Open Heitz Service")), OPEN, is_default=True),
        DIVIDER,
        *(Item(operation_line(each, language), OPEN, picture_of_operation(each)) for each in operations),
        *([DIVIDER] if operations else []),
        _restarts(status, language),
        _pauses(language, pause),
        Item(say(Sentence.of("Help")), HELP),
        DIVIDER,
        Item(say(Sentence.of("Quit…")), QUIT),
    ]


def picture_of_operation(operation: Json) -> str:
    """Return the picture of one operation."""
    if operation.get("paused"):
        return "paused"
    state = str(operation["state"])
    return "attention" if state == "active" and operation.get("attention") else state


def _restarts(status: Json, language: str) -> Item:
    here = {str(actor["path"]) for actor in status.get("actors", ())}
    below = tuple(
        Item(_title(each), f"{RESTART}{each['id']}", picture_of_operation(each))
        for each in status.get("operations", ())
        if each["id"] in here
    )
    return Item(Sentence.of("Restart an operation").render(language), below=below)


def _pauses(language: str, pause: Sentence | None) -> Item:
    if pause is None:
        below = tuple(Item(said.render(language), f"{PAUSE}{span}") for span, said in _PAUSES)
        return Item(Sentence.of("Pause alerts").render(language), below=below)
    again = Item(Sentence.of("Turn alerts on again").render(language), RESUME)
    return Item(pause.render(language), picture="paused", below=(again,))


def pause_sentence(until: datetime | None, now: datetime) -> Sentence:
    """Return until when the alerts are paused; `until` None: until somebody turns them on."""
    if until is None:
        return Sentence.of("alerts are paused")
    local = until.astimezone(now.tzinfo)
    if local.date() == now.date():
        return Sentence.of("alerts are paused until {time}", time=f"{local:%H:%M}")
    return Sentence.of("alerts are paused until tomorrow, {time}", time=f"{local:%H:%M}")


def _trouble(operation: Json, language: str) -> str:
    return _one_line(f"{_title(operation)}{_colon(language)}{state_of(operation, language)}")


def _title(operation: Json) -> str:
    return clipped(str(operation.get("title") or operation["id"]), _TITLE_UNITS)


def _works_here(status: Json) -> bool:
    operations: Sequence[Json] = status.get("operations", ())
    return not operations or any(str(each["state"]) not in _ABSENT for each in operations)


def _rank(state: str) -> int:
    return _WORST_FIRST.index(state) if state in _WORST_FIRST else len(_WORST_FIRST)


def _colon(language: str) -> str:
    return "\u00a0: " if language == "fr" else ": "


def _one_line(text: str) -> str:
    return " ".join(text.split())


def units(text: str) -> int:
    """Return the length of a text as Windows counts it: in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clipped(text: str, length: int) -> str:
    """Return a text of at most so many UTF-16 units, no character cut in two, with an ellipsis where it was cut."""
    text = text.replace("\0", " ")
    if units(text) <= length:
        return text
    kept = text.encode("utf-16-le", "surrogatepass")[: max(0, length - 1) * 2].decode("utf-16-le", "ignore")
    return f"{kept.rstrip()}…"
