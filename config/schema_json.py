"""The settings file described in JSON Schema 2020-12, for editors and for whoever writes the file by program."""

from datetime import date
from typing import Any, Final, assert_never

from config.schema import SettingsSchema
from config.sentence import Sentence
from config.shapes import Anything, Field, Listed, Named, Single, Table, Variants, fields_of, shape_of
from config.tables import OperationSettings, UncheckedTable
from config.values import as_plain

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema(schema: SettingsSchema, language: str = "en") -> dict[str, Any]:
    """Return the JSON Schema of the file, descriptions in `language`.

    It says what JSON Schema can: types, keys, choices, patterns, bounds of numbers. One server, stations that exist and
    bounds of durations it cannot; `load` checks those.
    """
    return {
        "$schema": _DIALECT,
        "title": Sentence.of("settings of Heitz Service").render(language),
        **_table(schema.document_class, language),
    }


def _of_type(type_: Any, language: str) -> dict[str, Any]:
    shape = shape_of(type_)
    match shape:
        case Single(kind):
            return dict(kind.json)
        case Listed(item):
            return {"type": "array", "items": _of_type(item, language)}
        case Named(item):
            return {"type": "object", "additionalProperties": _of_type(item, language)}
        case Table(table):
            return _table(table, language)
        case Variants(tables):
            return {"oneOf": [_table(table, language) for table in tables]}
        case Anything():
            return {}
        case _:
            assert_never(shape)


def _table(table: type, language: str) -> dict[str, Any]:
    fields = list(fields_of(table))
    required = [field.key for field in fields if field.is_required]
    described: dict[str, Any] = {
        "type": "object",
        "properties": {field.key: _field(field, language) for field in fields},
        "additionalProperties": table is UncheckedTable,
    }
    if required and issubclass(table, OperationSettings):
        # What is switched off may be incomplete.
        described["if"] = {"properties": {"enabled": {"const": False}}, "required": ["enabled"]}
        described["else"] = {"required": required}
    elif required:
        described["required"] = required
    return described


def _field(field: Field, language: str) -> dict[str, Any]:
    described = {"description": field.told.help.render(language), **_of_type(field.type_, language)}
    for check in field.told.check:
        # Under allOf, for a check's pattern must not replace the kind's own.
        demand = check.json_schema(described.get("type", "string"))
        if demand:
            described.setdefault("allOf", []).append(demand)
    if not field.is_required and field.default_value() is not None:
        default = as_plain(field.default_value(), field.type_)
        described["default"] = default.isoformat() if isinstance(default, date) else default
    return described
