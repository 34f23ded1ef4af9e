"""Requests and answers that the settings describe: places filled in, and values found."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from actors.http.exchange import NotJsonError, Reply
from actors.sms.adapters.http.verdict import at, name_of
from config.problem import did_you_mean, one_of
from config.sentence import Sentence

PLACES: Final = (
    "to", "to_digits", "text", "reference", "sender", "category", "minutes", "user", "password", "token", "id",
)  # fmt: skip
_PLACE: Final = re.compile(r"\{([a-z_]+)\}")


def objection_to_template(text: str) -> Sentence | None:
    """Return what is wrong with a template: a place that nobody fills."""
    for name in _PLACE.findall(text):
        if name not in PLACES:
            return Sentence.of(
                "nobody fills in {place}; {remedy}",
                place="{" + name + "}",
                remedy=did_you_mean(name, PLACES) or Sentence.of("there are {places}", places=one_of(PLACES)),
            )
    return None


def objection_to_json(text: str) -> Sentence | None:
    """Return what is wrong with a JSON template."""
    try:
        json.loads(text)
    except ValueError as error:
        return Sentence.of("not JSON ({why})", why=str(error))
    return objection_to_template(text)


def objection_to_where(text: str) -> Sentence | None:
    """Return what is wrong with the place of a value: `~` and a regular expression with a group, or a dotted path."""
    if not text.startswith("~"):
        return None if re.fullmatch(r"[^.\s]+(\.[^.\s]+)*", text) else Sentence.of("not a path such as messages.0.id")
    try:
        groups = re.compile(text[1:]).groups
    except re.error as error:
        return Sentence.of("not a regular expression ({why})", why=str(error))
    return None if groups == 1 else Sentence.of("the regular expression needs one group: what is between ( and )")


def places_in(text: str) -> set[str]:
    """Return the places of a template."""
    return set(_PLACE.findall(text))


def filled(text: str, values: Callable[[str], str]) -> str:
    """Return a template with its places filled in."""
    return _PLACE.sub(lambda found: values(found[1]), text)


def filled_url(text: str, values: Callable[[str], str]) -> str:
    """Return an address with its places filled in, each percent-encoded whole."""
    return filled(text, lambda name: quote(values(name), safe=""))


def filled_json(text: str, values: Callable[[str], str]) -> Any:
    """Return the value of a JSON template, places in its texts filled in: no text can break out of its quotes."""

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return filled(value, values)
        if isinstance(value, list):
            return [walk(each) for each in value]
        if isinstance(value, Mapping):
            return {key: walk(each) for key, each in value.items()}
        return value

    return walk(json.loads(text))


def found_in(reply: Reply, where: str | None) -> str | None:
    """Return the text or number that stands in an answer where the settings say; None when nothing does."""
    if where is None:
        return None
    if where.startswith("~"):
        match = re.search(where[1:], reply.text()) if reply.is_whole else None
        return match[1] if match else None
    try:
        value = reply.json()
    except NotJsonError:
        return None
    found = at(value, *(int(step) if step.isdigit() else step for step in where.split(".")))
    return ("true" if found else "false") if isinstance(found, bool) else name_of(found)
