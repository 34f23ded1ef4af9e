"""A schema as an operation's author would write it, and files to read with it."""

from collections.abc import Callable, Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Literal

import attrs
import pytest

from config import (
    UNCHECKED,
    Between,
    Days,
    Duration,
    ExclusiveSettings,
    NotEmpty,
    OperationSettings,
    Problem,
    Secret,
    SettingsError,
    SettingsSchema,
    Size,
    TimeOfDay,
    ValueRefusedError,
    load,
    setting,
    size_between,
)
from config.sentence import Sentence


@attrs.frozen(kw_only=True)
class Sensor:
    name: str = setting(check=NotEmpty(), example="entree", help=Sentence.of("the sensor's name"))
    port: str = setting(example="COM3", help=Sentence.of("its serial port"))
    speed: int = setting(9600, unit="bit/s", help=Sentence.of("the speed of the line"))


@attrs.frozen(kw_only=True)
class Smtp:
    host: str = setting(check=NotEmpty(), example="smtp.example.org", help=Sentence.of("the mail server"))
    port: int = setting(587, check=Between(1, 65535), help=Sentence.of("its port"))
    security: Literal["starttls", "tls", "none"] = setting("starttls", help=Sentence.of("how the line is secured"))
    password: Secret | None = setting(None, help=Sentence.of("the password"))
    ca_file: Path | None = setting(None, example=Path("ca.pem"), help=Sentence.of("who signs the certificates"))
    token: Secret | None = setting(None, help=Sentence.of("another way to be known"))
    timeout: Duration = setting(
        timedelta(seconds=20), check=Between(timedelta(seconds=1)), help=Sentence.of("how long to wait")
    )

    def __attrs_post_init__(self) -> None:
        if self.password and self.token and self.security == "none":
            raise ValueRefusedError(Sentence.of("one of the two is enough"), key=("token",))


@attrs.frozen(kw_only=True)
class Email(ExclusiveSettings):
    smtp: Smtp = setting(help=Sentence.of("the mail server"))
    largest: Size = setting(25_000_000, check=size_between(maximum=100_000_000), help=Sentence.of("largest message"))
    ratio: float = setting(0.5, help=Sentence.of("a ratio"))
    at: tuple[TimeOfDay, ...] = setting((time(12, 30), time(23)), help=Sentence.of("times of day"))
    weights: Mapping[str, int] = setting(attrs.Factory(dict), example={"a b": 1}, help=Sentence.of("weights by name"))


@attrs.frozen(kw_only=True)
class Zone:
    limit: int = setting(example=250, check=Between(minimum=1), help=Sentence.of("most people at once"))
    warn_at: int | None = setting(None, example=200, help=Sentence.of("people at which to warn"))

    def __attrs_post_init__(self) -> None:
        if self.warn_at is not None and self.warn_at >= self.limit:
            raise ValueRefusedError(Sentence.of("not below the limit"), key=("warn_at",))


@attrs.frozen(kw_only=True)
class Window:
    start: TimeOfDay = setting(key="from", help=Sentence.of("from when"))
    end: TimeOfDay = setting(time(20), key="to", help=Sentence.of("until when"))
    days: Days = setting(Days(), help=Sentence.of("on which days"))


@attrs.frozen(kw_only=True)
class Fmi(OperationSettings):
    zones: Mapping[str, Zone] = setting(attrs.Factory(dict), example="bassin", help=Sentence.of("the zones"))
    window: Window | None = setting(None, help=Sentence.of("when it counts"))


SCHEMA = SettingsSchema(
    operations={"email": Email, "fmi": Fmi, "backup": UNCHECKED, "sms": UNCHECKED},
    station_tables={"sensors": tuple[Sensor, ...], "programs": UNCHECKED},
)

GOOD = """\
[club]
name = "Forme et Santé"
database = "sqlite:///club.db"

[stations.SERVEUR]
server = true

[stations.ACCUEIL]
[[stations.ACCUEIL.sensors]]
name = "entree"
port = "COM3"

[email]
station = "ACCUEIL"
[email.smtp]
host = "smtp.example.org"
password = "keyring:smtp"
"""

Write = Callable[[str | bytes], Path]
Problems = Callable[[str | bytes], tuple[Problem, ...]]


@pytest.fixture
def schema() -> SettingsSchema:
    return SCHEMA


@pytest.fixture
def good() -> str:
    return GOOD


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the settings file anew, in place."""

    def write(content: str | bytes) -> Path:
        file = tmp_path / "heitz-service.toml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


@pytest.fixture
def problems_of(write: Write) -> Problems:
    """Return the problems of a file with this content; a file without any fails the test."""

    def problems_of(content: str | bytes) -> tuple[Problem, ...]:
        with pytest.raises(SettingsError) as caught:
            load(write(content), SCHEMA)
        return caught.value.problems

    return problems_of
