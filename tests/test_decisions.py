"""The records of decisions have one shape, a number each, and a list that names them all."""

import re
from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs/decisions"
RECORDS: Final = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
PARTS: Final = ("Status", "Context", "Decision", "Consequences", "What would change our mind")


def line_for(record: Path) -> str:
    first = record.read_text(encoding="utf-8").partition("\n")[0]
    title = re.sub(r"^# (?:\d+[.:]? )?", "", first)
    return f"- [{record.name[:4]}]({record.name}) {title}"


def test_the_list_names_every_record_in_order() -> None:
    listed = [line for line in (FOLDER / "README.md").read_text("utf-8").splitlines() if line.startswith("- [")]
    wanted = [line_for(record) for record in RECORDS]
    assert listed == wanted, "the list should be:\n" + "\n".join(wanted)


def test_no_number_is_given_twice() -> None:
    numbers = [record.name[:4] for record in RECORDS]
    assert all(number.isdecimal() for number in numbers)
    assert sorted(set(numbers)) == numbers


@pytest.mark.parametrize("record", RECORDS, ids=[record.stem for record in RECORDS])
def test_a_record_has_its_parts_in_order(record: Path) -> None:
    """Each part begins a line: as a heading (`## Context`), in bold (`**Context.**`), or as `Status: accepted`."""
    any_part = "|".join(map(re.escape, PARTS))
    found = re.findall(rf"^(?:## |\*\*)?({any_part})(?:\.|:|\*\*|$)", record.read_text(encoding="utf-8"), re.MULTILINE)
    assert tuple(found) == PARTS
