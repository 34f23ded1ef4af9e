"""What stands in a line of the journal: an answer, or what was intended, has left, or is settled."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self, TypeAlias, assert_never

import attrs

from club.messages import Expired, Failed, Later, Message, Outcome, Recipient, Sent, Uncertain
from club.traces import Traces

Key: TypeAlias = tuple[str, int, str]
"""Channel, message and claim: one delivery."""


@attrs.frozen
class Answer:
    """What became of one claimed message, as plain values that a file can hold."""

    channel: str
    message_id: int
    claim_id: str
    outcome: str
    reference: str | None = None
    error: str | None = None
    delay_ms: int | None = None
    """Milliseconds from when the database records it to the next attempt."""
    recipients: tuple[Recipient, ...] = ()
    fingerprint: str | None = None
    """Of the message, where it has left."""

    @classmethod
    def of(cls, channel: str, message: Message, outcome: Outcome, recipients: Sequence[Recipient] = ()) -> Self:
        """Return the answer that says `outcome` of `message`."""
        reference: str | None = None
        error: str | None = None
        fingerprint: str | None = None
        delay_ms: int | None = None
        match outcome:
            case Sent(reference, error):
                code, fingerprint = "sent", message.fingerprint
            case Failed(error):
                code = "failed"
            case Later(error, delay):
                # Due again at its end at the latest, so that it is seen to expire.
                delay_ms = int(delay.total_seconds() * 1000)
                if message.remaining_ms is not None:
                    delay_ms = min(delay_ms, message.remaining_ms)
                code, delay_ms = "later", max(0, delay_ms)
            case Uncertain(error, reference):
                code = "uncertain"
            case Expired(error):
                code = "expired"
            case _:
                assert_never(outcome)
        return cls(
            channel, message.id, message.claim_id, code, reference, error, delay_ms, tuple(recipients), fingerprint
        )

    @classmethod
    def unbegun(cls, channel: str, message: Message) -> Self:
        """Return the answer that says that `message` may have been marked, but nothing of it has left."""
        return cls(channel, message.id, message.claim_id, "unbegun")

    @property
    def key(self) -> Key:
        """What makes an answer the answer to one delivery."""
        return self.channel, self.message_id, self.claim_id


def json_line(value: Any) -> bytes:
    """Return a value as one line."""
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def line_of(answer: Answer) -> bytes:
    """Return an answer as one line."""
    return json_line(attrs.asdict(answer))


def _objects(content: bytes) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file's lines; empty, torn and foreign lines cost only themselves."""
    for line in content.split(b"\n"):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def answers_in(content: bytes) -> list[Answer]:
    """Return the answers that lines hold, oldest first."""
    answers = []
    for fields in _objects(content):
        try:
            recipients = tuple(Recipient(**each) for each in fields["recipients"])
            answers.append(Answer(**{**fields, "recipients": recipients}))
        except (TypeError, KeyError):
            continue
    return answers


def intended_in(content: bytes, boot: str) -> dict[Key, Answer]:
    """Return what was intended since the computer started, and never about to leave, as not begun."""
    intended: dict[Key, Answer] = {}
    for fields in _objects(content):
        match fields:
            case {"boot": its_boot, "intended": list(keys)} if its_boot == boot:
                for key in keys:
                    match key:
                        case [str() as channel, int() as message_id, str() as claim_id]:
                            intended[channel, message_id, claim_id] = Answer(channel, message_id, claim_id, "unbegun")
            case {"left": [str() as channel, int() as message_id, str() as claim_id]}:
                intended.pop((channel, message_id, claim_id), None)
    return intended


def settled_in(content: bytes) -> set[tuple[Any, ...]]:
    """Return the keys of the answers that the database is known to have."""
    lists = (fields.get("settled") for fields in _objects(content))
    return {tuple(key) for keys in lists if isinstance(keys, list) for key in keys if isinstance(key, list)}


def traces_of(answers: Iterable[Answer]) -> Traces:
    """Return the traces of the messages that have left."""
    traces = Traces()
    for answer in answers:
        if answer.fingerprint is not None:
            traces.add(answer.channel, answer.message_id)
    return traces
