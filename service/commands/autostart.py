"""`autostart`: whether the program starts when this user logs in, and the guard that the login starts."""

import argparse
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Final

from config.own_program import own_command
from config.sentence import Sentence
from service.argument_parser import Commands, Parser
from service.console import Console
from service.exit_codes import Exit
from service.paths import folders

if TYPE_CHECKING:
    from service.autostart import State

_WAYS: Final = ("xdg", "systemd", "launch-agent", "task", "run-key")


def add(commands: Commands) -> None:
    """Add the commands."""
    group = commands.add(
        "autostart",
        Sentence.of("start the program when this user logs in, or no more"),
        "autostart enable",
        "autostart status",
    )
    autostart = Commands(group, "autostart_command")
    enable = autostart.add(
        "enable",
        Sentence.of("start the program at each login of this user, and start it anew when it dies"),
        "autostart enable",
        "autostart enable --config heitz-service.toml --station ACCUEIL",
        run=_enable,
    )
    enable.option(
        "--how",
        choices=_WAYS,
        help=Sentence.of("the way; by default the desktop's own, or the Task Scheduler on Windows"),
    )
    _add_options_of_run(enable)
    disable = autostart.add(
        "disable",
        Sentence.of("start the program no more at login; one that runs goes on"),
        "autostart disable",
        run=_disable,
    )
    status = autostart.add(
        "status",
        Sentence.of("tell whether and how the program starts at login"),
        "autostart status",
        "autostart status --json",
        run=_status,
    )
    for parser in (enable, disable, status):
        parser.json_option()
    guard = autostart.add(
        "run",
        Sentence.of("what the login starts: runs the station, and starts it anew when it dies"),
        "autostart run",
        run=_guard,
    )
    _add_options_of_run(guard)


def _add_options_of_run(parser: Parser) -> None:
    parser.config_option()
    parser.option("--station", metavar="NAME", help=Sentence.of("the station; by default the computer's name"))
    parser.option("--headless", action="store_true", help=Sentence.of("show no icon and no window"))


def _enable(options: argparse.Namespace, console: Console) -> int:
    from service.autostart import enable, launch_of, ways  # noqa: PLC0415
    from service.autostart.stopped import forget  # noqa: PLC0415
    from service.settings_language import prefer_settings_language  # noqa: PLC0415

    prefer_settings_language(console, options.config)
    launch = launch_of(console.environment, config=options.config, station=options.station, headless=options.headless)
    state = enable(ways(console.environment), launch, options.how)
    forget(folders(console.environment))
    _show(options, console, state)
    return Exit.OK


def _disable(options: argparse.Namespace, console: Console) -> int:
    from service.autostart import disable, ways  # noqa: PLC0415
    from service.settings_language import prefer_settings_language  # noqa: PLC0415

    prefer_settings_language(console)
    removed = disable(ways(console.environment))
    if options.json:
        console.print_json({"version": 1, "removed": list(removed)})
    elif removed:
        console.print(Sentence.of("the program starts no more at login; one that runs goes on"))
    else:
        console.print(Sentence.of("the program did not start at login"))
    return Exit.OK


def _status(options: argparse.Namespace, console: Console) -> int:
    from service.autostart import find_state, ways  # noqa: PLC0415
    from service.settings_language import prefer_settings_language  # noqa: PLC0415

    prefer_settings_language(console)
    _show(options, console, find_state(ways(console.environment)))
    return Exit.OK


def _show(options: argparse.Namespace, console: Console, state: "State") -> None:
    if options.json:
        console.print_json({"version": 1, **state.as_json(console.language)})
        return
    from service.autostart.way import said_of  # noqa: PLC0415

    console.print(said_of(state))
    if state.command:
        console.print(f"  {state.command}")


def _guard(options: argparse.Namespace, console: Console) -> int:
    from service.autostart.display import Display  # noqa: PLC0415 - nothing heavy: the guard lives as long as the session
    from service.autostart.guard import (  # noqa: PLC0415
        Guard,
        ended_by_signals,
        stop_by_the_channel,
        working_folder,
    )
    from service.autostart.stopped import is_stopped, mark_stopped, session_name  # noqa: PLC0415

    home = folders(console.environment)
    session = session_name()
    if is_stopped(home, session):
        return Exit.OK
    words = ["run"]
    if options.config is not None:
        words += ["--config", str(options.config.absolute())]
    if options.station is not None:
        words += ["--station", options.station]
    if options.headless:
        words.append("--headless")
    if not os.environ.get("HEITZ_SERVICE_HOME") and not os.environ.get("HEITZ_SERVICE_CONFIG"):
        working_folder()
    stop = partial(stop_by_the_channel, options.station) if sys.platform == "win32" else None
    guard = Guard(own_command(*words), Display(console.environment).is_gone, ask_to_stop=stop)
    with ended_by_signals(guard):
        code = guard.run()
    if guard.was_stopped:
        mark_stopped(home, session)
    return code
