"""A pool with two entrances, each on a station of its own, whose people the test lets pass."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from actors.fmi.days import Days
from actors.fmi.reckoning import Crossing, SettingsReckoner
from actors.fmi.zones import SensorRule, ZoneRule
from club import Alert, Attendance, AttendanceDesk, Database, Reading, SensorChange, SensorKey, Settled

POOL = "bassin"
DOORS = {"ACCUEIL": "entree", "SERVEUR": "sortie"}


def alerts(crossing: Crossing) -> Sequence[Alert]:
    """Tell two people, each in his way."""
    text = f"{crossing.rule.name}: {crossing.of} {crossing.level}"
    return (
        Alert("sms", "+33639981234", text, f"{crossing.reference}:1"),
        Alert("email", "direction@example.org", text, f"{crossing.reference}:2", "F.M.I."),
    )


def reckoner(limit: int | None = 10, **changes: Any) -> SettingsReckoner:
    """Return the arithmetic of the pool's settings."""
    values: dict[str, Any] = {
        "rules": (ZoneRule(POOL, limit=limit),),
        "sensors": tuple(SensorRule(SensorKey(*door), POOL) for door in DOORS.items()),
        "days": Days(ZoneInfo("Europe/Paris")),
        "announce": alerts,
        **changes,
    }
    return SettingsReckoner(**values)


@attrs.define
class Door:
    """One entrance: what its sensor has counted, as its station's program keeps it."""

    database: Database
    station: str
    club: Any
    entries: int = 0
    exits: int = 0
    rules: SettingsReckoner = attrs.field(factory=reckoner)
    unsaved: list[Reading] = attrs.field(factory=list)
    known_since: datetime | None = None

    @property
    def name(self) -> str:
        return DOORS[self.station]

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.club.clocks.database_ms / 1000, UTC)

    def pass_(self, entries: int = 0, exits: int = 0, since: datetime | None = None) -> None:
        """Let people pass, without writing it down."""
        self.entries += entries
        self.exits += exits
        self.unsaved.append(Reading(self.now(), self.entries, self.exits, since))

    def write(self, *, known: bool = True, **changes: Any) -> Settled:
        """Write what has not been written yet; it is forgotten only when that has succeeded."""
        change = SensorChange(
            self.name, POOL, known=known, readings=tuple(self.unsaved), since_at=self.known_since, **changes
        )
        settled = Attendance(self.database, self.station).write([change], self.now(), self.rules)
        self.unsaved.clear()
        return settled

    def count(self, entries: int = 0, exits: int = 0) -> Settled:
        """Let people pass, and write it down."""
        self.pass_(entries, exits)
        return self.write()


@attrs.define
class Pool:
    """The club's database, both doors, and who looks."""

    club: Any
    entrance: Door
    exit: Door
    desk: AttendanceDesk

    def present(self) -> tuple[int, bool]:
        """Return how many are inside, and whether that is known."""
        (zone,) = self.desk.zones()
        return zone.present, zone.known

    def live(self, minutes: int, *, entrance: bool = True, exit_: bool = True) -> None:
        """Let time pass, with both stations giving signs of life, or one of them."""
        for _ in range(minutes * 2):
            self.club.clocks.pass_(30)
            if entrance:
                self.entrance.write()
            if exit_:
                self.exit.write()

    def history(self, minutes: int = 600) -> list[tuple[str, int, int, int, int]]:
        """Return the last minutes: the hour, who was inside, whether that is known, who came and went."""
        now = self.entrance.now()
        found = self.desk.history(POOL, now - timedelta(minutes=minutes), now + timedelta(minutes=1))
        return [(f"{each.at:%H:%M}", each.present, int(each.known), each.entries, each.exits) for each in found]


def pool_of(club: Any, **rules: Any) -> Pool:
    """Return a pool that is open, with nobody inside."""
    settings = reckoner(**rules)
    doors = [Door(club.database(), station, club, rules=settings) for station in DOORS]
    for door in doors:
        door.known_since = door.now()
        door.write()
    return Pool(club, doors[0], doors[1], AttendanceDesk(club.database()))
