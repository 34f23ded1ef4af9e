"""Revision 3: SMS with their delivery reports, what members answer, and who wants no more marketing."""

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, MetaData, SmallInteger, Table

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
from club.migrations.steps import Steps

REVISION: Final = 3
# Only new tables: a station of revision 1 works on beside this one, and sends no SMS.
MIN_REVISION: Final = 1
MIN_APP: Final = "0.1.0"


def upgrade(steps: Steps) -> None:
    """Create the tables of revision 3, spelt out: they must not follow `club.sms_tables` as it changes."""
    tables = MetaData()
    sms = Table(
        "sms",
        tables,
        Column("id", Id, primary_key=True),
        Column("recipient", Word(255), nullable=False),
        Column("body", LongText, nullable=False),
        Column("category", Code(16), nullable=False, server_default="transactional"),
        Column("client_id", BigInteger()),
        Column("reference", Word(200)),
        Column("not_before", Instant()),
        Column("expires_at", Instant()),
        Column("priority", SmallInteger(), nullable=False, server_default="1"),
        Column("source", Word(100)),
        Column("state", Code(16), nullable=False, server_default="pending"),
        Column("attempts", Integer(), nullable=False, server_default="0"),
        Column("sent_at", Instant()),
        Column("error", Word(1000)),
        Column("created_at", Instant(), nullable=False, server_default=utc_now()),
        Column("due_ms", BigInteger(), nullable=False, server_default="0"),
        Column("station", Word(100)),
        Column("claim_id", Code(36)),
        Column("claim_token", BigInteger(), nullable=False, server_default="0"),
        Column("began_ms", BigInteger()),
        Column("delivered_at", Instant()),
        Column("provider_reference", Word(255)),
        Column("number", Code(16)),
        Column("parts", Integer()),
        Column("sent_as", Code(36)),
        CheckConstraint("priority IN (0, 1, 2)", name="ck_sms_priority"),
        CheckConstraint("category IN ('transactional', 'marketing')", name="ck_sms_category"),
        CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'delivered', 'failed', 'expired', 'uncertain')",
            name="ck_sms_state",
        ),
        **numbered_table_options,
    )
    unique_when_given("uq_sms_reference", sms.c.reference)
    unique_when_given("uq_sms_sent_as", sms.c.sent_as)
    Index("ix_sms_queue", sms.c.state, sms.c.priority, sms.c.due_ms, sms.c.id, sms.c.expires_at)
    Index("ix_sms_provider_reference", sms.c.provider_reference)
    Index("ix_sms_began", sms.c.began_ms, sms.c.state, sms.c.parts, sms.c.sent_at)

    sms_report = Table(
        "sms_report",
        tables,
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

    Table(
        "sms_opt_out",
        tables,
        Column("number", Code(16), primary_key=True),
        Column("at", Instant(), nullable=False, server_default=utc_now()),
        Column("source", Word(100)),
        Column("words", Word(200)),
        Column("wish", Code(16), nullable=False, server_default="stop"),
        CheckConstraint(
            "REPLACE(number, '+', '') <> number AND REPLACE(number, ' ', '') = number", name="ck_opt_out_e164"
        ),
        **table_options,
    )

    sms_received = Table(
        "sms_received",
        tables,
        Column("id", Id, primary_key=True),
        Column("identity", Word(200), nullable=False),
        Column("sender", Word(100), nullable=False),
        Column("body", LongText, nullable=False),
        Column("received_at", Instant(), nullable=False, server_default=utc_now()),
        Column("wish", Code(16), nullable=False, server_default="none"),
        **numbered_table_options,
    )
    Index("uq_sms_received_identity", sms_received.c.identity, unique=True)

    for table in tables.sorted_tables:
        steps.create(table)
