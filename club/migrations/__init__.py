"""Making and migrating the club's tables. The only part of the program that needs Alembic."""

from club.migrations.runner import Applied, initialise, upgrade
from club.migrations.script import as_sql
from club.schema import SchemaStatus, check

__all__ = ["Applied", "SchemaStatus", "as_sql", "check", "initialise", "upgrade"]
