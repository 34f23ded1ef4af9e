"""Extracts every sentence from the source, merges it into the French catalogue and compiles it: `make catalogue`."""

import ast
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("actors", "club", "config", "service", "supervisor")
KEYWORDS = {"of": None, "counted": (1, 2), "SentenceError": None}
FIRST_DAY = datetime(2026, 11, 24, tzinfo=UTC)  # the day of a call would change the file at every call
FRENCH = ROOT / "assets/locale/fr/LC_MESSAGES/heitz-service.po"


def error_classes() -> Iterator[str]:
    """Yield the names of the classes whose first argument is a sentence: SentenceError and what inherits its making."""
    known = {"SentenceError"}
    classes = [
        node
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
        and not any(isinstance(member, ast.FunctionDef) and member.name == "__init__" for member in node.body)
    ]
    grew = True
    while grew:
        found = {c.name for c in classes if any(isinstance(b, ast.Name) and b.id in known for b in c.bases)} - known
        grew = bool(found)
        known |= found
    yield from sorted(known)


def extracted() -> Catalog:
    """Return the template: every sentence in the source, where it stands."""
    keywords = {**KEYWORDS, **dict.fromkeys(error_classes())}
    template = Catalog(project="heitz-service", charset="utf-8")
    for folder in FOLDERS:
        found = extract_from_dir(str(ROOT / folder), [("**.py", "python")], keywords=keywords)
        for filename, line, message, comments, context in found:
            template.add(message, None, [(f"{folder}/{filename}", line)], auto_comments=comments, context=context)
    return template


def merged() -> Catalog:
    """Return the French catalogue brought up to the source: new sentences empty, gone ones dropped."""
    french = Catalog(locale="fr", project="heitz-service", charset="utf-8", fuzzy=False)
    if FRENCH.exists():
        with FRENCH.open("rb") as stream:
            french = read_po(stream, locale="fr")
    french.update(extracted(), no_fuzzy_matching=True)
    french.obsolete.clear()
    return french


def untranslated(catalog: Catalog) -> list[str]:
    """Return the sentences that have no French."""
    return [
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalog
        if message.id and not all(message.string if isinstance(message.string, tuple) else (message.string,))
    ]


def main() -> int:
    """Write the catalogue and its compiled form; exit 1 when sentences lack their French."""
    catalog = merged()
    FRENCH.parent.mkdir(parents=True, exist_ok=True)
    catalog.revision_date = catalog.creation_date = FIRST_DAY
    catalog.header_comment = "# French sentences of Heitz Service; made by `make catalogue`, translated by hand."
    catalog.last_translator = catalog.language_team = catalog.msgid_bugs_address = "Heitz"
    catalog.version = "1"
    with FRENCH.open("wb") as stream:
        write_po(stream, catalog, width=110, sort_output=True, omit_header=False, include_lineno=False)
    with FRENCH.with_suffix(".mo").open("wb") as stream:
        write_mo(stream, catalog)
    missing = untranslated(catalog)
    for sentence in missing:
        sys.stdout.write(f"no French: {sentence}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
