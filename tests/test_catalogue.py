"""Every sentence that people see is in the French catalogue, with the same fields, and the compiled form is its own."""

import gettext
import importlib.util
import string
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def catalogue() -> ModuleType:
    spec = importlib.util.spec_from_file_location("catalogue", ROOT / "tools/catalogue.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list | tuple) else (str(value),)


def test_every_sentence_in_the_source_has_its_french(catalogue: ModuleType) -> None:
    assert catalogue.untranslated(catalogue.merged()) == [], "run `make catalogue`, then translate"


def test_no_sentence_is_left_that_the_source_no_longer_says(catalogue: ModuleType) -> None:
    known = {texts(message.id) for message in catalogue.extracted() if message.id}
    with catalogue.FRENCH.open("rb") as stream:
        kept = {texts(message.id) for message in catalogue.read_po(stream) if message.id}
    assert kept - known == set(), "run `make catalogue`"


def test_french_fills_the_same_fields(catalogue: ModuleType) -> None:
    for message in catalogue.merged():
        if message.id:
            wanted = set().union(*map(fields, texts(message.id)))
            for text in texts(message.string):
                assert fields(text) <= wanted, message.id
                assert "n" not in wanted or not isinstance(message.id, tuple) or "n" in fields(text), message.id


def test_the_compiled_catalogue_is_that_of_the_text(catalogue: ModuleType) -> None:
    with catalogue.FRENCH.with_suffix(".mo").open("rb") as stream:
        compiled = gettext.GNUTranslations(stream)
    for message in catalogue.merged():
        if isinstance(message.id, tuple):
            assert compiled.ngettext(message.id[0], message.id[1], 2) == message.string[1]
        elif message.id:
            assert compiled.gettext(message.id) == message.string


def test_french_counts_none_as_one(catalogue: ModuleType) -> None:
    assert catalogue.merged().plural_expr == "(n > 1)"
