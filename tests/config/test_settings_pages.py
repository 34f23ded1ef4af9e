"""The pages about settings say what is true."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import SettingsError, SettingsSchema, example, load

PAGES = Path(__file__).parents[2] / "docs" / "how-to"
Write = Callable[[str], Path]


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", (PAGES / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_installers_examples_load(write: Write, schema: SettingsSchema) -> None:
    examples = blocks("settings.md", "toml")
    assert examples
    for text in examples:
        load(write(text), schema)


def test_the_installers_page_shows_the_problems_that_its_broken_example_has(
    write: Write, schema: SettingsSchema
) -> None:
    [broken], [told] = blocks("settings.md", "toml broken"), blocks("settings.md", "text")
    file = write(broken)
    with pytest.raises(SettingsError) as caught:
        load(file, schema)
    assert told.splitlines() == [str(problem).removeprefix(f"{file.parent}/") for problem in caught.value.problems]


def test_the_authors_example_works(write: Write) -> None:
    [source] = blocks("declare-settings.md", "python")
    names: dict[str, Any] = {"__name__": "example_of_the_page"}
    exec(compile(source, "declare-settings.md", "exec"), names)
    schema = SettingsSchema({"sms": names["SmsSettings"]})
    text = example(schema)
    assert "\n# the messages to the clients' telephones\n[sms]\n" in text
    assert load(write(text), schema).operations["sms"].gateway.port == 443
    both = text.replace("#token", "token").replace('#kind = "http"', 'kind = "modem"')
    with pytest.raises(SettingsError, match=r"sms\.gateway\.token: a modem asks for no token"):
        load(write(both), schema)
