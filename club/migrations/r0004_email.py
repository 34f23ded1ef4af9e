"""Revision 4: marketing by e-mail and who wants none, attachments that lie in a folder, what left lately."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, MetaData, Table

from club.dialect import Code, Id, Instant, Word, numbered_table_options, unique_when_given, utc_now
from club.migrations.steps import Steps

REVISION: Final = 4
# Only columns with a default, a table and an index: a station of revision 1 works on beside this one.
MIN_REVISION: Final = 1
MIN_APP: Final = "0.1.0"


def upgrade(steps: Steps) -> None:
    """Add what revision 4 brings; no row is rewritten on any engine."""
    steps.add_column("email", Column("category", Code(16), nullable=False, server_default="transactional"))
    steps.add_column("email_attachment", Column("path", Word(400)))
    tables = MetaData()
    email_opt_out = Table(
        "email_opt_out",
        tables,
        Column("id", Id, primary_key=True),
        Column("address", Word(320)),
        Column("token", Code(64)),
        Column("at", Instant(), nullable=False, server_default=utc_now()),
        Column("source", Word(100)),
        CheckConstraint("address IS NOT NULL OR token IS NOT NULL", name="ck_email_opt_out_who"),
        CheckConstraint("address = LOWER(address)", name="ck_email_opt_out_lower"),
        **numbered_table_options,
    )
    unique_when_given("uq_email_opt_out_address", email_opt_out.c.address)
    unique_when_given("uq_email_opt_out_token", email_opt_out.c.token)
    steps.create(email_opt_out)
    steps.create_index("ix_email_began", "email", ["began_ms"])
