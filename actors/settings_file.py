"""The settings actor: follows the settings file while the program runs, and tells what it finds."""

import logging
from collections.abc import Callable
from typing import Any, Final, assert_never

import attrs

from config import Bad, Loaded, Problem, Settings, SettingsFile, Unchanged
from supervisor import SupervisedActor

logger = logging.getLogger(__name__)

ID: Final = "settings"
_PERIOD_SECONDS: Final = 2.0
"""The contract allows five seconds; a change is believed when two looks agree, so it takes four at most."""


@attrs.frozen(slots=True)
class Look:
    """Look whether the file has changed."""


class SettingsActor(SupervisedActor):
    """Looks at the settings file every two seconds, on a thread of its own: a network drive may hang.

    `loaded` receives settings that are good and new, `refused` the problems of a bad file (the last good settings go
    on) and an empty tuple when it is mended without a change.
    """

    def __init__(
        self,
        file: SettingsFile,
        loaded: Callable[[Settings], None],
        refused: Callable[[tuple[Problem, ...]], None],
    ) -> None:
        super().__init__()
        self._file = file
        self._loaded = loaded
        self._refused = refused

    def on_start(self) -> None:
        """Begin to look."""
        self.tell_self_after(_PERIOD_SECONDS, Look())

    def on_receive(self, message: Any) -> None:
        """Handle a message."""
        match message:
            case Look():
                self._look()
            case _:
                assert_never(message)

    def _look(self) -> None:
        match self._file.poll():
            case Unchanged():
                pass
            case Loaded(settings):
                logger.info("settings changed", extra={"event": "settings.changed"})
                self._refused(())
                self._loaded(settings)
            case Bad(problems):
                for problem in problems:
                    logger.error("settings refused: %s", problem, extra={"event": "settings.refused"})
                self._refused(problems)
        self.tell_self_after(_PERIOD_SECONDS, Look())
