"""The mail server of the club: a port for each station, and one log, appended to, of everything accepted."""

import json
import random
import re
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Final, Self

import attrs
from faulty_smtp import Behaviour, Copy, FaultySmtp

_NUMBER: Final = re.compile(r"(\d+)@")


@attrs.frozen
class Acceptance:
    """One message that the server has taken, at the instant of its final dot (CLOCK_MONOTONIC, seconds)."""

    at: float
    station: str
    number: int
    """Which message it was: the writer numbers them."""


class _Port(FaultySmtp):
    """The server as one station reaches it; it takes its time over each answer, so that faults find it at work."""

    def __init__(self, counterpart: "Counterpart", station: str, seed: int) -> None:
        super().__init__(Behaviour(faults={"dot": "late"}))
        self._counterpart = counterpart
        self._station = station
        self._chance = random.Random(f"{seed} {station}")

    def store(self, copy: Copy) -> None:
        self._counterpart.accept(self._station, copy)
        self.behaviour = attrs.evolve(self.behaviour, late_seconds=self._chance.uniform(0.002, 0.03))


class Counterpart:
    """All ports and the log; `acceptances` is the log in memory, oldest first."""

    def __init__(self, log: Path, stations: Iterable[str], seed: int) -> None:
        self.acceptances: list[Acceptance] = []
        self._log = log.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._ports = {station: _Port(self, station, seed) for station in stations}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        for port in self._ports.values():
            self._stack.enter_context(port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()
        self._log.close()

    def port(self, station: str) -> int:
        return self._ports[station].port

    def accept(self, station: str, copy: Copy) -> None:
        """Take the time under the lock: the order of the log is the order of its times."""
        number = _NUMBER.search(copy.recipients[0])
        with self._lock:
            acceptance = Acceptance(monotonic(), station, int(number[1]) if number else -1)
            self.acceptances.append(acceptance)
            self._log.write(json.dumps({**attrs.asdict(acceptance), "message_id": copy.message_id}) + "\n")
            self._log.flush()

    def first_after(self, at: float, other_than: str) -> Acceptance | None:
        """Return the first message accepted after an instant from another station."""
        for acceptance in reversed(self.acceptances):
            if acceptance.at <= at:
                break
        else:
            acceptance = None
        start = 0 if acceptance is None else self.acceptances.index(acceptance)
        return next((each for each in self.acceptances[start:] if each.at > at and each.station != other_than), None)
