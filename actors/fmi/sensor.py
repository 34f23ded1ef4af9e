"""The actor of one sensor: opens its port, reads, and leaves what the sensor says at its post."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, assert_never

import attrs

from actors.fmi.counting import Finding, Held, Reset
from actors.fmi.drivers.driver import Alive, CanForbid, Driver, Noise, NotObeyed, Passages, Seen, Totals
from actors.fmi.drivers.roster import open_driver
from actors.fmi.hall import Hall
from actors.fmi.post import SensorPost, Traits
from actors.fmi.settings_sensors import LineSensor, SensorSettings
from actors.fmi.watchman import Watchman
from actors.serial_port import NotOpened, PortLost
from config.sentence import Sentence
from supervisor import SupervisedActor

logger = logging.getLogger(__name__)

_TURN_SECONDS: Final = 1.0
"""How long one message reads: others are looked at in between."""
_RETRY_SECONDS: Final = 1.0
"""A cable that is plugged in again counts within five seconds; looking costs a fraction of a millisecond."""
_OBEY_AGAIN_SECONDS: Final = 5.0
_FORBID_SECONDS: Final = 10.0


@attrs.frozen(slots=True)
class Read:
    """Read on."""


class SensorActor(SupervisedActor):
    """Counts at one port. A port that is away is weather: it is tried again each second, for as long as it takes.

    Everything that it learns is at the sensor's post at once, so that this actor may end at any moment.
    """

    def __init__(self, settings: SensorSettings, hall: Hall) -> None:
        super().__init__()
        self._settings = settings
        self._hall = hall
        self._post: SensorPost = hall.post(settings.name)
        self._driver: Driver | None = None
        self._trouble: Sentence | None = None
        self._gate = Gate(settings.name, time.monotonic, Watchman(settings))

    def on_start(self) -> None:
        """Begin with the first message: opening a port may take longer than a start is allowed to."""
        self._post.come_by()
        self.tell_self_after(0, Read())

    def on_stop(self) -> None:
        """Let people in again, then let go of the port."""
        if self._driver is not None:
            self._gate.open_at_last(self._driver)
        self._close()
        self._post.left()

    def on_failure(self, *_: object) -> None:
        """Let go of the port after a crash too: the next incarnation wants it for itself."""
        self._close()
        self._gate.abandon()

    def interrupt(self) -> None:
        """End the read that goes on, from another thread."""
        driver = self._driver
        if driver is not None:
            driver.interrupt()

    def on_receive(self, message: Any) -> None:
        """Handle a message."""
        match message:
            case Read():
                self._read_on_after(self._read_for_a_turn())
            case _:
                assert_never(message)

    def _read_on_after(self, seconds: float) -> None:
        if seconds > 0:
            self.tell_self_after(seconds, Read())
        else:
            self.fence.check()
            self.actor_ref.tell(Read())  # past the timers: their thread would wake for each sensor's every turn

    def _read_for_a_turn(self) -> float:
        """Read for a while, and return after how many seconds to go on."""
        until = time.monotonic() + _TURN_SECONDS
        try:
            driver = self._driver or self._open()
            while not self.is_stopping and time.monotonic() < until:
                self._take(driver.read())
                # A number that nobody looks after any more must not keep people out.
                forbid = self._post.forbid and self._hall.is_fresh(_FORBID_SECONDS)
                self._gate.obey(driver, forbid=forbid)
        except NotOpened as error:
            self._away(error.sentence, is_unplugged=error.is_absent)
            return _RETRY_SECONDS
        except PortLost as error:
            self._close()
            self._gate.abandon()
            lost = Sentence.of("the connection to the sensor at {port} was lost", port=self._settings.port)
            logger.debug("%s: %s", self.path, error, extra={"event": "fmi.port_lost"})
            self._away(lost, is_unplugged=True)
            return _RETRY_SECONDS
        return 0

    def _open(self) -> Driver:
        self._post.come_by()
        driver = open_driver(self._settings)
        self._driver = driver
        self._post.opened(
            Traits(
                silence_seconds=None if driver.silence is None else driver.silence.total_seconds(),
                forgets_when_unplugged=driver.forgets_when_unplugged,
                words_are_checked=driver.words_are_checked,
                largest_step=self._settings.largest_step,
                counts_events=isinstance(self._settings, LineSensor) and self._settings.totals is None,
            )
        )
        self._gate.begin(driver)
        if self._trouble is not None:
            logger.info("sensor %s is back", self._settings.name, extra={"event": "fmi.sensor_back"})
            self._trouble = None
        return driver

    def _away(self, reason: Sentence, *, is_unplugged: bool) -> None:
        self._post.away(reason, is_unplugged=is_unplugged)
        if self._trouble is None:
            logger.warning("sensor %s: %s", self._settings.name, reason, extra={"event": "fmi.sensor_away"})
        self._trouble = reason

    def _take(self, seen: Sequence[Seen]) -> None:
        noise: Sentence | None = None
        for each in seen:
            match each:
                case Totals() | Passages():
                    self._tell(self._post.see(each))
                case Alive():
                    self._post.heard()
                case Noise(reason=reason):
                    noise = reason
                case _:
                    assert_never(each)
        self._post.read(noise)

    def _tell(self, finding: Finding | None) -> None:
        if isinstance(finding, Held | Reset):
            logger.warning("sensor %s: %s", self._settings.name, finding.sentence, extra={"event": "fmi.finding"})
        elif finding is not None:
            logger.info("sensor %s: %s", self._settings.name, finding.sentence, extra={"event": "fmi.finding"})

    def _close(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.close()


class Gate:
    """What closes the way in at the limit, where the settings name something; open at first, and at last.

    A device that does not obey is told again after a while. While the way in is closed a watchman, a process of its
    own, opens it should the program die; without one it is not closed.
    """

    def __init__(self, sensor: str, monotonic: Callable[[], float], watchman: Watchman) -> None:
        self._watchman = watchman
        self._sensor = sensor
        self._monotonic = monotonic
        self._is_closed = False
        self._not_before = 0.0
        self._complains = False

    def begin(self, driver: Driver) -> None:
        """Open the way in: whoever closed it may have ended since."""
        self._is_closed = True
        self._not_before = 0.0
        self.obey(driver, forbid=False)

    def obey(self, driver: Driver, *, forbid: bool) -> None:
        """Make it so, if it is not. Raises PortLost."""
        was_unwatched = forbid and self._is_unwatched(driver)
        if was_unwatched:
            forbid = False
            self._not_before = 0.0
        if forbid == self._is_closed or self._monotonic() < self._not_before:
            return
        if not isinstance(driver, CanForbid) or not driver.can_forbid:
            self._is_closed = forbid
            return
        try:
            if forbid:
                self._watchman.post()
            driver.forbid_entries(forbid)
            if not forbid:
                self._watchman.dismiss()
        except (NotObeyed, OSError) as error:
            self._not_before = self._monotonic() + _OBEY_AGAIN_SECONDS
            if not self._complains:
                logger.warning("sensor %s: %s", self._sensor, error, extra={"event": "fmi.gate_not_obeyed"})
            self._complains = True
            return
        self._complains = False
        if was_unwatched:  # closed again after a while, under a new one
            self._not_before = self._monotonic() + _OBEY_AGAIN_SECONDS
            logger.warning(
                "sensor %s: who would open the way in has ended: it is open for a moment",
                self._sensor,
                extra={"event": "fmi.gate_unwatched"},
            )
        self._is_closed = forbid
        logger.info(
            "entries at %s are %s", self._sensor, "forbidden" if forbid else "free", extra={"event": "fmi.gate"}
        )

    def _is_unwatched(self, driver: Driver) -> bool:
        """Whether the way in is closed and nobody would open it if the program died now: the watchman has ended."""
        if not self._is_closed or not isinstance(driver, CanForbid) or not driver.can_forbid:
            return False
        return not self._watchman.is_there

    def abandon(self) -> None:
        """Have the watchman open the way in: the port was let go of, and it may be long until it is opened again."""
        if self._is_closed:
            self._watchman.alarm()

    def open_at_last(self, driver: Driver) -> None:
        """Open the way in before the program lets go of it, as far as the device can be reached."""
        self._not_before = 0.0
        try:
            self.obey(driver, forbid=False)
        except PortLost as error:
            logger.debug("%s: %s", self._sensor, error, extra={"event": "fmi.port_lost"})
        if self._is_closed:
            self._watchman.alarm()  # it goes on trying
