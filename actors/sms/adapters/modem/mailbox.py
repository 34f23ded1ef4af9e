"""Reads what the modem keeps in its memory, puts long SMS together, and deletes what was taken."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import attrs

from actors.sms.adapters.modem.dialogue import Dialogue
from actors.sms.adapters.modem.pdu import PduRefusedError, Received, StatusReport, fits, read
from actors.sms.transport import Incoming

_LISTED: Final = re.compile(r"\+CMGL: ?(\d+), ?([0-4]),.*?(\d+)")
_SHOWN: Final = re.compile(r"\+CMGR: ?[0-4],.*?(\d+)")
_PDU: Final = re.compile(r"[0-9A-F]{20,}", re.IGNORECASE)
_RECEIVED: Final = frozenset({"0", "1"})
_USAGE: Final = re.compile(r'(?:"(\w+)", ?)?(\d+), ?(\d+)')
_LIST_SECONDS: Final = 20.0
_WAITED_FOR: Final = timedelta(hours=24)
"""A long SMS whose other parts do not come is read as far as it came: it could be a STOP."""


@attrs.frozen
class Place:
    """Where the modem keeps something; None for what came without being stored."""

    memory: str
    index: int


@attrs.define
class _Part:
    received: Received = attrs.field(repr=False)
    places: list[Place]
    seen_at: datetime


class Mailbox:
    """What has come in by one SIM card and was not taken."""

    def __init__(self) -> None:
        self._parts: dict[str, _Part] = {}
        self.reports: list[StatusReport] = []
        """Delivery reports that were read; deleted in the modem by the next `tidy`."""
        self._to_delete: list[Place] = []
        self._current: str | None = None
        self.usage: tuple[int, int] | None = None
        """Used and all places of the memory."""

    def choose_memory(self, dialogue: Dialogue) -> None:
        """Read, write and receive in one memory: that where the modem receives."""
        said = _USAGE.findall(dialogue.ask("AT+CPMS?").after("+CPMS:") or "")
        if not said or not said[-1][0]:
            return
        memory = said[-1][0]
        if dialogue.ask(f'AT+CPMS="{memory}","{memory}","{memory}"').is_ok:
            self._current = memory
            self.usage = int(said[-1][1]), int(said[-1][2])

    def look_at_usage(self, dialogue: Dialogue) -> None:
        """Ask how full the memory is."""
        said = _USAGE.findall(dialogue.ask("AT+CPMS?").after("+CPMS:") or "")
        self.usage = (int(said[-1][1]), int(said[-1][2])) if said else None

    def sweep(self, dialogue: Dialogue, now: datetime) -> None:
        """Read everything that is stored: what came while nobody listened."""
        memory = self._current or ""
        place, octets = None, 0
        for line in dialogue.ask("AT+CMGL=4", _LIST_SECONDS).lines:
            if header := _LISTED.fullmatch(line):
                place = Place(memory, int(header[1])) if header[2] in _RECEIVED else None
                octets = int(header[3])
            elif place is not None and _PDU.fullmatch(line):
                self._take(line, octets, place, now)
                place = None

    def collect(self, dialogue: Dialogue, now: datetime) -> None:
        """Read what the modem has announced."""
        while dialogue.direct:
            self._take(dialogue.direct[0], None, None, now)
            del dialogue.direct[0]
        while dialogue.stored:
            memory, index = dialogue.stored[0]
            self._enter(dialogue, memory)
            octets = 0
            for line in dialogue.ask(f"AT+CMGR={index}").lines:
                if header := _SHOWN.fullmatch(line):
                    octets = int(header[1])
                elif _PDU.fullmatch(line):
                    self._take(line, octets, Place(memory, index), now)
            del dialogue.stored[0]

    def incoming(self, dialogue: Dialogue, now: datetime) -> Iterator[Incoming]:
        """Yield whole SMS; each is deleted in the modem once the next is asked for."""
        for key, keys in list(self._whole(now).items()):
            parts = [self._parts[each] for each in keys if each in self._parts]
            if not parts:
                continue
            parts.sort(key=lambda part: part.received.number)
            first = parts[0].received
            body = "".join(part.received.body for part in parts)
            yield Incoming(first.sender, body, first.at, key)
            for each in keys:
                self._to_delete += self._parts.pop(each).places
            self.tidy(dialogue)

    def tidy(self, dialogue: Dialogue) -> None:
        """Delete what was taken; the reports must be written down by now."""
        self.reports.clear()
        while self._to_delete:
            place = self._to_delete[0]
            self._enter(dialogue, place.memory)
            dialogue.ask(f"AT+CMGD={place.index}")
            dialogue.is_full = False
            del self._to_delete[0]

    def forget_places(self) -> None:
        """Drop what is stored: the modem went away, its places may be others now, and it is listed anew."""
        self._to_delete.clear()
        self._current = None
        for key, part in list(self._parts.items()):
            if part.places:
                del self._parts[key]

    def _enter(self, dialogue: Dialogue, memory: str) -> None:
        if memory and memory != self._current and dialogue.ask(f'AT+CPMS="{memory}"').is_ok:
            self._current = memory

    def _take(self, pdu: str, octets: int | None, place: Place | None, now: datetime) -> None:
        """Keep what a PDU says. One that the line damaged stays in the modem and is read again at the next sweep."""
        if octets is not None and not fits(pdu, octets):
            return
        try:
            found = read(pdu)
        except PduRefusedError:
            return
        match found:
            case StatusReport():
                self.reports.append(found)
                if place is not None:
                    self._to_delete.append(place)
            case Received():
                part = self._parts.setdefault(found.fingerprint, _Part(found, [], now))
                if place is not None and place not in part.places:
                    part.places.append(place)
            case None:
                return

    def _whole(self, now: datetime) -> dict[str, list[str]]:
        """Return the parts of each SMS that is whole, or waited long enough; by the name that tells it from others."""
        groups: dict[tuple[str, int, int] | str, dict[int, str]] = {}
        for fingerprint, part in self._parts.items():
            said = part.received
            name = fingerprint if said.group is None else (said.sender, said.group, said.total)
            groups.setdefault(name, {})[said.number] = fingerprint
        whole = {}
        for numbers in groups.values():
            parts = [self._parts[each] for each in numbers.values()]
            is_whole = len(numbers) == parts[0].received.total
            if is_whole or all(now - (part.received.at or part.seen_at) > _WAITED_FOR for part in parts):
                whole[numbers[min(numbers)]] = list(numbers.values())
        return whole
