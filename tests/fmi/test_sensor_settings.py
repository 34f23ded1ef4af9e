"""The settings of sensors: one table of each kind, told apart by its driver."""

from pathlib import Path

import attrs
import pytest

from actors.fmi.drivers.settings import DriverSettings, LineSettings, ModbusSettings, TerabeeSettings, Tpw321Settings
from config.declaration import setting
from config.loading import load
from config.problem import SettingsError
from config.sentence import Sentence
