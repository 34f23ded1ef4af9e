"""Shows what five urgent SMS wait for in the middle of a campaign of 20,000, and what memory the campaign takes.

    sh benchmarks/run sms_campaign [--count 20000]

The gateway is a process of its own that answers at once. When half has left, five urgent ones are written by plain SQL;
counted is how many SMS of the campaign leave after that and before each of them, in what time, and how many claims are
made until the one that takes them. Memory is the process's resident set at each tenth of the way; the measuring itself
keeps nothing of what left. Ends with 1 when not every SMS was sent, the urgent ones are not in the next claim, or
memory grows by more than a tenth after the first tenth of the way.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import attrs
import psutil
from sms_http_request import TEXT
from sms_room import Room
from sms_throughput import gateway

from actors.delivery.courier import Result
from actors.delivery.reins import Reins
from actors.sms.courier import Parcel
from club import Message

URGENT = [f"+3361122330{number}" for number in range(5)]
FIRST = 7_600_000
"""+33 6 97 60 00 00. The range's end, +33 6 99 99 99 99, is refused as a number that is typed when there is none."""


@attrs.define
class Watch:
    """What is noted while the campaign leaves."""

    tenth: int
    left: int = 0
    written_at: float = 0.0
    left_when_written: int = 0
    claims: int = 0
    claims_when_written: int = 0
    before: list[int] = attrs.field(factory=list)
    waits: list[float] = attrs.field(factory=list)
    claims_until: list[int] = attrs.field(factory=list)
    memory: list[float] = attrs.field(factory=list)
    _process: psutil.Process = attrs.field(factory=psutil.Process)

    def written(self) -> None:
        self.written_at, self.left_when_written, self.claims_when_written = time.perf_counter(), self.left, self.claims

    def leaves(self, parcel: Parcel) -> None:
        if parcel.sms.recipient in URGENT:
            self.before.append(self.left - self.left_when_written)
            self.waits.append(time.perf_counter() - self.written_at)
            self.claims_until.append(self.claims - self.claims_when_written)
            return
        self.left += 1
        if self.left % self.tenth == 0:
            self.memory.append(self._process.memory_info().rss / 1e6)


def watched(room: Room, watch: Watch) -> None:
    """Have all that leaves and is claimed in a room noted."""
    send, claim = room.courier.send, room.outbox.claim

    def sending(parcel: Parcel, mark: Callable[[], bool]) -> Result:
        watch.leaves(parcel)
        return send(parcel, mark)

    def claiming(limit: int = 100) -> list[Message]:
        watch.claims += 1
        return claim(limit)

    room.courier.send = sending  # type: ignore[method-assign]
    room.outbox.claim = claiming  # type: ignore[method-assign]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    count = parser.parse_args().count
    watch = Watch(count // 10)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        room = Room(folder, stack.enter_context(gateway("http", folder)))
        stack.callback(room.close)
        room.write((f"+3369{number:07}", TEXT, 2) for number in range(FIRST, FIRST + count))
        watched(room, watch)

        def goes_on() -> bool:
            if not watch.written_at and watch.left >= count // 2:
                room.write((number, "Cours annulé", 0) for number in URGENT)
                watch.written()
            return True

        began = time.perf_counter()
        tally = room.run(Reins(goes_on))
        seconds = time.perf_counter() - began
    print(f"campaign: {tally.as_counters()} in {seconds:.1f} s, {tally.sent / seconds:.0f} SMS/s")
    print(
        f"urgent: after {watch.before[0]} to {watch.before[-1]} others, {min(watch.waits):.2f} to "
        f"{max(watch.waits):.2f} s after the INSERT, in claim {set(watch.claims_until)} after it"
    )
    tenths = ", ".join(f"{each:.1f}" for each in watch.memory)
    print(f"memory: {tenths} MB at each tenth of the way")
    is_flat = max(watch.memory) <= 1.1 * watch.memory[0]
    is_next = set(watch.claims_until) == {1} and len(watch.before) == len(URGENT)
    return 0 if tally.as_counters() == {"sent": count + len(URGENT)} and is_next and is_flat else 1


if __name__ == "__main__":
    sys.exit(main())
