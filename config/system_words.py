"""What the operating system says of an error, in the reader's language: by itself a program hears it in English.

The English is the C library's own, word for word, so that it can be looked up. Windows speaks its user's language.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from config.sentence import Sentence

_USUAL: Final = (
    Sentence.of("Address already in use"),
    Sentence.of("Broken pipe"),
    Sentence.of("Cannot assign requested address"),
    Sentence.of("Connection refused"),
    Sentence.of("Connection reset by peer"),
    Sentence.of("Connection timed out"),
    Sentence.of("Device or resource busy"),
    Sentence.of("Input/output error"),
    Sentence.of("Is a directory"),
    Sentence.of("Name or service not known"),
    Sentence.of("Network is down"),
    Sentence.of("Network is unreachable"),
    Sentence.of("No address associated with hostname"),
    Sentence.of("No route to host"),
    Sentence.of("No space left on device"),
    Sentence.of("No such device"),
    Sentence.of("No such file or directory"),
    Sentence.of("Not a directory"),
    Sentence.of("Operation not permitted"),
    Sentence.of("Permission denied"),
    Sentence.of("Read-only file system"),
    Sentence.of("Software caused connection abort"),
    Sentence.of("Temporary failure in name resolution"),
    Sentence.of("Too many open files"),
)
_BY_TEXT: Final[Mapping[str, Sentence]] = MappingProxyType({sentence.template: sentence for sentence in _USUAL})


def system_words(error: OSError) -> Sentence | str:
    """Return what went wrong: a sentence for what is usual, else the system's words, else the name of the error."""
    text = error.strerror or type(error).__name__
    return _BY_TEXT.get(text, text)
