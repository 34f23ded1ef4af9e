"""A settings file becomes settings, or all its problems at once."""

import zoneinfo
from collections.abc import Callable, Mapping
from datetime import time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import (
    UNCHECKED,
    Between,
    ExclusiveSettings,
    Judged,
    Matching,
    NotEmpty,
    OperationSettings,
    Problem,
    Secret,
    Settings,
    SettingsError,
    SettingsSchema,
    Text,
    UncheckedTable,
    UnknownStationError,
    load,
    setting,
)
from config.loading import load_bytes
from config.sentence import Sentence

Problems = Callable[[str], tuple[Problem, ...]]

# The example of the contract, as the installer's page has it.
CONTRACT = r"""
[club]
name = "Forme et Santé"
timezone = "Europe/Paris"
country = "FR"
language = "fr"
database = "sqlite:///club.db"       # mssql+pyodbc://…  mariadb+pyodbc://…  postgresql+psycopg://…

[stations.SERVEUR]
server = true                        # exactly one station of the club
web_server = true

[stations.ACCUEIL]
[[stations.ACCUEIL.sensors]]
name = "entree"
driver = "terabee"                   # terabee · modbus · tpw321 · line
port = "COM3"                        # any pyserial URL, or "usb:0483:5740:SERIAL"
zone = "bassin"
[[stations.ACCUEIL.programs]]        # launcher
name = "Contrôle d'accès"
command = ["C:\\Heitz\\Acces.exe"]
check_every = "30s"

[backup]
at = ["12:30", "23:00"]
folder = "backups"
destinations = ["//nas/club/backups"]
keep = { last = 3, daily = 7, weekly = 4, monthly = 12 }
[backup.server]
url = "https://backup.example.org/files"
token = "keyring:backup-server"
encryption_key = "file:backup.key"

[sms]
station = "ACCUEIL"                  # the one station; standby = [...] may replace it
standby = ["SERVEUR"]
window = { days = "mon-sat", from = "08:00", to = "20:00", public_holidays = false }
[sms.gateway]
kind = "http"                        # http · modem · smpp

[email]
station = "ACCUEIL"
[email.smtp]
host = "smtp.example.org"
port = 587
security = "starttls"                # starttls · tls · none
user = "club@example.org"
password = "keyring:smtp"
sender = "Forme et Santé <club@example.org>"

[fmi.zones.bassin]
limit = 250
"""


def by_key(problems: tuple[Problem, ...]) -> dict[str | None, Problem]:
    assert len({problem.key for problem in problems}) == len(problems)
    return {problem.key: problem for problem in problems}


def test_the_file_of_the_contract_loads_while_no_operation_is_built(write: Callable[[str], Path]) -> None:
    operations = dict.fromkeys(("backup", "sms", "email", "fmi"), UNCHECKED)
    schema = SettingsSchema(operations, dict.fromkeys(("sensors", "programs"), UNCHECKED))
    settings = load(write(CONTRACT), schema)
    assert list(settings.operations) == ["backup", "sms", "email", "fmi"]
    sms = settings.operations["sms"]
    assert (sms.enabled, sms.station, sms.standby) == (True, "ACCUEIL", ("SERVEUR",))
    assert sms.values["gateway"]["kind"] == "http"
    assert settings.stations["ACCUEIL"].tables["programs"][0]["command"] == ("C:\\Heitz\\Acces.exe",)
    assert (settings.server.name, settings.server.web_server) == ("SERVEUR", True)


def test_a_file_becomes_frozen_values_of_their_types(write: Callable[[str], Path], schema: SettingsSchema) -> None:
    file = write(
        """\
        [club]
        name = "Forme et Santé"
        timezone = "Indian/Reunion"
        database = "sqlite:///data/club.db"
        database_password = "env:CLUB"
        [stations.SERVEUR]
        server = true
        [stations."Poste 2"]
        sensors = [{ name = "entree", port = "COM3" }]
        [email]
        station = "poste 2"
        standby = ["serveur"]
        largest = "10MiB"
        ratio = 1
        at = ["07:05"]
        weights = { "a b" = 3 }
        smtp = { host = "mail", security = "tls", ca_file = "certificates/ca.pem", timeout = "1min30s" }
        [fmi.window]
        from = "08:00"
        """
    )
    settings = load(file, schema)
    email = settings.operations["email"]
    assert settings.club.database == f"sqlite:///{file.parent}/data/club.db"
    assert settings.club.database_password == Secret("env:CLUB", file.parent)
    assert (email.station, email.standby) == ("Poste 2", ("SERVEUR",))  # as [stations] spells them
    assert (email.largest, email.ratio, email.at) == (10 * 1024**2, 1.0, (time(7, 5),))
    assert email.weights == {"a b": 3}
    assert (email.smtp.security, email.smtp.port) == ("tls", 587)
    assert email.smtp.ca_file == file.parent / "certificates/ca.pem"
    assert email.smtp.timeout == timedelta(seconds=90)
    assert settings.operations["fmi"].window.start == time(8)
    assert settings.stations["Poste 2"].tables["sensors"][0].speed == 9600
    assert "backup" not in settings.operations
    assert settings.folder == file.parent
    with pytest.raises(TypeError):
        email.weights["c"] = 4


def test_all_problems_are_told_together_each_with_line_key_value_and_suggestion(problems_of: Problems) -> None:
    problems = problems_of(
        """\
[club]
nam = "Forme"
timezone = "Europe/Pari"
country = "France"
language = "de"
database = "club.db"
[stations.SERVEUR]
server = true
[stations.ACCUEIL]
server = true
[[stations.ACCUEIL.sensors]]
port = 3
[email]
station = "SERVUER"
standby = ["ACCUEIL", "accueil"]
at = ["12:30", "8h"]
[email.smtp]
host = " "
port = 70000
timeout = "0s"
password = 12345
"""
    )
    assert [str(problem).partition(": ")[2] for problem in problems] == [
        "club.name: required, but missing",
        "club.nam: unknown key; did you mean name?",
        'club.timezone = "Europe/Pari": not a time zone of this computer; did you mean Europe/Paris?',
        'club.country = "France": expected two capital letters',
        'club.language = "de": expected one of fr, en',
        (
            'club.database = "club.db": not the address of a database; write it as in "sqlite:///club.db" or '
            '"postgresql+psycopg://user@host/club"'
        ),
        (
            "stations.ACCUEIL.server = true: the club has more than one server: also SERVEUR; write server = true in "
            "exactly one table of [stations]"
        ),
        "stations.ACCUEIL.sensors[0].name: required, but missing",
        "stations.ACCUEIL.sensors[0].port = 3: expected text, found a whole number; put it in quotes",
        'email.station = "SERVUER": no such station in [stations]; did you mean SERVEUR?',
        'email.standby[1] = "accueil": named twice',
        'email.at[1] = "8h": not a time of day; write hours and minutes, 00:00 to 23:59, as in "08:00"',
        'email.smtp.host = " ": must not be empty',
        "email.smtp.port = 70000: out of bounds; between 1 and 65535",
        'email.smtp.timeout = "0s": out of bounds; at least 1s',
        "email.smtp.password: expected text, found a whole number; put it in quotes",
    ]
    assert [problem.line for problem in problems] == [1, 2, 3, 4, 5, 6, 10, 11, 12, 14, 15, 16, 18, 19, 20, 21]


def test_a_problem_is_told_to_programs_as_plain_values(problems_of: Problems, good: str) -> None:
    [problem] = problems_of(good.replace('"COM3"', "3"))
    assert problem.as_json("en") == {
        "file": str(problem.file),
        "line": 11,
        "column": None,
        "key": "stations.ACCUEIL.sensors[0].port",
        "value": "3",
        "problem": "expected text, found a whole number",
        "suggestion": "put it in quotes",
    }
    [bare] = problems_of("")
    assert (bare.as_json("en")["line"], bare.as_json("en")["key"]) == (None, None)


def test_the_error_counts_its_problems_and_tells_the_first(problems_of: Problems, good: str) -> None:
    [only] = problems_of(good.replace('"COM3"', "3"))
    assert str(SettingsError([only])) == str(only)
    assert str(SettingsError([only, only])) == f"2 problems in {only.file}; the first: {only}"


@pytest.mark.parametrize(
    ("key", "written", "told"),
    [
        # no coercion, either way
        ("email.smtp.port", '"587"', "expected a whole number, found text in quotes; write it without quotes"),
        ("email.smtp.port", "587.0", "expected a whole number, found a number with a decimal point"),
        ("email.smtp.port", "true", "expected a whole number, found true or false without quotes"),
        ("email.smtp.port", '"many"', "expected a whole number, found text in quotes"),
        ("email.smtp.port", "[587]", "expected a whole number, found a list"),
        ("email.smtp.host", "3", "expected text, found a whole number; put it in quotes"),
        ("email.smtp.host", "1.5", "expected text, found a number with a decimal point; put it in quotes"),
        ("email.smtp.host", "true", "expected text, found true or false without quotes"),
        ("email.smtp.host", "{ a = 1 }", "expected text, found a table"),
        ("email.smtp.security", '"stattls"', "expected one of starttls, tls, none; did you mean starttls?"),
        ("email.smtp.security", "1", "expected text, found a whole number; put it in quotes"),
        ("email.smtp.ca_file", '""', "must not be empty"),
        ("email.smtp.timeout", "30", "expected text, found a whole number; put it in quotes"),
        ("email.enabled", '"yes"', "expected true or false, found text in quotes; write true or false, without quotes"),
        ("email.enabled", "1", "expected true or false, found a whole number; write true or false, without quotes"),
        ("email.ratio", "nan", "expected an ordinary number, neither infinite nor nan"),
        ("email.ratio", "1" + "0" * 400, "expected an ordinary number, neither infinite nor nan"),
        ("email.ratio", '"1"', "expected a number, found text in quotes"),
        ("email.ratio", "false", "expected a number, found true or false without quotes"),
        ("email.at", '"12:30"', "expected a list, found text in quotes"),
        ("email.at", "12:30:00", "expected a list, found a date or time without quotes"),
        ("email.largest", '"1TB"', "out of bounds; at most 100MB"),
        ("email.weights", "[1]", "expected a table, found a list"),
        ("fmi.zones", '["bassin"]', "expected a table, found a list"),
        ("fmi.window", "true", "expected a table, found true or false without quotes"),
        ("stations.SERVEUR", "1", "expected a table, found a whole number"),
        ("backup", "1", "expected a table, found a whole number"),
        ("sms", '{ enabled = "no" }', None),
    ],
)
def test_a_value_of_another_type_is_refused_never_coerced(
    problems_of: Problems, key: str, written: str, told: str | None
) -> None:
    *tables, last = key.split(".")
    body = {
        "club": 'name = "x"\ndatabase = "sqlite://"',
        "stations": "S.server = true\n" + (f"{last} = {written}" if tables == ["stations"] else ""),
        "email": 'station = "S"\n' + (f"{last} = {written}" if tables == ["email"] else ""),
        "email.smtp": ("" if last == "host" else 'host = "h"\n')
        + (f"{last} = {written}" if tables == ["email", "smtp"] else ""),
        "fmi": f"{last} = {written}" if tables == ["fmi"] else "",
    }
    text = (f"{last} = {written}\n" if not tables else "") + "\n".join(f"[{t}]\n{b}" for t, b in body.items())
    [problem] = problems_of(text)
    if told is None:
        assert problem.key == "sms.enabled"
    else:
        assert problem.key == key
        assert str(problem).endswith(f": {told}")


def test_values_in_lists_and_named_tables_are_told_by_their_place(problems_of: Problems, good: str) -> None:
    problems = by_key(
        problems_of(
            good.replace(
                "[email.smtp]",
                'at = ["12:30", 5]\nweights = { good = 1, "not good" = "1" }\n'
                "[fmi.zones.bassin]\nlimit = 0\n[email.smtp]",
            )
        )
    )
    assert set(problems) == {"email.at[1]", 'email.weights."not good"', "fmi.zones.bassin.limit"}


def test_a_rule_between_two_keys_names_the_one_to_change(problems_of: Problems, good: str) -> None:
    [problem] = problems_of(f"{good}[fmi.zones.bassin]\nlimit = 10\nwarn_at = 10\n")
    assert (problem.key, problem.value) == ("fmi.zones.bassin.warn_at", "10")
    assert problem.line == len(good.splitlines()) + 3


def test_a_station_cannot_replace_itself(problems_of: Problems, good: str) -> None:
    [problem] = problems_of(good.replace('station = "ACCUEIL"', 'station = "ACCUEIL"\nstandby = ["accueil"]'))
    assert (problem.key, str(problem.sentence)) == (
        "email.standby[0]",
        "the station ACCUEIL cannot replace itself",
    )


@pytest.mark.parametrize(
    ("stations", "key", "told"),
    [
        ("", "stations", "required, but missing"),
        ("[stations]", "stations", "must not be empty"),
        ("stations = 3", "stations", "expected a table, found a whole number"),
        (
            "[stations.A]",
            "stations",
            "no station is the server; write server = true in exactly one table of [stations]",
        ),
        ("[stations.A]\nserver = true\n[stations.a]", "stations.a", "the same name as station A, but for capitals"),
        ('[stations.""]\n[stations.A]\nserver = true', 'stations.""', "a computer cannot have this name"),
        ('[stations." A"]\nserver = true', 'stations." A"', "a computer cannot have this name"),
    ],
)
def test_the_stations_of_a_club_are_checked_together(problems_of: Problems, stations: str, key: str, told: str) -> None:
    [problem] = problems_of(f'{stations}\n[club]\nname = "x"\ndatabase = "sqlite://"\n')
    assert (problem.key, str(problem).partition(f"{key}: ")[2] or str(problem).rpartition(" = 3: ")[2]) == (key, told)


def test_three_servers_are_two_problems_that_name_the_others(problems_of: Problems) -> None:
    problems = problems_of(
        '[club]\nname = "x"\ndatabase = "sqlite://"\n'
        "[stations.A]\nserver = true\n[stations.B]\nserver = true\n[stations.C]\nserver = true\n"
    )
    assert [(problem.key, str(problem.sentence)) for problem in problems] == [
        ("stations.B.server", "the club has more than one server: also A, C"),
        ("stations.C.server", "the club has more than one server: also A, B"),
    ]


def test_a_station_is_found_whatever_its_capitals(
    write: Callable[[str], Path], schema: SettingsSchema, good: str
) -> None:
    settings = load(write(good), schema)
    assert settings.station("accueil") is settings.stations["ACCUEIL"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ACUEIL", "did you mean ACCUEIL?"),
        ("PC-7", "the stations are SERVEUR, ACCUEIL; add it, or say which by --station"),
    ],
)
def test_an_unknown_station_is_told_with_the_nearest(
    write: Callable[[str], Path], schema: SettingsSchema, good: str, name: str, told: str
) -> None:
    settings = load(write(good), schema)
    with pytest.raises(UnknownStationError) as caught:
        settings.station(name)
    assert str(caught.value) == f"no station {name} in {settings.file}: {told}"
    assert (str(caught.value.suggestion) == told) is (name == "ACUEIL")


def test_an_operation_that_is_switched_off_may_be_incomplete(
    write: Callable[[str], Path], schema: SettingsSchema, good: str
) -> None:
    off = load(write(good.partition("[email]")[0] + "[email]\nenabled = false\n"), schema).operations["email"]
    assert isinstance(off, UncheckedTable)
    assert (off.enabled, off.station) == (False, None)


@pytest.mark.parametrize("switch", ["", "enabled = true\n"])
def test_an_operation_that_is_on_must_be_complete(problems_of: Problems, good: str, switch: str) -> None:
    problems = problems_of(f"{good.partition('[email]')[0]}[email]\n{switch}")
    assert [(problem.key, str(problem.sentence)) for problem in problems] == [
        ("email.station", "required, but missing"),
        ("email.smtp", "required, but missing"),
    ]


@pytest.mark.parametrize(
    ("zone", "advice"),
    [
        ("Paris", "did you mean Europe/Paris?"),
        ("europe/paris", "did you mean Europe/Paris?"),
        ("new york", "did you mean America/New_York?"),
        ("Europe/Pari", "did you mean Europe/Paris?"),
        ("Europe", ""),  # a folder of the time zones
        ("../zoneinfo/Europe/Paris", ""),  # outside of them
        ("/etc/passwd", ""),
        ("", 'write it as in "Europe/Paris"'),
        ("xyz", ""),
    ],
)
def test_a_time_zone_must_be_one_of_this_computer(problems_of: Problems, good: str, zone: str, advice: str) -> None:
    [problem] = problems_of(good.replace("[club]", f'[club]\ntimezone = "{zone}"'))
    assert (problem.key, problem.line) == ("club.timezone", 2)
    assert str(problem.sentence).startswith(f"not a time zone of this computer; {advice}")


def test_a_computer_without_time_zones_is_told_as_such(
    problems_of: Problems, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(name: str) -> None:
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr("zoneinfo.ZoneInfo", none)
    monkeypatch.setattr("zoneinfo.available_timezones", set)
    [problem] = problems_of(good.replace("[club]", '[club]\ntimezone = "Europe/Paris"'))
    assert str(problem.sentence).endswith("it has none at all: install the package tzdata")


def test_an_operation_that_is_switched_off_and_complete_keeps_its_settings(
    write: Callable[[str], Path], schema: SettingsSchema, good: str
) -> None:
    email = load(write(good.replace("[email]", "[email]\nenabled = false")), schema).operations["email"]
    assert (email.enabled, email.smtp.host) == (False, "smtp.example.org")


def test_what_is_written_in_a_table_that_is_switched_off_is_checked_all_the_same(
    problems_of: Problems, good: str
) -> None:
    [wrong] = problems_of(good.partition("[email]")[0] + "[email]\nenabled = false\nratio = true\n")
    assert wrong.key == "email.ratio"


def test_an_unchecked_table_shows_nothing_of_what_it_holds(
    write: Callable[[str], Path], schema: SettingsSchema, good: str
) -> None:
    settings = load(write(f'{good}[backup]\ntoken = "hunter2"\n[[stations.SERVEUR.programs]]\nk = "hunter2"\n'), schema)
    assert settings.operations["backup"].values["token"] == "hunter2"
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    "line",
    [
        'pasword = "hunter2"',  # an unknown key may be a misspelt secret
        'password = ["hunter2"]',
        'password = "hun\\tter2"',
        'password = { hun = "hunter2" }',
        'security = "none"\npassword = "a"\ntoken = "hunter2"',  # a rule between two keys, one of them a secret
    ],
)
def test_no_problem_shows_what_may_be_a_secret(problems_of: Problems, good: str, line: str) -> None:
    problems = problems_of(good.replace('password = "keyring:smtp"', line))
    assert "hunter2" not in "".join(str(problem) for problem in problems)
    assert "hunter2" not in repr(problems)
    assert not any("hun" in (problem.value or "") for problem in problems)


def test_no_problem_shows_the_password_of_an_address(problems_of: Problems, good: str) -> None:
    [problem] = problems_of(good.replace('"ACCUEIL"\n[email', '"smtp://club:hunter2@mail"\n[email'))
    assert problem.value == '"smtp://club:***@mail"'


def test_a_long_value_is_shown_shortened(problems_of: Problems, good: str) -> None:
    [problem] = problems_of(good.replace('station = "ACCUEIL"', f'station = "{"x" * 500}"'))
    assert problem.value is not None
    assert len(problem.value) == 60


def test_a_backslash_that_made_a_control_character_is_told(problems_of: Problems, good: str) -> None:
    [problem] = problems_of(good.replace('"COM3"', r'"C:\new\table"'))
    assert str(problem.sentence) == "holds a control character, made by a backslash in double quotes"
    assert str(problem.suggestion) == r"write paths in single quotes, 'C:\new', or with double backslashes"


@pytest.mark.parametrize("text", ["keyring:", "env: ", "file:", ""])
def test_a_secret_that_names_nothing_is_refused(problems_of: Problems, good: str, text: str) -> None:
    [problem] = problems_of(good.replace("keyring:smtp", text))
    assert str(problem.sentence) == "names no secret"


def test_settings_that_say_the_same_are_equal_wherever_their_lines_stand(
    write: Callable[[str], Path], schema: SettingsSchema, good: str
) -> None:
    first = load(write(good), schema)
    assert load(write(f"# moved\n\n{good}"), schema) == first
    assert load(write(good.replace("COM3", "COM4")), schema) != first


def test_a_relative_path_is_made_absolute(
    write: Callable[[str], Path], schema: SettingsSchema, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(good)
    monkeypatch.chdir(file.parent)
    assert load(Path(file.name), schema).file == file


def test_a_schema_without_operations_reads_a_club_and_its_stations(write: Callable[[str], Path], good: str) -> None:
    settings: Settings = load(write(good.partition("[[")[0]), SettingsSchema())
    assert (settings.operations, list(settings.stations)) == ({}, ["SERVEUR", "ACCUEIL"])


@attrs.frozen(kw_only=True)
class MailServer:
    host: str = setting(help=Sentence.of("the server"))
    port: int = setting(587, check=Between(1, 65535), help=Sentence.of("its port"))
    security: Literal["starttls", "tls", "none"] = setting("starttls", help=Sentence.of("how the line is secured"))
    user: str = setting("", help=Sentence.of("the user"))
    password: Secret | None = setting(None, help=Sentence.of("the password"))
    sender: str = setting("", help=Sentence.of("the sender"))


@attrs.frozen(kw_only=True)
class Mailing(ExclusiveSettings):
    smtp: MailServer = setting(help=Sentence.of("the server"))


@attrs.frozen(kw_only=True)
class NotAnOperation:
    every: int = setting(1, help=Sentence.of("how often"))


@attrs.frozen(kw_only=True)
class Impossible(OperationSettings):
    every: complex = setting(1, help=Sentence.of("how often"))


@attrs.frozen(kw_only=True)
class Undeclared(OperationSettings):
    derived: int = attrs.field(init=False, default=0)
    every: int = 1


@pytest.mark.parametrize(
    ("operations", "station_tables", "why"),
    [
        ({"club": UNCHECKED}, {}, "named like a table of every file"),
        ({"e mail": UNCHECKED}, {}, "cannot be a table's name"),
        ({"email": NotAnOperation}, {}, "do not derive from OperationSettings"),
        ({"email": int}, {}, "do not derive from OperationSettings"),
        ({}, {"server": UNCHECKED}, "named like a key of every station"),
        ({}, {"sensors": set[str]}, "cannot be of type"),
        ({}, {"sensors": tuple[str, int]}, "cannot be of type"),
        ({}, {"sensors": str | int}, "cannot be of type"),
        ({"email": Impossible}, {}, "cannot be of type"),
        ({"email": Undeclared}, {}, "every is not declared with setting"),
    ],
)
def test_a_schema_that_cannot_be_is_refused_when_it_is_made(
    operations: Mapping[str, Any], station_tables: Mapping[str, Any], why: str
) -> None:
    with pytest.raises(TypeError, match=why):
        SettingsSchema(operations, station_tables)


def test_a_fault_of_the_program_is_not_told_as_one_of_the_file(write: Callable[[str], Path], good: str) -> None:
    @attrs.frozen(kw_only=True)
    class Faulty(OperationSettings):
        def __attrs_post_init__(self) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        load(write(good.partition("[[")[0] + "[faulty]\n"), SettingsSchema({"faulty": Faulty}))


def test_a_settings_class_made_by_hand_is_checked_as_well() -> None:
    with pytest.raises(Exception, match="the station A cannot replace itself"):
        UncheckedTable(station="A", standby=("A",), values=MappingProxyType({}))


TOKENS = st.sampled_from(
    [
        *"[]{}\"=.,#'\\",
        "\n",
        "\r",
        "\0",
        "[[",
        '"""',
        "'''",
        "true",
        "1e999",
        "-1",
        "nan",
        '"x"',
        "server = true",
        "é",
        "\ufeff",
        "[email]",
    ]
)


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 8), TOKENS), min_size=1, max_size=4))
def test_whatever_is_done_to_a_file_it_loads_or_has_problems(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[float, int, str]]
) -> None:
    text = CONTRACT
    for place, removed, inserted in edits:
        at = int(place * len(text))
        text = text[:at] + inserted + text[at + removed :]
    schema = SettingsSchema(
        {"backup": UNCHECKED, "sms": UNCHECKED, "email": Mailing, "fmi": UNCHECKED},
        {"sensors": UNCHECKED, "programs": UNCHECKED},
    )
    path = tmp_path_factory.getbasetemp() / "edited.toml"
    lines = len(text.replace("\r\n", "\n").split("\n"))
    try:
        load_bytes(path, text.encode(), schema)
    except SettingsError as error:
        for problem in error.problems:
            assert str(problem)
            assert problem.line is None or 1 <= problem.line <= lines


def test_a_list_of_tables_written_as_one_table_is_told(problems_of: Problems, good: str) -> None:
    [problem] = problems_of(good.replace("[[stations.ACCUEIL.sensors]]", "[stations.ACCUEIL.sensors]"))
    assert str(problem).endswith("stations.ACCUEIL.sensors: expected a list, found a table")


def test_lines_of_text_are_taken_where_a_setting_says_so(write: Callable[[str], Path], good: str) -> None:
    @attrs.frozen(kw_only=True)
    class Letter(OperationSettings):
        body: Text = setting(check=Matching("(?s)D.*", Sentence.of("a D first")), help=Sentence.of("the letter"))
        names: Mapping[str, int] = setting(check=NotEmpty(), help=Sentence.of("names"))
        even: int = setting(
            2,
            check=(Between(0), Judged(lambda n: Sentence.of("odd") if n % 2 else None, Sentence.of("even"))),
            help=Sentence.of("an even number"),
        )

    schema = SettingsSchema({"letter": Letter})
    head = good.partition("[[")[0]
    letter = load(write(f'{head}[letter]\nbody = """Dear\n\tall"""\nnames = {{ a = 1 }}\n'), schema).operations[
        "letter"
    ]
    assert letter.body == "Dear\n\tall"
    with pytest.raises(SettingsError) as caught:
        load(write(f'{head}[letter]\nbody = "x"\nnames = {{ }}\neven = 3'), schema)
    assert [str(problem.sentence) for problem in caught.value.problems] == [
        "expected a D first",
        "must not be empty",
        "odd",
    ]
