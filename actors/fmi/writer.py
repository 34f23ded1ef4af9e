"""The actor that writes: what the sensors left at their posts, and what it makes of the zones."""

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, assert_never

import attrs

from actors.fmi.bulletin import Bulletin
from actors.fmi.hall import Hall, Written
from actors.fmi.post import Look, SensorState
from actors.fmi.reckoning import SettingsReckoner
from actors.fmi.settings import FmiSettings
from actors.operation import Workplace
from actors.run_records import Stopwatch
from club import DatabaseAway, DatabaseUnfit
from club.attendance import Attendance
from club.attendance_desk import AttendanceDesk
from club.attendance_records import SensorChange, SensorRecord, Settled, ZoneRecord
from config.sentence import Sentence
from supervisor import SupervisedActor

logger = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 0.5
"""How often it looks without being rung for: a sensor falls silent without a word."""
_REFRESH_SECONDS: Final = 1.0
"""How often what other stations and people wrote is taken up when there is nothing to write: a write sees it, too."""
_SIGN_SECONDS: Final = 10.0
"""How often each sensor is said to live; after 45 s without, other stations call it silent."""
_AWAY_SECONDS: Final = 2.0
_SHORTEST_PAUSE_SECONDS: Final = 0.01
_LONGEST_PAUSE_SECONDS: Final = 0.25
_REST: Final = 3.0
"""Between two writes it rests so many times what the first cost the processor: some 10 ms with few sensors, more with
sixty in a rush. What comes meanwhile is written together."""
_PURGE_SECONDS: Final = 3600.0
_LEAVING_SECONDS: Final = 0.8
"""When the program stops, the sensors' actors have left by then; when only this actor is restarted, they have not."""
_UNHEARD: Final = frozenset({SensorState.SILENT.value, SensorState.UNATTENDED.value})
_STOPPED: Final = Sentence.of("the program of this station has stopped")


@attrs.frozen(slots=True)
class Place:
    """Where a sensor of this station stands."""

    sensor: str
    zone: str
    from_zone: str | None


@attrs.frozen(slots=True)
class Go:
    """Wait for news, and write what there is."""


class WriterActor(SupervisedActor):
    """Writes what was counted, at once, and says on the board how attendance is.

    What the database does not take stays at the posts, minute by minute, until it does.
    """

    def __init__(self, workplace: Workplace, reckoner: SettingsReckoner, places: Sequence[Place]) -> None:
        super().__init__()
        self._work = workplace
        self._settings: FmiSettings = workplace.settings
        self._hall: Hall = workplace.kept
        self._reckoner = reckoner
        self._places = {place.sensor: place for place in places}
        self._attendance = Attendance(workplace.database, workplace.station)
        self._desk = AttendanceDesk(workplace.database)
        self._bulletin = Bulletin(workplace.desk)
        self._has_begun = False
        self._said: dict[str, SensorChange] = {}
        self._zones: tuple[ZoneRecord, ...] = ()
        self._sensors: tuple[SensorRecord, ...] = ()
        self._signed_at = self._refreshed_at = self._purged_at = float("-inf")
        self._is_away = False

    def on_start(self) -> None:
        """Begin with the first message: the database may take longer than a start is allowed to."""
        self.tell_self_after(0, Go())

    def on_stop(self) -> None:
        """Say of every sensor that nobody counts any more: a number that stands still must not look like one."""
        self._hall.keep()
        until = time.monotonic() + _LEAVING_SECONDS
        posts = [self._hall.post(name) for name in self._places]
        while self._has_begun and time.monotonic() < until:
            if all(post.is_left for post in posts):
                self._say_last_word()
                return
            self._hall.wait(0.05)

    def on_receive(self, message: Any) -> None:
        """Handle a message."""
        match message:
            case Go():
                self.tell_self_after(self._turn(), Go())
            case _:
                assert_never(message)

    def _turn(self) -> float:
        """Wait for news, write what there is, and return after how many seconds to go on."""
        self._hall.wait(_LOOK_SECONDS)
        began = time.thread_time()
        try:
            self._begin()
            self._write_news()
            self._refresh()
            self._purge()
        except (DatabaseAway, DatabaseUnfit) as away:
            self._hall.keep()
            self._say_away(away)
            return _AWAY_SECONDS
        if self._is_away:
            self._is_away = False
            logger.info("attendance is written again", extra={"event": "fmi.database_back"})
        cost = time.thread_time() - began
        return min(max(_REST * cost, _SHORTEST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)

    def _begin(self) -> None:
        """Tell each post what the database has of its sensor; one that has begun goes on from what it knows."""
        if self._has_begun:
            return
        records = self._attendance.sensors()
        for name in self._places:
            self._hall.post(name).begin(records.get(name))
        self._attendance.keep_only(list(self._places))
        self._has_begun = True

    def _write_news(self) -> None:
        looks = {name: self._hall.post(name).look() for name in self._places}
        is_time = time.monotonic() - self._signed_at >= _SIGN_SECONDS
        changed = {name: look for name, look in looks.items() if look.news.is_something or self._is_changed(name, look)}
        if is_time:
            changed = looks
        if changed:
            self._write(changed)
        if is_time:  # only now: after an outage the first write speaks of every sensor, not of those that have news
            self._signed_at = time.monotonic()
        self._bulletin.tell(looks, self._zones)

    def _is_changed(self, name: str, look: Look) -> bool:
        said = self._said.get(name)
        return said is None or (said.known, said.state, said.reason) != (look.known, look.state.value, self._text(look))

    def _write(self, looks: Mapping[str, Look]) -> None:
        stopwatch = Stopwatch()
        now = self._hall.now()
        changes = [self._change(name, look) for name, look in looks.items()]
        self.fence.check()
        settled = self._attendance.write(changes, now, self._reckoner)
        for change in changes:
            self._log_turn(change)
            self._said[change.name] = change
        for name, look in looks.items():
            self._hall.post(name).saved(look.news)
        self._hall.keep_less()
        self._bulletin.count(stopwatch, looks)
        self._take(settled)

    def _take(self, settled: Settled) -> None:
        self._zones, self._sensors = tuple(settled.zones), tuple(settled.sensors)
        self._refreshed_at = time.monotonic()
        self._show()
        closed = _closed_zones(self._reckoner, self._zones)
        for name, place in self._places.items():
            self._hall.post(name).forbid = place.zone in closed and place.from_zone not in closed

    def _show(self) -> None:
        self._hall.written = Written(self._zones, self._sensors, self._hall.monotonic())

    def _refresh(self) -> None:
        """Take up what other stations and people wrote."""
        now = time.monotonic()
        if now - self._refreshed_at < _REFRESH_SECONDS:
            return
        self._refreshed_at = now
        glance = self._desk.glance(self._reckoner.day_of(self._hall.now()))
        if glance.is_asked:
            self._take(self._attendance.write((), self._hall.now(), self._reckoner))
            return
        ours = {rule.name for rule in self._reckoner.rules}
        self._zones = tuple(zone for zone in glance.zones if zone.name in ours)
        self._sensors = glance.sensors
        self._show()

    def _purge(self) -> None:
        now = time.monotonic()
        if now - self._purged_at < _PURGE_SECONDS:
            return
        if self._purged_at > 0:  # not at once: whoever starts a program wants to see it count
            while self._desk.purge(self._settings.history) and not self.is_stopping:
                self.heartbeat()
        self._purged_at = now

    def _change(self, name: str, look: Look) -> SensorChange:
        place = self._places[name]
        return SensorChange(
            name=name,
            zone=place.zone,
            known=look.known,
            readings=look.news.readings,
            from_zone=place.from_zone,
            memory=look.news.memory,
            state=look.state.value,
            reason=self._text(look),
            since_at=look.since_at,
            blind_seconds=look.news.blind_seconds,
            strays=look.news.strays,
        )

    def _text(self, look: Look) -> str | None:
        said = look.reason or look.remark
        return None if said is None else said.render(self._work.language)

    def _log_turn(self, change: SensorChange) -> None:
        """Log that a sensor is not heard any more though its port is there, and that it is again."""
        said = self._said.get(change.name)
        if said is None or said.known == change.known:
            return
        if change.known and said.state in _UNHEARD:
            logger.info("sensor %s counts again", change.name, extra={"event": "fmi.sensor_heard"})
        elif change.state in _UNHEARD:
            logger.warning("sensor %s: %s", change.name, change.reason, extra={"event": "fmi.sensor_unheard"})

    def _say_away(self, away: DatabaseAway | DatabaseUnfit) -> None:
        if not self._is_away:
            logger.warning(
                "attendance cannot be written, and is counted on meanwhile: %s", away, extra={"event": "fmi.away"}
            )
        self._is_away = True
        self._work.desk.waiting(
            Sentence.of("what is counted cannot be written, and is kept until it can: {why}", why=away.sentence)
        )

    def _say_last_word(self) -> None:
        looks = {name: self._hall.post(name).look() for name in self._places}
        try:
            self._write(
                {name: attrs.evolve(look, state=SensorState.STOPPED, reason=_STOPPED) for name, look in looks.items()}
            )
        except (DatabaseAway, DatabaseUnfit) as away:
            logger.info("attendance: last word not written: %s", away, extra={"event": "fmi.last_word_not_written"})


def _closed_zones(reckoner: SettingsReckoner, zones: Collection[ZoneRecord]) -> frozenset[str]:
    """Return the zones that nobody more may enter: those that are known to be full, and the parts of a full sum."""
    full = {zone.name for zone in zones if zone.known and "stop" in (zone.level, zone.day_level)}
    return frozenset(member for rule in reckoner.rules if rule.name in full for member in rule.members)
