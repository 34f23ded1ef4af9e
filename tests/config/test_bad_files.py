"""Every way a settings file can be unreadable is one problem in words, at its place where it has one."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from config import Problem, SettingsError, SettingsSchema, load
from config.document import LARGEST_FILE, MOST_PARTS
from config.syntax import syntax_problem

BACKSLASH = (
    'a backslash within "..." begins a special character; write paths in single quotes, '
    "'C:\\Heitz', or with double backslashes, \"C:\\\\Heitz\""
)
FROZEN = (
    "nothing can be added to a list or a table that was written on one line; "
    "write it as a table of its own, with a header"
)
Problems = Callable[[str | bytes], tuple[Problem, ...]]


def problem_of(path: Path) -> Problem:
    with pytest.raises(SettingsError) as caught:
        load(path, SettingsSchema())
    [problem] = caught.value.problems
    return problem


def test_a_missing_file(tmp_path: Path) -> None:
    problem = problem_of(tmp_path / "none.toml")
    assert str(problem) == (
        f"{tmp_path}/none.toml: there is no such file; write one to begin with by: heitz-service config init"
    )


def test_a_file_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert str(problem_of(tmp_path / "file" / "none.toml").sentence) == "there is no such file"


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    assert str(problem_of(tmp_path)) == f"{tmp_path}: this is a folder, not a file; name the settings file within it"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes in folders are of Unix")
def test_a_pipe_in_place_of_the_file_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert str(problem_of(tmp_path / "pipe").sentence) == "this is a device or a pipe, not a file"


def test_a_file_that_this_user_may_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests may run as a user who may read everything, so the refusal is the operating system's, played.
    file = tmp_path / "closed.toml"
    file.touch()

    def refuse(*_args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    problem = problem_of(file)
    assert str(problem.sentence) == "this user may not read the file"
    assert str(problem.suggestion) == "give the user who runs the program the right to read it"


def test_a_disk_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file.toml"
    file.touch()

    def fail(*_args: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    assert str(problem_of(file).sentence) == "the file cannot be read: Input/output error"


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    assert str(problem_of(tmp_path / "a\0b").sentence) == "no file can have this name"


@pytest.mark.parametrize("content", ["", "\n\n", "  \t\r\n", "# only a comment\n  # and another", "\ufeff"])
def test_an_empty_file(problems_of: Problems, content: str) -> None:
    [problem] = problems_of(content)
    assert (str(problem.sentence), problem.line) == ("the file is empty", None)
    assert str(problem.suggestion) == "write one to begin with by: heitz-service config init"


def test_a_file_that_is_not_utf8_is_told_by_byte_and_line(problems_of: Problems) -> None:
    [problem] = problems_of('[club]\nname = "é Forme"\n'.encode().replace(b"Forme", b"Sant\xe9"))
    assert (problem.line, problem.column) == (2, 15)
    assert str(problem.sentence) == "byte 23 of the file, 0xe9, is not UTF-8 text"
    assert str(problem.suggestion) == "save it as UTF-8 in the editor"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_file_of_another_unicode_encoding(problems_of: Problems, good: str, encoding: str) -> None:
    [problem] = problems_of(good.encode(encoding))
    assert str(problem.sentence) == "the file is UTF-16 text"


def test_a_byte_order_mark_harms_nothing(write: Callable[[bytes], Path], schema: SettingsSchema, good: str) -> None:
    settings = load(write(good.encode("utf-8-sig")), schema)
    assert settings.club.name == "Forme et Santé"
    assert settings.lines["club",] == 1


def test_a_file_of_zero_bytes_as_a_power_cut_leaves_it(problems_of: Problems) -> None:
    [problem] = problems_of(bytes(4096))
    assert str(problem.sentence) == "the file holds nothing but zero bytes, as a power cut leaves it"


def test_a_zero_byte_within_the_text(problems_of: Problems, good: str) -> None:
    [problem] = problems_of(good.replace("smtp.ex", "sm\0tp.ex"))
    assert (problem.line, problem.column) == (16, 11)
    assert str(problem.sentence) == "a control character, which no settings file holds"


def test_ten_megabytes_are_refused(problems_of: Problems) -> None:
    [problem] = problems_of(b"a = 1\n" * 1_700_000)
    assert str(problem.sentence) == f"larger than {LARGEST_FILE} bytes: this is no settings file"


def test_a_large_file_is_refused_unread(write: Callable[[bytes], Path]) -> None:
    """Ten gigabytes, sparse: whoever read them all would not come back within the test's time or memory."""
    file = write(b"")
    os.truncate(file, 10**10)
    assert str(problem_of(file).sentence) == f"larger than {LARGEST_FILE} bytes: this is no settings file"


@pytest.mark.parametrize(
    "content",
    ["a = " + "[" * 60_000, "a = " + "{a=" * 5_000 + "1" + "}" * 5_000, "a = " + "[" * 40 + "]" * 40],
)
def test_deep_nesting(problems_of: Problems, content: str) -> None:
    [problem] = problems_of(content)
    assert str(problem.sentence) == "tables or lists are nested deeper than 32 levels"


def test_deep_nesting_is_told_from_a_thread_as_well(problems_of: Problems) -> None:
    told: list[str] = []
    thread = threading.Thread(target=lambda: told.append(str(problems_of("a = " + "[" * 60_000)[0].sentence)))
    thread.start()
    thread.join()
    assert told == ["tables or lists are nested deeper than 32 levels"]


@pytest.mark.parametrize("key", ["a" + ".a" * 100_000 + " = 1", "\n[" + "'a' . " * MOST_PARTS + "b]"])
def test_a_key_of_very_many_parts_is_refused_before_it_fills_the_memory(problems_of: Problems, key: str) -> None:
    [problem] = problems_of(key)
    assert str(problem.sentence) == "more than 64 names joined by dots"
    assert problem.line == 1 + key.count("\n")


def test_dots_within_quotes_join_no_names(write: Callable[[str], Path], schema: SettingsSchema, good: str) -> None:
    load(write(f"{good}# {'...' * 100}\n[fmi.zones.'{'.' * 100}']\nlimit = 1\n"), schema)


def test_a_number_of_too_many_digits(problems_of: Problems) -> None:
    [problem] = problems_of("a = " + "1" * 5_000)
    assert str(problem.sentence) == "a number has too many digits"


@pytest.mark.parametrize(
    ("content", "line", "told"),
    [
        # One case for each thing that tomllib says, so that a new wording of it is seen here.
        (
            'a = 1\npath = "C:\\Heitz"',
            2,
            (BACKSLASH),
        ),
        (
            'path = "C:\\users\\x"',
            1,
            (BACKSLASH),
        ),
        ('path = "\\uD800"', 1, None),
        ("a = 1\na = 2", 2, "this key has been given before; keep one of the two"),
        ("a = { b = 1, b = 2 }", 1, "this key has been given before; keep one of the two"),
        ("a = 1\n[a]", 2, "this key has been given before; keep one of the two"),
        ("a = 1\n[[a]]", 2, "this key has been given before; keep one of the two"),
        ("[a]\n[b]\n[a]", 3, "this table has been given before; bring the keys of both under one header"),
        ("[a.b]\n[a]\nb.c = 1", 3, "this key has been given before; keep one of the two"),
        (
            "a = []\n[[a]]",
            2,
            (FROZEN),
        ),
        ('a = "open\nb = 1', 1, "text that begins with a quote is not closed on its line; add the closing quote"),
        ("a = 'open\nb = 1", 1, "text that begins with a quote is not closed on its line; add the closing quote"),
        ('a = """open\nb = 1', 1, "text that begins with a quote is not closed on its line; add the closing quote"),
        (
            'a = ["x"\nb = 1',
            2,
            (
                "a list or table is not closed, or lacks a comma between two entries; look for the missing comma or "
                "bracket, here or just before"
            ),
        ),
        (
            "a = { b = 1",
            1,
            (
                "a list or table is not closed, or lacks a comma between two entries; look for the missing comma or "
                "bracket, here or just before"
            ),
        ),
        ("a = yes", 1, "not a value; put text in quotes; write true and false in small letters"),
        ("a = True", 1, "not a value; put text in quotes; write true and false in small letters"),
        ("a =", 1, "not a value; put text in quotes; write true and false in small letters"),
        ("a", 1, 'a key without its value; write it as in key = "value"'),
        (
            "# x\né = 1",
            2,
            "neither a key nor a table's header; put keys that have spaces or accents in quotes; begin comments with #",
        ),
        (
            "a. = 1",
            1,
            "neither a key nor a table's header; put keys that have spaces or accents in quotes; begin comments with #",
        ),
        ("a = 1 b = 2", 1, "something follows the value on its line; begin a new line for each key"),
        (
            "[a\nb = 1",
            1,
            "the table's header is not closed; write it as in [club] or [[stations.ACCUEIL.sensors]]",
        ),
        (
            "[[a]\nb = 1",
            1,
            "the table's header is not closed; write it as in [club] or [[stations.ACCUEIL.sensors]]",
        ),
        (
            "a = 1 # \x07",
            1,
            "a control character, which no settings file holds; delete what is invisible on this line and type it anew",
        ),
        (
            "a = 1\rb = 2",  # the line ends of old Macintoshes
            1,
            "a control character, which no settings file holds; delete what is invisible on this line and type it anew",
        ),
        ("a = 2026-02-30", 1, "there is no such date or time; correct it, or put it in quotes if it is text"),
        # open to the end of the file: told where it begins
        ("a = 'open", 1, "text that begins with a quote is not closed on its line; add the closing quote"),
        ("a = '''open\nx\ny\n", 1, "text that begins with a quote is not closed on its line; add the closing quote"),
        ('a = """op""en\nx\ny\n', 1, "text that begins with a quote is not closed on its line; add the closing quote"),
        ('a = """x"""\nb = "open', 2, "text that begins with a quote is not closed on its line; add the closing quote"),
        ("a = [\n1,\n\n", 2, None),
    ],
)
def test_a_fault_of_syntax_is_told_in_words_at_its_line(
    problems_of: Problems, content: str, line: int, told: str | None
) -> None:
    [problem] = problems_of(content)
    assert problem.line == line
    assert problem.key is None
    assert told is None or str(problem).partition(f"{problem.place}: ")[2] == told


def test_a_line_that_is_not_sure_is_not_told(problems_of: Problems) -> None:
    [problem] = problems_of('a = """open\nx\\"""\n')
    assert problem.line is None


def test_a_complaint_that_tomllib_does_not_make_yet_is_passed_on(tmp_path: Path) -> None:
    problem = syntax_problem(tmp_path, "a", "Something new (at line 3, column 4)")
    assert str(problem) == f"{tmp_path}:3:4: not TOML: Something new"


def test_a_fault_of_syntax_has_its_column_as_editors_count(problems_of: Problems) -> None:
    [problem] = problems_of("ab = 1\ncd == 2\n")
    assert problem.place.endswith("heitz-service.toml:2:5")


def test_a_half_written_file_is_a_problem_or_plainly_incomplete(problems_of: Problems, good: str) -> None:
    """Cut anywhere before its last table begins, the file never loads as if it were whole."""
    content = good.encode()
    for end in range(content.index(b"[email.smtp]")):
        if content[:end].strip() and end <= content.index(b"server = true") + 8:
            assert problems_of(content[:end])


def test_no_fault_of_syntax_shows_the_line_it_is_on(problems_of: Problems) -> None:
    [problem] = problems_of('password = "hunter2')
    assert "hunter2" not in str(problem)
