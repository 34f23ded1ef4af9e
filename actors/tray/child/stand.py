"""What every back end of pystray is made into: one loop, whose thread makes all the calls."""

from collections.abc import Callable
from typing import Any, Final, Protocol

import attrs

from actors.tray.face import Face

Job = Callable[[], None]

WAITING: Final = "waiting_for_host"
DOCKED: Final = "docked"


@attrs.frozen(slots=True)
class Docking:
    """Where the icon is, as measured: `docked`, or `waiting_for_host`; `host` names the panel where it is known."""

    state: str
    host: str = ""


class Wishes(Protocol):
    """What a back end tells of its icon; called in the thread of its loop, returns at once."""

    def chosen(self, what: str) -> None:
        """Somebody chose an item, or clicked."""

    def menu_wanted(self, face: Face, x: int, y: int) -> None:
        """Somebody asked for the menu, and the back end has none of its own."""

    def hovered(self, face: Face, x: int, y: int) -> None:
        """Show the words: the pointer rests on the icon, and the back end shows none of its own."""

    def left(self) -> None:
        """Take the words away: the pointer has left."""

    def docking_changed(self) -> None:
        """Measure: the icon may be somewhere else now."""


class Stand(Protocol):
    """An icon of one back end. All but `post` is called in the thread of `run`, or before it."""

    back_end: str

    def run(self) -> None:
        """Show the icon and serve it until `stop`; raises what its back end raises."""

    def post(self, job: Job) -> None:
        """Have a job done in the thread of `run`; from any thread."""

    def show(self, face: Face) -> None:
        """Show a face, drawing only what changed."""

    def measure(self) -> Docking:
        """Return where the icon is; when it is nowhere, try to dock it."""

    def notify(self, title: str, text: str) -> bool:
        """Show an alert; False: this back end cannot."""

    def stop(self) -> None:
        """End `run`."""


def item_calls(wishes: Wishes, does: str) -> Callable[[Any], None]:
    """Return what pystray calls when an item is chosen."""

    def call(_icon: Any) -> None:
        wishes.chosen(does)

    return call
