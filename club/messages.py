"""A message as the outbox hands it out, and what can become of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Self, TypeAlias
from zlib import crc32

import attrs

from club.reading import legible, whole
from config.sentence import Sentence

State: TypeAlias = Literal["pending", "sending", "sent", "delivered", "failed", "expired", "uncertain"]
STATES: Final[tuple[State, ...]] = ("pending", "sending", "sent", "delivered", "failed", "expired", "uncertain")


@attrs.frozen(eq=False)
class Message:
    """A claimed message. `values` are the columns that other programs wrote, as they wrote them.

    When `problem` is given the row cannot be read as it should: settle it as `Failed` with that reason.
    """

    id: int
    claim_id: str
    attempts: int
    """Deliveries begun before this one."""
    values: Mapping[str, Any] = attrs.field(repr=False)
    created_at: datetime | None
    not_before: datetime | None
    expires_at: datetime | None
    remaining_ms: int | None = None
    """From the claim to `expires_at`, by the database's clock."""
    done_with: frozenset[str] = attrs.field(default=frozenset(), repr=False)
    """Addresses that an earlier attempt has reached, or that were refused for good: leave them out."""
    attachments: tuple["Attachment", ...] = ()
    """What goes with it, with its sizes; `Outbox.content` loads one."""
    problem: Sentence | None = None

    @property
    def fingerprint(self) -> str:
        """What tells this row from another that bears its id, after a database was restored or made anew."""
        # The usual category left out: a journal of before there was one must know its rows again.
        values = [each for each in self.values.items() if each != ("category", "transactional")]
        content = "\0".join(legible(value) for _, value in values)
        return f"{self.created_at} {crc32(content.encode()):08x}"

    def ends_at(self, now: datetime) -> datetime | None:
        """Return when its time is over, by another clock than the database's, which said `now` at the claim.

        None: never, and so is what would be beyond the calendar: programs write 9999-12-31 for it.
        """
        try:
            return None if self.remaining_ms is None else now + timedelta(milliseconds=self.remaining_ms)
        except OverflowError:
            return None

    def text(self, column: str) -> str:
        """Return a text column, empty for NULL; only to be asked of a message without a problem."""
        value = self.values[column]
        return "" if value is None else str(value)


@attrs.frozen
class Attachment:
    """What goes with a message, known before it is loaded."""

    id: int
    name: str
    media_type: str | None
    size: int
    path: str | None = None
    """Where it lies, in place of a content: a file of the folder that the settings allow."""

    @classmethod
    def read(cls, row: Any) -> Self:
        """Return the attachment of a row, whatever another program wrote in it."""
        media_type = None if row.media_type is None else legible(row.media_type)
        path = None if row.path is None else legible(row.path)
        return cls(row.id, legible(row.name), media_type, whole(row.size), path)


@attrs.frozen
class Recipient:
    """What became of one of several recipients of a message."""

    address: str
    state: Literal["sent", "pending", "failed", "uncertain"]
    error: str | None = None


@attrs.frozen
class Sent:
    """The provider took it; `reference` is the name under which it knows the message.

    `remark` says what people must know all the same, such as a recipient that was refused for good.
    """

    reference: str | None = None
    remark: str | None = None


@attrs.frozen
class Failed:
    """It will never be delivered as it is: a definite refusal, or the policy has given up."""

    reason: str


@attrs.frozen
class Later:
    """A definite refusal that may pass: try again after `delay`. Never for an answer that did not come."""

    reason: str
    delay: timedelta


@attrs.frozen
class Uncertain:
    """Nobody knows whether the provider took it: never sent again by itself."""

    reason: str
    reference: str | None = None


@attrs.frozen
class Expired:
    """Its time was over before it left."""

    reason: str = ""


Outcome: TypeAlias = Sent | Failed | Later | Uncertain | Expired
