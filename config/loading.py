"""From a settings file to Settings, or to every problem that it has."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cattrs

from config.document import Document, parse, read_bytes
from config.kinds import Context
from config.positions import Path as KeyPath
from config.problem import Problem, SettingsError, ValueRefusedError, one_of
from config.reading import Refusal, refusals, structured
from config.schema import SettingsSchema
from config.sentence import Sentence
from config.settings import Settings
from config.shapes import may_show
from config.tables import STATION_NAME, StationSettings
from config.toml_text import dotted, write_text
from config.urls import mask_url

_LONGEST_SHOWN = 60


def load(path: Path, schema: SettingsSchema) -> Settings:
    """Return the settings of a file; raises SettingsError with all its problems at once."""
    path = path.absolute()
    return load_bytes(path, read_bytes(path), schema)


def load_bytes(path: Path, content: bytes, schema: SettingsSchema) -> Settings:
    """Return the settings that the content means for a file at this absolute path; raises SettingsError."""
    document = parse(path, content)
    found: list[Refusal] = list(_club_rules(document.values))
    found += [refusal for rule in schema.rules for refusal in rule(document.values)]
    table: Any = None
    try:
        table = structured(
            document.values, schema.document_class, Context(path.parent, _station_names(document.values))
        )
    except (cattrs.BaseValidationError, ValueRefusedError) as error:
        found += refusals(error)
    if found:
        problems = [_problem(document, schema.document_class, place, refused) for place, refused in found]
        raise SettingsError(sorted(problems, key=lambda problem: problem.line or 0))
    return _settings(document, table, schema)


def _settings(document: Document, table: Any, schema: SettingsSchema) -> Settings:
    tables = {name: getattr(table, name) for name in schema.operations}
    own = {name: getattr(table, name) for name in schema.club_tables}
    return Settings(
        club=table.club,
        stations=MappingProxyType(
            {name: _station(name, station, schema) for name, station in table.stations.items()},
        ),
        operations=MappingProxyType({name: found for name, found in tables.items() if found is not None}),
        club_tables=MappingProxyType({name: found for name, found in own.items() if found is not None}),
        file=document.file,
        document=table,
        lines=document.lines,
    )


def _station(name: str, table: Any, schema: SettingsSchema) -> StationSettings:
    contributed = {key: getattr(table, key) for key in schema.station_tables}
    return StationSettings(
        name=name,
        server=table.server,
        web_server=table.web_server,
        tables=MappingProxyType({key: found for key, found in contributed.items() if found is not None}),
    )


def _station_names(values: Mapping[str, Any]) -> tuple[str, ...] | None:
    stations = values.get("stations")
    return tuple(stations) if isinstance(stations, dict) else None


def _club_rules(values: Mapping[str, Any]) -> Iterator[Refusal]:
    """Yield what is wrong over all stations together; on raw values, so that it is told beside all other problems."""
    stations = values.get("stations")
    if not isinstance(stations, dict) or not stations:
        return
    by_fold: dict[str, str] = {}
    for name in stations:
        if STATION_NAME.fullmatch(name) is None:
            yield ("stations", name), ValueRefusedError(Sentence.of("a computer cannot have this name"))
        first = by_fold.setdefault(name.casefold(), name)
        if first != name:
            yield (
                ("stations", name),
                ValueRefusedError(Sentence.of("the same name as station {other}, but for capitals", other=first)),
            )
    servers = [name for name, table in stations.items() if isinstance(table, dict) and table.get("server") is True]
    remedy = Sentence.of("write server = true in exactly one table of [stations]")
    if not servers:
        yield ("stations",), ValueRefusedError(Sentence.of("no station is the server"), suggestion=remedy)
    for name in servers[1:]:
        others = one_of(other for other in servers if other != name)
        sentence = Sentence.of("the club has more than one server: also {others}", others=others)
        yield ("stations", name, "server"), ValueRefusedError(sentence, suggestion=remedy)


def _problem(document: Document, type_: type, path: KeyPath, refused: ValueRefusedError) -> Problem:
    found = _at(document.values, path)
    sentence = refused.sentence
    if refused.is_missing:
        sentence = Sentence.of("required, but missing")
    return Problem(
        file=document.file,
        line=_line(document.lines, path),
        key=dotted(path),
        value=_shown(found) if may_show(type_, path) else None,
        sentence=sentence,
        suggestion=refused.suggestion,
    )


def _line(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """Return the line of the path, or of the nearest table around it: that is where a missing key is missing."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _at(values: Any, path: KeyPath) -> Any:
    for part in path:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            return None
    return values


def _shown(value: Any) -> str | None:
    match value:
        case None | dict() | list():
            return None
        case bool():
            return "true" if value else "false"
        case str():
            text = write_text(mask_url(value))
        case _:
            text = str(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
