"""The real `database init`, that dies or waits right after its step N: dying_upgrade.py die|wait N WORD…"""

import os
import signal
import sys
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


if __name__ == "__main__":
    at(int(sys.argv[2]), sys.argv[1])
    sys.exit(main(sys.argv[3:]))
