"""A settings file to begin with: every setting with its comment, written from the declarations."""

import textwrap
from collections.abc import Mapping
from typing import Any, Final

from config.kinds import EXAMPLE_STATION
from config.prose import default_text, takes
from config.schema import SettingsSchema
from config.sentence import Sentence
from config.shapes import Anything, Field, Listed, Named, Shape, Single, Table, Variants, fields_of, shape_of
from config.tables import UncheckedTable
from config.toml_text import dotted, write_key, write_text
from config.values import as_toml
from config.variants import tags_of

EXAMPLE_SERVER: Final = "SERVEUR"
_WIDTH: Final = 110


def example(schema: SettingsSchema, language: str = "en") -> str:
    """Return a file that loads, with comments in `language`: what is required filled in, the rest commented out.

    `# text` is a comment; `#key = value` a setting to be taken by removing the `#`, and taken all together they load as
    well. Operations are written switched off, so that nothing is sent anywhere before somebody filled them in. Tables
    that the schema leaves UNCHECKED are left out. TypeError when a setting has nothing to show: no default, no example.
    """
    writer = _Writer(language)
    writer.comment(Sentence.of("Settings of Heitz Service: one file for the whole club, the same on every station."))
    writer.comment(Sentence.of("Lines with # and a space explain; remove a lone # to take the setting after it."))
    club, in_stations, *operations = fields_of(schema.document_class)
    writer.named_table(club, ())
    stations = ("stations", EXAMPLE_SERVER), ("stations", EXAMPLE_STATION)
    writer.begin(in_stations)
    writer.table(stations[0], schema.station_class, is_taken=True, fixed={"server": "true"}, with_tables=False)
    writer.blank()
    writer.table(stations[1], schema.station_class, is_taken=True)
    for operation in operations:
        if operation.key in schema.club_tables:
            writer.named_table(operation, ())
        elif isinstance(operation.shape, Table) and operation.shape.type_ is not UncheckedTable:
            writer.begin(operation)
            writer.table((operation.key,), operation.shape.type_, is_taken=True, fixed={"enabled": "false"})
    return writer.text()


class _Writer:
    def __init__(self, language: str) -> None:
        self._language = language
        self._lines: list[str] = []

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"

    def comment(self, sentence: Sentence | str) -> None:
        text = sentence.render(self._language) if isinstance(sentence, Sentence) else sentence
        self._lines += [f"# {line}" for line in textwrap.wrap(text, _WIDTH)]

    def blank(self) -> None:
        self._lines.append("")

    def begin(self, field: Field) -> None:
        """Begin a table: say what the setting that holds it is for."""
        self.blank()
        self.comment(field.told.help)

    def table(
        self,
        path: tuple[str, ...],
        table: type,
        *,
        is_taken: bool,
        fixed: Mapping[str, str] | None = None,
        with_tables: bool = True,
    ) -> None:
        """Write a table with its header; `fixed` are keys whose value is given and taken."""
        self._header(f"[{dotted(path)}]", is_taken=is_taken)
        self._body(path, table, is_taken=is_taken, fixed=fixed or {}, with_tables=with_tables)

    def named_table(self, field: Field, path: tuple[str, ...], *, is_taken: bool = True) -> None:
        """Write the tables of a setting that has tables of its own: one, one of a list, or one of the named."""
        self.begin(field)
        path = (*path, field.key)
        is_taken = is_taken and field.is_required
        match field.shape:
            case Table(table):
                self.table(path, table, is_taken=is_taken)
            case Variants(tables):
                self.comment(Sentence.of("there are other tables of this name: {others}", others=_others(tables)))
                self.table(path, tables[0], is_taken=is_taken)
            case Listed(item):
                self._header(f"[[{dotted(path)}]]", is_taken=is_taken)
                self._body(path, _table_of(shape_of(item)), is_taken=is_taken)
            case Named(item):
                name = field.told.example if isinstance(field.told.example, str) else "name"
                self.table((*path, name), _table_of(shape_of(item)), is_taken=is_taken)

    def _header(self, header: str, *, is_taken: bool) -> None:
        self._lines.append(header if is_taken else f"#{header}")

    def _body(
        self,
        path: tuple[str, ...],
        table: type | None,
        *,
        is_taken: bool,
        fixed: Mapping[str, str] = {},
        with_tables: bool = True,
    ) -> None:
        fields = list(fields_of(table)) if table else []
        own = [field for field in fields if _has_tables(field.shape)]
        for field in fields:
            if field not in own and not isinstance(field.shape, Anything):
                self._setting(field, fixed.get(field.key), is_taken=is_taken)
        for field in own if with_tables else ():
            self.named_table(field, path, is_taken=is_taken)

    def _setting(self, field: Field, fixed: str | None, *, is_taken: bool) -> None:
        default = default_text(field)
        details = takes(field, self._language)
        if default is not None:
            details = Sentence.of("{takes}; default {value}", takes=details, value=default).render(self._language)
        self.comment(f"{field.told.help.render(self._language)} ({details})")
        is_taken = is_taken and (field.is_required or fixed is not None)
        line = f"{write_key(field.key)} = {fixed or _shown(field, default)}"
        self._lines.append(line if is_taken else f"#{line}")


def _shown(field: Field, default: str | None) -> str:
    value = field.told.example
    if value is None and default is not None:
        return default
    if value is None and isinstance(field.shape, Single):
        value = field.shape.kind.example
    if value is None:
        raise TypeError(f"the setting {field.key} has no default and no example to show: give setting() an example")
    return as_toml(value, field.type_)


def _has_tables(shape: Shape) -> bool:
    return _table_of(shape) is not None or (
        isinstance(shape, Listed | Named) and _table_of(shape_of(shape.item)) is not None
    )


def _table_of(shape: Shape) -> Any:
    if isinstance(shape, Variants):
        return shape.tables[0]
    return shape.type_ if isinstance(shape, Table) else None


def _others(tables: tuple[type, ...]) -> str:
    told = (tags_of(table) for table in tables[1:])
    return "; ".join(", ".join(f"{key} = {write_text(value)}" for key, value in tags.items()) for tags in told)
