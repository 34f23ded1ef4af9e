"""The shape of a field's type (single value, list, named entries, table, anything), which every walker matches."""

from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin

import attrs

from config.declaration import Declared, declared
from config.kinds import Kind, kind_of


class Unchecked:
    """The type of `UNCHECKED`: a table whose own description is not known; kept as plain immutable values."""

    def __repr__(self) -> str:
        return "UNCHECKED"


UNCHECKED: Final = Unchecked()


@attrs.frozen
class Single:
    """A single value of a kind."""

    kind: Kind


@attrs.frozen
class Listed:
    """A list of `item`s: `tuple[item, ...]`."""

    item: Any


@attrs.frozen
class Named:
    """A table whose keys are names that people choose: `Mapping[str, item]`."""

    item: Any


@attrs.frozen
class Table:
    """A table with known keys: an attrs class made of settings."""

    type_: type


@attrs.frozen
class Variants:
    """One of several tables with known keys, told apart as `config.variants` says: a union of attrs classes."""

    tables: tuple[type, ...]


@attrs.frozen
class Anything:
    """Whatever TOML can hold."""


Shape = Single | Listed | Named | Table | Variants | Anything


@attrs.frozen
class Field:
    """One setting of a table: its name in the file, its attribute, type, shape and declaration."""

    key: str
    attribute: str
    type_: Any
    shape: Shape
    default: Any
    told: Declared

    @property
    def is_required(self) -> bool:
        """Whether the file must hold it."""
        return self.default is attrs.NOTHING

    def default_value(self) -> Any:
        """Return the default as a value, made anew where it is a factory."""
        if isinstance(self.default, attrs.Factory):  # type: ignore[arg-type]  # a class, typed as a function
            return self.default.factory()
        return self.default


def shape_of(type_: Any) -> Shape:
    """Return the shape of a type; `X | None` has the shape of X. TypeError for what settings cannot be."""
    type_ = without_none(type_)
    kind = kind_of(type_)
    if kind is not None:
        return Single(kind)
    if isinstance(type_, Unchecked):
        return Anything()
    arguments = get_args(type_)
    if get_origin(type_) is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:  # noqa: PLR2004 - tuple[X, ...]
        return Listed(arguments[0])
    if get_origin(type_) is Mapping and arguments[0] is str:
        return Named(arguments[1])
    if isinstance(type_, type) and attrs.has(type_):
        return Table(type_)
    if _is_union(type_) and all(isinstance(each, type) and attrs.has(each) for each in arguments):
        return Variants(arguments)
    raise TypeError(f"a setting cannot be of type {type_!r}: see config.kinds for the types there are")


def may_show(type_: Any, path: tuple[str | int, ...]) -> bool:
    """Whether the value at a path within a value of this type may be shown: not a secret, nor what nobody knows."""
    shape = shape_of(type_)
    if not path:
        return not (isinstance(shape, Anything) or (isinstance(shape, Single) and shape.kind.hides))
    match shape:
        case Listed(item) | Named(item):
            return may_show(item, path[1:])
        case Table(table):
            return _may_show_key((table,), path)
        case Variants(tables):
            return _may_show_key(tables, path)
        case _:
            return False


def _may_show_key(tables: tuple[type, ...], path: tuple[str | int, ...]) -> bool:
    """Whether no table has a secret there, and some table has something there."""
    inner = [field.type_ for table in tables for field in fields_of(table) if field.key == path[0]]
    return bool(inner) and all(may_show(type_, path[1:]) for type_ in inner)


def without_none(type_: Any) -> Any:
    """Return X for `X | None`, `X | Y` for `X | Y | None`, any other type as it is."""
    if _is_union(type_) and NoneType in get_args(type_):
        return Union[tuple(argument for argument in get_args(type_) if argument is not NoneType)]  # noqa: UP007 - made of a tuple
    return type_


def _is_union(type_: Any) -> bool:
    return get_origin(type_) in (Union, UnionType)


def fields_of(type_: type) -> Iterator[Field]:
    """Yield the settings of a table's class in their order; TypeError for a field that is none."""
    attrs.resolve_types(type_, include_extras=True)
    for field in attrs.fields(type_):
        told = declared(field)
        if told is not None:
            yield Field(told.key or field.name, field.name, field.type, shape_of(field.type), field.default, told)
