"""The roster: the operations that this version does, and what a settings file may hold because of them."""

from typing import Final

from actors.email import OPERATION as EMAIL
from actors.fmi import OPERATION as FMI
from actors.fmi import SensorSettings, rules
from actors.operation import RULES, Operation
from actors.sms import OPERATION as SMS
from actors.tray.settings import PresenceSettings
from config import UNCHECKED, SettingsSchema

ROSTER: Final[tuple[Operation, ...]] = (EMAIL, FMI, SMS)


def settings_schema() -> SettingsSchema:
    """Return what a settings file may hold.

    Tables of operations that this version does not do are taken as they are, so that one file serves stations of
    different versions.
    """
    built = {operation.id: operation.settings for operation in ROSTER}
    return SettingsSchema(
        operations={rule.operation: built.get(rule.operation, UNCHECKED) for rule in RULES},
        station_tables={"sensors": tuple[SensorSettings, ...], "programs": UNCHECKED},
        club_tables={"presence": PresenceSettings},
        rules=(rules,),
    )
