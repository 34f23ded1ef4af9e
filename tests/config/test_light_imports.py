"""Importing the settings floor costs only what is used of it."""

import subprocess
import sys

import pytest

import config

HEAVY = ("attrs", "cattrs", "keyring", "platformdirs", "tomllib", "zoneinfo", "importlib.resources", "sqlalchemy")


def loaded_by(statement: str) -> set[str]:
    """Return which heavy modules a fresh interpreter has after the statement, beyond those it starts with."""
    program = f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=30)
    return set(found.stdout.split()) & set(HEAVY)


def test_a_sentence_costs_only_gettext() -> None:
    assert loaded_by("from config.sentence import Sentence, SentenceError; Sentence.of('x').render('fr')") == set()


def test_reading_settings_loads_neither_vault_nor_folders() -> None:
    loaded = loaded_by("from config import SettingsSchema, load, setting, Secret, SettingsFile, find_settings_file")
    assert loaded >= {"attrs", "cattrs", "tomllib"}
    assert loaded.isdisjoint({"keyring", "platformdirs", "sqlalchemy"})


def test_every_name_of_the_package_is_there() -> None:
    for name in config._HOMES:
        assert getattr(config, name) is not None
        assert name in dir(config)


def test_no_name_of_the_package_is_hidden_by_a_module_of_the_same_name() -> None:
    assert not set(config._HOMES) & set(config._MODULES)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = config.nothing
