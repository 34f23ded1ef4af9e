"""Revision 2: whom a person wants to hold a lease, and what each station's settings file lets do the work."""

from typing import Final

from sqlalchemy import Column

from club.dialect import LongText, Word
from club.migrations.steps import Steps

REVISION: Final = 2
# Only columns with a default are added: a station of revision 1 works on beside this one.
MIN_REVISION: Final = 1
MIN_APP: Final = "0.1.0"


def upgrade(steps: Steps) -> None:
    """Add the columns of revision 2; no row is rewritten on any engine."""
    steps.add_column("lease", Column("wanted", Word(100), nullable=False, server_default=""))
    steps.add_column("lease", Column("candidates", LongText))
    steps.add_column("station", Column("plan", LongText))
