"""The README and the table of contents say what the program is."""

import re
from pathlib import Path
from typing import Final

import pytest

from actors.operation import RULES, Eligibility
from service.exit_codes import Exit
from service.roster import ROSTER

ROOT: Final = Path(__file__).resolve().parent.parent
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES: Final = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
MAY_RUN_ON: Final = {
    Eligibility.ANY_STATION: "any station",
    Eligibility.SERVER: "the server",
    Eligibility.WEB_SERVERS: "web servers",
    Eligibility.WITH_SENSORS: "stations with sensors",
}


def test_the_table_of_operations_is_the_programs() -> None:
    rows = re.findall(r"^\| [^|]+ \| `(\w+)` \| ([^|]*) \| ([^|]*)\| ([^|]*) \|$", README, re.MULTILINE)
    built = {operation.id for operation in ROSTER}
    assert [(id_, where.strip(), often.strip(), state.strip()) for id_, where, often, state in rows] == [
        (
            rule.operation,
            MAY_RUN_ON[rule.eligibility],
            "one" if rule.is_exclusive else "",
            "**yes**" if rule.operation in built else "not yet",
        )
        for rule in RULES
    ]


def test_the_exit_codes_are_the_programs() -> None:
    assert [int(code) for code in re.findall(r"^\| (\d+) \| [^|]+ \|$", README, re.MULTILINE)] == [*Exit]


def test_the_first_page_can_be_read_at_once() -> None:
    assert README.count("\n") < 200


def test_every_page_is_in_the_table_of_contents() -> None:
    docs = ROOT / "docs"
    contents = (docs / "README.md").read_text(encoding="utf-8")
    pages = [page.relative_to(docs).as_posix() for page in docs.rglob("*.md") if page.parent.name != "decisions"]
    assert [page for page in pages if page != "README.md" and f"]({page})" not in contents] == []


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])
def test_what_a_page_links_to_is_there(page: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    links = re.findall(r"\]\(([^)\s]+)\)", prose)
    inside = [link.partition("#")[0] for link in links if "://" not in link and not link.startswith("#")]
    assert [link for link in inside if not (page.parent / link).exists()] == []
