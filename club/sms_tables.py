"""The tables of SMS: what others write, what came back, who wants no more marketing; and the SMS channel."""

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table

from club.dialect import (
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
from club.tables import Channel, message_columns, metadata

sms: Final = Table(
    "sms",
    metadata,
    Column("id", Id, primary_key=True),
    Column("recipient", Word(255), nullable=False),
    Column("body", LongText, nullable=False),
    Column("category", Code(16), nullable=False, server_default="transactional"),
    Column("client_id", BigInteger()),
    *message_columns(),
    Column("delivered_at", Instant()),
    Column("provider_reference", Word(255)),
    # Service's own: the recipient as E.164, what it costs, and our name for it at the provider.
    Column("number", Code(16)),
    Column("parts", Integer()),
    Column("sent_as", Code(36)),
    CheckConstraint("priority IN (0, 1, 2)", name="ck_sms_priority"),
    CheckConstraint("category IN ('transactional', 'marketing')", name="ck_sms_category"),
    CheckConstraint(
        "state IN ('pending', 'sending', 'sent', 'delivered', 'failed', 'expired', 'uncertain')", name="ck_sms_state"
    ),
    **numbered_table_options,
)
unique_when_given("uq_sms_reference", sms.c.reference)
unique_when_given("uq_sms_sent_as", sms.c.sent_as)
Index("ix_sms_queue", sms.c.state, sms.c.priority, sms.c.due_ms, sms.c.id, sms.c.expires_at)
# Not unique: a modem counts to 255 and begins anew.
Index("ix_sms_provider_reference", sms.c.provider_reference)
# What left lately, and what it cost: limits are reckoned from the index alone.
Index("ix_sms_began", sms.c.began_ms, sms.c.state, sms.c.parts, sms.c.sent_at)

sms_report: Final = Table(
    "sms_report",
    metadata,
    Column("id", Id, primary_key=True),
    Column("fate", Code(16), nullable=False),
    Column("provider_reference", Word(255)),
    Column("sent_as", Code(36)),
    Column("reported_at", Instant()),
    Column("reason", Word(1000)),
    Column("received_ms", BigInteger(), nullable=False),
    **numbered_table_options,
)
Index("ix_sms_report_received", sms_report.c.received_ms)

sms_opt_out: Final = Table(
    "sms_opt_out",
    metadata,
    Column("number", Code(16), primary_key=True),
    Column("at", Instant(), nullable=False, server_default=utc_now()),
    Column("source", Word(100)),
    Column("words", Word(200)),
    Column("wish", Code(16), nullable=False, server_default="stop"),
    # A number as people type it would never be found, and its owner written to again.
    CheckConstraint("REPLACE(number, '+', '') <> number AND REPLACE(number, ' ', '') = number", name="ck_opt_out_e164"),
    **table_options,
)

sms_received: Final = Table(
    "sms_received",
    metadata,
    Column("id", Id, primary_key=True),
    Column("identity", Word(200), nullable=False),
    Column("sender", Word(100), nullable=False),
    Column("body", LongText, nullable=False),
    Column("received_at", Instant(), nullable=False, server_default=utc_now()),
    Column("wish", Code(16), nullable=False, server_default="none"),
    **numbered_table_options,
)
Index("uq_sms_received_identity", sms_received.c.identity, unique=True)

SMS: Final = Channel(
    "sms",
    sms,
    texts=("recipient", "body", "category", "reference", "source"),
    listed=("recipient", "category", "reference", "source"),
    own=("number", "parts", "delivered_at", "client_id", "sent_as"),
    provider_reference="provider_reference",
    has_reports=True,
)
