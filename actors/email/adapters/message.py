"""Builds the mail of a row: headers, text, HTML, attachments; and its identity, the same at every attempt."""

import binascii
import hashlib
import re
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import Final

import attrs

from actors.email.adapters.headers import FoldedHeader, file_header, mailboxes_header, text_header
from actors.email.addresses import AddressError, Mailbox, parse_mailbox
from config.sentence import Sentence, SentenceError

_LONGEST_LINE: Final = 998  # octets, RFC 5322 §2.1.1
_LONGEST_NAME: Final = 80  # characters of a file's name: encoded, they must fit one line
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_LONG_LINE: Final = re.compile(rb"[^\n]{%d}" % (_LONGEST_LINE - 1))
_CONTENT_TYPE: Final = re.compile(
    r"([a-z0-9][a-z0-9!#$&^_.+-]*)/([a-z0-9][a-z0-9!#$&^_.+-]*)\s*(;[ -~]*)?", re.IGNORECASE
)
_PARAMETER: Final = re.compile(r';\s*([a-z0-9-]+)\s*=\s*(?:"([^"\\]*)"|([a-z0-9!#$&^_.+-]+))', re.IGNORECASE)
_LINE_BREAKS: Final = re.compile("[\r\n\v\f\x85\u2028\u2029]")


class Unsendable(SentenceError):  # noqa: N818 - a state of the row, read in except clauses
    """A row that no server could be given; the sentence is the row's reason."""


@attrs.frozen
class Attachment:
    """A file to join; `content_id` makes it an image that the HTML names by `cid:`."""

    filename: str
    content: bytes
    content_type: str = "application/octet-stream"
    content_id: str | None = None


@attrs.frozen
class Draft:
    """What a row asks to send. `dated_at` (aware) becomes the Date field."""

    recipients: tuple[Mailbox, ...]
    subject: str
    message_id: str
    dated_at: datetime
    text_body: str | None = None
    html_body: str | None = None
    reply_to: str | None = None
    attachments: tuple[Attachment, ...] = ()
    ways_out: tuple[str, ...] = ()
    """Addresses of List-Unsubscribe (RFC 2369), for a message to one recipient alone."""
    has_one_click: bool = False


@attrs.frozen
class Envelope:
    """A message and whom to give it to.

    `content` has CRLF line ends. `needs_utf8` says that `content` is for servers with SMTPUTF8 only; `ascii_content` is
    the same message for the others, naming only the recipients that they can serve, or None when there is none.
    """

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    needs_utf8: bool = False
    ascii_content: bytes | None = None


def message_id(club: str, row_id: int, created_at: datetime | None, reference: str | None, sender: Mailbox) -> str:
    """Return the Message-ID of a row: the same at every attempt, so that receivers can see that two copies are one.

    The instant of creation is in it because a database that is made anew begins again at row 1.
    """
    instant = "" if created_at is None else created_at.isoformat()
    identity = "\0".join((club, str(row_id), instant, reference or ""))
    return f"<{hashlib.sha256(identity.encode()).hexdigest()[:40]}@{sender.address.rpartition('@')[2]}>"


def build(draft: Draft, sender: Mailbox, max_size: int) -> Envelope:
    """Return the envelope of a draft; raise `Unsendable` with the reason.

    `max_size` (octets) bounds the finished message.
    """
    reply_to = _check(draft)
    weight = sum(len(each.content) for each in draft.attachments)
    weight += sum(len(body) for body in (draft.text_body, draft.html_body) if body)
    _check_size(weight, max_size)  # before base64 makes it larger still
    reachable = tuple(mailbox for mailbox in draft.recipients if not mailbox.is_international)
    needs_utf8 = len(reachable) < len(draft.recipients) or (reply_to is not None and reply_to.is_international)
    content = _content(draft, draft.recipients, sender, reply_to, utf8=needs_utf8)
    _check_size(len(content), max_size)
    ascii_content = None
    if needs_utf8 and reachable and not (reply_to and reply_to.is_international):
        ascii_content = _content(draft, reachable, sender, reply_to, utf8=False)
    addresses = tuple(mailbox.address for mailbox in draft.recipients)
    return Envelope(sender.address, addresses, content, needs_utf8, ascii_content)


def _check(draft: Draft) -> Mailbox | None:
    if not (draft.text_body or draft.html_body):
        raise Unsendable("it has neither text nor HTML")
    if _LINE_BREAKS.search(draft.subject):
        raise Unsendable("its subject has more than one line")
    for name, text in (
        (Sentence.of("subject"), draft.subject),
        (Sentence.of("text"), draft.text_body),
        (Sentence.of("HTML"), draft.html_body),
    ):
        if text and "\0" in text:
            raise Unsendable("its {part} holds a NUL character", part=name)
        if text and not _is_unicode(text):
            raise Unsendable("its {part} holds half a character (a lone surrogate)", part=name)
    if not draft.reply_to or not draft.reply_to.strip():
        return None
    try:
        return parse_mailbox(draft.reply_to)
    except AddressError as error:
        raise Unsendable("its reply_to is wrong: {why}", why=error.sentence) from error


def _check_size(size: int, max_size: int) -> None:
    if size > max_size:
        raise Unsendable("it has {size} bytes, more than max_message_size ({limit})", size=size, limit=max_size)


def _content(draft: Draft, to: tuple[Mailbox, ...], sender: Mailbox, reply_to: Mailbox | None, *, utf8: bool) -> bytes:
    message = _body(draft)
    _set(message, mailboxes_header("From", (sender,), utf8=utf8))
    _set(message, mailboxes_header("To", to, utf8=utf8))
    if reply_to is not None:
        _set(message, mailboxes_header("Reply-To", (reply_to,), utf8=utf8))
    _set(message, text_header("Subject", draft.subject, utf8=utf8))
    if draft.ways_out:
        _set(message, FoldedHeader("List-Unsubscribe", ",\r\n ".join(f"<{way}>" for way in draft.ways_out)))
    if draft.has_one_click:
        _set(message, FoldedHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))  # RFC 8058 §3.1
    _set(message, FoldedHeader("Date", format_datetime(draft.dated_at)))
    _set(message, FoldedHeader("Message-ID", draft.message_id))
    _set(message, FoldedHeader("MIME-Version", "1.0"))
    return message.as_bytes(policy=SMTPUTF8 if utf8 else SMTP)


def _body(draft: Draft) -> EmailMessage:
    """Return text and HTML as alternatives, images beside the HTML that names them, other files around it all."""
    parts = [_text("plain", draft.text_body)] if draft.text_body else []
    if draft.html_body:
        images = [_file(each) for each in draft.attachments if each.content_id]
        html = _text("html", draft.html_body)
        parts.append(_multipart("related", [html, *images], draft) if images else html)
    body = parts[0] if len(parts) == 1 else _multipart("alternative", parts, draft)
    files = [_file(each) for each in draft.attachments if not (each.content_id and draft.html_body)]
    return _multipart("mixed", [body, *files], draft) if files else body


def _set(part: EmailMessage, header: FoldedHeader) -> None:
    # Not part[name] = header: for each field that makes a class, which takes a fifth of the whole building.
    part.set_raw(header.name, header)


def _multipart(subtype: str, parts: list[EmailMessage], draft: Draft) -> EmailMessage:
    whole = EmailMessage(policy=SMTP)
    # From the identity, not at random: two copies of one message are the same bytes.
    boundary = hashlib.sha256(f"{subtype}{draft.message_id}".encode()).hexdigest()[:32]
    _set(whole, FoldedHeader("Content-Type", f'multipart/{subtype}; boundary="=_{boundary}"'))
    for part in parts:
        whole.attach(part)
    return whole


def _text(subtype: str, text: str) -> EmailMessage:
    raw = _LINE_END.sub(b"\r\n", text.encode())
    if not raw.endswith(b"\r\n"):
        raw += b"\r\n"
    if raw.isascii() and not _LONG_LINE.search(raw):
        charset, encoding, payload = "us-ascii", "7bit", raw
    elif _is_mostly_ascii(raw):
        charset, encoding, payload = "utf-8", "quoted-printable", binascii.b2a_qp(raw)
    else:
        charset, encoding, payload = "utf-8", "base64", _base64(raw)
    part = EmailMessage(policy=SMTP)
    _set(part, FoldedHeader("Content-Type", f'text/{subtype}; charset="{charset}"'))
    _set(part, FoldedHeader("Content-Transfer-Encoding", encoding))
    part.set_payload(payload.decode("ascii"))
    return part


def _file(attachment: Attachment) -> EmailMessage:
    match = _CONTENT_TYPE.fullmatch(attachment.content_type.strip())
    main, sub, rest = match.groups("") if match else ("application", "octet-stream", "")
    if main.lower() in ("multipart", "message"):  # whose base64 RFC 2046 §5 forbids
        main, sub, rest = "application", "octet-stream", ""
    parameters = {found[1].lower(): found[2] or found[3] for found in _PARAMETER.finditer(rest)}
    parameters.pop("name", None)
    part = EmailMessage(policy=SMTP)
    described = "".join(f'; {name}="{value}"' for name, value in parameters.items())
    _set(part, FoldedHeader("Content-Type", f"{main}/{sub}{described}"))
    _set(part, FoldedHeader("Content-Transfer-Encoding", "base64"))
    _set(part, file_header(_base_name(attachment.filename), is_inline=attachment.content_id is not None))
    if attachment.content_id:
        identity = "".join(character for character in attachment.content_id if "!" <= character <= "~").strip("<>")
        _set(part, FoldedHeader("Content-ID", f"<{identity}>"))
    part.set_payload(_base64(attachment.content).decode("ascii"))
    return part


def _base_name(filename: str) -> str:
    """Return the last part of a path, of Windows or of Unix, without control characters."""
    name = re.split(r"[/\\]", filename)[-1].strip()
    name = "".join(character for character in name if character.isprintable()) or "attachment"
    if len(name) > _LONGEST_NAME:
        stem, dot, extension = name.rpartition(".")
        kept = dot + extension if dot and len(extension) < _LONGEST_NAME // 2 else ""
        name = (stem if kept else name)[: _LONGEST_NAME - len(kept)] + kept
    return name


def _base64(raw: bytes) -> bytes:
    encoded = binascii.b2a_base64(raw, newline=False)
    return b"".join(encoded[start : start + 76] + b"\r\n" for start in range(0, len(encoded), 76))


def _is_mostly_ascii(raw: bytes) -> bool:
    return len(raw.decode().encode("ascii", "ignore")) * 6 >= len(raw) * 5


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
