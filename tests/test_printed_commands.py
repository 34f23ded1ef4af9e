"""Every command line that a page or a sentence prints is one that the program takes."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from babel.messages.pofile import read_po

from service.command_line import _parser

ROOT: Final = Path(__file__).resolve().parent.parent
PAGES: Final = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
FRENCH: Final = ROOT / "assets/locale/fr/LC_MESSAGES/heitz-service.po"
# What stands for something in a printed command line, and one thing that it can be.
PLACES: Final = {"ID": "1", "FILE": "club.toml", "NAME": "ACCUEIL", "ACTOR": "email", "OPERATION": "email"}
MENTIONED: Final = re.compile(r"`(?:\.venv/bin/)?heitz-service ([^`]+)`")
BARE: Final = re.compile(r"(?<!`)heitz-service ((?:database|config|email|restart|run)(?: [a-z{}-]+)?)")
BLOCK: Final = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
TYPED: Final = re.compile(r"^(?:\$ )?(?:\S*/)?heitz-service (.+)$", re.MULTILINE)


def printed_by(page: str) -> Iterator[str]:
    for language, block in BLOCK.findall(page):
        if language in {"console", "sh", ""}:
            yield from (line for line in TYPED.findall(block) if "is written" not in line)
    yield from MENTIONED.findall(BLOCK.sub("", page))


def words_of(line: str) -> list[str]:
    line = re.sub(r"\{\w+\}", "email", re.split(r"\s[#>]\s|\s>", line)[0])
    return [PLACES.get(word, word) for word in shlex.split(line)]


def refusal(line: str, capsys: pytest.CaptureFixture[str]) -> str | None:
    words = words_of(line)
    if words in (["…"], ["..."]):
        return None
    if len(words) == 1:
        words.append("--help")  # a command that is only named
    try:
        _parser(words, "en").parse_args(words)
    except SystemExit as end:
        return f"{line}: {capsys.readouterr().err}" if end.code else None
    return None


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])
def test_a_page_prints_commands_that_there_are(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed_by(page.read_text("utf-8"))
    assert [said for line in lines if (said := refusal(line, capsys))] == []


def test_a_sentence_names_commands_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with FRENCH.open("rb") as stream:
        catalogue = read_po(stream, locale="fr")
    lines = []
    for message in catalogue:
        for words in (message.id, message.string):
            for sentence in words if isinstance(words, list | tuple) else (words,):
                lines += MENTIONED.findall(str(sentence))
                lines += BARE.findall(str(sentence))
    assert len(lines) > 20
    assert [said for line in lines if (said := refusal(line, capsys))] == []


def test_an_unknown_command_would_be_seen(capsys: pytest.CaptureFixture[str]) -> None:
    page = "```\nheitz-service email resolve ID sent   # no dashes\n```\nAsk `heitz-service statu`.\n"
    assert [*printed_by(page)] == ["email resolve ID sent   # no dashes", "statu"]
    assert refusal("email resolve ID sent", capsys)
    assert refusal("statu", capsys)
    assert refusal("email resolve ID --sent  # decides", capsys) is None
