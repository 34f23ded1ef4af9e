"""What `doctor` looks at beside settings and database: start at login, ports, modem, and the running program."""

import os
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from config import Settings
from config.masking import mask
from config.sentence import Sentence
from service.autostart import find_state, ways
from service.autostart.way import is_well, said_of
from service.findings import Finding, Level
from service.words import ACTOR, FAILURE, instant, parsed, word

_LATELY: Final = timedelta(days=1)
_PORTS_SHOWN: Final = 12


def autostart(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Tell whether the program starts when this user logs in."""
    state = find_state(ways(environment))
    yield Finding("autostart", Level.OK if is_well(state) else Level.WARNING, said_of(state))


def durability(database_address: str) -> Iterator[Finding]:
    """Tell that an embedded database keeps what it said that it keeps; a server's own settings are looked at apart."""
    if database_address.startswith("sqlite"):
        yield Finding(
            "durability",
            Level.OK,
            Sentence.of("the database waits for the disk at each commit (synchronous=FULL): a power cut loses nothing"),
        )


def ports(settings: Settings | None, station: str | None) -> Iterator[Finding]:
    """Tell which serial ports there are, and which of those in the settings are not."""
    try:
        from serial.tools import list_ports  # noqa: PLC0415 - for this check alone

        found = sorted(list_ports.comports(), key=lambda port: str(port.device))
    except (OSError, ImportError, AttributeError) as error:  # pyserial asks Windows for functions that Wine has not
        yield Finding("ports", Level.WARNING, Sentence.of("the serial ports can't be listed ({reason})", reason=error))
        return
    shown = ", ".join(
        f"{port.device} ({port.description})" if port.description not in {None, "n/a"} else str(port.device)
        for port in found[:_PORTS_SHOWN]
    )
    yield Finding(
        "ports",
        Level.OK,
        Sentence.counted("{n} serial port: {ports}", "{n} serial ports: {ports}", len(found), ports=shown)
        if found
        else Sentence.of("this computer has no serial port"),
    )
    present = {str(port.device).casefold() for port in found}
    for what, port in sorted(_ports_of(settings, station)):
        if is_missing(port, present):
            yield Finding(
                "ports",
                Level.PROBLEM,
                Sentence.of(
                    "the port {port} of {what} is not there: look at its cable and its driver, or correct the settings",
                    port=port,
                    what=what,
                ),
            )


def is_missing(port: str, present: set[str]) -> bool:
    """Tell whether a port of the settings is a plain one that this computer lacks; addresses are not looked for."""
    if port.startswith("/"):
        return not Path(port).exists()
    return port[:3].upper() == "COM" and port[3:].isdecimal() and port.casefold() not in present


def _ports_of(settings: Settings | None, station: str | None) -> Iterator[tuple[str, str]]:
    if settings is None:
        return
    modem = _modem(settings)
    if modem is not None:
        yield "[sms.gateway]", str(modem.port)
    name = (station or "").casefold()
    tables = next((each.tables for each in settings.stations.values() if each.name.casefold() == name), {})
    for sensor in tables.get("sensors") or ():
        port = sensor.get("port") if isinstance(sensor, Mapping) else getattr(sensor, "port", None)
        called = sensor.get("name") if isinstance(sensor, Mapping) else getattr(sensor, "name", None)
        if isinstance(port, str):
            yield str(called or "[[sensors]]"), port


def _modem(settings: Settings) -> Any | None:
    gateway = getattr(settings.operations.get("sms"), "gateway", None)
    return gateway if getattr(gateway, "kind", None) == "modem" else None


def icon(status: Mapping[str, Any]) -> Iterator[Finding]:
    """Tell where the icon is, by the running program's word."""
    tray = status.get("tray")
    if not isinstance(tray, Mapping):
        return
    if tray.get("state") == "docked":
        yield Finding("tray", Level.OK, Sentence.of("the icon is beside the clock"))
    elif tray.get("state") == "off":
        yield Finding("tray", Level.OK, Sentence.of("no icon: {reason}", reason=tray.get("reason") or "-"))
    else:
        yield Finding("tray", Level.WARNING, Sentence.of("no icon: {reason}", reason=tray.get("reason") or "-"))


def paused(status: Mapping[str, Any]) -> Iterator[Finding]:
    """Tell what a person has paused: the first thing that is forgotten."""
    for operation in status.get("operations") or []:
        if operation.get("paused"):
            yield Finding(
                "pause",
                Level.WARNING,
                Sentence.of("{operation}: {reason}", operation=operation.get("id"), reason=operation.get("reason")),
            )


def failures(status: Mapping[str, Any], language: str) -> Iterator[Finding]:
    """Tell what is down and why, and what crashed lately though it works again."""
    now = datetime.now().astimezone()
    for actor in status.get("actors") or []:
        failure = actor.get("last_failure")
        if not failure:
            continue
        values = {
            "path": actor.get("path"),
            "kind": word(FAILURE, str(failure.get("kind"))),
            "error": mask(str(failure.get("error"))),
        }
        if actor.get("state") not in {"running", "starting"}:
            state = word(ACTOR, str(actor.get("state")))
            sentence = Sentence.of("{path} is {state} after: {kind}, {error}", state=state, **values)
            yield Finding("actor", Level.PROBLEM, sentence)
            continue
        at = parsed(failure.get("at"), now)
        if at is not None and now - at <= _LATELY:
            when = instant(failure.get("at"), now, language)
            sentence = Sentence.of("{path} works again after {at}: {kind}, {error}", at=when, **values)
            yield Finding("actor", Level.WARNING, sentence)


def system(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Tell under which desktop and as which kind of user it runs: half of all troubles with icons begin there."""
    if sys.platform in {"win32", "darwin"}:
        return
    desktop = environment.get("XDG_CURRENT_DESKTOP") or "-"
    display = environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY") or "-"
    yield Finding(
        "desktop", Level.OK, Sentence.of("desktop {desktop}, display {display}", desktop=desktop, display=display)
    )
    if os.geteuid() == 0:
        yield Finding(
            "desktop",
            Level.WARNING,
            Sentence.of("this is the administrator's account: run Heitz Service as an ordinary user"),
        )
