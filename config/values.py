"""Settings back as TOML values: one line of text, or the plain value that tomllib would read from it."""

import tomllib
from collections.abc import Iterable
from typing import Any, assert_never

from config.shapes import Anything, Listed, Named, Single, Table, Variants, fields_of, shape_of
from config.toml_text import write_key, write_text
from config.urls import HIDDEN


def as_toml(value: Any, type_: Any) -> str:
    """Return the text of a value of this type, on one line; of secrets the reference, of what is not known `"***"`."""
    shape = shape_of(type_)
    match shape:
        case Single(kind):
            return kind.write(value)
        case Listed(item):
            return f"[{', '.join(as_toml(entry, item) for entry in value)}]"
        case Named(item):
            return _inline((key, as_toml(entry, item)) for key, entry in value.items())
        case Table(table):
            given = ((field, getattr(value, field.attribute)) for field in fields_of(table))
            return _inline((field.key, as_toml(inner, field.type_)) for field, inner in given if inner is not None)
        case Variants():
            return as_toml(value, type(value))
        case Anything():
            return write_text(HIDDEN)
        case _:
            assert_never(shape)


def as_plain(value: Any, type_: Any) -> Any:
    """Return the value as tomllib would read it from the file."""
    return tomllib.loads(f"value = {as_toml(value, type_)}")["value"]


def _inline(entries: Iterable[tuple[str, str]]) -> str:
    inside = ", ".join(f"{write_key(key)} = {text}" for key, text in entries)
    return f"{{ {inside} }}" if inside else "{}"
