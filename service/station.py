"""The station: composes the actors of this computer into one tree, and answers for it."""

import os
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import attrs

from actors import settings_file
from actors.board import Board
from actors.operation import Operation, Page
from actors.pauses import Pauses
from actors.registry import ID as REGISTRY
from actors.registry import Apply, Belongings, Identity, RegistryActor, StationPlan
from actors.tray import ID as TRAY
from actors.tray.presence import Bell, Memory, Place, Whereabouts, whereabouts_json
from actors.tray.settings import PresenceSettings
from club import Journal
from config import Problem, Settings, SettingsFile
from config.masking import mask
from config.sentence import Sentence
from service import control
from service.channel.server import ControlServer
from service.ends import MaskedJournal
from service.paths import StationFiles
from service.presence import NO_ICON, SWITCHED_OFF, StationProgram
from service.status import Program, Reader, describe, is_here
from supervisor import (
    Backoff,
    ChildDown,
    ChildSpec,
    FileJournal,
    Intensity,
    Outcome,
    Park,
    RootEnd,
    SupervisedActor,
    SupervisorFlags,
    Tree,
    UnknownChild,
)

_FLAGS: Final = SupervisorFlags(
    intensity=Intensity(max_restarts=5, period_seconds=60), on_meltdown=Park(60), retry_first_start=True
)
_STOP_SECONDS: Final = 30.0
_INTERRUPTIBLE_SECONDS: Final = 0.5
_HANG_SECONDS: Final = 300.0  # a keyring may ask its user, a network drive may take its time
_BACKOFF: Final = Backoff(min_seconds=0.2, max_seconds=30)
# A watcher has the same few failures masked five times a second, which took nine tenths of a look.
_masked: Final = lru_cache(maxsize=256)(mask)


@attrs.frozen(slots=True)
class Channel:
    """Where the station listens for the command line, and the key that both sides prove."""

    address: str
    key: bytes = attrs.field(repr=False)


class Station:
    """Everything that runs on one computer of the club, from `start` to `stop`."""

    def __init__(  # noqa: PLR0913 - the composition root: what it is given is what it is made of
        self,
        identity: Identity,
        followed: SettingsFile,
        operations: Sequence[Operation],
        files: StationFiles,
        channel: Channel,
        told_to_stop: threading.Event,
        *,
        no_icon: Whereabouts | None = NO_ICON,
    ) -> None:
        settings = followed.load() if followed.settings is None else followed.settings
        self._identity = identity
        self._channel = channel
        self._told_to_stop = told_to_stop
        self._started_at = datetime.now(UTC)
        self._settings = settings
        self._loaded_at = self._started_at
        self._file_problem: Sentence | None = None
        self._apply_problem: Sentence | None = None
        self._is_stopping = False
        self._no_icon = no_icon
        self._bell = Bell()
        self._icon = Memory(no_icon or Whereabouts("starting"))
        self._icon_program = StationProgram(self, identity.station)
        self.board = Board(lambda: datetime.now(UTC), self._bell.ring)
        self.pauses = Pauses(files.pauses)
        self._operations = tuple(operations)
        self._kept = {each.id: each.keep(files.kept(each.id)) for each in operations if each.keep is not None}
        self.plan = StationPlan(
            identity,
            operations,
            self.board,
            Belongings(Journal(files.answers, sync=False), self._kept),
            tell=self._tell,
            aggregate_state=self.state,
        )
        self.plan.mind(self.pauses)
        server = partial(
            ControlServer, channel.address, channel.key, control.Handlers(self).handle, language=lambda: self.language
        )
        self._own_specs = (
            _spec(control.ID, control.ControlActor, server),
            _spec(REGISTRY, RegistryActor, self.plan, self._applied, self._set_apply_problem),
            _spec(settings_file.ID, settings_file.SettingsActor, followed, self._loaded, self._set_file_problem),
        )
        self.tree = Tree(
            _FLAGS,
            (*self._own_specs, *self._icon_specs(settings), *self.plan.specs(settings)),
            observers=(self._bell.ring,),
            journal=MaskedJournal(FileJournal(files.journal), mask),
        )

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._settings

    @property
    def language(self) -> str:
        """The language of what the station says to whoever did not ask for another."""
        return str(self._settings.club.language)

    # -- life --------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start every actor. Raises StartFailed when the tree itself cannot stand."""
        self.tree.start()

    def ask_to_stop(self) -> None:
        """Have `wait` return; callable from a signal handler or any thread, returns at once."""
        self._told_to_stop.set()

    def wait(self) -> None:
        """Return when the station was asked to stop or its tree has ended by itself."""
        threading.Thread(target=self._end_with_the_tree, name="tree-end", daemon=True).start()
        # Windows does not interrupt a wait without a limit for Ctrl-C; elsewhere a signal does, and nothing is polled.
        seconds = _INTERRUPTIBLE_SECONDS if sys.platform == "win32" else None
        while not self._told_to_stop.wait(seconds):
            pass

    def _end_with_the_tree(self) -> None:
        self.tree.wait()
        self._told_to_stop.set()

    def stop(self) -> Outcome:
        """Stop everything in order, in bounded time, and return how the tree ended."""
        self._is_stopping = True
        self._bell.ring()
        left = self.tree.stop(_STOP_SECONDS)
        self.plan.close()
        return self.tree.wait(0) or Outcome(RootEnd.STOPPED, abandoned=left.abandoned)

    # -- what the control channel asks -------------------------------------------------------------------------------

    def describe(self, language: str) -> dict[str, Any]:
        """Return the status of contract §1 in a language; answered while any actor hangs."""
        notices = self.board.notices()
        reader = self.reader(language)
        page = Page(reader.language, reader.timezone)
        added = {
            each.id: each.shown(self._kept.get(each.id), page)
            for each in self._operations
            if each.shown is not None and each.id in notices and is_here(notices[each.id])
        }
        found = describe(self._program(), notices, self.tree.which_children(), reader)
        return {**found, **added, "tray": whereabouts_json(self._icon.whereabouts, language, reader.timezone)}

    def reader(self, language: str) -> Reader:
        """Return a reader of this language, at the club's time."""
        return Reader(language, ZoneInfo(self._settings.club.timezone), _masked)

    def state(self) -> str:
        """Return the aggregate state alone."""
        return str(self.describe("en")["state"])

    def _program(self) -> Program:
        return Program(
            version=self._identity.version,
            station=self._identity.station,
            pid=os.getpid(),
            started_at=self._started_at,
            settings_file=str(self._settings.file),
            settings_loaded_at=self._loaded_at,
            settings_problem=self._file_problem or self._apply_problem,
            held=self.plan.held_operations(),
            paused=self.pauses.shown(),
            is_stopping=self._is_stopping,
        )

    # -- what the actors tell ----------------------------------------------------------------------------------------

    def _tell(self, operation: str, message: object) -> bool:
        """Hand a message to an operation; False: it is down, and will look by itself when it is up."""
        try:
            self.tree.child(operation).tell(message)
        except (UnknownChild, ChildDown):
            return False
        return True

    def _loaded(self, settings: Settings) -> None:
        self.tree.child(REGISTRY).tell(Apply(settings))

    def _applied(self, settings: Settings, specs: tuple[ChildSpec, ...]) -> None:
        self.tree.reload((*self._own_specs, *self._icon_specs(settings), *specs))
        if settings is not self._settings:  # else a pause has begun or ended
            self._settings = settings
            self._loaded_at = datetime.now(UTC)

    def _set_file_problem(self, problems: tuple[Problem, ...]) -> None:
        self._file_problem = problems[0].as_sentence() if problems else None
        self._bell.ring()

    def _set_apply_problem(self, problem: Sentence | None) -> None:
        self._apply_problem = problem
        self._bell.ring()

    def _icon_specs(self, settings: Settings) -> tuple[ChildSpec, ...]:
        """Return the spec of the tray; none where there is no display, or where it is switched off."""
        presence = settings.club_tables.get("presence") or PresenceSettings()
        if self._no_icon is not None:
            return ()
        if not presence.icon:
            self._icon.note(SWITCHED_OFF)
            return ()
        from actors.tray.actor import TrayActor  # noqa: PLC0415 - a station without a display needs none of it

        club = settings.club
        place = Place(
            station=self._identity.station,
            language=str(club.language),
            timezone=ZoneInfo(club.timezone),
            settings=presence,
            program=self._icon_program,
            bell=self._bell,
            memory=self._icon,
        )
        return (_spec(TRAY, TrayActor, place),)


def _spec(id_: str, actor: type[SupervisedActor], *args: object) -> ChildSpec:
    return ChildSpec(id=id_, start=actor, args=args, backoff=_BACKOFF, hang_timeout_seconds=_HANG_SECONDS)
