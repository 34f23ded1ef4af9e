"""Children that go wrong in every way, as programs: `python misbehaving.py WAY`."""

import json
import os
import sys
import threading


def say(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def main(way: str) -> None:  # noqa: C901, PLR0912 - a branch for each way
    if way == "ends at once":
        return
    if way == "raises":
        say(event="failed", kind="RuntimeError", text="at every call")
        sys.exit(5)
    if way == "says nonsense":
        sys.stdout.write("Traceback (most recent call last):\n")
        sys.stdout.flush()
        threading.Event().wait()
    if way == "floods":
        while True:
            say(event="unheard-of", text="x" * 10_000)
    if way == "a line without end":
        while True:
            sys.stdout.write("x" * 65_536)
            sys.stdout.flush()
    if way == "never comes up":
        threading.Event().wait()
    if way == "is killed":
        say(event="up", back_end="test")
        os.kill(os.getpid(), 9)
    say(event="up", back_end="test")
    say(event="docking", state="docked", host="")
    if way == "hangs":
        threading.Event().wait()
    for line in sys.stdin:  # a good one, at last
        told = json.loads(line)
        if "ping" in told:
            say(event="pong", number=told["ping"])
        if "face" in told:
            say(event="drawn", picture=told["face"]["picture"], count=1)


if __name__ == "__main__":
    main(sys.argv[1])
