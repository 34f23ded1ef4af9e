"""One message of `email show` as text: who it is for, what became of it, and every delivery that was tried."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from config.sentence import Sentence
from service.terminal import Terminal, wrap
from service.words import counter_word, instant

Json = Mapping[str, Any]

_LABEL_COLUMNS: Final = 16
_LINES_OF_BODY: Final = 12


def render_message(message: Json, terminal: Terminal, language: str, now: datetime) -> str:
    """Return the page of a message."""
    lines: list[str] = []

    def field(label: Sentence, value: object) -> None:
        if value not in (None, ""):
            said = Sentence.of("{label}:", label=label).render(language).ljust(_LABEL_COLUMNS)
            for line in wrap(str(value), terminal.columns - _LABEL_COLUMNS):
                lines.append(said + line)
                said = " " * _LABEL_COLUMNS

    field(Sentence.of("number"), message["id"])
    field(Sentence.of("state"), counter_word(str(message["state"]), language))
    field(Sentence.of("error"), message["error"])
    field(Sentence.of("recipient"), message["recipient"])
    field(Sentence.of("subject"), message["subject"])
    field(Sentence.of("reference"), message["reference"])
    field(Sentence.of("source"), message["source"])
    field(Sentence.of("written"), _at(message["created_at"], now, language))
    field(Sentence.of("sent"), _at(message["sent_at"], now, language))
    field(Sentence.of("next attempt"), _at(message["next_attempt_at"], now, language))
    field(Sentence.of("Message-ID"), message["message_id"])
    for attachment in message["attachments"]:
        size = Sentence.of("{name} ({size} bytes)", name=attachment["name"], size=attachment["size"])
        field(Sentence.of("attachment"), size.render(language))
    for one in message["recipients"]:
        field(Sentence.of("to"), _became(one["address"], one, language))
    for one in message["deliveries"]:
        at = f"{one['attempt']}. {_at(one['ended_at'], now, language)}, {one['station']}"
        field(Sentence.of("delivery"), _became(at, one | {"state": one["outcome"]}, language))
    lines += _body(str(message.get("text_body") or message.get("html_body") or ""), terminal)
    return "\n".join(lines)


def _at(text: str | None, now: datetime, language: str) -> str | None:
    return instant(text, now, language) if text else None


def _became(what: str, one: Json, language: str) -> str:
    error = f" ({one['error']})" if one["error"] else ""
    state = counter_word(str(one["state"]), language)
    return Sentence.of("{what}: {became}", what=what, became=f"{state}{error}").render(language)


def _body(text: str, terminal: Terminal) -> Iterator[str]:
    paragraphs = text.split("\n")
    if text:
        yield ""
    for paragraph in paragraphs[:_LINES_OF_BODY]:
        yield from list(wrap(paragraph, terminal.columns)) or [""]
    if len(paragraphs) > _LINES_OF_BODY:
        yield "..."
