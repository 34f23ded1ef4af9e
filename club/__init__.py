"""The club database: tables, migrations, leases, outbox. No actor and no settings file."""

from club.database import Database
from club.desk import Attempt, Backlog, Dossier, MessageRefused, OutboxDesk, Summary
from club.errors import DatabaseAway, DatabaseError, DatabaseUnfit, LeaseLost
from club.holders import LeaseRow, lease_rows, want
from club.journal import Journal, JournalUnusable
from club.lease import Lease
from club.lease_times import Times, boot_clock
from club.messages import (
    STATES,
    Attachment,
    Expired,
    Failed,
    Later,
    Message,
    Outcome,
    Recipient,
    Sent,
    State,
    Uncertain,
)
from club.occurrences import Known, Occurrences, Sight, club_time
from club.outbox import Outbox, Recovery
from club.runs import Run, RunOutcome, Runs
from club.schema import SchemaStatus, check
from club.sms_tables import SMS
from club.stations import STOPPED, UNSEEN_SECONDS, StationReport, Stations
from club.succession import is_preferred, same
from club.tables import EMAIL, Channel

__all__ = [
    "EMAIL",
    "SMS",
    "STATES",
    "STOPPED",
    "UNSEEN_SECONDS",
    "Attachment",
    "Attempt",
    "Backlog",
    "Channel",
    "Database",
    "DatabaseAway",
    "DatabaseError",
    "DatabaseUnfit",
    "Dossier",
    "Expired",
    "Failed",
    "Journal",
    "JournalUnusable",
    "Known",
    "Later",
    "Lease",
    "LeaseLost",
    "LeaseRow",
    "Message",
    "MessageRefused",
    "Occurrences",
    "Outbox",
    "OutboxDesk",
    "Outcome",
    "Recipient",
    "Recovery",
    "Run",
    "RunOutcome",
    "Runs",
    "SchemaStatus",
    "Sent",
    "Sight",
    "State",
    "StationReport",
    "Stations",
    "Summary",
    "Times",
    "Uncertain",
    "boot_clock",
    "check",
    "club_time",
    "is_preferred",
    "lease_rows",
    "same",
    "want",
]
