"""What a setting demands of its value beyond its type; each check also explains itself to schema and documentation."""

import re
from collections.abc import Callable, Sized
from datetime import time, timedelta
from typing import Any, Protocol

import attrs

from config.problem import ValueRefusedError
from config.sentence import Sentence
from config.units import format_duration, format_size, format_time_of_day


class Check(Protocol):
    """A demand on a value that has its type already."""

    def __call__(self, value: Any) -> None:
        """Return when the value is accepted; raise ValueRefusedError when not."""

    @property
    def rule(self) -> Sentence:
        """What is demanded, for the documentation."""

    def json_schema(self, written: str) -> dict[str, Any]:
        """Return the demand in JSON Schema's words; `written` is the value's JSON type. Empty when it has none."""


def _bound(value: Any) -> Any:
    match value:
        case timedelta():
            return format_duration(value)
        case time():
            return format_time_of_day(value)
        case _:
            return value


@attrs.frozen
class Between:
    """The value lies between two bounds, both included; None leaves a side open. Numbers, durations, times, sizes."""

    minimum: Any = None
    maximum: Any = None
    write: Callable[[Any], Any] = _bound

    def __call__(self, value: Any) -> None:
        """Refuse a value out of bounds."""
        if (self.minimum is not None and value < self.minimum) or (self.maximum is not None and value > self.maximum):
            raise ValueRefusedError(Sentence.of("out of bounds"), suggestion=self.rule)

    @property
    def rule(self) -> Sentence:
        """The bounds in words, durations and times as the file writes them."""
        low, high = self.write(self.minimum), self.write(self.maximum)
        if self.maximum is None:
            return Sentence.of("at least {low}", low=low)
        if self.minimum is None:
            return Sentence.of("at most {high}", high=high)
        return Sentence.of("between {low} and {high}", low=low, high=high)

    def json_schema(self, written: str) -> dict[str, Any]:
        """Return the bounds of a number; JSON Schema compares no durations."""
        if written not in ("integer", "number"):
            return {}
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        return {name: bound for name, bound in bounds.items() if bound is not None}


def size_between(minimum: int | None = None, maximum: int | None = None) -> Between:
    """Return the bounds of a Size, in bytes, which tells them as the file writes sizes."""
    return Between(minimum, maximum, lambda size: None if size is None else format_size(size))


@attrs.frozen
class NotEmpty:
    """A text has a character that is no space, a list or a mapping an entry."""

    def __call__(self, value: Sized) -> None:
        """Refuse an empty value, and a text of spaces."""
        if not (value.strip() if isinstance(value, str) else value):
            raise ValueRefusedError(Sentence.of("must not be empty"))

    @property
    def rule(self) -> Sentence:
        """The demand in words."""
        return Sentence.of("not empty")

    def json_schema(self, written: str) -> dict[str, Any]:
        """Return the demand for a text, a list or a table."""
        match written:
            case "string":
                return {"pattern": r"\S"}
            case "array":
                return {"minItems": 1}
            case _:
                return {"minProperties": 1}


@attrs.frozen
class Matching:
    """A text matches a regular expression as a whole; `rule` says in words what that is: `two capital letters`."""

    pattern: str
    rule: Sentence

    def __call__(self, value: str) -> None:
        """Refuse a text that does not match."""
        if re.fullmatch(self.pattern, value) is None:
            raise ValueRefusedError(Sentence.of("expected {rule}", rule=self.rule))

    def json_schema(self, written: str) -> dict[str, Any]:
        """Return the pattern, anchored at both ends, which JSON Schema's are not."""
        return {"pattern": f"^(?:{self.pattern})$"} if written == "string" else {}


@attrs.frozen
class Judged:
    """A function finds nothing against the value; `rule` says in words what it demands.

    `judge(value)` returns None when it accepts, else the sentence of why not, with what to do.
    """

    judge: Callable[[Any], Sentence | None]
    rule: Sentence

    def __call__(self, value: Any) -> None:
        """Refuse what the function has something against."""
        objection = self.judge(value)
        if objection is not None:
            raise ValueRefusedError(objection)

    def json_schema(self, written: str) -> dict[str, Any]:  # noqa: ARG002 - the protocol's
        """Return nothing: JSON Schema knows no functions."""
        return {}


@attrs.frozen
class Distinct:
    """A list names nothing twice."""

    def __call__(self, value: tuple[Any, ...]) -> None:
        """Refuse the second of two equal entries."""
        for place, item in enumerate(value):
            if item in value[:place]:
                raise ValueRefusedError(Sentence.of("named twice"), key=(place,))

    @property
    def rule(self) -> Sentence:
        """The demand in words."""
        return Sentence.of("nothing twice")

    def json_schema(self, written: str) -> dict[str, Any]:
        """Return the demand for a list."""
        return {"uniqueItems": True} if written == "array" else {}
