"""The declaration of attendance: a supervisor, an actor per sensor beneath it, and one that writes the zones."""

from typing import Final

from actors.fmi.hall import Hall
from actors.fmi.settings import FmiSettings
from actors.fmi.settings_sensors import WRITER, SensorSettings
from actors.fmi.shown import shown
from actors.operation import Operation, Workplace
from config.sentence import Sentence
from supervisor import Backoff, ChildSpec, Intensity, Park, SupervisorFlags, supervisor_spec

ID: Final = "fmi"
_FLAGS: Final = SupervisorFlags(
    intensity=Intensity(max_restarts=8, period_seconds=60), on_meltdown=Park(20), retry_first_start=True
)
_BACKOFF: Final = Backoff(min_seconds=0.2, max_seconds=4.0, reset_after_seconds=30.0)
"""Who passes a sensor that tells each passage alone while it is not read is lost: it is read again soon."""
_SENSOR_HANG_SECONDS: Final = 12.0
"""A read ends within a second; opening a port on the network, or a write to one that is stuck, within ten."""
_WRITER_HANG_SECONDS: Final = 60.0
_SHUTDOWN_SECONDS: Final = 4.0
_LAST_WORD_SECONDS: Final = 8.0
"""The last word is still written, in a database that may be locked for a moment."""


def missing() -> Sentence | None:
    """Return what this computer lacks: the driver for ports comes with the program."""
    return None


def children(workplace: Workplace) -> tuple[ChildSpec, ...]:
    """Return the supervisor of this station's sensors and of the writer of the zones.

    Each gets what concerns it and no more: a changed sensor restarts its own actor and the writer, a changed limit the
    writer alone.
    """
    from actors.fmi.reckoner import reckoner_of  # noqa: PLC0415 - only where there are sensors
    from actors.fmi.sensor import SensorActor  # noqa: PLC0415
    from actors.fmi.writer import Place, WriterActor  # noqa: PLC0415

    hall = workplace.kept
    sensors: tuple[SensorSettings, ...] = workplace.stations[workplace.station].tables["sensors"]
    reckoner = reckoner_of(workplace)
    places = tuple(Place(sensor.name, sensor.zone, sensor.from_zone) for sensor in sensors)
    writer = ChildSpec(
        id=WRITER,
        start=WriterActor,
        args=(workplace, reckoner, places),
        backoff=_BACKOFF,
        shutdown_seconds=_SHUTDOWN_SECONDS,
        interrupt_seconds=_LAST_WORD_SECONDS,
        hang_timeout_seconds=_WRITER_HANG_SECONDS,
    )
    readers = tuple(
        ChildSpec(
            id=sensor.name,
            start=SensorActor,
            args=(sensor, hall),
            backoff=_BACKOFF,
            shutdown_seconds=_SHUTDOWN_SECONDS,
            interrupt_seconds=1.0,
            hang_timeout_seconds=_SENSOR_HANG_SECONDS,
        )
        for sensor in sensors
    )
    return (supervisor_spec(ID, _FLAGS, (writer, *readers)),)


OPERATION: Final = Operation(id=ID, settings=FmiSettings, missing=missing, children=children, keep=Hall, shown=shown)
