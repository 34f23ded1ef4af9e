"""The settings of attendance: what is taken, and what is refused with its place and what to do."""

from pathlib import Path

import pytest

from actors.fmi.settings_sensors import LineSensor, ModbusSensor, TerabeeSensor, Tpw321Sensor
from config import Settings, SettingsError, example, load
from service.roster import settings_schema

CLUB = """
[club]
name = "Forme et Santé"
database = "sqlite:///club.db"
[stations.SERVEUR]
server = true
[stations.ACCUEIL]
"""
ENTREE = """
[[stations.ACCUEIL.sensors]]
name = "entree"
driver = "terabee"
port = "COM3"
zone = "bassin"
"""
ZONE = """
[fmi.zones.bassin]
limit = 250
"""


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "heitz-service.toml"
    file.write_text(CLUB + text, "utf-8")
    return load(file, settings_schema())


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        loaded(folder, text)
    return [f"{problem.key}: {problem.as_sentence()}" for problem in refused.value.problems]


def test_the_contracts_own_example_is_taken(tmp_path: Path) -> None:
    settings = loaded(tmp_path, ENTREE + ZONE)
    (sensor,) = settings.stations["ACCUEIL"].tables["sensors"]
    assert isinstance(sensor, TerabeeSensor)
    assert (sensor.name, sensor.port, sensor.zone, sensor.from_zone) == ("entree", "COM3", "bassin", None)
    assert settings.operations["fmi"].zones["bassin"].limit == 250


def test_each_driver_has_its_own_keys(tmp_path: Path) -> None:
    sensors = """
[[stations.ACCUEIL.sensors]]
name = "photocellule"
driver = "modbus"
port = "/dev/ttyUSB0"
zone = "bassin"
entries = 16
[[stations.ACCUEIL.sensors]]
name = "tourniquet"
driver = "tpw321"
port = "COM4"
zone = "bassin"
may_forbid = true
[[stations.ACCUEIL.sensors]]
name = "porte"
driver = "line"
port = "usb:0483:5740"
zone = "bassin"
from_zone = "gradins"
entry = "IN"
exit = "OUT"
[fmi.zones.gradins]
"""
    found = loaded(tmp_path, sensors + ZONE).stations["ACCUEIL"].tables["sensors"]
    assert [type(each) for each in found] == [ModbusSensor, Tpw321Sensor, LineSensor]


def test_the_example_file_has_attendance_and_loads(tmp_path: Path) -> None:
    text = example(settings_schema())
    assert "[fmi.zones" in text.replace("# ", "").replace("#", "")
    file = tmp_path / "heitz-service.toml"
    file.write_text(text, "utf-8")
    load(file, settings_schema())


@pytest.mark.parametrize(
    ("text", "key", "word"),
    [
        # A limit of 0 would be full for ever.
        (ENTREE + "[fmi.zones.bassin]\nlimit = 0\n", "fmi.zones.bassin.limit", "between 1"),
        (ENTREE + "[fmi.zones.bassin]\nlimit = -5\n", "fmi.zones.bassin.limit", "between 1"),
        (ENTREE + "[fmi.zones.bassin]\nlimit = 2.5\n", "fmi.zones.bassin.limit", "whole number"),
        # A zone that is written wrongly.
        (ENTREE + "[fmi.zones.basin]\nlimit = 5\n", "stations.ACCUEIL.sensors[0].zone", "did you mean basin"),
        (ENTREE + ENTREE.replace("COM3", "COM4") + ZONE, "stations.ACCUEIL.sensors[1].name", "has this name"),
        # Two sensors claim one port.
        (ENTREE + ENTREE.replace("entree", "sortie") + ZONE, "stations.ACCUEIL.sensors[1].port", "entree"),
        (ENTREE.replace("COM3", "3") + ZONE, "stations.ACCUEIL.sensors[0].port", "COM3"),
        (ENTREE.replace("terabee", "terabe") + ZONE, "stations.ACCUEIL.sensors[0].driver", "terabee"),
        (ENTREE.replace('"entree"', '"zones"') + ZONE, "stations.ACCUEIL.sensors[0].name", "zones"),
        (ENTREE.replace('"entree"', '"a/b"') + ZONE, "stations.ACCUEIL.sensors[0].name", "/"),
        (ENTREE + 'from_zone = "bassin"\n' + ZONE, "stations.ACCUEIL.sensors[0].from_zone", "both sides"),
        # A sum has no sensors of its own.
        (
            ENTREE + '[fmi.zones.bassin]\nincludes = ["gradins"]\n[fmi.zones.gradins]\n',
            "stations.ACCUEIL.sensors[0].zone",
            "sum",
        ),
        (ENTREE + ZONE + 'includes = ["gradin"]\n[fmi.zones.gradins]\n', "fmi.zones.bassin.includes[0]", "gradins"),
        (ENTREE + "[fmi]\nzones = {}\n", "fmi.zones", "empty"),
        (ENTREE + ZONE + "[fmi.levels]\nnotice = 96\n", "fmi.levels.warning", "rise"),
        (ENTREE + ZONE + '[fmi.alerts]\nsms = ["call me"]\n', "fmi.alerts.sms[0]", "telephone"),
        (ENTREE + ZONE + '[fmi.alerts]\nemail = ["nobody"]\n', "fmi.alerts.email[0]", "address"),
    ],
)
def test_what_is_wrong_is_refused_at_its_place(text: str, key: str, word: str, tmp_path: Path) -> None:
    found = problems(tmp_path, text)
    assert any(each.startswith(f"{key}:") and word in each for each in found), found


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = ENTREE.replace("bassin", "basin") + "[fmi.zones.bassin]\nlimit = 0\nlimits = 3\n"
    assert len(problems(tmp_path, text)) == 3


def test_sensors_may_stand_in_the_file_before_anybody_is_counted(tmp_path: Path) -> None:
    assert "fmi" not in loaded(tmp_path, ENTREE).operations
    loaded(tmp_path, ENTREE + "[fmi]\nenabled = false\n")


def test_a_zone_without_sensors_is_taken_and_shown_as_unknown_not_refused(tmp_path: Path) -> None:
    settings = loaded(tmp_path, ENTREE + ZONE + "[fmi.zones.gradins]\nlimit = 100\n")
    assert set(settings.operations["fmi"].zones) == {"bassin", "gradins"}


@pytest.mark.parametrize("sensors", ["3", '"entree"', "[3]", '["entree"]', "{}"])
def test_sensors_that_are_no_list_of_tables_are_refused_in_words(sensors: str, tmp_path: Path) -> None:
    assert problems(tmp_path, f"sensors = {sensors}\n{ZONE}")
