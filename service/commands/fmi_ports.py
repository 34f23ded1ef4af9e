"""`fmi ports|probe`: what is plugged in, and what kind of sensor is on a port."""

import argparse
from typing import TYPE_CHECKING, Any

from config.sentence import Sentence
from service.argument_parser import Commands, counting_number
from service.console import Console
from service.exit_codes import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.fmi.probe import Attempt
    from actors.serial_port.naming import Plugged


def add(commands: Commands) -> None:
    """Add the commands."""
    ports = commands.add(
        "ports",
        Sentence.of("list the serial ports of this computer, and how the settings name each"),
        "fmi ports",
        run=_ports,
    )
    ports.json_option()
    probe = commands.add(
        "probe",
        Sentence.of("tell what kind of sensor is on a port: listen, then ask; stop the program's sensor on it first"),
        "fmi probe COM3",
        "fmi probe usb:0483:5740 --listen",
        run=_probe,
    )
    probe.option("port", metavar="PORT", help=Sentence.of("the port, as `fmi ports` prints it"))
    probe.option("--baud", type=counting_number, help=Sentence.of("try this speed alone"))
    probe.option(
        "--unit", type=int, choices=range(1, 248), default=1, metavar="1-247", help=Sentence.of("a Modbus address")
    )
    probe.option(
        "--listen", action="store_true", help=Sentence.of("write nothing to the device: recognise only what speaks")
    )
    probe.json_option()


def _ports(options: argparse.Namespace, console: Console) -> int:
    from actors.serial_port.naming import plugged_in  # noqa: PLC0415
    from service.rendering_table import Row, fitting, table  # noqa: PLC0415

    found = plugged_in()
    names = [_name(port, found) for port in found]
    if options.json:
        console.print_json(
            {"version": 1, "ports": [_document(port, name) for port, name in zip(found, names, strict=True)]}
        )
        return Exit.OK
    if not found:
        console.print(Sentence.of("no serial port is on this computer: plug the sensor's cable in"))
        return Exit.OK
    titles = tuple(
        console.text(each) for each in (Sentence.of("port"), Sentence.of("write it as"), Sentence.of("what"))
    )
    rows = [
        Row(("good", "green"), (port.device, name, port.description)) for port, name in zip(found, names, strict=True)
    ]
    widths = fitting(titles, rows, console.terminal.columns, elastic=2)
    for line in table(titles, widths, rows, console.terminal):
        console.print(line)
    return Exit.OK


def _name(port: "Plugged", found: "Sequence[Plugged]") -> str:
    """Return the text that means this port and no other, the one that lasts longest."""
    if port.usb is not None and [each.usb for each in found].count(port.usb) == 1:
        return port.usb
    return port.device if port.location is None else f"usb@{port.location}"


def _document(port: "Plugged", name: str) -> dict[str, Any]:
    return {
        "device": port.device,
        "name": name,
        "description": port.description,
        "usb": port.usb,
        "serial_number": port.serial_number,
        "location": port.location,
    }


def _probe(options: argparse.Namespace, console: Console) -> int:
    from actors.fmi.probe import SPEEDS, Probe  # noqa: PLC0415
    from actors.serial_port import NotOpened, PortLost  # noqa: PLC0415

    speeds = SPEEDS if options.baud is None else (options.baud,)
    probe = Probe(options.port, speeds, options.unit, only_listens=options.listen)
    attempts: list[Attempt] = []
    problem = None
    try:
        for attempt in probe.attempts():
            attempts.append(attempt)
            if not options.json:
                console.print(attempt.finding)
                console.flush()
    except NotOpened as error:
        problem = error.sentence
    except PortLost:
        problem = Sentence.of("the port {port} went away: is its cable loose", port=options.port)
    found = next((each for each in attempts if each.driver is not None), None)
    if options.json:
        console.print_json(
            {
                "version": 1,
                "driver": None if found is None else found.driver,
                "settings": None if found is None else _settings(options.port, found),
                "attempts": [{"baud": each.baud, "text": console.text(each.finding)} for each in attempts],
                "error": None if problem is None else console.text(problem),
            }
        )
    elif found is not None:
        console.print(Sentence.of("in the settings:"))
        for key, value in _settings(options.port, found).items():
            console.print(f"  {key} = {value}" if isinstance(value, int) else f'  {key} = "{value}"')
    elif problem is not None:
        console.error(problem)
    else:
        console.print(
            Sentence.of("no sensor that the program knows: look at its power, its cable and the speed in its manual")
        )
    return Exit.OK if found is not None else Exit.ATTENTION


def _settings(port: str, found: "Attempt") -> dict[str, str | int]:
    return {"driver": str(found.driver), "port": port, "baud": found.baud, **dict(found.settings)}
