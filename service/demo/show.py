"""The script of the demonstration, from the first message to the count at the end."""

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from config import SettingsFile
from config.sentence import Sentence, SentenceError
from service.channel.client import NotRunning, ask, find
from service.channel.handshake import make_key
from service.console import Console, standard_console
from service.demo.club import STATION, counted, make_club, sent, write_emails, write_sms
from service.demo.gateway import Gateway
from service.demo.pool import Pool
from service.exit_codes import Exit
from service.instance import acquire
from service.logs import logging_to
from service.options import DemoOptions
from service.paths import HOME_VARIABLE, Folders, folders
from service.rendering import render_status
from service.roster import ROSTER, settings_schema
from service.run import identity_of
from service.station import Channel, Station
from service.terminal import wrap

if TYPE_CHECKING:
    from service.demo.receiver import Receiver

_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 0.25
_SENSORS_SECONDS: Final = 10.0
_SCENES: Final = 5  # four, and a rest before the count
_FIRST, _SECOND, _THIRD = 40, 30, 50
_SMS_FIRST, _SMS_SECOND = 12, 18


class DemoIncomplete(SentenceError):  # noqa: N818 - what the reader sees
    """A part that only the demonstration needs is not installed."""


class Crash:
    """A message that no actor knows: receiving it is a programming error, and so the actor crashes for real."""

    def __repr__(self) -> str:
        return "a message that it does not know"


class Ending:
    """The wish to end before the end: Ctrl-C, `kill` and a closed terminal, so that the folder is removed each time.

    The exception alone may be lost: one that is raised within a finaliser or a library's callback ends nothing.
    """

    def __init__(self) -> None:
        self._wished = Event()

    @contextmanager
    def by_signals(self) -> Iterator[Self]:
        """Hear the signals until the block ends."""
        names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        before = {number: signal.signal(number, self._hear) for number in numbers}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def rest(self, seconds: float) -> None:
        """Wait; raises KeyboardInterrupt once it is wished."""
        if self._wished.wait(seconds):
            raise KeyboardInterrupt

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._wished.set()
        signal.default_int_handler(number, frame)


@attrs.frozen
class Scene:
    """Everything that the script's steps work with; `pause_seconds` is what a scene lasts at least."""

    console: Console
    folder: Path
    home: Folders
    receiver: "Receiver"
    gateway: Gateway
    pool: Pool
    station: Station
    ending: Ending
    pause_seconds: float
    lasts_until: float


def run(options: DemoOptions) -> int:
    """Show the program at work and return 0, or 1 when a message was lost or doubled."""
    console = standard_console(options.language)
    try:
        from service.demo.receiver import Receiver  # noqa: PLC0415 - an optional part
    except ImportError as error:
        raise DemoIncomplete(
            "the demonstration needs the package aiosmtpd: pip install 'heitz-service[demo]'"
        ) from error
    with (
        Ending().by_signals() as ending,
        tempfile.TemporaryDirectory(prefix="heitz-service-demo-") as name,
        Receiver() as receiver,
        Gateway() as gateway,
        Pool() as pool,
    ):
        folder = Path(name)
        home = folders({**os.environ, HOME_VARIABLE: str(folder / "home")})
        settings = make_club(folder, receiver.port, gateway.port, pool.settings, console.language)
        followed = SettingsFile(settings, settings_schema())
        followed.load()
        with _running(followed, home, debug=options.debug) as station:
            seconds = options.seconds or _SECONDS
            pause, until = seconds / _SCENES, monotonic() + seconds
            scene = Scene(console, folder, home, receiver, gateway, pool, station, ending, pause, until)
            return _play(scene)


@contextmanager
def _running(followed: SettingsFile, home: Folders, *, debug: bool) -> Iterator[Station]:
    files = home.of(STATION)
    log = sys.stderr if debug else None
    with acquire(STATION, datetime.now(UTC), home) as instance, logging_to(files.log, log, debug=debug):
        channel = Channel(instance.holder.address, make_key(home))
        station = Station(identity_of(instance.holder), followed, ROSTER, files, channel, Event())
        station.start()
        try:
            yield station
        finally:
            station.stop()


def _play(scene: Scene) -> int:
    _tell(
        scene.console,
        Sentence.of(
            "A sample club in a temporary folder, a real local mail server and SMS gateway, two simulated sensors at "
            "the pool, one station."
        ),
    )
    _wait_for_the_sensors(scene)
    scene.pool.begin(scene.lasts_until - monotonic())
    _step(
        scene,
        Sentence.of(
            "Another program of the club writes {n} e-mails and {sms} SMS into the database", n=_FIRST, sms=_SMS_FIRST
        ),
    )
    write_emails(scene.folder, 0, _FIRST)
    write_sms(scene.folder, 0, _SMS_FIRST)
    _show_until(scene, lambda: _have_arrived(scene, _FIRST, _SMS_FIRST), 6)

    _step(scene, Sentence.of("The e-mail actor is crashed on purpose, while {n} more are written", n=_SECOND))
    actor = scene.station.tree.child("email")
    actor.tell(Crash())
    write_emails(scene.folder, _FIRST, _SECOND)
    _show_until(scene, lambda: _actor(scene)["state"] == "backoff", 3)
    _step(scene, Sentence.of("Its supervisor starts it again after a pause; nothing was lost meanwhile"))
    _show_until(scene, lambda: len(scene.receiver.copies) >= _FIRST + _SECOND, 8)

    _step(
        scene,
        Sentence.of(
            "It crashes again in the middle of {n} e-mails, and so does the SMS actor in {sms} SMS",
            n=_THIRD,
            sms=_SMS_SECOND,
        ),
    )
    write_emails(scene.folder, _FIRST + _SECOND, _THIRD)
    write_sms(scene.folder, _SMS_FIRST, _SMS_SECOND)
    actor.tell(Crash())
    scene.station.tree.child("sms").tell(Crash())
    emails, sms = _FIRST + _SECOND + _THIRD, _SMS_FIRST + _SMS_SECOND
    _show_until(
        scene,
        lambda: (
            _have_arrived(scene, emails, sms) and scene.pool.has_ended and counted(scene.folder) == scene.pool.truth
        ),
        10,
        hold_until=scene.lasts_until,
    )
    return _count(scene, emails, sms)


def _wait_for_the_sensors(scene: Scene) -> None:
    """Open the doors only when both sensors were heard: who came before the first word of a sensor is nobody's."""
    until = monotonic() + _SENSORS_SECONDS
    while monotonic() < until:
        with suppress(NotRunning):  # it has only just started
            zones = _status(scene).get("fmi", {}).get("zones", ())
            if zones and all(zone["known"] for zone in zones):
                return
        scene.ending.rest(_LOOK_SECONDS)


def _have_arrived(scene: Scene, emails: int, sms: int) -> bool:
    return len(scene.receiver.copies) >= emails and len(scene.gateway.copies) >= sms


def _count(scene: Scene, emails: int, sms: int) -> int:
    got = (scene.receiver.copies, scene.gateway.copies)
    doubled = [sum(count - 1 for count in copies.values()) for copies in got]
    lost = [written - len(copies) for written, copies in zip((emails, sms), got, strict=True)]
    marked = sent(scene.folder)
    _step(scene, Sentence.of("The count, by the mail server and the SMS gateway themselves"))
    rows = (
        (None, (scene.console.text(Sentence.of("e-mails")), scene.console.text(Sentence.of("SMS")))),
        (Sentence.of("written"), (emails, sms)),
        (Sentence.of("received"), tuple(len(copies) for copies in got)),
        (Sentence.of("received twice"), doubled),
        (Sentence.of("lost"), lost),
        (Sentence.of("marked as sent in the database"), marked),
        (Sentence.of("restarts of the actor"), [int(_actor(scene, path)["restarts"]) for path in ("email", "sms")]),
    )
    for label, (of_emails, of_sms) in rows:
        said = "" if label is None else scene.console.text(label)
        scene.console.print(f"  {said:<34}{of_emails:>8}{of_sms:>8}")
    came, seen = scene.pool.truth, counted(scene.folder)
    scene.console.print("")
    scene.console.print(
        Sentence.of(
            "  at the pool {entries} came in and {exits} went out; counted: {seen_in} and {seen_out}",
            entries=came[0],
            exits=came[1],
            seen_in=seen[0],
            seen_out=seen[1],
        )
    )
    is_well = not any((*lost, *doubled)) and marked == (emails, sms) and came == seen
    scene.console.print("")
    _tell(
        scene.console,
        Sentence.of(
            "All e-mails and SMS arrived, each once, and nobody was miscounted. The folder is removed; nothing is left "
            "behind."
        )
        if is_well
        else Sentence.of("This is not as it should be: run it again with --debug and send what it shows."),
    )
    return Exit.OK if is_well else Exit.ATTENTION


def _step(scene: Scene, sentence: Sentence) -> None:
    console = scene.console
    console.print("")
    for line in wrap(f"{console.terminal.symbol('rule') * 2} {console.text(sentence)}", console.terminal.columns):
        console.print(console.terminal.paint(line, "bold"))
    console.out.flush()


def _tell(console: Console, sentence: Sentence) -> None:
    for line in wrap(console.text(sentence), console.terminal.columns):
        console.print(line)


def _show_until(
    scene: Scene, is_over: Callable[[], bool], at_most_seconds: float, *, hold_until: float | None = None
) -> None:
    """Show the status until something is so, and for a while more: live on a terminal, else once, when it is so."""
    until = monotonic() + at_most_seconds
    held_until = monotonic() + scene.pause_seconds if hold_until is None else hold_until
    lines = 0
    is_so = False
    while not is_so or monotonic() < held_until:
        became_so = not is_so and (is_over() or monotonic() >= until)
        is_so = is_so or became_so
        if scene.console.terminal.live or became_so:
            text = _status_text(scene)
            if lines:
                scene.console.out.write(f"\x1b[{lines}F\x1b[J")
            scene.console.print(text)
            scene.console.out.flush()
            lines = text.count("\n") + 1
        scene.ending.rest(_LOOK_SECONDS)


def _status(scene: Scene) -> dict[str, Any]:
    """Ask for the status as the command does: through the control channel."""
    request = {"command": "status", "language": scene.console.language}
    return ask(find(STATION, scene.home), request, scene.home).answer


def _status_text(scene: Scene) -> str:
    """Return the lines of the status that this demonstration is about."""
    status = _status(scene)
    shown = {
        **status,
        "operations": [operation for operation in status["operations"] if operation["id"] in {"email", "sms", "fmi"}],
        "actors": [
            actor
            for actor in status["actors"]
            if actor["path"] in {"leases", "email", "sms"} or actor["path"].startswith("fmi")
        ],
        "config": {},
    }
    return render_status(shown, scene.console.terminal, scene.console.language, datetime.now().astimezone())


def _actor(scene: Scene, path: str = "email") -> dict[str, Any]:
    return next(actor for actor in _status(scene)["actors"] if actor["path"] == path)
