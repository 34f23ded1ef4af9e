"""The real `database init`, that dies or waits right after its step N: dying_upgrade.py wait N WORD… | each WORD…"""

import io
import os
import signal
import sys
from contextlib import redirect_stdout
from typing import Any

from sqlalchemy import Engine, event

from service.command_line import main

STEPS = ("CREATE TABLE", "CREATE INDEX", "CREATE UNIQUE INDEX", "ALTER TABLE", "INSERT INTO CLUB_SCHEMA")


def at(step: int, way: str) -> None:
    """Do it `way` after that step of the upgrade."""
    done = 0

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal done
        if not statement.lstrip().upper().startswith(STEPS):
            return
        done += 1
        if done == step and way == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        elif done == step:
            sys.stdout.write("there\n")
            sys.stdout.flush()
            sys.stdin.readline()

    event.listen(Engine, "after_cursor_execute", count)


def each(words: list[str]) -> None:
    """Read step after step, have a process of its own die at each, and say how it ended: 0, or minus its signal."""
    with redirect_stdout(io.StringIO()):
        main([*words, "--sql"])  # loads all that there is to load, and opens nothing
    for line in sys.stdin:
        child = os.fork()  # of a program that has opened nothing yet: what is started once needs not be for each
        if child == 0:
            at(int(line), "die")
            os._exit(main(words))
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "each":
        each(sys.argv[2:])
    else:
        at(int(sys.argv[2]), sys.argv[1])
        sys.exit(main(sys.argv[3:]))
