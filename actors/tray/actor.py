"""The tray actor: keeps a child process that shows the icon, tells it what to show, and does what was chosen there."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final, assert_never

import attrs
from pykka import ActorDeadError

from actors.tray import alerts, policy, telling
from actors.tray.adapters.child_process import ChildProcess, child_command
from actors.tray.alerts import Quiet, Seen
from actors.tray.face import OPEN, PAUSE, QUIT, RESTART, RESUME, Face, face_to_json, words_to_json
from actors.tray.lifeline import PACE, Lifeline, Pace, next_pause
from actors.tray.presence import Place, Whereabouts
from config.sentence import Sentence
from supervisor import SupervisedActor

logger = logging.getLogger(__name__)

_CLOSE_SECONDS: Final = 1.5


@attrs.frozen(slots=True)
class Look:
    """Something may have changed: look at the status, and have what is new shown."""


@attrs.frozen(slots=True)
class Beat:
    """Ask the child for a sign of life, and look at what is due."""


@attrs.frozen(slots=True)
class Begin:
    """Start a child."""


@attrs.frozen(slots=True)
class Said:
    """A child said something; `number` tells which one."""

    number: int
    line: dict[str, Any]


@attrs.frozen(slots=True)
class Ended:
    """A child has ended."""

    number: int
    code: int


StartChild = Callable[[Callable[[dict[str, Any]], None], Callable[[int], None]], ChildProcess]


def start_child(said: Callable[[dict[str, Any]], None], ended: Callable[[int], None]) -> ChildProcess:
    """Start the child that shows the icon."""
    return ChildProcess(child_command(), said, ended)


class TrayActor(SupervisedActor):
    """Never waits for the child: what it tells is left in a place, what the child says comes as messages.

    A child that dies, hangs or raises is ended and replaced after a pause that grows to a quarter of a minute.
    """

    def __init__(self, place: Place, start: StartChild = start_child, pace: Pace = PACE) -> None:
        super().__init__()
        self._place = place
        self._start = start
        self._pace = pace
        self._child: ChildProcess | None = None
        self._number = 0
        self._line = Lifeline(monotonic())
        self._pause = 0.0
        self._face: Face | None = None
        self._looked_at = 0.0
        self._look_is_due = threading.Event()
        self._back_end = ""
        self._reason: Sentence | None = None
        self._is_without_display = False
        self._is_outage_told = False

    # -- life --------------------------------------------------------------------------------------------------------

    def on_start(self) -> None:
        """Start the first child, and be told of changes."""
        self._begin()
        self._place.bell.listen(self._rung)
        self.tell_self_after(self._pace.beat_seconds, Beat())

    def on_stop(self) -> None:
        """Take the icon away."""
        self._place.bell.listen(None)
        if self._child is not None:
            self._child.close(_CLOSE_SECONDS)

    def on_failure(self, *_: object) -> None:
        """Leave no child behind: the next incarnation has one of its own."""
        self.interrupt()

    def interrupt(self) -> None:
        """End the child; called from another thread when a stop is not obeyed."""
        self._place.bell.listen(None)
        if self._child is not None:
            self._child.kill()

    def _rung(self) -> None:
        """Note in the ringer's thread that a look is due; a storm of changes is one message."""
        if not self._look_is_due.is_set():
            self._look_is_due.set()
            with suppress(ActorDeadError):
                self.actor_ref.tell(Look())

    def on_receive(self, message: Any) -> None:
        """Handle a message."""
        match message:
            case Look():
                self._look()
            case Beat():
                self._beat()
            case Begin():
                self._begin()
            case Said(number, line) if number == self._number:
                self._hear(line)
            case Ended(number, code) if number == self._number:
                self._bury(code)
            case Said() | Ended():
                pass  # of a child that was replaced
            case _:
                assert_never(message)

    # -- what is shown -----------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Have the child show what is new, at most so many times a second: the last state is always shown."""
        rest = self._looked_at + self._pace.look_seconds - monotonic()
        if rest > 0:
            self.tell_self_after(rest, Look())
            return
        self._look_is_due.clear()
        self._looked_at = monotonic()
        place = self._place
        status = place.program.describe(place.language)
        now = self._now()
        pause = place.memory.pause
        said = None if pause is None else policy.pause_sentence(pause.until_at, now)
        face = policy.face_of(status, place.language, pause=said)
        if face != self._face and self._child is not None:
            self._face = face
            self._child.tell("face", face_to_json(face))
        self._alert(status, now)

    def _alert(self, status: dict[str, Any], now: datetime) -> None:
        memory, settings = self._place.memory, self._place.settings
        if memory.pause is not None and not memory.pause.holds(now):
            memory.pause = None
            self._rung()
        quiet = settings.quiet
        hushed = (
            memory.pause is not None
            or not settings.alerts
            or (quiet is not None and Quiet(quiet.start, quiet.end).holds(now))
            or status.get("state") == "stopping"
        )
        language = self._place.language
        seen = {
            str(each["id"]): Seen(
                str(each.get("title") or each["id"]), policy.is_in_trouble(each), policy.state_of(each, language)
            )
            for each in status.get("operations", ())
        }
        # Without a display nothing can be shown: what is told must have been seen.
        can_show = self._child is not None and self._line.up_at is not None
        memory.told, alert = alerts.step(
            memory.told, seen, now, after=settings.alert_after, hushed=hushed or not can_show
        )
        if self._child is not None and (alert.begun or alert.ended):
            self._child.tell_alert(
                {
                    "title": telling.title_of(self._place.station),
                    "text": telling.text_of(alert, language),
                    "picture": telling.picture_of(alert),
                }
            )
            logger.info("alert shown", extra={"event": "tray.alert", "begun": len(alert.begun)})

    # -- the child's life --------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._number += 1
        number, me = self._number, self.actor_ref
        self._face = None
        self._line = Lifeline(monotonic())

        def said(line: dict[str, Any]) -> None:
            with suppress(ActorDeadError):
                me.tell(Said(number, line))

        def ended(code: int) -> None:
            with suppress(ActorDeadError):
                me.tell(Ended(number, code))

        try:
            self._child = self._start(said, ended)
        except OSError as error:
            logger.warning("the icon's process cannot be started: %s", error, extra={"event": "tray.no_process"})
            self._child = None
            self._bury(-1)
            return
        place = self._place
        words = policy.words_of(place.station, place.language, place.settings.support)
        self._child.tell("words", words_to_json(words))
        self._rung()

    def _beat(self) -> None:
        now = monotonic()
        if self._child is not None:
            if self._line.is_hung(now, self._pace):
                self._reason = Sentence.of("the icon did not answer any more and was started again")
                self._child.kill()  # its end comes as a message
            elif self._line.up_at is not None and self._line.asked_at is None:
                self._line = attrs.evolve(self._line, asked_at=now)
                self._child.tell("ping", self._number)
        self._look_is_due.clear()  # whatever became of the last one
        self._rung()
        self.tell_self_after(self._pace.beat_seconds, Beat())

    def _bury(self, code: int) -> None:
        """Start another child after a pause."""
        self._child = None
        was_stable = self._line.was_stable(monotonic(), self._pace)
        self._pause = next_pause(self._pause, self._pace, was_stable=was_stable)
        if self._is_without_display:
            reason, state = Sentence.of("the display cannot be used: {why}", why=self._why), "no_display"
        else:
            reason = self._reason or Sentence.of(
                "the icon's process ended (code {code}) and is started again", code=code
            )
            state = "restarting"
        if not self._is_outage_told:
            logger.warning("no icon: %s", reason, extra={"event": "tray.lost", "code": code})
            self._is_outage_told = True
        memory = self._place.memory
        memory.note(Whereabouts(state, reason, self._now(), restarts=memory.whereabouts.restarts + 1))
        self._reason = None
        self._is_without_display = False
        self.tell_self_after(self._pause, Begin())

    # -- what the child says -----------------------------------------------------------------------------------------

    def _hear(self, line: dict[str, Any]) -> None:
        match line:
            case {"event": "up", "back_end": str(back_end)}:
                self._line = attrs.evolve(self._line, up_at=monotonic())
                self._back_end = back_end
                self._rung()
            case {"event": "pong"}:
                self._line = attrs.evolve(self._line, asked_at=None)
            case {"event": "docking", "state": str(state), "host": str(host)}:
                self._note_docking(state, host)
            case {"event": "chosen", "what": str(what)}:
                self._do(what)
            case {"event": "failed", "kind": str(kind), "text": str(text)}:
                self._why = f"{kind}: {text}"
                self._is_without_display = bool(line.get("is_display"))
                self._reason = Sentence.of("the icon failed ({why}) and is started again", why=self._why)
            case {"event": "alerted", "way": str(way)}:
                logger.debug("alert shown by %s", way or "nobody", extra={"event": "tray.alerted", "way": way})
            case {"event": "aside", "kind": str(kind), "text": str(text)}:
                logger.warning(
                    "the icon cannot show its menu: %s: %s", kind, text, extra={"event": "tray.no_menu", "kind": kind}
                )
            case _:
                pass  # of a later version

    _why = ""

    def _note_docking(self, state: str, host: str) -> None:
        memory = self._place.memory
        reason = None
        if state == "docked":
            self._is_outage_told = False
            logger.info("icon shown", extra={"event": "tray.docked", "back_end": self._back_end, "host": host})
        else:
            state = "waiting_for_host"
            reason = Sentence.of("this desktop has no notification area now; the icon comes when it has one")
        restarts = memory.whereabouts.restarts
        memory.note(Whereabouts(state, reason, self._now(), self._back_end, host or None, restarts))
        self._rung()

    def _do(self, what: str) -> None:
        """Do what was chosen; nothing here waits."""
        program, memory = self._place.program, self._place.memory
        if what == OPEN:
            program.open_window()
        elif what == QUIT:
            logger.info("told to stop by the icon's menu", extra={"event": "program.told_to_stop"})
            program.ask_to_stop()
        elif what.startswith(RESTART):
            program.restart(what.removeprefix(RESTART))
        elif what.startswith(PAUSE):
            memory.pause = alerts.pause_until(what.removeprefix(PAUSE), self._now())
        elif what == RESUME:
            memory.pause = None
        self._rung()

    def _now(self) -> datetime:
        return datetime.now(UTC).astimezone(self._place.timezone)
