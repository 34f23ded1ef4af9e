"""The settings in force, each with where it comes from: what `config show` shows."""

from collections.abc import Iterator
from typing import Any, assert_never

import attrs

from config.positions import Path as KeyPath
from config.sentence import Sentence
from config.settings import Settings
from config.shapes import Anything, Listed, Named, Single, Table, Variants, fields_of, shape_of
from config.tables import UncheckedTable
from config.toml_text import dotted, write_text
from config.urls import HIDDEN
from config.values import as_toml


@attrs.frozen(kw_only=True)
class Effective:
    """One value in force: its dotted key, its TOML text (secrets hidden), its line in the file, None for a default."""

    key: str
    value: str
    line: int | None


def effective(settings: Settings) -> tuple[Effective, ...]:
    """Return every value in force, in the order of the schema; settings that are absent and have no default are not."""
    return tuple(
        Effective(key=dotted(path), value=text, line=settings.lines.get(path))
        for path, text in _values(settings.document, type(settings.document), ())
    )


def show(settings: Settings, language: str) -> str:
    """Return the settings in force as aligned lines `key = value  # origin`, for people."""
    found = effective(settings)
    lines = [f"{entry.key} = {entry.value}" for entry in found]
    width = min(max(map(len, lines)), 60)
    return "\n".join(
        [
            f"# {settings.file}",
            *(
                f"{line:<{width}}  # {_origin(entry).render(language)}"
                for line, entry in zip(lines, found, strict=True)
            ),
        ]
    )


def _origin(entry: Effective) -> Sentence:
    return Sentence.of("line {line}", line=entry.line) if entry.line else Sentence.of("default")


def _values(value: Any, type_: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, UncheckedTable):
        yield from _unchecked(value, path)
        return
    shape = shape_of(type_)
    match shape:
        case Single() | Anything():
            yield path, as_toml(value, type_)
        case Listed(item):
            if value and isinstance(shape_of(item), Table | Variants):
                for place, entry in enumerate(value):
                    yield from _values(entry, item, (*path, place))
            else:
                yield path, as_toml(value, type_)
        case Named(item):
            for name, entry in value.items():
                yield from _values(entry, item, (*path, name))
        case Table(table):
            yield from _keys(value, table, path)
        case Variants():
            yield from _keys(value, type(value), path)
        case _:
            assert_never(shape)


def _keys(value: Any, table: type, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    for field in fields_of(table):
        inner = getattr(value, field.attribute)
        if inner is not None:
            yield from _values(inner, field.type_, (*path, field.key))


def _unchecked(table: UncheckedTable, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    yield from _keys(table, UncheckedTable, path)
    known = {field.key for field in fields_of(UncheckedTable)}
    for key in table.values:
        if key not in known:
            yield (*path, key), write_text(HIDDEN)
