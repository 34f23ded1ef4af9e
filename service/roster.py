"""Which operations this version knows, as far as the settings file is concerned."""

from typing import Final

from config import UNCHECKED, SettingsSchema

OPERATIONS: Final = (
    "backup",
    "sms",
    "email",
    "fmi",
    "synchronisation",
    "planning",
    "maps",
    "verification",
    "web_server",
    "announcement",
    "passage_sync",
    "launcher",
)


def settings_schema() -> SettingsSchema:
    """Return what a settings file may hold: the tables of every operation, checked where its settings are described."""
    return SettingsSchema(
        operations=dict.fromkeys(OPERATIONS, UNCHECKED),
        station_tables={"sensors": UNCHECKED, "programs": UNCHECKED},
    )
