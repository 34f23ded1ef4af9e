"""The settings of a sensor, `[[stations.NAME.sensors]]`: its name, the zones on its two sides, its driver's keys."""

from typing import ClassVar, TypeAlias

import attrs

from actors.fmi.drivers.settings import LineSettings, ModbusSettings, TerabeeSettings, Tpw321Settings
from config.checks import Between, Judged, Matching
from config.declaration import setting
from config.problem import ValueRefusedError
from config.sentence import Sentence

WRITER: str = "zones"
"""The name of the actor beside the sensors', which none of them can have."""
ZONE_NAME = r"\S(?:[^\x00-\x1f/]{0,61}\S)?"


def _objection_to_name(name: str) -> Sentence | None:
    if name == WRITER:
        return Sentence.of("the actor that writes the zones has this name")
    return None


@attrs.frozen(kw_only=True, slots=False)  # two bases with slots cannot be joined
class PlacedSettings:
    """Where a sensor is: what every kind of it has."""

    SUMMARY: ClassVar[Sentence] = Sentence.of("a sensor at a port of this station, that counts who passes")

    name: str = setting(
        check=(
            Matching(r"[^\s/](?:[^\x00-\x1f/]{0,30}[^\s/])?", Sentence.of("at most 32 characters, without /")),
            Judged(_objection_to_name, Sentence.of("not zones")),
        ),
        example="entree",
        help=Sentence.of("the sensor's name, unique on its station"),
    )
    zone: str = setting(
        check=Matching(ZONE_NAME, Sentence.of("the name of a zone of [fmi.zones]")),
        example="bassin",
        help=Sentence.of("the zone that an entry leads into"),
    )
    from_zone: str | None = setting(
        None,
        check=Matching(ZONE_NAME, Sentence.of("the name of a zone of [fmi.zones]")),
        example="vestiaires",
        help=Sentence.of("the zone that an entry comes from, where the sensor is between two; by default from outside"),
    )
    largest_step: int = setting(
        500,
        check=Between(1, 30_000),
        help=Sentence.of("by how many people the sensor's count may jump at once; more is held and shown"),
    )


@attrs.frozen(kw_only=True)
class TerabeeSensor(PlacedSettings, TerabeeSettings):
    """A sensor read by the driver `terabee`."""

    def __attrs_post_init__(self) -> None:
        _check_zones(self)


@attrs.frozen(kw_only=True)
class ModbusSensor(PlacedSettings, ModbusSettings):
    """A sensor read by the driver `modbus`."""

    def __attrs_post_init__(self) -> None:
        ModbusSettings.__attrs_post_init__(self)
        _check_zones(self)


@attrs.frozen(kw_only=True)
class Tpw321Sensor(PlacedSettings, Tpw321Settings):
    """A sensor read by the driver `tpw321`."""

    def __attrs_post_init__(self) -> None:
        _check_zones(self)


@attrs.frozen(kw_only=True)
class LineSensor(PlacedSettings, LineSettings):
    """A sensor read by the driver `line`."""

    def __attrs_post_init__(self) -> None:
        LineSettings.__attrs_post_init__(self)
        _check_zones(self)


SensorSettings: TypeAlias = TerabeeSensor | ModbusSensor | Tpw321Sensor | LineSensor


def _check_zones(sensor: PlacedSettings) -> None:
    if sensor.zone == sensor.from_zone:
        raise ValueRefusedError(Sentence.of("the same zone on both sides"), key=("from_zone",))
