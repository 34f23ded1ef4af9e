"""A table that may be one of several kinds is read as the one that its keys say, and told as all of them."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import attrs
import jsonschema
import pytest

from config import (
    ExclusiveSettings,
    Problem,
    Secret,
    SettingsError,
    SettingsSchema,
    effective,
    example,
    json_schema,
    load,
    reference,
    setting,
)
from config.sentence import Sentence

Write = Callable[[str], Path]
CLUB = """
[club]
name = "Forme"
database = "sqlite:///club.db"
[stations.ACCUEIL]
server = true
[sms]
station = "ACCUEIL"
"""


def told(text: str) -> Sentence:
    return Sentence.of("{text}", text=text)


@attrs.frozen(kw_only=True)
class Red:
    kind: Literal["http"] = setting(help=told("kind"))
    provider: Literal["red"] = setting(help=told("provider"))
    key: Secret = setting(example="keyring:red", help=told("key"))


@attrs.frozen(kw_only=True)
class Blue:
    kind: Literal["http"] = setting(help=told("kind"))
    provider: Literal["blue"] = setting(help=told("provider"))
    name: str = setting("sky", help=told("name"))


@attrs.frozen(kw_only=True)
class Modem:
    kind: Literal["modem"] = setting(help=told("kind"))
    key: str = setting(example="COM3", help=told("key"))


@attrs.frozen(kw_only=True)
class Sms(ExclusiveSettings):
    gateway: Red | Blue | Modem = setting(help=told("gateway"))
    spare: Red | Modem | None = setting(None, help=told("spare"))


@pytest.fixture
def schema() -> SettingsSchema:
    return SettingsSchema({"sms": Sms})


def problems(write: Write, schema: SettingsSchema, gateway: str) -> list[Problem]:
    with pytest.raises(SettingsError) as refused:
        load(write(CLUB + gateway), schema)
    return list(refused.value.problems)


@pytest.mark.parametrize(
    ("gateway", "kind"),
    [
        ('kind = "http"\nprovider = "red"\nkey = "env:RED"', Red),
        ('kind = "http"\nprovider = "blue"', Blue),
        ('kind = "modem"\nkey = "COM3"', Modem),
    ],
)
def test_the_keys_choose_the_class(write: Write, schema: SettingsSchema, gateway: str, kind: type) -> None:
    settings = load(write(f"{CLUB}[sms.gateway]\n{gateway}\n"), schema)
    assert type(settings.operations["sms"].gateway) is kind
    assert settings.operations["sms"].spare is None


@pytest.mark.parametrize(
    ("gateway", "key", "words"),
    [
        # what is written                                     the key told              part of what is said
        ("", "sms.gateway.kind", "one of http, modem"),
        ('kind = "htpp"', "sms.gateway.kind", "did you mean http?"),
        ("kind = 3", "sms.gateway.kind", "expected one of http, modem"),
        ("kind = []", "sms.gateway.kind", "expected one of http, modem"),
        ('kind = "http"', "sms.gateway.provider", "one of red, blue"),
        ('kind = "http"\nprovider = "green"', "sms.gateway.provider", "expected one of red, blue"),
        ('kind = "http"\nprovider = "red"', "sms.gateway.key", "missing"),
        ('kind = "http"\nprovider = "blue"\nnam = "x"', "sms.gateway.nam", "did you mean name?"),
        ('kind = "modem"\nkey = "COM3"\nprovider = "red"', "sms.gateway.provider", "unknown key"),
    ],
)
def test_a_table_that_does_not_say_what_it_is_is_told_with_key_and_remedy(
    write: Write, schema: SettingsSchema, gateway: str, key: str, words: str
) -> None:
    [problem] = problems(write, schema, f"[sms.gateway]\n{gateway}\n")
    assert problem.key == key
    assert words in str(problem)


def test_what_is_no_table_is_told(write: Write, schema: SettingsSchema) -> None:
    [problem] = problems(write, schema, 'gateway = "red"\n')
    assert (problem.key, "a table" in str(problem)) == ("sms.gateway", True)


def test_a_value_is_hidden_where_any_of_the_kinds_has_a_secret(write: Write, schema: SettingsSchema) -> None:
    [problem] = problems(write, schema, '[sms.gateway]\nkind = "modem"\nkey = 12345\n')
    assert "12345" not in str(problem)


def test_what_is_in_force_is_shown_of_the_kind_that_is_meant(write: Write, schema: SettingsSchema) -> None:
    settings = load(write(f'{CLUB}[sms.gateway]\nkind = "http"\nprovider = "red"\nkey = "secret"\n'), schema)
    shown = {entry.key: entry.value for entry in effective(settings)}
    assert shown["sms.gateway.provider"] == '"red"'
    assert shown["sms.gateway.key"] == '"***"'


@pytest.mark.parametrize("change", [str, lambda text: re.sub(r"^#(?! )", "", text, flags=re.MULTILINE)])
def test_the_example_shows_the_first_kind_and_names_the_others(
    write: Write, schema: SettingsSchema, change: Callable[[str], str]
) -> None:
    text = change(example(schema))
    assert type(load(write(text), schema).operations["sms"].gateway) is Red or "enabled = false" in text
    assert 'kind = "http", provider = "blue"; kind = "modem"' in text


@pytest.mark.parametrize(
    ("gateway", "is_valid"),
    [
        ('{kind = "http", provider = "red", key = "x"}', True),
        ('{kind = "modem", key = "COM3"}', True),
        ('{kind = "modem", key = "COM3", provider = "red"}', False),
        ('{kind = "http", key = "x"}', False),
    ],
)
def test_the_json_schema_takes_what_loading_takes(schema: SettingsSchema, gateway: str, is_valid: bool) -> None:  # noqa: FBT001 - a column
    document = json.loads(json.dumps(tomllib.loads(f"{CLUB}gateway = {gateway}\n")))
    assert jsonschema.Draft202012Validator(json_schema(schema)).is_valid(document) is is_valid


def test_the_page_of_settings_has_a_table_for_each_kind(schema: SettingsSchema) -> None:
    page = reference(schema)
    for header in ('[sms.gateway] kind = "http", provider = "red"', '[sms.gateway] kind = "modem"'):
        assert f"### `{header}`" in page


def test_kinds_that_nothing_tells_apart_are_refused_at_once() -> None:
    @attrs.frozen(kw_only=True)
    class Other:
        name: str = setting(help=told("name"))

    @attrs.frozen(kw_only=True)
    class Untold(ExclusiveSettings):
        gateway: Red | Other = setting(help=told("gateway"))

    @attrs.frozen(kw_only=True)
    class Mixed(ExclusiveSettings):
        gateway: Red | int = setting(help=told("gateway"))

    with pytest.raises(TypeError, match="tells these tables apart"):
        SettingsSchema({"sms": Untold})
    with pytest.raises(TypeError, match="cannot be of type"):
        SettingsSchema({"sms": Mixed})
