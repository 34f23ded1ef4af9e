"""From plain TOML values to frozen attrs by cattrs, with strict hooks; every refusal comes out with its path."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any, assert_never

import attrs
import cattrs
from cattrs.cols import list_structure_factory, mapping_structure_factory
from cattrs.gen import make_dict_structure_fn, override

from config.declaration import check_value
from config.kinds import Context, kind_of, unexpected
from config.positions import Path as KeyPath
from config.problem import ValueRefusedError, did_you_mean
from config.sentence import Sentence
from config.shapes import Anything, Field, Listed, Named, Single, Table, Variants, fields_of, shape_of, without_none
from config.tables import OperationSettings, UncheckedTable
from config.variants import chosen

Hook = Callable[[Any, Any], Any]
Refusal = tuple[KeyPath, ValueRefusedError]


def structured(raw: Any, type_: type, context: Context) -> Any:
    """Return the raw value as `type_`; raises what `refusals` takes apart."""
    return _converter(context).structure(raw, type_)


def refusals(error: Exception, path: KeyPath = ()) -> Iterator[Refusal]:
    """Yield each fault inside what `structured` raised, with its path; raise again what is a fault of the program."""
    match error:
        case cattrs.ClassValidationError():
            with_notes, others = error.group_exceptions()
            keys = {field.attribute: field.key for field in fields_of(error.cl)}
            for inner, note in with_notes:
                yield from refusals(inner, (*path, keys[note.name]))
            for inner in others:
                yield from refusals(inner, path)
        case cattrs.IterableValidationError():
            for inner, place in error.group_exceptions()[0]:
                yield from refusals(inner, (*path, place.index))
        case cattrs.ForbiddenExtraKeysError():
            known = [field.key for field in fields_of(error.cl)]
            for key in sorted(error.extra_fields):
                yield (*path, key), ValueRefusedError(Sentence.of("unknown key"), suggestion=did_you_mean(key, known))
        case KeyError():
            yield path, ValueRefusedError(Sentence.of("missing"), is_missing=True)
        case ValueRefusedError():
            yield (*path, *error.key), error
        case _:
            raise error


def frozen(raw: Any) -> Any:
    """Return plain TOML values made immutable: mappings read-only, lists as tuples."""
    match raw:
        case dict():
            return MappingProxyType({key: frozen(value) for key, value in raw.items()})
        case list():
            return tuple(frozen(value) for value in raw)
        case _:
            return raw


def _converter(context: Context) -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=True, forbid_extra_keys=True)

    def single(raw: Any, type_: Any) -> Any:
        kind = kind_of(type_)
        assert kind is not None, type_  # noqa: S101 - registered for types that have a kind
        return kind.read(raw, context)

    def factory(type_: Any, converter: cattrs.Converter) -> Hook:
        return _hook_for(type_, converter, context)

    converter.register_structure_hook_factory(lambda _type: True, factory)
    # cattrs asks its singledispatch register first, where these and their subclasses have coercing hooks.
    for coerced in (str, int, float, Path):
        converter.register_structure_hook(coerced, single)
    return converter


def _hook_for(type_: Any, converter: cattrs.Converter, context: Context) -> Hook:  # noqa: PLR0911 - one for each shape
    shape = shape_of(type_)
    match shape:
        case Single(kind):
            return lambda raw, _type: kind.read(raw, context)
        case Listed(item):
            listed: Any = list.__class_getitem__(item)
            inner = list_structure_factory(listed, converter)
            return lambda raw, _type: tuple(inner(_a(list, raw, Sentence.of("a list")), listed))
        case Named(item):
            named: Any = dict.__class_getitem__((str, item))
            entries = mapping_structure_factory(named, converter)
            return lambda raw, _type: MappingProxyType(entries(_a(dict, raw, Sentence.of("a table")), named))
        case Table(table) if table is UncheckedTable:
            return _unchecked_hook(converter)
        case Table(table):
            return _table_hook(table, converter)
        case Variants(tables):
            return lambda raw, _type: converter.structure(raw, chosen(tables, _a(dict, raw, Sentence.of("a table"))))
        case Anything():
            return lambda raw, _type: frozen(raw)
        case _:
            assert_never(shape)


def _a(expected: type, raw: Any, name: Sentence) -> Any:
    if not isinstance(raw, expected):
        raise unexpected(name, raw)
    return raw


def _table_hook(table: type, converter: cattrs.Converter) -> Hook:
    overrides: dict[str, Any] = {
        field.attribute: override(rename=field.key, struct_hook=_field_hook(field, converter))
        for field in fields_of(table)
    }
    structure: Hook = make_dict_structure_fn(table, converter, _cattrs_forbid_extra_keys=True, **overrides)

    def hook(raw: Any, type_: Any) -> Any:
        _a(dict, raw, Sentence.of("a table"))
        try:
            return structure(raw, type_)
        except cattrs.ClassValidationError as error:
            if not issubclass(table, OperationSettings) or raw.get("enabled") is not False:
                raise
            # Switched off: what lacks is not asked for. cattrs tells a key that lacks by a plain KeyError.
            wrong = [inner for inner in error.exceptions if not isinstance(inner, KeyError)]
            if wrong:
                raise error.derive(wrong) from None
            return converter.structure(raw, UncheckedTable)

    return hook


def _field_hook(field: Field, converter: cattrs.Converter) -> Hook:
    inner_type = without_none(field.type_)
    structure = converter.get_structure_hook(inner_type)

    def hook(raw: Any, _type: Any) -> Any:
        value = structure(raw, inner_type)
        check_value(value, field.told.check)
        return value

    return hook


def _unchecked_hook(converter: cattrs.Converter) -> Hook:
    shared = {field.key: field for field in fields_of(UncheckedTable)}
    overrides: dict[str, Any] = {
        key: override(struct_hook=_field_hook(field, converter)) for key, field in shared.items()
    }
    structure: Hook = make_dict_structure_fn(UncheckedTable, converter, values=override(omit=True), **overrides)

    def hook(raw: Any, type_: Any) -> Any:
        _a(dict, raw, Sentence.of("a table"))
        table = structure({key: value for key, value in raw.items() if key in shared}, type_)
        return attrs.evolve(table, values=frozen(raw))

    return hook
