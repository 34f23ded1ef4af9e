"""Opens a serial port for us alone, by any address of pyserial; says in words why it could not."""

import contextlib
import os
import socket
from typing import Any, Final, Literal, TypeAlias

import attrs

from actors.serial_port.naming import NotFound, address_of
from config.sentence import Sentence, SentenceError

Parity: TypeAlias = Literal["none", "even", "odd"]
_PARITIES: Final = {"none": "N", "even": "E", "odd": "O"}
_SLICE_SECONDS: Final = 0.2
_WRITE_SECONDS: Final = 5.0
# A converter whose power was cut says no farewell: without these its port would seem open, and silent, for ever.
_KEEPALIVE: Final = (("TCP_KEEPIDLE", 3), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 9_000))


@attrs.frozen
class LineMode:
    """How bits go over the wire; a port on the network keeps its own, and one on USB has none."""

    baud: int = 115_200
    parity: Parity = "none"
    stop_bits: int = 1


class NotOpened(SentenceError):  # noqa: N818 - weather as often as an error
    """A port could not be opened: why, and what to do. `is_absent`: there is nothing; what it powers has no power."""

    def __init__(self, sentence: Sentence, *, needs_a_person: bool = False, is_absent: bool = False) -> None:
        super().__init__(sentence)
        self.needs_a_person = needs_a_person
        self.is_absent = is_absent


def weather() -> tuple[type[BaseException], ...]:
    """Return what pyserial 3.5 raises when a port goes: beside its own, an OSError, TypeErrors and termios.error."""
    try:
        import termios  # noqa: PLC0415 - not on Windows
    except ImportError:
        return (OSError, TypeError)
    return (OSError, TypeError, termios.error)


def open_serial(text: str, mode: LineMode) -> Any:
    """Return pyserial's object for the port, open and exclusive. Raises NotOpened."""
    import serial  # noqa: PLC0415 - a station without a device need not load it

    try:
        address = address_of(text)
        opened: Any = serial.serial_for_url(
            address,
            baudrate=mode.baud,
            parity=_PARITIES[mode.parity],
            stopbits=mode.stop_bits,
            timeout=_SLICE_SECONDS,
            write_timeout=None if address.startswith("rfc2217:") else _WRITE_SECONDS,  # which knows none
            do_not_open=True,
        )
        opened.exclusive = True
        opened.open()
    except NotFound as error:
        raise NotOpened(
            error.sentence, needs_a_person=error.needs_a_person, is_absent=not error.needs_a_person
        ) from None
    except ValueError as error:
        raise NotOpened(
            Sentence.of("the port {port} cannot be understood ({why}): correct it", port=text, why=error),
            needs_a_person=True,
        ) from None
    except weather() as error:
        raise NotOpened(_why_not_opened(text, error), is_absent=_is_absent(error)) from None
    _shut_out_others(opened, is_exclusive=True)
    _watch_over_network(opened)
    return opened


def close_serial(opened: Any) -> None:
    """Let go of the port, whatever state it is in; what was written last may still go out: a reset, for one."""
    _shut_out_others(opened, is_exclusive=False)
    connection = getattr(opened, "_socket", None)
    with contextlib.suppress(*weather()):
        opened.close()
    if connection is not None:
        connection.close()  # pyserial leaves one open whose other end has gone


def descriptor_of(opened: Any) -> int | None:
    """Return what `poll` and `os.read` take for this port; None where only pyserial can read.

    A class that is asked by name, for `spy://` is a descriptor too, and would see nothing if it were read past.
    """
    if os.name != "posix" or type(opened).__name__ != "Serial":
        return None
    if type(opened).__module__ not in ("serial.serialposix", "serial.urlhandler.protocol_socket"):
        return None
    return int(opened.fileno())


def _shut_out_others(opened: Any, *, is_exclusive: bool) -> None:
    """Have the kernel refuse the port to programs that ask no lock: root's alone pass (tty_ioctl(4), TIOCEXCL)."""
    descriptor = descriptor_of(opened) if getattr(opened, "is_open", False) else None
    if descriptor is None:
        return
    import fcntl  # noqa: PLC0415 - not on Windows
    import termios  # noqa: PLC0415

    with contextlib.suppress(*weather()):
        fcntl.ioctl(descriptor, termios.TIOCEXCL if is_exclusive else termios.TIOCNXCL)


def _watch_over_network(opened: Any) -> None:
    if type(opened).__module__ not in ("serial.urlhandler.protocol_socket", "serial.rfc2217"):
        return
    with contextlib.suppress(OSError, AttributeError):  # pyserial's own name for its socket; of use, not needed
        opened._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # noqa: SLF001
        for name, value in _KEEPALIVE:
            if hasattr(socket, name):
                opened._socket.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)  # noqa: SLF001


def _is_absent(error: BaseException) -> bool:
    words = str(error).lower()
    return isinstance(error, FileNotFoundError) or any(
        each in words for each in ("no such", "filenotfound", "not found")
    )


def _why_not_opened(port: str, error: BaseException) -> Sentence:
    words = str(error).lower()
    if _is_absent(error):
        return Sentence.of("nothing is plugged in at {port}", port=port)
    if "permission" in words and "access is denied" not in words:
        return Sentence.of("this user may not use the port {port}: add them to the group dialout", port=port)
    if any(each in words for each in ("exclusively lock", "busy", "access is denied")):
        return Sentence.of("the port {port} is in use by another program, or by another device here", port=port)
    if any(each in words for each in ("inappropriate ioctl", "is a directory", "not a tty")):
        return Sentence.of("{port} is no serial port", port=port)
    if any(each in words for each in ("refused", "timed out", "unreachable", "not known", "no route")):
        return Sentence.of("nothing answers at {port}: is the converter on, and its address right", port=port)
    return Sentence.of("the port {port} cannot be opened", port=port)
