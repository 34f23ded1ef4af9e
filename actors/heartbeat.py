"""The heartbeat actor: writes in the club database that this station lives, its version and how it is."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never

import attrs

from club import DatabaseAway, DatabaseUnfit, Stations
from supervisor import SupervisedActor

logger = logging.getLogger(__name__)

ID: Final = "heartbeat"
_PERIOD_SECONDS: Final = 30.0


@attrs.frozen(slots=True)
class Sign:
    """What does not change in a station's signs of life while its settings stay.

    `plan` names for each exclusive operation the stations that may do it, by the settings file of this station.
    """

    station: str
    process: str
    version: str
    plan: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)


@attrs.frozen(slots=True)
class Beat:
    """Write the station's row."""


class HeartbeatActor(SupervisedActor):
    """Writes the station's row every half minute; a database that is away is tried again at the next beat.

    `state` answers the aggregate state of contract §1, `holds` the exclusive operations whose lease is held here.
    """

    def __init__(
        self,
        stations: Stations,
        sign: Sign,
        state: Callable[[], str],
        holds: Callable[[], tuple[str, ...]],
    ) -> None:
        super().__init__()
        self._stations = stations
        self._sign = sign
        self._state = state
        self._holds = holds
        self._was_away = False

    def on_start(self) -> None:
        """Begin to beat, after the other actors had a moment to say how they are."""
        self.tell_self_after(1.0, Beat())

    def on_receive(self, message: Any) -> None:
        """Handle a message."""
        match message:
            case Beat():
                self._beat()
            case _:
                assert_never(message)

    def _beat(self) -> None:
        try:
            sign = self._sign
            state, holds = self._state(), self._holds()
            self._stations.beat(sign.station, sign.process, sign.version, state, holds, plan=sign.plan)
        except (DatabaseAway, DatabaseUnfit) as away:
            if not self._was_away:
                # Not a warning: who waits for the database says so, and an outage is told once.
                logger.info("no heartbeat: %s", away, extra={"event": "heartbeat.database_away"})
            self._was_away = True
        else:
            self._was_away = False
        self.tell_self_after(_PERIOD_SECONDS, Beat())
