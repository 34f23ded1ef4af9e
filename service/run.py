"""`run`: the life of the program on one station, from top to bottom."""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event

from actors.registry import Identity
from config import SettingsFile, find_settings_file
from config.own_program import own_command
from service import windows_session_end
from service.channel.client import computer_name
from service.channel.handshake import make_key
from service.exit_codes import Exit
from service.instance import Holder, acquire
from service.logs import logging_to
from service.options import GUARDED_VARIABLE, RunOptions
from service.paths import folders
from service.presence import why_no_icon
from service.roster import ROSTER, settings_schema
from service.station import Channel, Station
from service.version import version
from supervisor import Outcome, RootEnd

logger = logging.getLogger(__name__)


def run(options: RunOptions) -> int:
    """Run the station until it is told to stop, and return the exit code of contract §1.

    Raises SettingsError, SettingsNotFoundError, UnknownStationError, AlreadyRunning, UnsafePath, DatabaseUnfit.
    """
    told_to_stop = Event()
    with _set_by_signals(told_to_stop), windows_session_end.heard(told_to_stop.set):
        outcome = _run(options, told_to_stop)
    if outcome.reason is RootEnd.TOO_MANY_ABANDONED:
        if _is_started_afresh_by_others():
            return Exit.GAVE_UP  # an exit that the guard takes for a death
        _start_afresh()
    return outcome.exit_code


def _run(options: RunOptions, told_to_stop: Event) -> Outcome:
    followed = SettingsFile(find_settings_file(options.config, os.environ), settings_schema())
    settings = followed.load()
    name = settings.station(options.station or computer_name()).name
    home = folders()
    files = home.of(name)
    with (
        acquire(name, datetime.now(UTC), home) as instance,
        logging_to(files.log, sys.stderr, debug=options.debug),
    ):
        identity = identity_of(instance.holder)
        channel = Channel(instance.holder.address, make_key(home))
        no_icon = why_no_icon(os.environ, sys.platform, is_headless=options.headless)
        station = Station(identity, followed, ROSTER, files, channel, told_to_stop, no_icon=no_icon)
        logger.info("station %s starts", name, extra={"event": "program.started", "version": version()})
        station.start()
        station.wait()
        outcome = station.stop()
        _tell_end(name, outcome)
    return outcome


def _tell_end(station: str, outcome: Outcome) -> None:
    """Log how it ended: the last line is what the support reads first."""
    event = {"event": "program.stopped", "reason": outcome.reason.value}
    if outcome.reason is RootEnd.TOO_MANY_ABANDONED:
        logger.error("too many threads were left behind: it starts afresh", extra={"event": "program.restarts"})
    elif outcome.exit_code == Exit.GAVE_UP:
        logger.error("station %s gave up: too much of it failed, see above", station, extra=event)
    elif outcome.abandoned:
        logger.warning(
            "station %s has stopped, but these did not obey: %s", station, ", ".join(outcome.abandoned), extra=event
        )
    else:
        logger.info("station %s has stopped", station, extra=event)


def _start_afresh() -> None:
    """Replace this process by a new one with the same command line: threads that never end go with the old one.

    The lock and the channel are free by then. On Windows the new process is another one, and this one ends.
    """
    command = own_command(*sys.argv[1:])
    if sys.platform == "win32":  # its execv puts no quotes around a path with a space
        import subprocess  # noqa: PLC0415

        subprocess.Popen(command)  # noqa: S603 - our own command line
        return
    os.execv(command[0], command)  # noqa: S606 - our own command line


def _is_started_afresh_by_others() -> bool:
    """Tell whether a guard does it. On Windows the process that replaces this one would be unknown to the guard."""
    return sys.platform == "win32" and bool(os.environ.get(GUARDED_VARIABLE))


def identity_of(holder: Holder) -> Identity:
    """Return who this program is, by the lock that it holds."""
    return Identity(holder.station, version(), holder.process, holder.predecessors)


@contextmanager
def _set_by_signals(told_to_stop: Event) -> Iterator[None]:
    """Let Ctrl-C, the end of the session and `kill` mean an orderly stop, from the first moment on."""
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # SIGBREAK: Windows' Ctrl-Break; not tried on Windows
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, lambda *_: told_to_stop.set()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
