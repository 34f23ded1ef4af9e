"""The tables of the club database, as this version knows them; migrations make them."""

from typing import Any, Final

import attrs
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
)

from club.dialect import (
    Bytes,
    Code,
    Id,
    Instant,
    LongText,
    Word,
    numbered_table_options,
    table_options,
    unique_when_given,
    utc_now,
)
from club.messages import STATES, State

metadata: Final = MetaData()

LANES: Final = (0, 1, 2)
"""Values of `priority`: 0 urgent, 1 normal, 2 bulk. Each is one range of the queue index."""


def message_columns() -> list[Column[Any]]:
    """Return the columns of any message table that other programs may leave out, then those that are Service's own."""
    return [
        # Others may write these.
        Column("reference", Word(200)),
        Column("not_before", Instant()),
        Column("expires_at", Instant()),
        Column("priority", SmallInteger(), nullable=False, server_default="1"),
        Column("source", Word(100)),
        # Others may read these.
        Column("state", Code(16), nullable=False, server_default="pending"),
        Column("attempts", Integer(), nullable=False, server_default="0"),
        Column("sent_at", Instant()),
        Column("error", Word(1000)),
        Column("created_at", Instant(), nullable=False, server_default=utc_now()),
        # The queue's own. due_ms 0: not looked at yet.
        Column("due_ms", BigInteger(), nullable=False, server_default="0"),
        Column("station", Word(100)),
        Column("claim_id", Code(36)),
        Column("claim_token", BigInteger(), nullable=False, server_default="0"),
        Column("began_ms", BigInteger()),
    ]


email: Final = Table(
    "email",
    metadata,
    Column("id", Id, primary_key=True),
    Column("recipient", LongText, nullable=False),
    Column("subject", Word(1000), nullable=False),
    Column("text_body", LongText),
    Column("html_body", LongText),
    Column("reply_to", Word(320)),
    *message_columns(),
    Column("message_id", Word(255)),
    # Others may write it. Without a CHECK, which no engine adds to a table in use: a wrong one fails with its reason.
    Column("category", Code(16), nullable=False, server_default="transactional"),
    CheckConstraint("priority IN (0, 1, 2)", name="ck_email_priority"),
    CheckConstraint("state IN ('pending', 'sending', 'sent', 'failed', 'expired', 'uncertain')", name="ck_email_state"),
    **numbered_table_options,
)
unique_when_given("uq_email_reference", email.c.reference)
# Equality columns, then the order, then what expiry looks at: the queue is read from the index alone.
Index("ix_email_queue", email.c.state, email.c.priority, email.c.due_ms, email.c.id, email.c.expires_at)
# What left lately, for the limits of providers.
Index("ix_email_began", email.c.began_ms)

email_attachment: Final = Table(
    "email_attachment",
    metadata,
    Column("id", Id, primary_key=True),
    Column("email_id", BigInteger(), ForeignKey("email.id", ondelete="CASCADE"), nullable=False),
    Column("name", Word(255), nullable=False),
    Column("content", Bytes, nullable=False),
    Column("media_type", Code(127)),
    # In place of a content: a file of the folder that the settings name.
    Column("path", Word(400)),
    **numbered_table_options,
)
Index("ix_email_attachment_email", email_attachment.c.email_id)

email_recipient: Final = Table(
    "email_recipient",
    metadata,
    Column("id", Id, primary_key=True),
    Column("email_id", BigInteger(), ForeignKey("email.id", ondelete="CASCADE"), nullable=False),
    Column("address", Word(320), nullable=False),
    Column("state", Code(16), nullable=False),
    Column("error", Word(1000)),
    Column("settled_at", Instant(), nullable=False, server_default=utc_now()),
    **numbered_table_options,
)
Index("ix_email_recipient_email", email_recipient.c.email_id)

email_opt_out: Final = Table(
    "email_opt_out",
    metadata,
    Column("id", Id, primary_key=True),
    Column("address", Word(320)),
    # What a click brings back; whose it is, Service sees when it is to write to them.
    Column("token", Code(64)),
    Column("at", Instant(), nullable=False, server_default=utc_now()),
    Column("source", Word(100)),
    CheckConstraint("address IS NOT NULL OR token IS NOT NULL", name="ck_email_opt_out_who"),
    # An address as people type it would never be found, and its owner written to again.
    CheckConstraint("address = LOWER(address)", name="ck_email_opt_out_lower"),
    **numbered_table_options,
)
unique_when_given("uq_email_opt_out_address", email_opt_out.c.address)
unique_when_given("uq_email_opt_out_token", email_opt_out.c.token)

outbox_attempt: Final = Table(
    "outbox_attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", Code(16), nullable=False),
    Column("message_id", BigInteger(), nullable=False),
    Column("attempt", Integer(), nullable=False),
    Column("station", Word(100), nullable=False),
    Column("token", BigInteger(), nullable=False),
    Column("began_ms", BigInteger()),
    Column("ended_ms", BigInteger(), nullable=False),
    Column("outcome", Code(16), nullable=False),
    Column("reference", Word(255)),
    Column("error", Word(1000)),
    **numbered_table_options,
)
Index("ix_outbox_attempt_message", outbox_attempt.c.channel, outbox_attempt.c.message_id)

lease: Final = Table(
    "lease",
    metadata,
    Column("name", Code(64), primary_key=True),
    Column("station", Word(100), nullable=False, server_default=""),
    Column("process", Code(36), nullable=False, server_default=""),
    Column("token", BigInteger(), nullable=False, server_default="0"),
    Column("expires_ms", BigInteger(), nullable=False, server_default="0"),
    Column("ttl_ms", BigInteger(), nullable=False, server_default="0"),
    # Changes at each renewal: a standby sees life in it whatever the clocks do, and MariaDB counts the row as changed.
    Column("renewals", BigInteger(), nullable=False, server_default="0"),
    Column("acquired_at", Instant()),
    Column("expires_at", Instant()),
    # The station that a person wants to hold it, or that has its place back; its holder passes it on. "": nobody's.
    Column("wanted", Word(100), nullable=False, server_default=""),
    # JSON list: the stations that the holder's settings file lets hold it, the preferred one first.
    Column("candidates", LongText),
    **table_options,
)

station: Final = Table(
    "station",
    metadata,
    Column("name", Word(100), primary_key=True),
    Column("process", Code(36), nullable=False),
    Column("version", Word(50), nullable=False),
    Column("state", Code(16), nullable=False),
    Column("holds", LongText, nullable=False),
    Column("started_at", Instant(), nullable=False, server_default=utc_now()),
    Column("seen_at", Instant(), nullable=False, server_default=utc_now()),
    Column("seen_ms", BigInteger(), nullable=False),
    # JSON: the stations that may do each exclusive operation, by this one's settings file. NULL: an older program's.
    Column("plan", LongText),
    **table_options,
)

operation_run: Final = Table(
    "operation_run",
    metadata,
    Column("id", Id, primary_key=True),
    Column("operation", Code(64), nullable=False),
    Column("occurrence", Code(100), nullable=False),
    Column("station", Word(100), nullable=False),
    Column("process", Code(36), nullable=False),
    Column("outcome", Code(16), nullable=False, server_default="running"),
    Column("started_at", Instant(), nullable=False, server_default=utc_now()),
    Column("started_ms", BigInteger(), nullable=False),
    Column("finished_at", Instant()),
    Column("finished_ms", BigInteger()),
    Column("summary", Word(1000)),
    **numbered_table_options,
)
Index("uq_operation_run_occurrence", operation_run.c.operation, operation_run.c.occurrence, unique=True)
Index("ix_operation_run_history", operation_run.c.operation, operation_run.c.id)
Index("ix_operation_run_started", operation_run.c.started_ms)

club_schema: Final = Table(
    "club_schema",
    metadata,
    Column("revision", Integer(), primary_key=True, autoincrement=False),
    Column("name", Code(64), nullable=False),
    # The oldest revision whose stations may go on working beside this one, and the program that knows it.
    Column("min_revision", Integer(), nullable=False),
    Column("min_app", Code(32), nullable=False),
    Column("applied_at", Instant(), nullable=False, server_default=utc_now()),
    **table_options,
)


@attrs.frozen(eq=False)
class Channel:
    """A message table and what belongs to it: all that the outbox has to know of e-mail or SMS."""

    name: str
    messages: Table
    texts: tuple[str, ...]
    """The columns that other programs write and the operation reads."""
    listed: tuple[str, ...]
    """Those of them that are short enough for a list."""
    provider_reference: str
    """The column that takes the reference under which the message left."""
    attachments: Table | None = None
    recipients: Table | None = None
    owner: str = "email_id"
    """The column by which attachments and recipients name their message."""
    own: tuple[str, ...] = ()
    """Columns of Service's own that people are shown besides those of any message."""
    has_reports: bool = False
    """Whether the provider tells later what became of a message: `sent` is not its last state then."""

    @property
    def states(self) -> tuple[State, ...]:
        """Return the states that a message of this channel can be in."""
        return STATES if self.has_reports else tuple(state for state in STATES if state != "delivered")


EMAIL: Final = Channel(
    "email",
    email,
    texts=("recipient", "subject", "text_body", "html_body", "reply_to", "reference", "source", "category"),
    listed=("subject", "reference", "source"),
    provider_reference="message_id",
    attachments=email_attachment,
    recipients=email_recipient,
)
