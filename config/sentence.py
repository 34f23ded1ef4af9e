"""Sentences for people: written once in English, shown in the reader's language.

The command line's quick commands stand on this module alone, so it loads nothing but gettext.
"""

import gettext
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Self

import assets

LANGUAGES: Final = ("fr", "en")
_DOMAIN: Final = "heitz-service"


class Sentence:
    """A sentence that is rendered late, in the language of whoever reads it. Immutable.

    `template` is the English text and the key of the catalogue; `{name}` fields are filled from `values`, which may
    themselves be sentences. `str()` gives English: that is what logs and tests see.
    """

    __slots__ = ("plural_template", "template", "values")

    template: str
    values: Mapping[str, Any]
    plural_template: str | None

    def __init__(
        self, template: str, values: Mapping[str, Any] | None = None, plural_template: str | None = None
    ) -> None:
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "values", MappingProxyType(dict(values or {})))
        object.__setattr__(self, "plural_template", plural_template)

    @classmethod
    def of(cls, template: str, /, **values: Any) -> Self:
        """Return the sentence of a template and its values."""
        return cls(template, values)

    @classmethod
    def counted(cls, singular: str, plural: str, /, n: int, **values: Any) -> Self:
        """Return a sentence that counts: `{n}` is the number, and chooses the form (French: plural from two on)."""
        return cls(singular, {"n": n, **values}, plural)

    @classmethod
    def joined(cls, separator: str, parts: "Sequence[Sentence]", /) -> Self:
        """Return the sentences one after the other; the separator reads the same in every language."""
        names = [f"part{index}" for index in range(len(parts))]
        return cls(separator.join(f"{{{name}}}" for name in names), dict(zip(names, parts, strict=True)))

    def render(self, language: str) -> str:
        """Return the text in `language` ("fr" or "en"); an unknown language reads English."""
        translations = _translations(language)
        if self.plural_template is None:
            text = translations.gettext(self.template)
        else:
            text = translations.ngettext(self.template, self.plural_template, int(self.values["n"]))
        values = {
            name: value.render(language) if isinstance(value, Sentence) else value
            for name, value in self.values.items()
        }
        return text.format(**values) if values else text

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a sentence is immutable: {name} stays as it is")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a sentence is immutable: {name} stays as it is")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sentence):
            return NotImplemented
        return (self.template, self.plural_template, self.values) == (
            other.template,
            other.plural_template,
            other.values,
        )

    def __hash__(self) -> int:
        # Values may be unhashable; two sentences that differ only there share a hash, which is allowed.
        return hash((self.template, self.plural_template))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.template, dict(self.values), self.plural_template)

    def __repr__(self) -> str:
        return f"Sentence({str(self)!r})"

    def __str__(self) -> str:
        return self.render("en")


class SentenceError(Exception):
    """An error whose text is a sentence for people: what was attempted, on what, what to do."""

    def __init__(self, template: str | Sentence, /, **values: Any) -> None:
        self.sentence = template if isinstance(template, Sentence) else Sentence.of(template, **values)
        super().__init__(str(self.sentence))


@cache
def _translations(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    # The package's own folder rather than importlib.resources, whose import alone takes longer than `status` may.
    return gettext.translation(_DOMAIN, f"{assets.__path__[0]}/locale", [language], fallback=True)
