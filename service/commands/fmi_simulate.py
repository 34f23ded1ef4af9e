"""`fmi simulate`: plays a day into sensors that are not there, at ports that are: the whole chain can be seen."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from config.sentence import Sentence, SentenceError
from config.system_words import system_words
from service.argument_parser import Commands, counting_number
from service.console import Console
from service.exit_codes import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.fmi.simulation.day import Passage
    from actors.fmi.simulation.sensor import SimulatedSensor

_VISITS: Final = 400
_SPEED: Final = 60.0
_WAIT_SECONDS: Final = 20.0
_MOST_NOISE: Final = 50.0
_TOLD_EVERY: Final = 1800.0


class NotPlayed(SentenceError):  # noqa: N818 - what the reader sees
    """The day cannot be played."""

    exit_code = Exit.USAGE


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add(
        "simulate",
        Sentence.of("play a day into simulated sensors, at pseudo-terminals or TCP ports that the settings can name"),
        "fmi simulate",
        "fmi simulate --sensors entree,sortie --visits 800 --speed 120 --noise 3",
        "fmi simulate --listen 4001 --record day.csv",
        run=_run,
    )
    parser.option(
        "--sensors", metavar="NAME,NAME", default="entree", help=Sentence.of("their names, with commas between")
    )
    parser.option(
        "--visits",
        type=counting_number,
        default=_VISITS,
        metavar="N",
        help=Sentence.of("how many people come, 400 by default"),
    )
    parser.option(
        "--record",
        metavar="FILE",
        type=Path,
        help=Sentence.of("play this day: lines such as 09:12:30,entree,in or 17:40:02,sortie,out"),
    )
    parser.option(
        "--speed",
        type=_positive,
        default=_SPEED,
        metavar="N",
        help=Sentence.of("so many times as fast as life, 60 by default"),
    )
    parser.option(
        "--noise",
        type=_percent,
        default=0.0,
        metavar="N",
        help=Sentence.of("so many per cent of the frames arrive broken"),
    )
    parser.option("--short", action="store_true", help=Sentence.of("the shorter frames of an Evo Swipe Plus"))
    parser.option(
        "--listen",
        type=counting_number,
        metavar="N",
        help=Sentence.of("use this TCP port, and those after it, in place of pseudo-terminals; the way on Windows"),
    )
    parser.option(
        "--wait",
        type=_seconds,
        default=_WAIT_SECONDS,
        metavar="N",
        help=Sentence.of(
            "so many seconds until the first comes, for writing the ports into the settings; 20 by default"
        ),
    )
    parser.option("--seed", type=int, metavar="N", help=Sentence.of("the same number makes the same day"))


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1e6:  # noqa: PLR2004 - a day in a tenth of a second
        raise ValueError(text)
    return value


def _percent(text: str) -> float:
    value = float(text)
    if not 0 <= value <= _MOST_NOISE:
        raise ValueError(text)
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 86_400:  # noqa: PLR2004 - a day
        raise ValueError(text)
    return value


def _run(options: argparse.Namespace, console: Console) -> int:
    from random import Random  # noqa: PLC0415

    from actors.fmi.simulation.outlets import Listener, Terminal  # noqa: PLC0415
    from actors.fmi.simulation.sensor import SimulatedSensor  # noqa: PLC0415

    names = list(dict.fromkeys(name.strip() for name in options.sensors.split(",") if name.strip()))
    if not names:
        raise NotPlayed("no sensor is named: write --sensors entree,sortie")
    random = Random(options.seed)
    passages = _passages(options, names, random)
    sensors: list[SimulatedSensor] = []
    try:
        for place, name in enumerate(names):
            outlet = Terminal() if options.listen is None else Listener(options.listen + place)
            sensors.append(SimulatedSensor(name, outlet, 11 if options.short else 15, options.noise / 100, random))
        _say_ports(sensors, console)
        return _play(passages, sensors, options, console)
    finally:
        for sensor in sensors:
            sensor.outlet.close()


def _passages(options: argparse.Namespace, names: "Sequence[str]", random: Any) -> "Sequence[Passage]":
    from actors.fmi.simulation.day import Hours, generated, recorded  # noqa: PLC0415

    if options.record is None:
        return generated(options.visits, names, Hours(), random)
    try:
        with options.record.open(encoding="utf-8-sig", newline="") as lines:
            return recorded(lines, names)
    except OSError as error:
        raise NotPlayed("{file} cannot be read: {why}", file=options.record, why=system_words(error)) from error
    except UnicodeDecodeError as error:
        raise NotPlayed("{file} is no text in UTF-8", file=options.record) from error


def _say_ports(sensors: "Sequence[SimulatedSensor]", console: Console) -> None:
    console.print(Sentence.of("in the settings of this station, until the end of this command:"))
    for sensor in sensors:
        console.print("")
        console.print("[[stations.NAME.sensors]]")
        console.print(f'name = "{sensor.name}"')
        console.print('driver = "terabee"')
        console.print(f'port = "{sensor.outlet.port}"')
        console.print('zone = "bassin"')
    console.print("")
    console.flush()


def _play(
    passages: "Sequence[Passage]", sensors: "Sequence[SimulatedSensor]", options: argparse.Namespace, console: Console
) -> int:
    from threading import Event  # noqa: PLC0415

    from actors.fmi.simulation.play import STEP_SECONDS, play  # noqa: PLC0415

    never = Event()
    console.print(Sentence.of("the first comes in {seconds} s; Ctrl-C ends it", seconds=round(options.wait)))
    console.flush()
    for _ in range(round(options.wait / STEP_SECONDS)):
        for sensor in sensors:
            sensor.live()
            sensor.show()
        never.wait(STEP_SECONDS)
    told_at = [float("-inf")]

    def told(at: float, left: int) -> None:
        if at - told_at[0] >= _TOLD_EVERY:
            told_at[0] = at
            inside = sum(sensor.entries - sensor.exits for sensor in sensors)
            clock = f"{int(at) // 3600:02d}:{int(at) % 3600 // 60:02d}"
            console.print(
                Sentence.of("{clock}: {people} inside, {left} passages to come", clock=clock, people=inside, left=left)
            )
            console.flush()

    try:
        play(passages, sensors, options.speed, never.wait, told)
    except KeyboardInterrupt:
        console.print("")
    for sensor in sensors:
        console.print(
            Sentence.of(
                "{sensor}: {entries} in, {exits} out: what the program should have counted",
                sensor=sensor.name,
                entries=sensor.entries,
                exits=sensor.exits,
            )
        )
    return Exit.OK
