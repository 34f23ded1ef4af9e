"""The club database: tables, migrations, leases, outbox. No actor and no settings file."""

from club.attendance import Attendance
from club.attendance_desk import AttendanceDesk, SensorDay
from club.attendance_records import (
    LEVELS,
    Alert,
    Correction,
    HistoryMinute,
    Level,
    Picture,
    Reading,
    Reckoner,
    SensorChange,
    SensorKey,
    SensorRecord,
    Settled,
    ZoneRecord,
)
from club.batched_outbox import BatchedOutbox
from club.database import Database
from club.delivery_reports import Applied, Awaited, DeliveryReports, Report
from club.desk import Attempt, Backlog, Dossier, MessageRefused, OutboxDesk, Summary
from club.email_opt_outs import EmailOptOut, EmailOptOuts
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
from club.sent_lately import sent_lately
from club.sms_answers import OptOut, Received, SmsAnswers
from club.sms_sending import Prepared, SmsSending, Spent, Unsettled
from club.sms_tables import SMS
from club.stations import STOPPED, UNSEEN_SECONDS, StationReport, Stations
from club.succession import is_preferred, same
from club.tables import EMAIL, Channel

__all__ = [
    "EMAIL",
    "LEVELS",
    "SMS",
    "STATES",
    "STOPPED",
    "UNSEEN_SECONDS",
    "Alert",
    "Applied",
    "Attachment",
    "Attempt",
    "Attendance",
    "AttendanceDesk",
    "Awaited",
    "Backlog",
    "BatchedOutbox",
    "Channel",
    "Correction",
    "Database",
    "DatabaseAway",
    "DatabaseError",
    "DatabaseUnfit",
    "DeliveryReports",
    "Dossier",
    "EmailOptOut",
    "EmailOptOuts",
    "Expired",
    "Failed",
    "HistoryMinute",
    "Journal",
    "JournalUnusable",
    "Known",
    "Later",
    "Lease",
    "LeaseLost",
    "LeaseRow",
    "Level",
    "Message",
    "MessageRefused",
    "Occurrences",
    "OptOut",
    "Outbox",
    "OutboxDesk",
    "Outcome",
    "Picture",
    "Prepared",
    "Reading",
    "Received",
    "Recipient",
    "Reckoner",
    "Recovery",
    "Report",
    "Run",
    "RunOutcome",
    "Runs",
    "SchemaStatus",
    "SensorChange",
    "SensorDay",
    "SensorKey",
    "SensorRecord",
    "Sent",
    "Settled",
    "Sight",
    "SmsAnswers",
    "SmsSending",
    "Spent",
    "State",
    "StationReport",
    "Stations",
    "Summary",
    "Times",
    "Uncertain",
    "Unsettled",
    "ZoneRecord",
    "boot_clock",
    "check",
    "club_time",
    "is_preferred",
    "lease_rows",
    "same",
    "sent_lately",
    "want",
]
