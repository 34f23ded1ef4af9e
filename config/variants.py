"""Tables of several kinds under one name: which of them a file means, by the keys that tell them apart."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from config.problem import ValueRefusedError, did_you_mean, one_of
from config.sentence import Sentence
from config.shapes import fields_of, without_none


def tags_of(table: type) -> Mapping[str, str]:
    """Return the keys of a table's class that take one value, each with it: `kind: Literal["http"]`."""
    return dict(_tags(table))


def chosen(tables: Sequence[type], raw: Mapping[str, Any]) -> type:
    """Return the class that a table of the file is meant for; raises ValueRefusedError for a key that does not say.

    The first key whose value differs decides, then the next among those that are left: `kind`, then `provider`.
    """
    left = list(tables)
    while len(left) > 1:
        key = _deciding(left)
        choices = list(dict.fromkeys(tags_of(table)[key] for table in left))
        if key not in raw:
            raise ValueRefusedError(
                Sentence.of("missing"),
                suggestion=Sentence.of("it is one of {choices}", choices=one_of(choices)),
                key=(key,),
                is_missing=True,
            )
        written = raw[key]
        if written not in choices:
            raise ValueRefusedError(
                Sentence.of("expected one of {choices}", choices=one_of(choices)),
                suggestion=did_you_mean(written, choices) if isinstance(written, str) else None,
                key=(key,),
            )
        left = [table for table in left if tags_of(table)[key] == written]
    return left[0]


def check_variants(tables: Sequence[type]) -> None:
    """Raise TypeError when some of the tables cannot be told apart by a key that takes one value in each."""
    if len(tables) > 1:
        key = _deciding(tables)
        for value in {tags_of(table)[key] for table in tables}:
            check_variants([table for table in tables if tags_of(table)[key] == value])


def _deciding(tables: Sequence[type]) -> str:
    for key in tags_of(tables[0]):
        values = [tags_of(table).get(key) for table in tables]
        if None not in values and len(set(values)) > 1:
            return key
    names = ", ".join(table.__name__ for table in tables)
    raise TypeError(f"no key with one value in each (a Literal) tells these tables apart: {names}")


def _tags(table: type) -> Iterator[tuple[str, str]]:
    for field in fields_of(table):
        type_ = without_none(field.type_)
        if get_origin(type_) is Literal and len(get_args(type_)) == 1:
            yield field.key, get_args(type_)[0]
