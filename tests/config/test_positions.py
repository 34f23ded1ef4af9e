"""Each key's line is found, over generated documents as over awkward ones."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.positions import Path, lines_of

AWKWARD = '''\
# a comment with [brackets] = "and quotes
top = 1
"quoted key".'single quoted'."é\\u00e9" = 2
date = 1979-05-27 07:32:00   # a space within a value
text = """
a line ] } [not.a.header]
# no comment
ends with quotes"""""
literal = \'\'\'
C:\\new''\'\'\'
list = [ # comment, with ] bracket
  1, "two # ]",

  [ 3,
    { inline = 4, "a.b" = [ 5 ], c.d = 6 } ],
]
empty = []
[ table . "sub" ]   # comment
key = 'C:\\Heitz\\'
[[many]]
x = 1
[many.inner]
y = 2
[[many]]
  [[many.deep]]
  z = 3
[table]
late = """\\
   joined \\""" """
'''


def paths_of(values: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    if isinstance(values, dict | list):
        for key, value in values.items() if isinstance(values, dict) else enumerate(values):
            yield from paths_of(value, (*path, key))


def test_an_awkward_document_has_exactly_the_keys_that_tomllib_reads() -> None:
    assert set(lines_of(AWKWARD)) == set(paths_of(tomllib.loads(AWKWARD)))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("quoted key", "single quoted", "éé"), 3),
        (("date",), 4),
        (("text",), 5),  # where the key is, not where the text ends
        (("literal",), 9),
        (("list",), 11),
        (("list", 0), 12),
        (("list", 1), 12),
        (("list", 2), 14),
        (("list", 2, 1), 15),
        (("list", 2, 1, "a.b", 0), 15),
        (("empty",), 17),
        (("table",), 27),  # its own header, rather than the earlier one that only names it on its way
        (("table", "sub"), 18),
        (("many",), 20),  # the first of its headers
        (("many", 0), 20),
        (("many", 0, "inner", "y"), 23),
        (("many", 1), 24),
        (("many", 1, "deep", 0, "z"), 26),
        (("table", "late"), 28),
    ],
)
def test_each_key_stands_on_its_line(path: Path, line: int) -> None:
    assert lines_of(AWKWARD)[path] == line


def test_windows_line_ends_count_as_one() -> None:
    assert lines_of("a = 1\r\n\r\nb = 2\r\n")["b",] == 3


def test_a_document_that_is_not_toml_is_refused_rather_than_misread() -> None:
    with pytest.raises(ValueError, match="not TOML at character 0"):
        lines_of("= 1")


# Generated documents. Every leaf value is the number of the line it is written on, so tomllib itself, reading the
# document, says where each leaf stands: the scanner must agree, whatever surrounds them.

KEYS = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,4}", fullmatch=True),
    st.sampled_from(['"a b"', '"é"', "'x.y'", '"q\\"uote"', '"#"', "'[t]'", '"\\u00e9"', '""']),
)
DECORATIONS = st.sampled_from(["", "  # note", "\t# [a] = '''", '# """', "# ]}"])
FILLERS = st.sampled_from(["", "# comment", "  ", "# k = 1", "# [t]", "\t"])


@st.composite
def documents(draw: st.DrawFn) -> str:  # noqa: C901 - one closure for each part of the grammar
    """Return TOML text whose integer leaves are the numbers of their own lines."""
    lines: list[str] = []

    def filler() -> None:
        lines.extend(draw(st.lists(FILLERS, max_size=2)))

    def scalar() -> str:
        return str(len(lines) + 1)

    def value(depth: int) -> str:
        """Append lines as the value needs them and return its last, open line."""
        kind = draw(st.sampled_from(["leaf", "text", "list", "tall list", "inline"] if depth < 3 else ["leaf"]))
        match kind:
            case "text":
                lines.append('{ s = """ ] } """, t = \'\'\' # "\'\'\', n = [')
                return f'"x\\"#", {scalar()} ] }}'
            case "list":
                return f"[ {', '.join(scalar() for _ in range(draw(st.integers(0, 3))))} ]"
            case "tall list":
                lines.append("[")
                for _ in range(draw(st.integers(0, 3))):
                    filler()
                    pending = value(depth + 1)
                    lines.append(f"{pending} ,{draw(DECORATIONS)}")
                return "]"
            case "inline":
                return f"{{ i = {scalar()}, j.k = [{scalar()}], 'l' = {{ }} }}"
            case _:
                return scalar()

    def pair(key: str) -> None:
        start = len(lines)
        last = value(0)
        lines.append(last)
        lines[start] = f"{key} = {lines[start]}"
        lines[-1] += draw(DECORATIONS)

    def body() -> None:
        for key in draw(st.lists(KEYS, max_size=3, unique_by=lambda text: text)):
            filler()
            pair(".".join([key, *draw(st.lists(KEYS, max_size=2))]))

    body()
    for _ in range(draw(st.integers(0, 4))):
        filler()
        header = " . ".join(draw(st.lists(KEYS, min_size=1, max_size=3)))
        lines.append(draw(st.sampled_from([f"[{header}]", f"[[ {header} ]]", f" [[{header}]] # x", f"[ {header} ]"])))
        body()
    return draw(st.sampled_from(["\n", "\r\n"])).join([*lines, ""])


def leaves(values: Any, path: Path = ()) -> Iterator[tuple[Path, int]]:
    for key, value in values.items() if isinstance(values, dict) else enumerate(values):
        if isinstance(value, dict | list):
            yield from leaves(value, (*path, key))
        elif isinstance(value, int):
            yield (*path, key), value


@given(documents())
def test_generated_documents_have_tomllibs_keys_and_each_leaf_its_line(text: str) -> None:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # the same key twice: refused before the scanner would be asked
    lines = lines_of(text)
    assert set(lines) == set(paths_of(values))
    # A key may begin above its value's line only where the value is spread; then the leaf's own list place is exact.
    for path, line in leaves(values):
        assert lines[path] == line


def test_most_generated_documents_are_valid() -> None:
    """Guards the property above, which passes over invalid ones: with none valid it would prove nothing."""
    valid = 0

    @given(documents())
    def count(text: str) -> None:
        nonlocal valid
        try:
            valid += bool(tomllib.loads(text))
        except tomllib.TOMLDecodeError:
            return

    count()
    assert valid > 30
