"""A setting told in words: what it is for, what it takes, what it is when the file does not say."""

from typing import Any, assert_never

from config.sentence import Sentence
from config.shapes import Anything, Field, Listed, Named, Single, Table, Variants, shape_of
from config.values import as_toml


def takes(field: Field, language: str) -> str:
    """Return what the setting takes: its kind, unit and rules, as in `a whole number, between 1 and 65535`."""
    unit = [Sentence.of("in {unit}", unit=field.told.unit)] if field.told.unit else []
    rules = [check.rule for check in field.told.check]
    return ", ".join(part.render(language) for part in (kind_name(field.type_), *unit, *rules))


def default_text(field: Field) -> str | None:
    """Return the default as the file would write it; None when there is none to write."""
    if field.is_required or field.default_value() is None:
        return None
    return as_toml(field.default_value(), field.type_)


def kind_name(type_: Any) -> Sentence:
    """Return what values of a type are called."""
    shape = shape_of(type_)
    match shape:
        case Single(kind):
            return kind.name
        case Listed(item):
            return Sentence.of("a list, each {item}", item=kind_name(item))
        case Named(item):
            return Sentence.of("by name, {item}", item=kind_name(item))
        case Table() | Variants():
            return Sentence.of("a table")
        case Anything():
            return Sentence.of("anything")
        case _:
            assert_never(shape)
