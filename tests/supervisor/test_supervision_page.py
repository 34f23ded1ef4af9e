"""What docs/supervision.md shows and says is true."""

import re
import threading
from pathlib import Path
from typing import Any

import attrs
import pytest

import supervisor
from supervisor import ChildSpec, EndKind, SupervisorFlags

PAGE = Path(__file__).parents[2] / "docs" / "supervision.md"


class _Port:
    def read(self) -> int:
        return 42

    def cancel_read(self) -> None:
        raise AssertionError("a stop was not obeyed")


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    example = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    names: dict[str, Any] = {"open_port": lambda _: _Port(), "__name__": "example"}
    before = set(threading.enumerate())
    exec(compile(example.group(1), str(PAGE), "exec"), names)  # the page's own code
    assert capsys.readouterr().out == "door running 0 None\n"
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


def _first_cells(heading: str) -> list[str]:
    section = PAGE.read_text(encoding="utf-8").split(heading, 1)[1].split("\n## ", 1)[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return re.findall(r"`(\w+)`", " ".join(cells))


def test_every_field_of_the_specs_is_explained_and_no_other() -> None:
    assert _first_cells("## A child: `ChildSpec`") == [field.name for field in attrs.fields(ChildSpec)]
    assert _first_cells("## A supervisor: `SupervisorFlags`") == [f.name for f in attrs.fields(SupervisorFlags)]


def test_every_kind_of_end_is_explained_with_what_a_transient_child_does() -> None:
    section = PAGE.read_text(encoding="utf-8").split("## How a child ends", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1:4] for line in section.splitlines() if line.startswith("| `")]
    told = {name: "yes" in restarts for kinds, _, restarts in rows for name in re.findall(r"`(\w+)`", kinds)}
    assert told == {kind.value: kind.is_abnormal for kind in EndKind}


def test_every_public_name_exists() -> None:
    assert all(hasattr(supervisor, name) for name in supervisor.__all__)
    assert sorted(supervisor.__all__, key=str.casefold) == sorted(set(supervisor.__all__), key=str.casefold)
