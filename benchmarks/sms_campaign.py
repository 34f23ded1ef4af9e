"""Shows what five urgent SMS wait for in the middle of a campaign of 20,000, and what memory the campaign takes.

    sh benchmarks/run sms_campaign [--count 20000]

The gateway is a process of its own that answers at once. When a third has left, five urgent ones are written by plain
SQL; counted is how many SMS of the campaign leave after that and before each of them, and in what time. Memory is the
process's resident set at each tenth of the way; the measuring itself keeps nothing of what left.
"""

import argparse
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
from sms_http_request import TEXT
from sms_room import Room
from sms_throughput import gateway

from actors.delivery.reins import Reins

URGENT = [f"+3361122330{number}" for number in range(5)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    count = parser.parse_args().count
    process = psutil.Process()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        room = Room(folder, stack.enter_context(gateway("http", folder)))
        stack.callback(room.close)
        room.write((f"+3369{number:07}", TEXT, 2) for number in range(10_000_000 - count, 10_000_000))
        left = 0
        before: list[int] = []
        waits: list[float] = []
        memory: list[float] = []
        send = room.courier.send
        written_at, left_when_written = 0.0, 0

        def watched(parcel, mark):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            nonlocal left
            if parcel.sms.recipient in URGENT:
                before.append(left - left_when_written)
                waits.append(time.perf_counter() - written_at)
            else:
                left += 1
            if left % (count // 10) == 1:
                memory.append(process.memory_info().rss / 1e6)
            return send(parcel, mark)

        room.courier.send = watched  # type: ignore[method-assign]

        def goes_on() -> bool:
            nonlocal written_at, left_when_written
            if not written_at and left >= count // 3:
                room.write((number, "Cours annulé", 0) for number in URGENT)
                written_at, left_when_written = time.perf_counter(), left
            return True

        began = time.perf_counter()
        tally = room.run(Reins(goes_on))
        seconds = time.perf_counter() - began
    print(f"campaign: {tally.as_counters()} in {seconds:.1f} s, {tally.sent / seconds:.0f} SMS/s")
    print(f"urgent: after {before[0]} to {before[-1]} others, {min(waits):.2f} to {max(waits):.2f} s after the INSERT")
    tenths = ", ".join(f"{each:.1f}" for each in memory)
    print(f"memory: {tenths} MB at each tenth of the way")


if __name__ == "__main__":
    main()
