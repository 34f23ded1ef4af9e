"""Sentences for people: written once in English, shown in the reader's language."""

import gettext
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final, Self

import attrs

LANGUAGES: Final = ("fr", "en")
_DOMAIN: Final = "heitz-service"


def _frozen(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(values))


@attrs.frozen(slots=True)
class Sentence:
    """A sentence that is rendered late, in the language of whoever reads it.

    `template` is the English text and the key of the catalogue; `{name}` fields are filled from `values`, which may
    themselves be sentences. `str()` gives English: that is what logs and tests see.
    """

    template: str
    values: Mapping[str, Any] = attrs.field(factory=lambda: MappingProxyType({}), converter=_frozen, hash=False)
    plural_template: str | None = None

    @classmethod
    def of(cls, template: str, /, **values: Any) -> Self:
        """Return the sentence of a template and its values."""
        return cls(template, values)

    @classmethod
    def counted(cls, singular: str, plural: str, /, n: int, **values: Any) -> Self:
        """Return a sentence that counts: `{n}` is the number, and chooses the form (French: plural from two on)."""
        return cls(singular, {"n": n, **values}, plural)

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
    folder = resources.files("assets") / "locale"
    return gettext.translation(_DOMAIN, str(folder), [language], fallback=True)
