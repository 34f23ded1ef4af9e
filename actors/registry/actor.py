"""The registry actor: makes the station follow its settings, and only where they changed."""

import logging
from collections.abc import Callable
from typing import Any, Final, assert_never

import attrs

from actors.registry.plan import StationPlan
from club import DatabaseUnfit
from config import Settings, SettingsError
from config.sentence import Sentence, SentenceError
from supervisor import ChildSpec, SupervisedActor, Timer

logger = logging.getLogger(__name__)

ID: Final = "registry"
_PAUSE_LOOK_SECONDS: Final = 1.0
"""How late a pause may end. Nothing is looked at while nothing is paused."""
_AGAIN_SECONDS: Final = 10.0


@attrs.frozen(slots=True)
class Apply:
    """Make the station what these settings ask for."""

    settings: Settings


@attrs.frozen(slots=True)
class LookAtPauses:
    """Look whether a pause has begun or ended, and stop or start its operation."""


class RegistryActor(SupervisedActor):
    """Applies new settings: asks the plan for specs and hands them to the tree, which restarts only what differs.

    `applied` makes the tree what the specs say and notes the settings as those in force; `problem` is told a sentence
    when settings can't be applied, None when they were.
    """

    def __init__(
        self,
        plan: StationPlan,
        applied: Callable[[Settings, tuple[ChildSpec, ...]], None],
        problem: Callable[[Sentence | None], None],
    ) -> None:
        super().__init__()
        self._plan = plan
        self._applied = applied
        self._problem = problem
        self._timer: Timer | None = None

    def on_start(self) -> None:
        """See to the pauses: one may have begun or ended while no incarnation was up."""
        self._look_after(0)

    def on_receive(self, message: Any) -> None:
        """Handle a message."""
        match message:
            case Apply(settings):
                self._apply(settings)
                self._look_at_pauses()
            case LookAtPauses():
                self._look_at_pauses()
            case _:
                assert_never(message)

    def _apply(self, settings: Settings) -> None:
        try:
            specs = self._plan.specs(settings)
        except (DatabaseUnfit, SettingsError, SentenceError) as error:
            logger.warning("settings not applied: %s", error, extra={"event": "settings.not_applied"})
            self._problem(error.sentence)
            return
        self._applied(settings, specs)
        self._problem(None)
        logger.info("settings applied", extra={"event": "settings.applied"})

    def _look_at_pauses(self) -> None:
        settings = self._plan.overtaken()
        if settings is not None:
            self._apply(settings)
        if self._plan.settle():
            self._look_after(_PAUSE_LOOK_SECONDS)
        if self._plan.overtaken() is not None:  # it could not be applied
            self._look_after(_AGAIN_SECONDS)

    def _look_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.tell_self_after(seconds, LookAtPauses())
