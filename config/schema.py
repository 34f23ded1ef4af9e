"""What a settings file may hold: the club's own tables, and those that operations contribute."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from config.checks import NotEmpty
from config.declaration import setting
from config.problem import ValueRefusedError
from config.sentence import Sentence
from config.shapes import (
    UNCHECKED,
    Anything,
    Listed,
    Named,
    Single,
    Table,
    Unchecked,
    Variants,
    fields_of,
    shape_of,
    without_none,
)
from config.tables import ClubSettings, OperationSettings, UncheckedTable
from config.variants import check_variants

Rule = Callable[[Mapping[str, Any]], Iterable[tuple[tuple[str | int, ...], ValueRefusedError]]]


def _read_only(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(values))


@attrs.frozen
class SettingsSchema:
    """The tables that a file may hold beside `[club]` and `[stations]`.

    `operations`: by id, the operation's settings class (derived from OperationSettings), or UNCHECKED while it has
    none. `station_tables`: by key, what an operation adds to each station: an attrs class, `tuple[attrs class, ...]`
    for `[[stations.X.key]]`, or UNCHECKED. `rules` yield, of the raw values, what does not agree between tables: a path
    and its refusal, told beside all other problems. `club_tables`: by key, the program's own tables, which may be
    missing. `SUMMARY: ClassVar[Sentence]` of a class tells what the table is for. A class that cannot be settings is a
    TypeError here, not at the first file.
    """

    operations: Mapping[str, Any] = attrs.field(factory=dict, converter=_read_only)
    station_tables: Mapping[str, Any] = attrs.field(factory=dict, converter=_read_only)
    rules: tuple[Rule, ...] = ()
    club_tables: Mapping[str, type] = attrs.field(factory=dict, converter=_read_only)
    station_class: type = attrs.field(init=False, eq=False, repr=False)
    document_class: type = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "station_class", self._make_station_class())
        object.__setattr__(self, "document_class", self._make_document_class())

    def _make_station_class(self) -> type:
        fields: dict[str, tuple[Any, Any]] = {
            "server": (bool, setting(False, help=Sentence.of("true on the one station that is the club's server"))),
            "web_server": (bool, setting(False, help=Sentence.of("true on the stations that serve as web server"))),
        }
        for key, type_ in self.station_tables.items():
            _refuse(key in fields, f"the station table {key} is named like a key of every station")
            told = _summary(type_, Sentence.of("{name} of this station", name=key))
            fields[key] = (_optional(type_), setting(None, help=told))
        return _make_table("StationTable", fields)

    def _make_document_class(self) -> type:
        stations = Mapping[str, self.station_class]  # type: ignore[name-defined]  # made for this schema
        fields: dict[str, tuple[Any, Any]] = {
            "club": (ClubSettings, setting(help=Sentence.of("the club"))),
            "stations": (
                stations,
                setting(
                    check=NotEmpty(),
                    help=Sentence.of("every station of the club, by its name: the computer's, or as told to --station"),
                ),
            ),
        }
        for operation_id, type_ in self.operations.items():
            _refuse(operation_id in fields, f"the operation {operation_id} is named like a table of every file")
            table = UncheckedTable if isinstance(type_, Unchecked) else type_
            _refuse(
                not (isinstance(table, type) and issubclass(table, OperationSettings)),
                f"the settings of {operation_id} do not derive from OperationSettings: {table!r}",
            )
            told = _summary(type_, Sentence.of("the operation {name}", name=operation_id))
            fields[operation_id] = (_optional(table), setting(None, help=told))
        for key, own in self.club_tables.items():
            _refuse(key in fields, f"the table {key} is named like another one of every file")
            told = _summary(own, Sentence.of("the table {name}", name=key))
            fields[key] = (_optional(own), setting(None, help=told))
        return _make_table("Document", fields)


def _optional(type_: Any) -> Any:
    _check_type(type_)
    # UNCHECKED is a value, which cannot stand in a union; its absence is None all the same.
    return type_ if isinstance(type_, Unchecked) else type_ | None


def _check_type(type_: Any) -> None:
    """Raise TypeError when any type within is none that settings can have."""
    match shape_of(type_):
        case Listed(item) | Named(item):
            _check_type(item)
        case Table(table):
            for field in fields_of(table):
                _check_type(field.type_)
        case Variants(tables):
            for table in tables:
                _check_type(table)
            check_variants(tables)
        case Single() | Anything():
            return


def _summary(type_: Any, fallback: Sentence) -> Sentence:
    if isinstance(type_, Unchecked):
        return Sentence.of("kept as it is: this version of the program does not read it")
    shape = shape_of(type_)
    table = without_none(shape.item if isinstance(shape, Listed) else type_)
    summary = getattr(table, "SUMMARY", None)
    return summary if isinstance(summary, Sentence) else fallback


def _make_table(name: str, fields: Mapping[str, tuple[Any, Any]]) -> type:
    for key in fields:
        _refuse(not key.isidentifier(), f"{key!r} cannot be a table's name")
    body = {"__annotations__": {key: type_ for key, (type_, _field) in fields.items()}}
    return attrs.frozen(kw_only=True)(type(name, (), body | {key: field for key, (_type, field) in fields.items()}))


def _refuse(refused: bool, why: str) -> None:  # noqa: FBT001 - a condition
    if refused:
        raise TypeError(why)


__all__ = ["UNCHECKED", "SettingsSchema"]
