"""What goes to a gateway and what comes back, as plain values; neither shows what is private."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

_LONGEST_QUOTE: Final = 160
_READ_AT_MOST: Final = 4000
_ECHO: Final = 12  # as many characters of a message's text, found in an answer, are no accident
_TAGS: Final = re.compile(r"<[^>]*>")
_NUMBER: Final = re.compile(r"\+?\d(?:[ .()-]{0,2}\d){6,}")
_TOKEN: Final = re.compile(r"(?<!\w)(?=\w*\d)[\w+/=-]{16,}")
_ADDRESS: Final = re.compile(r"\S+@\S+|https?://\S+")


@attrs.frozen
class Request:
    """One HTTP request, whole: what is not in here is not sent, but for Host and Content-Length."""

    method: str
    url: str = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes | None = attrs.field(default=None, repr=False)


class NotJsonError(Exception):
    """An answer is not JSON of the shape that its reader expects."""


@attrs.frozen
class Reply:
    """One HTTP answer; `body` is bounded, and not whole when the connection broke in it or it was too long.

    `headers` have lower-case names. `private` is what no sentence may repeat: numbers, texts, secrets.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    is_whole: bool = True
    private: tuple[str, ...] = attrs.field(default=(), repr=False)

    def json(self) -> Any:
        """Return the body as JSON. Raises NotJsonError."""
        if not self.is_whole:
            raise NotJsonError
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise NotJsonError from None  # the cause holds the body

    def json_object(self) -> Mapping[str, Any]:
        """Return the body as a JSON object, empty when it is anything else: for errors, whose status says enough."""
        try:
            found = self.json()
        except NotJsonError:
            return {}
        return found if isinstance(found, dict) else {}

    def text(self) -> str:
        """Return the body as text, wrong bytes replaced."""
        return self.body.decode("utf-8", "replace")

    def quote(self, words: object) -> str:
        """Return what a provider says, fit to be shown: short, one line, without numbers, tokens, texts or markup."""
        text = str(words)
        if any(secret in text for secret in self.private if secret):
            return "…"
        # What is shown stands at its beginning; and patterns take as long as the square of a run without spaces.
        text = " ".join(_TAGS.sub(" ", text[:_READ_AT_MOST]).split())
        if any(secret in text or _echoes(text, secret) for secret in self.private if secret):
            return "…"
        for pattern in (_ADDRESS, _NUMBER, _TOKEN):
            text = pattern.sub("…", text)
        text = "".join(letter for letter in text if letter.isprintable())
        return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"

    def shape(self) -> str:
        """Return what kind of body came, without a word of it: for answers that make no sense."""
        if not self.body:
            return "empty"
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind if re.fullmatch(r"[a-z]+/[a-z0-9.+-]{1,40}", kind) else "unknown"


def _echoes(text: str, secret: str) -> bool:
    return any(text[at : at + _ECHO] in secret for at in range(len(text) - _ECHO + 1))


def encoded_json(value: Any) -> bytes:
    """Return a value as compact JSON in UTF-8: the very bytes that are signed and sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
