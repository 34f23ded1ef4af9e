"""What tomllib says of a document that is no TOML, told in words for people, with what to do."""

import re
from pathlib import Path
from typing import Final

from config.problem import Problem
from config.sentence import Sentence

_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_ADVICE: Final = (
    # tomllib's complaint (pinned by tests), what is wrong, what to do
    (
        re.compile(r"Unescaped|Invalid hex|not a Unicode scalar"),
        Sentence.of('a backslash within "..." begins a special character'),
        Sentence.of("write paths in single quotes, 'C:\\Heitz', or with double backslashes, \"C:\\\\Heitz\""),
    ),
    (
        re.compile(r"Cannot overwrite a value|Duplicate inline table key|Cannot redefine namespace"),
        Sentence.of("this key has been given before"),
        Sentence.of("keep one of the two"),
    ),
    (
        re.compile(r"Cannot declare .* twice"),
        Sentence.of("this table has been given before"),
        Sentence.of("bring the keys of both under one header"),
    ),
    (
        re.compile(r"Cannot mutate immutable namespace"),
        Sentence.of("nothing can be added to a list or a table that was written on one line"),
        Sentence.of("write it as a table of its own, with a header"),
    ),
    (
        re.compile(r"Unterminated string|[Ii](?:llegal|nvalid) character '\\n'|Expected .'"),
        Sentence.of("text that begins with a quote is not closed on its line"),
        Sentence.of("add the closing quote"),
    ),
    (
        re.compile(r"Unclosed array|Unclosed inline table"),
        Sentence.of("a list or table is not closed, or lacks a comma between two entries"),
        Sentence.of("look for the missing comma or bracket, here or just before"),
    ),
    (
        re.compile(r"Invalid value"),
        Sentence.of("not a value"),
        Sentence.of("put text in quotes; write true and false in small letters"),
    ),
    (
        re.compile(r"Expected '=' after a key"),
        Sentence.of("a key without its value"),
        Sentence.of('write it as in key = "value"'),
    ),
    (
        re.compile(r"Invalid statement|Invalid initial character"),
        Sentence.of("neither a key nor a table's header"),
        Sentence.of("put keys that have spaces or accents in quotes; begin comments with #"),
    ),
    (
        re.compile(r"Expected newline or end of document"),
        Sentence.of("something follows the value on its line"),
        Sentence.of("begin a new line for each key"),
    ),
    (
        re.compile(r"end of a table declaration|end of an array declaration"),
        Sentence.of("the table's header is not closed"),
        Sentence.of("write it as in [club] or [[stations.ACCUEIL.sensors]]"),
    ),
    (
        re.compile(r"Invalid date or datetime"),
        Sentence.of("there is no such date or time"),
        Sentence.of("correct it, or put it in quotes if it is text"),
    ),
)


def syntax_problem(file: Path, text: str, told: str) -> Problem:
    """Return the problem of a text that ends in a line break, given what tomllib told (its error's message)."""
    place = _PLACE.search(told)
    complaint = _PLACE.sub("", told)
    line, column = (int(place[1]), int(place[2])) if place and place[1] else (_line_of_open_end(text, complaint), None)
    for pattern, sentence, suggestion in _ADVICE:
        if pattern.search(complaint):
            return Problem(file=file, line=line, column=column, sentence=sentence, suggestion=suggestion)
    sentence = Sentence.of("not TOML: {complaint}", complaint=complaint)
    return Problem(file=file, line=line, column=column, sentence=sentence)


def _line_of_open_end(text: str, complaint: str) -> int | None:
    """Return the line of what reaches to the end of the document, where tomllib names only that end.

    Text that is never closed stands at the last of its quotes, which may be far above. For all else the reading stopped
    at the last line.
    """
    quote = {'Expected "\'"': "'", "Expected \"'''\"": "'''", "Unterminated string": '"""'}.get(complaint)
    if quote is None:
        return text.rstrip().count("\n") + 1
    opened = text.rfind(quote)
    if opened < 1 or text[opened - 1] == "\\":  # escaped quotes within the text: the opening ones are not known
        return None
    return text.count("\n", 0, opened) + 1
