"""One message of `email show` or `sms show` as text: who it is for, what became of it, each attempt to deliver it."""

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
    field(Sentence.of("subject"), message.get("subject"))
    if message.get("category") == "marketing":
        field(Sentence.of("category"), Sentence.of("marketing").render(language))
    field(Sentence.of("parts"), message.get("parts"))
    field(Sentence.of("client"), message.get("client_id"))
    field(Sentence.of("reference"), message["reference"])
    field(Sentence.of("source"), message["source"])
    field(Sentence.of("written"), _at(message["created_at"], now, language))
    field(Sentence.of("sent"), _at(message["sent_at"], now, language))
    field(Sentence.of("delivered"), _at(message.get("delivered_at"), now, language))
    field(Sentence.of("next attempt"), _at(message["next_attempt_at"], now, language))
    field(Sentence.of("Message-ID"), message.get("message_id"))
    field(Sentence.of("at the provider"), message.get("provider_reference"))
    field(Sentence.of("sent as"), message.get("sent_as"))
    for attachment in message.get("attachments", ()):
        size = Sentence.of("{name} ({size} bytes)", name=attachment["name"], size=attachment["size"])
        field(Sentence.of("attachment"), size.render(language))
    for one in message.get("recipients", ()):
        field(Sentence.of("to"), _became(one["address"], one, language))
    for one in message["deliveries"]:
        who = one["station"] or Sentence.of("a person").render(language)
        at = f"{one['attempt']}. {_at(one['ended_at'], now, language)}, {who}"
        field(Sentence.of("delivery"), _became(at, one | {"state": one["outcome"]}, language))
    lines += _body(_text_of(message), terminal)
    return "\n".join(lines)


def _text_of(message: Json) -> str:
    texts = (message.get(name) for name in ("text_body", "html_body", "body"))
    return str(next((text for text in texts if text), ""))


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
