"""Schema, example, page and show come from the declarations, and agree with what loading takes."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest

from config import (
    OperationSettings,
    SettingsError,
    SettingsSchema,
    effective,
    example,
    json_schema,
    load,
    reference,
    setting,
    show,
)
from config.sentence import Sentence

Write = Callable[[str], Path]


def taken(text: str) -> str:
    """Return the example with every setting taken."""
    return re.sub(r"^#(?! )", "", text, flags=re.MULTILINE)


def is_valid(schema: SettingsSchema, text: str) -> bool:
    validator = jsonschema.Draft202012Validator(json_schema(schema))
    return validator.is_valid(json.loads(json.dumps(tomllib.loads(text), default=str)))


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("change", [lambda text: text, taken], ids=["as written", "everything taken"])
def test_the_example_loads_and_fits_the_schema(
    write: Write, schema: SettingsSchema, language: str, change: Callable[[str], str]
) -> None:
    text = change(example(schema, language))
    settings = load(write(text), schema)
    assert settings.operations["email"].enabled is False
    assert is_valid(schema, text)


def test_the_example_taken_whole_holds_every_key_there_is(write: Write, schema: SettingsSchema) -> None:
    settings = load(write(taken(example(schema))), schema)
    assert [entry.key for entry in effective(settings) if entry.line is None] == []


def test_the_example_explains_each_setting_and_shows_its_default(schema: SettingsSchema) -> None:
    text = example(schema)
    assert "\n# its port (a whole number, between 1 and 65535; default 587)\n#port = 587\n" in text
    assert '\n# the mail server (text, not empty)\nhost = "smtp.example.org"\n' in text
    assert "\n# the speed of the line (a whole number, in bit/s; default 9600)\n#speed = 9600\n" in text
    assert "\n\n# the mail server\n[email.smtp]\n" in text  # what a table is for stands above it
    assert "\n\n# the operation email\n[email]\n" in text
    assert "\n\n# sensors of this station\n#[[stations.ACCUEIL.sensors]]\n" in text
    assert "\n#[fmi.zones.bassin]\n" in text
    assert "\n#[fmi.window]\n" in text
    assert all(len(line) <= 120 for line in text.splitlines())


def test_what_the_schema_leaves_unchecked_is_not_in_the_example(schema: SettingsSchema) -> None:
    assert not re.search(r"^#?\[+(backup|sms|stations\.\w+\.programs)", example(schema), re.MULTILINE)


def test_a_setting_with_nothing_to_show_is_told_to_the_programmer() -> None:
    @attrs.frozen(kw_only=True)
    class Bare(OperationSettings):
        name: str = setting(help=Sentence.of("a name"))

    with pytest.raises(TypeError, match="the setting name has no default and no example"):
        example(SettingsSchema({"bare": Bare}))


def test_the_schema_is_valid_json_schema(schema: SettingsSchema) -> None:
    described = json_schema(schema)
    jsonschema.Draft202012Validator.check_schema(described)
    assert described["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(described)) == described


def test_the_schema_describes_each_kind_of_setting(schema: SettingsSchema) -> None:
    email = json_schema(schema)["properties"]["email"]["properties"]
    assert email["smtp"]["properties"]["port"] == {
        "description": "its port",
        "type": "integer",
        "allOf": [{"minimum": 1, "maximum": 65535}],
        "default": 587,
    }
    assert email["smtp"]["properties"]["security"]["enum"] == ["starttls", "tls", "none"]
    assert email["largest"]["default"] == "25MB"
    assert email["at"]["default"] == ["12:30", "23:00"]
    assert "default" not in email["smtp"]["properties"]["password"]
    assert "allOf" not in email["largest"]  # sizes are text there: bounds are for load


# What both judge must be judged alike, so that an editor's marks can be believed. (1) replaced, (2) by what
CHANGES = [
    ("port = 587", 'port = "587"'),
    ("port = 587", "port = 0"),
    ("port = 587", "prot = 587"),
    ('security = "starttls"', 'security = "ssl"'),
    ('timeout = "20s"', 'timeout = "20"'),
    ('largest = "25MB"', 'largest = "25Mo"'),
    ("ratio = 0.5", "ratio = true"),
    ("ratio = 0.5", "ratio = 1"),
    ('at = ["12:30", "23:00"]', 'at = ["8:00"]'),
    ("standby = []", 'standby = ["SERVEUR", "SERVEUR"]'),
    ("limit = 250", "limit = 0"),
    ('name = "entree"', 'name = ""'),
    ('name = "entree"', ""),
    ("enabled = false\n# the one", "enabled = true\n# the one"),
    ('station = "ACCUEIL"', ""),  # switched off, so not missed
    ('enabled = false\n# the one station where the operation runs (a station)\nstation = "ACCUEIL"', "enabled = true"),
    ('country = "FR"', 'country = "fr"'),
    ("server = true", 'server = "yes"'),
    ("[stations.ACCUEIL]", "[stations.ACCUEIL]\nanything = 1"),
    ("[stations.ACCUEIL]", "[stations.ACCUEIL]\nprograms = [1]"),
    ("[email]", "[emial]"),
    ("[email]", "[backup]\nat = 1\n[email]"),
    ("[email]", '[backup]\nenabled = "no"\n[email]'),
    ('from = "08:00"', ""),
]


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_schema_and_loading_judge_alike(write: Write, schema: SettingsSchema, before: str, after: str) -> None:
    text = taken(example(schema))
    assert before in text
    changed = text.replace(before, after, 1)
    try:
        load(write(changed), schema)
    except SettingsError:
        loads = False
    else:
        loads = True
    assert is_valid(schema, changed) is loads


def test_the_page_has_a_table_for_each_table_of_the_file(schema: SettingsSchema) -> None:
    page = reference(schema)
    assert re.findall(r"^### `(.*)`$", page, re.MULTILINE) == [
        "[club]",
        "[stations.NAME]",
        "[[stations.NAME.sensors]]",
        "[email]",
        "[email.smtp]",
        "[fmi]",
        "[fmi.zones.NAME]",
        "[fmi.window]",
    ]
    assert "### `[email.smtp]`\n\nthe mail server\n\n| key |" in page
    assert "| `port` | a whole number, between 1 and 65535 | `587` | its port |" in page
    assert "| `host` | text, not empty | required | the mail server |" in page
    assert "| `password` | a secret | none | the password |" in page
    assert "programs" not in page


def test_show_tells_each_value_and_where_it_comes_from(write: Write, schema: SettingsSchema, good: str) -> None:
    extra = '[sms]\nstation = "SERVEUR"\nkey = "hunter2"\n[[stations.SERVEUR.programs]]\nname = "hunter2"\n'
    settings = load(write(good.replace("sqlite:///club.db", "postgresql+psycopg://c:hunter2@h/c") + extra), schema)
    shown = show(settings, "en")
    lines = {line.partition(" = ")[0]: re.sub(r" {2,}", "  ", line) for line in shown.splitlines()}
    assert shown.splitlines()[0] == f"# {settings.file}"
    assert lines["club.name"] == 'club.name = "Forme et Santé"  # line 2'
    assert lines["club.timezone"] == 'club.timezone = "Europe/Paris"  # default'
    assert lines["club.database"] == 'club.database = "postgresql+psycopg://c:***@h/c"  # line 3'
    assert lines["email.smtp.password"] == 'email.smtp.password = "keyring:smtp"  # line 17'
    assert lines["stations.ACCUEIL.sensors[0].port"] == 'stations.ACCUEIL.sensors[0].port = "COM3"  # line 11'
    assert lines["stations.ACCUEIL.sensors[0].speed"] == "stations.ACCUEIL.sensors[0].speed = 9600  # default"
    assert lines["sms.station"] == 'sms.station = "SERVEUR"  # line 19'
    assert lines["sms.key"] == 'sms.key = "***"  # line 20'
    assert lines["stations.SERVEUR.programs"] == 'stations.SERVEUR.programs = "***"  # line 21'
    assert "hunter2" not in shown


def test_a_literal_secret_is_hidden_by_show(write: Write, schema: SettingsSchema, good: str) -> None:
    shown = show(load(write(good.replace("keyring:smtp", "hunter2")), schema), "en")
    assert "hunter2" not in shown
    assert 'email.smtp.password = "***"' in shown


def test_show_tells_an_operation_that_is_switched_off_and_incomplete(
    write: Write, schema: SettingsSchema, good: str
) -> None:
    settings = load(write(good.partition("[email]")[0] + "[email]\nenabled = false\n"), schema)
    keys = [entry.key for entry in effective(settings) if entry.key.startswith("email")]
    assert keys == ["email.enabled", "email.standby"]


@attrs.frozen(kw_only=True)
class Closing(OperationSettings):
    on: date = setting(help=Sentence.of("the day"))
    since: date = setting(date(2026, 1, 1), help=Sentence.of("from when"))
    rows: tuple[tuple[int, ...], ...] = setting(((1,), (2, 3)), help=Sentence.of("rows"))


def test_days_are_written_without_quotes(write: Write) -> None:
    schema = SettingsSchema({"closing": Closing})
    text = taken(example(schema))
    closing: Any = load(write(text), schema).operations["closing"]
    assert (closing.on, closing.rows) == (date(2026, 12, 25), ((1,), (2, 3)))
    assert is_valid(schema, text)
    described = json_schema(schema)["properties"]["closing"]["properties"]
    assert described["since"]["default"] == "2026-01-01"
    with pytest.raises(SettingsError, match="expected a date, found text in quotes"):
        load(write(text.replace("2026-12-25", '"2026-12-25"')), schema)


@attrs.frozen(kw_only=True)
class Zone:
    name: str = setting('with "quotes", it\'s \\ and \ttab', help=Sentence.of("a name"))


@attrs.frozen(kw_only=True)
class Odd(OperationSettings):
    folder: Path = setting(example=r"C:\Heitz", help=Sentence.of("a folder"))
    best: Zone = setting(Zone(), help=Sentence.of("a table that is there by default"))
    names: Mapping[str, tuple[int, ...]] = setting(
        attrs.Factory(dict), example={"a": (1,)}, help=Sentence.of("by name")
    )


def test_awkward_text_and_paths_are_written_so_that_they_are_read_back(write: Write) -> None:
    schema = SettingsSchema({"odd": Odd}, {"zones": Zone})
    text = example(schema)
    odd: Any = load(write(text), schema).operations["odd"]
    assert r"folder = 'C:\Heitz'" in text
    assert odd.folder.name.endswith("Heitz")
    described = json_schema(schema)["properties"]["odd"]["properties"]
    assert described["best"]["default"] == {"name": Zone().name}
    assert described["names"]["default"] == {}
    assert "| `names` | by name, a list, each a whole number | `{}` | by name |" in reference(schema)
