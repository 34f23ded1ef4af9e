"""What `doctor` asks the ports of this station's sensors, without opening one: the program may be reading them."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from actors.serial_port.naming import NotFound, Plugged, address_of, claimed_twice, plugged_in
from config.sentence import Sentence
from service.findings import Finding, Level


def sensor_ports(ports: Mapping[str, str], plugged: Callable[[], Sequence[Plugged]] = plugged_in) -> Iterator[Finding]:
    """Give what is wrong with the ports, as the settings write them, of the sensors named; else that all is well."""
    if not ports:
        return
    known = plugged()
    is_well = True
    for name, text in ports.items():
        objection = _objection(text, known)
        if objection is not None:
            is_well = False
            yield Finding("sensors", Level.PROBLEM, Sentence.of("sensor {sensor}: {why}", sensor=name, why=objection))
    for address, names in claimed_twice(ports, lambda: known):
        is_well = False
        yield Finding(
            "sensors",
            Level.PROBLEM,
            Sentence.of(
                "the sensors {names} all claim the port {port}: only the first to open it counts, correct the others",
                names=", ".join(names),
                port=address,
            ),
        )
    if is_well:
        yield Finding(
            "sensors",
            Level.OK,
            Sentence.counted(
                "{n} sensor has a port, which is there", "{n} sensors have ports, which are there", n=len(ports)
            ),
        )


def _objection(text: str, known: Sequence[Plugged]) -> Sentence | None:
    try:
        address = address_of(text, lambda: known)
    except NotFound as error:
        return error.sentence
    is_device = address.startswith("/")
    if not is_device and not address.startswith("COM"):
        return None  # on the network: only opening it would tell
    is_there = Path(address).exists() if is_device else address in [port.device for port in known]
    if not is_there:
        return Sentence.of("nothing is plugged in at {port}", port=text)
    if is_device and not os.access(address, os.R_OK | os.W_OK):
        return Sentence.of("this user may not use the port {port}: add them to the group dialout", port=text)
    return None
