"""The settings file: TOML to frozen attrs, without coercion. Knows no operation.

Importing the package costs nothing: each name is loaded when it is first asked for, so that the command line's quick
commands pay only for sentences.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from config.checks import Between as Between
    from config.checks import Check as Check
    from config.checks import Distinct as Distinct
    from config.checks import Judged as Judged
    from config.checks import Matching as Matching
    from config.checks import NotEmpty as NotEmpty
    from config.checks import size_between as size_between
    from config.declaration import setting as setting
    from config.example_file import example as example
    from config.finding import SettingsNotFoundError as SettingsNotFoundError
    from config.finding import find_settings_file as find_settings_file
    from config.following import Bad as Bad
    from config.following import Loaded as Loaded
    from config.following import Poll as Poll
    from config.following import SettingsFile as SettingsFile
    from config.following import Unchanged as Unchanged
    from config.kinds import Duration as Duration
    from config.kinds import Size as Size
    from config.kinds import StationName as StationName
    from config.kinds import Text as Text
    from config.kinds import TimeOfDay as TimeOfDay
    from config.loading import load as load
    from config.problem import Problem as Problem
    from config.problem import SettingsError as SettingsError
    from config.problem import ValueRefusedError as ValueRefusedError
    from config.reference_page import reference as reference
    from config.schema import SettingsSchema as SettingsSchema
    from config.schema_json import json_schema as json_schema
    from config.secret import Secret as Secret
    from config.secret import SecretError as SecretError
    from config.settings import Settings as Settings
    from config.settings import UnknownStationError as UnknownStationError
    from config.shapes import UNCHECKED as UNCHECKED
    from config.showing import Effective as Effective
    from config.showing import effective as effective
    from config.showing import show as show
    from config.tables import ClubSettings as ClubSettings
    from config.tables import ExclusiveSettings as ExclusiveSettings
    from config.tables import OperationSettings as OperationSettings
    from config.tables import StationSettings as StationSettings
    from config.tables import UncheckedTable as UncheckedTable
    from config.urls import DatabaseUrl as DatabaseUrl
    from config.weekdays import Days as Days

_MODULES: Final = {
    "checks": ("Between", "Check", "Distinct", "Judged", "Matching", "NotEmpty", "size_between"),
    "showing": ("Effective", "effective", "show"),
    "example_file": ("example",),
    "finding": ("SettingsNotFoundError", "find_settings_file"),
    "following": ("Bad", "Loaded", "Poll", "SettingsFile", "Unchanged"),
    "schema_json": ("json_schema",),
    "kinds": ("Duration", "Size", "StationName", "Text", "TimeOfDay"),
    "loading": ("load",),
    "problem": ("Problem", "SettingsError", "ValueRefusedError"),
    "reference_page": ("reference",),
    "schema": ("SettingsSchema",),
    "secret": ("Secret", "SecretError"),
    "declaration": ("setting",),
    "settings": ("Settings", "UnknownStationError"),
    "shapes": ("UNCHECKED",),
    "tables": ("ClubSettings", "ExclusiveSettings", "OperationSettings", "StationSettings", "UncheckedTable"),
    "urls": ("DatabaseUrl",),
    "weekdays": ("Days",),
}
_HOMES: Final = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
