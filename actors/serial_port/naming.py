"""Which port a text of the settings means: a device, an address of pyserial, or what is plugged in, by its USB numbers.

A USB adapter gets its number (`ttyUSB0`, `COM5`) from the order of plugging in: two sensors would trade places one
morning. Vendor, product and serial number stay with the adapter; the location stays with the socket, for adapters
without a serial number and for clones that all have the same.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import attrs

from config.sentence import Sentence, SentenceError

_URL: Final = re.compile(r"(?:socket|rfc2217|loop|spy|hwgrep|alt)://\S*")
_DEVICE: Final = re.compile(r"COM[1-9][0-9]{0,2}|/\S+")
_USB: Final = re.compile(r"usb:(?P<vendor>[0-9A-Fa-f]{4}):(?P<product>[0-9A-Fa-f]{4})(?::(?P<serial>\S+))?")
_LOCATION: Final = re.compile(r"usb@(?P<location>[0-9][0-9.:x-]*)")
PORT_TEXTS: Final = Sentence.of(
    "COM3, /dev/ttyUSB0, usb:0483:5740:SERIAL, usb@1-1.4, or another address of pyserial such as socket://192.0.2.7:4000"
)


@attrs.frozen
class Plugged:
    """A serial port that the system knows, as it tells it; USB's numbers only where it is one."""

    device: str
    description: str = ""
    vendor: int | None = None
    product: int | None = None
    serial_number: str | None = None
    location: str | None = None

    @property
    def usb(self) -> str | None:
        """The text that means this port whatever its number is: by serial number, else without; None without USB."""
        if self.vendor is None or self.product is None:
            return None
        numbers = f"usb:{self.vendor:04X}:{self.product:04X}"
        return numbers if not self.serial_number else f"{numbers}:{self.serial_number}"


class NotFound(SentenceError):  # noqa: N818 - weather as often as an error
    """No port, or more than one, is what the text means."""

    def __init__(self, sentence: Sentence, *, needs_a_person: bool) -> None:
        super().__init__(sentence)
        self.needs_a_person = needs_a_person


def objection_to_port(text: str) -> Sentence | None:
    """Return what is wrong with the text of a port; None for one that may be opened."""
    if any(kind.fullmatch(text) for kind in (_URL, _DEVICE, _USB, _LOCATION)):
        return None
    return Sentence.of("not a port such as COM3, /dev/ttyUSB0, usb:0483:5740 or socket://192.0.2.7:4000")


def plugged_in() -> Sequence[Plugged]:
    """Return the serial ports of this computer, in the order of their names."""
    from serial.tools import list_ports  # noqa: PLC0415 - a station without a device need not load it

    return [
        Plugged(
            port.device,
            "" if port.description in (None, "n/a") else port.description,
            port.vid,
            port.pid,
            port.serial_number,
            port.location,
        )
        for port in sorted(list_ports.comports())
    ]


def address_of(text: str, plugged: Callable[[], Sequence[Plugged]] = plugged_in) -> str:
    """Return what pyserial opens for a text of the settings. Raises NotFound."""
    usb, place = _USB.fullmatch(text), _LOCATION.fullmatch(text)
    if usb is None and place is None:
        if objection_to_port(text) is not None:
            raise NotFound(
                Sentence.of("the port {port} cannot be understood: write {choices}", port=text, choices=PORT_TEXTS),
                needs_a_person=True,
            )
        return text
    found = [each for each in plugged() if (_is_usb(each, usb) if usb else _is_at(each, text.removeprefix("usb@")))]
    if not found:
        raise NotFound(Sentence.of("nothing is plugged in at {port}", port=text), needs_a_person=False)
    if len(found) > 1:
        raise NotFound(_ambiguous(text, found), needs_a_person=True)
    return found[0].device


def claimed_twice(
    ports: Mapping[str, str], plugged: Callable[[], Sequence[Plugged]] = plugged_in
) -> Sequence[tuple[str, Sequence[str]]]:
    """Return the devices that more than one of the named port texts mean, each with the names in order.

    A port that is not there claims nothing; links such as /dev/serial/by-id are followed.
    """
    known = plugged()
    names: dict[str, list[str]] = {}
    for name, text in ports.items():
        try:
            address = address_of(text, lambda: known)
        except NotFound:
            continue
        if address.startswith("/"):
            address = os.path.realpath(address)
        names.setdefault(address, []).append(name)
    return [(address, claimants) for address, claimants in names.items() if len(claimants) > 1]


def _is_usb(port: Plugged, wanted: re.Match[str]) -> bool:
    numbers = (port.vendor, port.product) == (int(wanted["vendor"], 16), int(wanted["product"], 16))
    return numbers and wanted["serial"] in (None, port.serial_number)


def _is_at(port: Plugged, location: str) -> bool:
    """Whether a port is in this socket; an adapter with several ports adds `:1.0`, which may be left out."""
    return port.location is not None and location in (port.location, port.location.partition(":")[0])


def _ambiguous(text: str, found: Sequence[Plugged]) -> Sentence:
    devices = ", ".join(f"{each.device} ({each.usb}, usb@{each.location})" for each in found)
    return Sentence.of(
        "{port} means several ports, {devices}: write the serial number too, or usb@ and the place of the socket",
        port=text,
        devices=devices,
    )
