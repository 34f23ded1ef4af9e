"""Validators of single fields: each refuses with the field's name and the reason. Pure."""

import math
from collections.abc import Callable
from typing import Any

import attrs

from config.sentence import Sentence
from supervisor.errors import SpecError


def refuse(instance: object, field: str, problem: Sentence) -> SpecError:
    """Return the error for a field of `instance`, naming the child where the instance has an id."""
    return SpecError(field, str(getattr(instance, "id", "") or type(instance).__name__), problem)


def finite(instance: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    """Refuse what is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise refuse(instance, attribute.name, Sentence.of("must be a finite number, not {value}", value=repr(value)))


def positive(instance: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    """Refuse zero and less."""
    if value <= 0:
        raise refuse(instance, attribute.name, Sentence.of("must be more than 0, not {value}", value=value))


def at_least(least: float) -> Callable[[object, "attrs.Attribute[Any]", Any], None]:
    """Return a validator that refuses less than `least`."""

    def check(instance: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        if value < least:
            raise refuse(
                instance,
                attribute.name,
                Sentence.of("must be at least {least}, not {value}", least=least, value=value),
            )

    return check


Check = Callable[[object, "attrs.Attribute[Any]", Any], None]


def unless_none(*checks: Check) -> Check:
    """Return a validator that lets None pass and has everything else pass all of `checks`."""

    def check(instance: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        if value is not None:
            for each in checks:
                each(instance, attribute, value)

    return check


def whole(instance: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    """Refuse what is not a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise refuse(instance, attribute.name, Sentence.of("must be a whole number, not {value}", value=repr(value)))


def one_of(kind: type | tuple[type, ...]) -> Callable[[object, "attrs.Attribute[Any]", Any], None]:
    """Return a validator that refuses a value of another type: a string where an enum stands, say."""

    def check(instance: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        if not isinstance(value, kind):
            names = ", ".join(each.__name__ for each in (kind if isinstance(kind, tuple) else (kind,)))
            raise refuse(
                instance,
                attribute.name,
                Sentence.of("must be one of {names}, not {value}", names=names, value=repr(value)),
            )

    return check
