"""The words of the status for people: states, instants, durations."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from config.sentence import Sentence

AGGREGATE: Final = {
    "active": Sentence.of("all is well"),
    "attention": Sentence.of("something needs attention"),
    "failed": Sentence.of("an operation has failed"),
    "stopping": Sentence.of("stopping"),
    "stopped": Sentence.of("stopped"),
}
OPERATION: Final = {
    "active": Sentence.of("active"),
    "not_on_this_station": Sentence.of("not on this station"),
    "disabled": Sentence.of("disabled"),
    "standby": Sentence.of("standby"),
    "waiting": Sentence.of("waiting"),
    "recovering": Sentence.of("recovering"),
    "failed": Sentence.of("failed"),
}
ACTOR: Final = {
    "starting": Sentence.of("starting"),
    "running": Sentence.of("running"),
    "backoff": Sentence.of("backing off"),
    "stopping": Sentence.of("stopping"),
    "stopped": Sentence.of("stopped"),
    "failed": Sentence.of("failed"),
    "hung": Sentence.of("hung"),
    "abandoned": Sentence.of("abandoned"),
}
# What each state looks like: the symbol and the colour, the same for operations and actors.
LOOK: Final = {
    "active": ("good", "green"),
    "running": ("good", "green"),
    "attention": ("warning", "yellow"),
    "standby": ("off", "dim"),
    "disabled": ("off", "dim"),
    "not_on_this_station": ("off", "dim"),
    "stopped": ("off", "dim"),
    "waiting": ("warning", "yellow"),
    "recovering": ("warning", "yellow"),
    "backoff": ("warning", "yellow"),
    "starting": ("busy", "yellow"),
    "stopping": ("busy", "yellow"),
    "hung": ("bad", "red"),
    "abandoned": ("bad", "red"),
    "failed": ("bad", "red"),
}
UNKNOWN_LOOK: Final = ("warning", "yellow")

OUTCOME: Final = {
    "ok": Sentence.of("ok"),
    "failed": Sentence.of("failed"),
    "running": Sentence.of("running"),
    "interrupted": Sentence.of("interrupted"),
    "skipped": Sentence.of("skipped"),
}
# Work of the program itself that is no operation of the manual, and has runs nevertheless.
OWN_WORK: Final = {"housekeeping": Sentence.of("housekeeping")}
_COUNTER: Final = {
    "sent": Sentence.of("sent"),
    "delivered": Sentence.of("delivered"),
    "undelivered": Sentence.of("not delivered"),
    "found": Sentence.of("left after all"),
    "put_back": Sentence.of("put back"),
    "received": Sentence.of("answers"),
    "stop": Sentence.of("objections"),
    "perhaps_stop": Sentence.of("to read"),
    "failed": Sentence.of("failed"),
    "pending": Sentence.of("pending"),
    "sending": Sentence.of("sending"),
    "uncertain": Sentence.of("uncertain"),
    "expired": Sentence.of("expired"),
    "retried": Sentence.of("retried"),
    "later": Sentence.of("later"),
    # What was found out or decided about an uncertain message.
    "absent": Sentence.of("never arrived at the provider, waits to be sent again"),
    "resend": Sentence.of("to be sent again"),
    "runs": Sentence.of("runs"),
    "entries": Sentence.of("entries"),
    "exits": Sentence.of("exits"),
}
# How an incarnation ended, by the runtime's name of it.
FAILURE: Final = {
    "normal": Sentence.of("ended by itself"),
    "outside_stop": Sentence.of("stopped from outside"),
    "crash": Sentence.of("crash"),
    "fatal": Sentence.of("fatal error"),
    "start_failed": Sentence.of("failed start"),
    "start_fatal": Sentence.of("failed start"),
    "start_timeout": Sentence.of("start took too long"),
    "no_thread": Sentence.of("no thread to be had"),
    "cleanup_failed": Sentence.of("failed stop"),
    "hung": Sentence.of("hung"),
    "abandoned": Sentence.of("abandoned"),
    "intensity": Sentence.of("failed too often"),
    "escalated": Sentence.of("escalated"),
}
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400


def word(words: Mapping[str, Sentence], name: str) -> Sentence:
    """Return the word of a state; one that only a later version of the program knows shows as it is."""
    return words.get(name) or Sentence.of("{name}", name=name)


def state_word(words: Mapping[str, Sentence], state: str, language: str) -> str:
    """Return the word of a state in a language."""
    return word(words, state).render(language)


def outcome_word(outcome: str, language: str) -> str:
    """Return the word of a run's outcome."""
    return state_word(OUTCOME, outcome, language)


def work_word(name: str, language: str) -> str:
    """Return the name under which the history shows an operation or the program's own work."""
    return state_word(OWN_WORK, name, language)


def counter_word(name: str, language: str) -> str:
    """Return the word of a counter; one that an operation adds shows under its own name."""
    return state_word(_COUNTER, name, language)


def counted_word(name: str, count: object, language: str) -> str:
    """Return a counter with its number: `sent 3`."""
    return Sentence.of("{what} {n}", what=counter_word(name, language), n=count).render(language)


def failure_word(kind: str, language: str) -> str:
    """Return the word of a kind of failure."""
    return state_word(FAILURE, kind, language)


def instant(text: str | None, now: datetime, language: str) -> str:
    """Return an ISO instant as the reader's clock shows it: the time alone on the day of `now`."""
    at = parsed(text, now)
    if at is None:
        return text or "-"
    if at.date() == now.date():
        return f"{at:%H:%M}" if at.second == 0 else f"{at:%H:%M:%S}"
    return Sentence.of(
        "{year:04d}-{month:02d}-{day:02d} {time}", year=at.year, month=at.month, day=at.day, time=f"{at:%H:%M}"
    ).render(language)


def parsed(text: str | None, now: datetime) -> datetime | None:
    """Return an ISO instant in the zone of `now`; None for an absent one or what is no instant."""
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return at.astimezone(now.tzinfo) if at is not None else None


def duration(seconds: float, language: str) -> str:
    """Return a duration in the two units that matter."""
    whole = max(0, round(seconds))
    if whole >= _DAY:
        sentence = Sentence.of("{days} d {hours} h", days=whole // _DAY, hours=whole % _DAY // _HOUR)
    elif whole >= _HOUR:
        sentence = Sentence.of("{hours} h {minutes} min", hours=whole // _HOUR, minutes=whole % _HOUR // _MINUTE)
    elif whole >= _MINUTE:
        sentence = Sentence.of("{minutes} min {seconds} s", minutes=whole // _MINUTE, seconds=whole % _MINUTE)
    else:
        mark = "," if language == "fr" else "."
        sentence = Sentence.of("{seconds} s", seconds=f"{max(0.0, seconds):.3g}".replace(".", mark))
    return sentence.render(language)
