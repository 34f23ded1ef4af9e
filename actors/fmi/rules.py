"""What must agree between `[fmi]` and the sensors of all stations; on raw values, told beside all other problems."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from config.problem import ValueRefusedError, did_you_mean
from config.sentence import Sentence

Refusal: TypeAlias = tuple[tuple[str | int, ...], ValueRefusedError]


def rules(values: Mapping[str, Any]) -> Iterator[Refusal]:
    """Yield what is wrong: sensors of zones that are not there, names or ports that two sensors of a station have."""
    stations = values.get("stations")
    if not isinstance(stations, dict):
        return
    for station, table in stations.items():
        sensors = table.get("sensors") if isinstance(table, dict) else None
        if isinstance(sensors, list):
            yield from _of_station(("stations", station, "sensors"), sensors, _zones(values))


def _zones(values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the zones, None when attendance is not counted: sensors may stand in the file before it is."""
    fmi = values.get("fmi")
    if not isinstance(fmi, dict) or fmi.get("enabled") is False or not isinstance(fmi.get("zones"), dict):
        return None
    return dict(fmi["zones"])


def _of_station(path: tuple[str, ...], sensors: list[Any], zones: Mapping[str, Any] | None) -> Iterator[Refusal]:
    names: dict[str, str] = {}
    ports: dict[str, str] = {}
    for place, sensor in enumerate(sensors):
        if not isinstance(sensor, dict):
            continue
        name, port = sensor.get("name"), sensor.get("port")
        if isinstance(name, str):
            first = names.setdefault(name.casefold(), name)
            if first is not name:
                yield (
                    (*path, place, "name"),
                    ValueRefusedError(Sentence.of("another sensor of this station has this name")),
                )
        if isinstance(port, str):
            owner = ports.setdefault(port.casefold(), str(name))
            if owner is not name and owner != name:
                yield (
                    (*path, place, "port"),
                    ValueRefusedError(Sentence.of("the sensor {other} has this port already", other=owner)),
                )
        if zones is not None:
            yield from _of_sides((*path, place), sensor, zones)


def _of_sides(path: tuple[str | int, ...], sensor: Mapping[str, Any], zones: Mapping[str, Any]) -> Iterator[Refusal]:
    for key in ("zone", "from_zone"):
        zone = sensor.get(key)
        if not isinstance(zone, str):
            continue
        if zone not in zones:
            hint = did_you_mean(zone, zones) or Sentence.of("write it under [fmi.zones.{zone}]", zone=zone)
            yield (*path, key), ValueRefusedError(Sentence.of("there is no such zone"), suggestion=hint)
        elif isinstance(zones[zone], dict) and zones[zone].get("includes"):
            refused = Sentence.of("{zone} is a sum of zones: name one that it includes", zone=zone)
            yield (*path, key), ValueRefusedError(refused)
