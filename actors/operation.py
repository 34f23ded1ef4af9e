"""What an operation declares of itself: its name, where it may run, its settings, how its actors are started."""

import enum
from collections.abc import Callable, Mapping
from datetime import tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import attrs

from actors.board import Desk
from club import Database, Journal, Lease
from config import StationSettings
from config.problem import did_you_mean
from config.sentence import Sentence, SentenceError
from supervisor import ChildSpec


class Eligibility(enum.Enum):
    """Which stations may run an operation (source: the manual, part 1)."""

    ANY_STATION = enum.auto()
    SERVER = enum.auto()
    WEB_SERVERS = enum.auto()
    WITH_SENSORS = enum.auto()


@attrs.frozen(slots=True)
class Rule:
    """One row of the manual's table: where an operation may run, and whether on one station at a time."""

    operation: str
    title: Sentence
    eligibility: Eligibility
    is_exclusive: bool = False


RULES: Final = (
    Rule("backup", Sentence.of("Backup"), Eligibility.SERVER),
    Rule("sms", Sentence.of("SMS"), Eligibility.ANY_STATION, is_exclusive=True),
    Rule("email", Sentence.of("E-mail"), Eligibility.ANY_STATION, is_exclusive=True),
    Rule("fmi", Sentence.of("Attendance (F.M.I.)"), Eligibility.WITH_SENSORS),
    Rule("synchronisation", Sentence.of("Synchronisation"), Eligibility.SERVER),
    Rule("planning", Sentence.of("Planning"), Eligibility.ANY_STATION, is_exclusive=True),
    Rule("maps", Sentence.of("Heitz Maps"), Eligibility.ANY_STATION, is_exclusive=True),
    Rule("verification", Sentence.of("Verification"), Eligibility.SERVER),
    Rule("web_server", Sentence.of("Web server"), Eligibility.WEB_SERVERS),
    Rule("announcement", Sentence.of("Announcements"), Eligibility.ANY_STATION, is_exclusive=True),
    Rule("passage_sync", Sentence.of("Passage synchronisation"), Eligibility.SERVER),
    Rule("launcher", Sentence.of("Launcher"), Eligibility.ANY_STATION),
)
"""The twelve operations of the manual, in its order; the launcher is its last paragraph."""


def unknown_operation(name: str) -> Sentence | None:
    """Return what to say of a name that is none of the twelve operations', or None when it is one."""
    known = [rule.operation for rule in RULES]
    if name in known:
        return None
    hint = did_you_mean(name, known) or Sentence.of("they are {names}", names=", ".join(known))
    return Sentence.of("there is no operation {operation}: {hint}", operation=name, hint=hint)


@attrs.frozen(slots=True)
class Workplace:
    """What an operation is given to work with on this station; equal workplaces need no restart.

    `process` names this run of the program. `settings` is the operation's own table, `lease` its lease (None when it is
    not exclusive), `journal` the station's own memory of answers that the database may not have yet. `country` is the
    club's, as ISO 3166 writes it. `stations` are all those of the settings, with what operations add to them
    (`sensors`, `programs`); of no weight in the comparison: a room hands what it reads of them to the actors that it
    concerns. `kept` is what its `keep` made.
    """

    station: str
    process: str
    club_name: str
    language: str
    timezone: tzinfo
    settings: Any
    database: Database = attrs.field(eq=id)
    desk: Desk
    lease: Lease | None = attrs.field(eq=id)
    journal: Journal = attrs.field(eq=id)
    country: str = "FR"
    stations: Mapping[str, StationSettings] = attrs.field(factory=lambda: MappingProxyType({}), eq=False, repr=False)
    kept: Any = attrs.field(default=None, eq=id)


@attrs.frozen(slots=True)
class Page:
    """For whom an operation shows what it adds to the status: the language of sentences, the zone of instants."""

    language: str
    timezone: tzinfo


@attrs.frozen(slots=True)
class Operation:
    """An operation that is built: what its room exports as `OPERATION`.

    `missing` answers, without side effect, which driver or library this computer lacks (None: nothing).
    `children` imports what is heavy and returns the specs of the operation's actors; the first has the operation's id.
    `keep` makes, once for this run of the program, what has to outlive actors and changes of settings; it may use the
    file whose name it is given. `shown` returns, of what was kept, the status' key of the operation's name; it never
    waits, and answers while every actor hangs.
    """

    id: str
    settings: type
    missing: Callable[[], Sentence | None]
    children: Callable[[Workplace], tuple[ChildSpec, ...]]
    keep: Callable[[Path], Any] | None = None
    shown: Callable[[Any, Page], Mapping[str, Any]] | None = None


@attrs.frozen(slots=True)
class Wake:
    """Look at once whether there is work: the lease has come, or something was added."""


@attrs.frozen(slots=True)
class Yield:
    """Finish what is under way, begin nothing more, then call `done`: the lease is about to be passed on.

    `lease.may_begin` is false by then, so that a long run ends early and gives back what it only claimed. `done` never
    waits.
    """

    done: Callable[[], None]


@attrs.frozen(slots=True)
class RunNow:
    """Do one run at once and answer with its `Run`."""


class NotHeld(SentenceError):  # noqa: N818 - what the reader sees
    """A run was asked for on a station that may not run the operation now."""
