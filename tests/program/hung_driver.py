"""The program over a driver that never comes back while a file lies beside it.

python hung_driver.py FILE PAUSE COMMAND …: it hangs in what the file says, `connect` or `execute`, and PAUSE are the
seconds after which it is taken for hung, or tried again.
"""

import sys
import threading
from pathlib import Path
from typing import Any

import pyodbc
from sqlalchemy.engine.default import DefaultDialect

from actors.email import operation as email
from actors.registry import plan
from club import database, lease, turns
from club.dialect import dialing
from service.command_line import main

FLAG = Path(sys.argv[1])
_connect = pyodbc.connect


_execute = DefaultDialect.do_execute


def hang_when_told(where: str) -> None:
    if FLAG.exists() and FLAG.read_text("utf-8") == where:
        threading.Event().wait()


def connect(*args: Any, **options: Any) -> Any:
    hang_when_told("connect")
    return _connect(*args, **options)


def execute(self: DefaultDialect, cursor: Any, statement: str, *more: Any, **options: Any) -> None:
    hang_when_told("execute")
    _execute(self, cursor, statement, *more, **options)  # type: ignore[no-untyped-call]


pyodbc.connect = connect
DefaultDialect.do_execute = execute  # type: ignore[method-assign]
PAUSE_SECONDS = float(sys.argv[2])
dialing._FIRST_HUNG_PAUSE_SECONDS = PAUSE_SECONDS  # type: ignore[misc]
plan._HANG_SECONDS = email._DATABASE_SECONDS = PAUSE_SECONDS  # type: ignore[misc]
database._HUNG_SECONDS = turns._HUNG_SECONDS = PAUSE_SECONDS  # type: ignore[misc]
lease._TURN_SECONDS = PAUSE_SECONDS / 3  # type: ignore[misc]
sys.argv[1:3] = []
sys.exit(main())
