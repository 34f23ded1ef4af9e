"""The declaration of one setting, from which its reading, schema, example and documentation all come."""

from collections.abc import Callable
from typing import Any, Final

import attrs

from config.checks import Check
from config.sentence import Sentence

_METADATA: Final = "heitz-service setting"


@attrs.frozen
class Declared:
    """What `setting` was told: kept in the attrs field's metadata."""

    help: Sentence
    check: tuple[Check, ...] = ()
    unit: str | None = None
    example: Any = None
    key: str | None = None


def setting(  # the one place where a setting is described; all but the default by name
    default: Any = attrs.NOTHING,
    *,
    help: Sentence,  # noqa: A002 - a builtin's name, and the word every reader looks for
    check: Check | tuple[Check, ...] = (),
    unit: str | None = None,
    example: Any = None,
    key: str | None = None,
) -> Any:
    """Declare one field of a frozen, keyword-only attrs class that is a table of the settings file.

    `default`: the Python value, or `attrs.Factory`; without it the key is required. `help`: one sentence for people.
    `check`: demands beyond the type, run wherever the class is made. `unit`: what a bare number counts ("m", "%").
    `example`: a Python value for the example file; required settings need one unless their type has its own. `key`: the
    name in the file where Python's word is taken (`from`).
    """
    checks = check if isinstance(check, tuple) else (check,)

    def validate(_instance: Any, _field: Any, value: Any) -> None:
        check_value(value, checks)

    return attrs.field(
        default=default,
        validator=validate if checks else None,
        metadata={_METADATA: Declared(help, checks, unit, example, key)},
    )


def check_value(value: Any, checks: tuple[Check, ...]) -> None:
    """Run the checks over a value; None, the absence of an optional setting, is not checked."""
    if value is not None:
        for check in checks:
            check(value)


def not_in_file(factory: Callable[[], Any]) -> Any:
    """Declare a field, shown by no repr, that the file does not hold and that whoever reads the table fills in."""
    return attrs.field(factory=factory, repr=False, metadata={_METADATA: None})


def declared(field: "attrs.Attribute[Any]") -> Declared | None:
    """Return what `setting` was told of this field, None for a field that is not in the file.

    TypeError for a plain field: the file could never set it, and nobody would be told.
    """
    if not field.init:
        return None
    if _METADATA not in field.metadata:
        raise TypeError(f"the field {field.name} is not declared with setting()")
    found = field.metadata[_METADATA]
    return found if isinstance(found, Declared) else None
