"""The settings of a sensor's driver, by kind: part of `[[stations.NAME.sensors]]`, told apart by `driver`."""

import re
from datetime import timedelta
from typing import Final, Literal, TypeAlias

import attrs

from actors.serial_port.naming import PORT_TEXTS, objection_to_port
from actors.serial_port.opening import LineMode
from config.checks import Between, Judged
from config.declaration import setting
from config.kinds import Duration
from config.problem import ValueRefusedError, one_of
from config.sentence import Sentence

_LONGEST_PATTERN: Final = 200
_ANSWERS: Final = Between(timedelta(milliseconds=20), timedelta(seconds=5))
_POLLS: Final = Between(timedelta(milliseconds=100), timedelta(minutes=1))


def _objection_to_pattern(pattern: str) -> Sentence | None:
    try:
        re.compile(pattern)
    except re.error as error:
        return Sentence.of("not a regular expression: {why}", why=str(error))
    if len(pattern) > _LONGEST_PATTERN:
        return Sentence.of("longer than {most} characters", most=_LONGEST_PATTERN)
    return None


def _objection_to_totals(pattern: str) -> Sentence | None:
    objection = _objection_to_pattern(pattern)
    if objection is None and not {"entries", "exits"} & set(re.compile(pattern).groupindex):
        return Sentence.of("it names no group: write {example}", example="(?P<entries>[0-9]+),(?P<exits>[0-9]+)")
    return objection


def _one_of(*numbers: int) -> Judged:
    def objection(number: int) -> Sentence | None:
        return (
            None if number in numbers else Sentence.of("expected one of {choices}", choices=one_of(map(str, numbers)))
        )

    return Judged(objection, Sentence.of("one of {choices}", choices=one_of(map(str, numbers))))


_PATTERN: Final = Judged(_objection_to_pattern, Sentence.of("a regular expression that the whole line matches"))
_TOTALS: Final = Judged(_objection_to_totals, Sentence.of("a regular expression with the groups entries and exits"))
_PORT: Final = Judged(objection_to_port, PORT_TEXTS)


@attrs.frozen(kw_only=True)
class PortSettings:
    """The keys of every sensor on a serial port."""

    port: str = setting(
        check=_PORT, example="usb:0483:5740", help=Sentence.of("the port of the sensor; fmi ports lists them")
    )
    baud: int = setting(115_200, check=Between(300, 4_000_000), help=Sentence.of("the speed of the port"))
    parity: Literal["none", "even", "odd"] = setting("none", help=Sentence.of("the parity bit of the port"))
    stop_bits: int = setting(1, check=Between(1, 2), help=Sentence.of("the stop bits of the port"))

    @property
    def mode(self) -> LineMode:
        """How bits go over the wire."""
        return LineMode(self.baud, self.parity, self.stop_bits)


@attrs.frozen(kw_only=True)
class TerabeeSettings(PortSettings):
    """A Terabee Evo People Counter or Evo Swipe Plus, which speaks by itself."""

    driver: Literal["terabee"] = setting(help=Sentence.of("the kind of sensor: a Terabee Evo People Counter"))
    reversed: bool = setting(
        False, help=Sentence.of("whether entries go from right to left, seen the way the sensor looks")
    )
    powered_by_port: bool = setting(
        True, help=Sentence.of("whether the cable of the port powers the sensor, which begins at 0 when it is pulled")
    )


@attrs.frozen(kw_only=True)
class ModbusSettings(PortSettings):
    """A module that counts the pulses of a photocell or a turnstile, read by Modbus RTU."""

    driver: Literal["modbus"] = setting(
        help=Sentence.of("the kind of sensor: a module whose counters are read by Modbus RTU")
    )
    baud: int = setting(9600, check=Between(300, 4_000_000), help=Sentence.of("the speed of the port"))
    unit: int = setting(1, check=Between(1, 247), help=Sentence.of("the address of the module on its bus"))
    function: Literal["input", "holding"] = setting(
        "input", help=Sentence.of("the registers that hold the counters: input (function 4) or holding (function 3)")
    )
    entries: int | None = setting(
        None, check=Between(0, 65_535), example=16, help=Sentence.of("the register of the entries, counted from 0")
    )
    exits: int | None = setting(
        None, check=Between(0, 65_535), example=18, help=Sentence.of("the register of the exits, counted from 0")
    )
    words: int = setting(
        2, check=Between(1, 2), help=Sentence.of("how many registers one counter takes: 1 (16 bits) or 2 (32 bits)")
    )
    word_order: Literal["high_first", "low_first"] = setting(
        "high_first", help=Sentence.of("which register of a counter of 32 bits comes first")
    )
    pulses: int = setting(
        1,
        check=_one_of(1, 2, 4, 8, 16),
        help=Sentence.of("how many pulses one person makes; other numbers would lose people when the counter wraps"),
    )
    every: Duration = setting(
        timedelta(milliseconds=500), check=_POLLS, help=Sentence.of("how often the counters are read")
    )
    answer_within: Duration = setting(
        timedelta(milliseconds=300), check=_ANSWERS, help=Sentence.of("how long the module may take to answer")
    )
    relay_coil: int | None = setting(
        None,
        check=Between(0, 65_535),
        example=0,
        help=Sentence.of("the coil of a relay that closes the way in, counted from 0; by default there is none"),
    )
    relay_unit: int | None = setting(
        None, check=Between(1, 247), help=Sentence.of("the module of the relay, when it is another on the same bus")
    )
    relay_closes: Literal["on", "off"] = setting(
        "on",
        help=Sentence.of("which state of the relay closes the way in; with on, a module without power leaves it open"),
    )

    def __attrs_post_init__(self) -> None:
        if self.entries is None and self.exits is None:
            raise ValueRefusedError(
                Sentence.of("neither entries nor exits"),
                suggestion=Sentence.of("write the register of one, from the manual of the module"),
                key=("entries",),
            )


@attrs.frozen(kw_only=True)
class Tpw321Settings(PortSettings):
    """A turnstile with a control board TPW-321, asked for its counters."""

    driver: Literal["tpw321"] = setting(help=Sentence.of("the kind of sensor: a turnstile with a board TPW-321"))
    baud: int = setting(9600, check=Between(300, 4_000_000), help=Sentence.of("the speed of the port"))
    address: int | None = setting(
        None, check=Between(0, 255), example=1, help=Sentence.of("the address of the board; by default none is sent")
    )
    reversed: bool = setting(False, help=Sentence.of("whether the board's entry is the way out"))
    every: Duration = setting(
        timedelta(milliseconds=500), check=_POLLS, help=Sentence.of("how often the counters are read")
    )
    answer_within: Duration = setting(
        timedelta(milliseconds=500), check=_ANSWERS, help=Sentence.of("how long the board may take to answer")
    )
    may_forbid: bool = setting(
        False, help=Sentence.of("whether the program may set the turnstile to entries forbidden, and back")
    )
    way_in: Literal["controlled", "free"] = setting(
        "controlled", help=Sentence.of("how the turnstile stands in the direction of entry when nothing is forbidden")
    )
    way_out: Literal["controlled", "free"] = setting(
        "free", help=Sentence.of("how the turnstile stands in the direction of exit, always")
    )


@attrs.frozen(kw_only=True)
class LineSettings(PortSettings):
    """A device that writes lines of text: one for each passage, or its totals."""

    driver: Literal["line"] = setting(help=Sentence.of("the kind of sensor: a device that writes lines of text"))
    baud: int = setting(9600, check=Between(300, 4_000_000), help=Sentence.of("the speed of the port"))
    entry: str | None = setting(
        None, check=_PATTERN, example="IN", help=Sentence.of("the line of an entry; a group count says of how many")
    )
    exit: str | None = setting(
        None, check=_PATTERN, example="OUT", help=Sentence.of("the line of an exit; a group count says of how many")
    )
    totals: str | None = setting(
        None,
        check=_TOTALS,
        example="(?P<entries>[0-9]+),(?P<exits>[0-9]+)",
        help=Sentence.of("the line of the totals since the device began at 0"),
    )
    alive: str | None = setting(None, check=_PATTERN, help=Sentence.of("a line without a passage: a sign of life"))
    bits: int = setting(
        0,
        check=_one_of(0, 16, 32),
        help=Sentence.of("after how many bits the totals begin at 0 again: 16 or 32; 0 when the manual does not say"),
    )
    silence: Duration | None = setting(
        None,
        check=Between(timedelta(seconds=1), timedelta(days=1)),
        help=Sentence.of("after how long without a line the sensor is unknown; by default it may be silent"),
    )

    def __attrs_post_init__(self) -> None:
        if self.entry is None and self.exit is None and self.totals is None:
            raise ValueRefusedError(
                Sentence.of("no line means anything"),
                suggestion=Sentence.of("write entry and exit, or totals, from the manual of the device"),
                key=("entry",),
            )


DriverSettings: TypeAlias = TerabeeSettings | ModbusSettings | Tpw321Settings | LineSettings
