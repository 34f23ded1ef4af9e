"""Remembers what left by the modem, so that a delivery report finds its SMS: also one whose answer was lost.

A file of JSON lines. It holds no number and no text: 16 bits of a number's digest tell two recipients of the same
message reference apart, and tell nobody who they are.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TextIO

import attrs

from actors.sms.adapters.modem.pdu import StatusReport
from actors.sms.adapters.modem.verdicts import fate_of
from actors.sms.transport import DeliveryReport, Fate
from config.sentence import Sentence

KEPT: Final = timedelta(days=4)
"""Operators try for two to three days. References come again after 256 SMS: an older one is not looked at."""
_NEAR: Final = timedelta(minutes=10)
"""So far the clocks of station and service centre may be apart, for an SMS whose reference is not known."""
_NATIONAL: Final = 9
_REWRITTEN_AFTER: Final = 20_000


@attrs.define
class Departure:
    """One SMS that left, or may have: of each part the reference that `+CMGS` gave, None where it gave none."""

    reference: str
    digest: str
    began_at: datetime
    parts: int
    mrs: list[int | None] = attrs.field(factory=list)
    expected: int | None = None
    """The reference that the part without one would have, as far as is known."""
    fates: dict[int, int] = attrs.field(factory=dict)
    """TP-Status by message reference."""
    ended_at: datetime | None = None
    is_told: bool = False

    @property
    def provider_reference(self) -> str:
        """Its name: when, and the message references; `x` for one that is not known."""
        mrs = ".".join("x" if mr is None else str(mr) for mr in self.mrs[:32])
        return f"modem-{self.began_at:%Y%m%dT%H%M%SZ}-{self.digest}-{mrs}"

    def fate(self) -> tuple[Fate, Sentence | None]:
        """Return the fate of the whole: failed when a part failed, delivered when all parts are."""
        said = [fate_of(status) for status in self.fates.values()]
        for fate, reason in said:
            if fate is Fate.FAILED:
                return fate, reason
        is_whole = len(said) >= self.parts and all(fate is Fate.DELIVERED for fate, _ in said)
        return (Fate.DELIVERED if is_whole else Fate.ON_ITS_WAY), None

    def lacks(self, mr: int) -> bool:
        """Return whether this reference has not come to its end here."""
        return mr not in self.fates or fate_of(self.fates[mr])[0] is Fate.ON_ITS_WAY


class Ledger:
    """Every line is with the operating system when a method returns: a kill loses none."""

    def __init__(self, file: Path, now: datetime) -> None:
        """Raise OSError."""
        self._file = file
        self._departures: dict[str, Departure] = {}
        self._untold: dict[str, None] = {}
        self._lines = 0
        self._read()
        self._out = self._rewritten(now)

    def leaves(self, reference: str, recipient: str, parts: int, now: datetime) -> Departure:
        """Write down, before its first Ctrl-Z, that an SMS leaves."""
        if self._lines > _REWRITTEN_AFTER:
            self._out.close()
            self._out = self._rewritten(now)
        departure = Departure(reference, _digest(recipient), now, parts)
        self._note(departure)
        return departure

    def part_leaves(self, departure: Departure, expected: int | None) -> None:
        """Write down, before its Ctrl-Z, that a part leaves."""
        departure.mrs.append(None)
        departure.expected = expected
        self._note(departure)

    def part_left(self, departure: Departure, mr: int) -> None:
        """Write down the reference of the part that left last."""
        departure.mrs[-1] = mr
        departure.expected = None
        self._note(departure)

    def part_stayed(self, departure: Departure) -> None:
        """Write down that the part that was about to leave did not; without any, the SMS is forgotten."""
        departure.mrs.pop()
        departure.expected = None
        if departure.mrs:
            self._note(departure)
        else:
            self._append({"forget": departure.reference})
            self._departures.pop(departure.reference, None)

    def came_late(self, mr: int, now: datetime) -> None:
        """Give a reference that came late to the newest SMS that lacks it: a copy of that one exists."""
        for departure in reversed(self._departures.values()):
            is_meant = departure.mrs and departure.mrs[-1] is None and departure.expected in (None, mr)
            if is_meant and now - departure.began_at < _NEAR:
                self.part_left(departure, mr)
                if departure.parts == 1:
                    self._untold[departure.reference] = None
                return

    def reported(self, report: StatusReport, now: datetime) -> bool:
        """Write down a report; False when it is about nothing that left here."""
        departure = self._find(report, now)
        if departure is None:
            return False
        is_lost = report.mr not in departure.mrs
        if is_lost:
            departure.mrs[departure.mrs.index(None)] = report.mr
            departure.expected = None
        if not departure.lacks(report.mr):
            return True  # told before
        departure.fates[report.mr] = report.status
        departure.ended_at = report.at or departure.ended_at
        self._note(departure)
        # That a lost one is on its way is news: a copy exists.
        if departure.fate()[0] is not Fate.ON_ITS_WAY or (is_lost and departure.parts == 1):
            self._untold[departure.reference] = None
        return True

    def untold(self) -> Iterator[DeliveryReport]:
        """Yield what is known and was not told; each is told once the next is asked for."""
        while self._untold:
            departure = self._departures.get(reference := next(iter(self._untold)))
            if departure is None:
                del self._untold[reference]
                continue
            fate, reason = departure.fate()
            yield DeliveryReport(fate, departure.provider_reference, reference, departure.ended_at, reason)
            self._untold.pop(reference, None)
            departure.is_told = fate is not Fate.ON_ITS_WAY
            self._note(departure)

    def close(self) -> None:
        """Let go of the file."""
        self._out.close()

    def _find(self, report: StatusReport, now: datetime) -> Departure | None:
        """Return the SMS of that number that has the reference, nearest in time; else the one that lacks its own."""
        digest = _digest(report.recipient)
        mine = [each for each in self._departures.values() if each.digest == digest and now - each.began_at < KEPT]
        at = report.sent_at or now
        known = [each for each in mine if report.mr in each.mrs]
        if open_ones := [each for each in known if each.lacks(report.mr)]:
            known = open_ones
        if known:
            return min(known, key=lambda each: abs(at - each.began_at))
        lost = [each for each in mine if None in each.mrs and abs(at - each.began_at) < _NEAR]
        sure = [each for each in lost if each.expected == report.mr]
        return min(sure or lost, key=lambda each: abs(at - each.began_at), default=None)

    def _note(self, departure: Departure) -> None:
        self._departures[departure.reference] = departure
        self._append(_written(departure))

    def _append(self, entry: dict[str, Any]) -> None:
        self._out.write(json.dumps(entry, separators=(",", ":")) + "\n")
        self._out.flush()
        self._lines += 1

    def _read(self) -> None:
        if not self._file.exists():
            return
        for line in self._file.read_text("utf-8", "replace").splitlines():
            try:
                entry = json.loads(line)
                if "forget" in entry:
                    self._departures.pop(entry["forget"], None)
                else:
                    departure = _read_back(entry)
                    self._departures[departure.reference] = departure
            except (ValueError, KeyError, TypeError):  # a line that a power cut left half written
                continue

    def _rewritten(self, now: datetime) -> TextIO:
        """Return a new file, which takes the place of the old one, with what may still be reported."""
        self._departures = {
            reference: each for reference, each in self._departures.items() if now - each.began_at < KEPT
        }
        self._untold = {
            reference: None
            for reference, each in self._departures.items()
            if each.fates and not each.is_told and each.fate()[0] is not Fate.ON_ITS_WAY
        }
        fresh = self._file.with_name(self._file.name + ".new")
        with fresh.open("w", encoding="utf-8") as out:
            for each in self._departures.values():
                out.write(json.dumps(_written(each), separators=(",", ":")) + "\n")
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._file)
        self._lines = len(self._departures)
        return self._file.open("a", encoding="utf-8")


def _digest(number: str) -> str:
    """Return 16 bits about a number; reports give it with or without its country."""
    return hashlib.sha256(number[-_NATIONAL:].encode()).hexdigest()[:4]


def _written(departure: Departure) -> dict[str, Any]:
    written = attrs.asdict(departure)
    written["began_at"] = departure.began_at.isoformat()
    written["ended_at"] = departure.ended_at and departure.ended_at.isoformat()
    return written


def _read_back(entry: dict[str, Any]) -> Departure:
    entry["began_at"] = datetime.fromisoformat(entry["began_at"]).astimezone(UTC)
    entry["ended_at"] = entry["ended_at"] and datetime.fromisoformat(entry["ended_at"]).astimezone(UTC)
    entry["fates"] = {int(mr): int(status) for mr, status in entry["fates"].items()}
    return Departure(**entry)
