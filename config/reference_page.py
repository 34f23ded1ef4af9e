"""The settings as a page of documentation: one Markdown table for each table of the file."""

from collections.abc import Iterator

from config.prose import default_text, takes
from config.schema import SettingsSchema
from config.sentence import Sentence
from config.shapes import Anything, Listed, Named, Shape, Table, Variants, fields_of, shape_of
from config.tables import UncheckedTable
from config.toml_text import write_key, write_text
from config.variants import tags_of


def reference(schema: SettingsSchema, language: str = "en") -> str:
    """Return Markdown, in `language`, of every key that a file may hold; tables that are UNCHECKED are left out."""
    titles = (Sentence.of("key"), Sentence.of("takes"), Sentence.of("default"), Sentence.of("what it is for"))
    lines: list[str] = []
    for header, table, about in _tables(schema.document_class, ""):
        lines += [f"### `{header}`", "", about.render(language), ""]
        lines += [_row(title.render(language) for title in titles), "| --- | --- | --- | --- |"]
        for field in fields_of(table):
            if not (isinstance(field.shape, Anything) or any(_own_tables(field.shape, ""))):
                default = default_text(field)
                fallback = Sentence.of("required") if field.is_required else Sentence.of("none")
                lines.append(
                    _row(
                        (
                            f"`{write_key(field.key)}`",
                            takes(field, language),
                            f"`{default}`" if default is not None else fallback.render(language),
                            field.told.help.render(language),
                        )
                    )
                )
        lines.append("")
    return "\n".join(lines)


def _row(cells: Iterator[str] | tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _tables(table: type, path: str) -> Iterator[tuple[str, type, Sentence]]:
    """Yield the header, class and purpose of each table of the file that has keys to tell, outer ones first."""
    for field in fields_of(table):
        inner_path = f"{path}.{write_key(field.key)}" if path else write_key(field.key)
        for header, inner in _own_tables(field.shape, inner_path):
            if inner is not UncheckedTable:
                yield header, inner, field.told.help
                yield from _tables(inner, header.partition("]")[0].strip("["))


def _own_tables(shape: Shape, path: str) -> Iterator[tuple[str, type]]:
    match shape:
        case Table(table):
            yield f"[{path}]", table
        case Variants(tables):
            for table in tables:
                tags = ", ".join(f"{key} = {write_text(value)}" for key, value in tags_of(table).items())
                yield f"[{path}] {tags}", table
        case Listed(item):
            for header, table in _own_tables(shape_of(item), path):
                yield f"[{header.partition(']')[0]}]]{header.partition(']')[2]}", table
        case Named(item):
            yield from _own_tables(shape_of(item), f"{path}.NAME")
        case _:
            return
