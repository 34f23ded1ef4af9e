"""A revision as the next one could be, at its worst: a column with a default and an index for a million e-mails."""

from typing import Final

from sqlalchemy import Column, Integer

from club.migrations.steps import Steps
from club.schema import KNOWN_REVISION

REVISION: Final = KNOWN_REVISION + 1
MIN_REVISION: Final = 1
MIN_APP: Final = "0.1.0"


def upgrade(steps: Steps) -> None:
    """Add the column and its index."""
    steps.add_column("email", Column("campaign", Integer(), nullable=False, server_default="0"))
    steps.create_index("ix_email_campaign", "email", ["campaign", "id"])
