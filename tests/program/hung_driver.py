"""The program over a driver that never comes back from connecting while a file lies beside it.

python hung_driver.py FILE PAUSE COMMAND …: PAUSE are the seconds after which such a driver is tried again.
"""

import sys
import threading
from pathlib import Path
from typing import Any

import pyodbc

from club.dialect import dialing
from service.command_line import main

FLAG = Path(sys.argv[1])
_connect = pyodbc.connect


def connect(*args: Any, **options: Any) -> Any:
    if FLAG.exists():
        threading.Event().wait()
    return _connect(*args, **options)


pyodbc.connect = connect
dialing._FIRST_HUNG_PAUSE_SECONDS = float(sys.argv[2])  # type: ignore[misc]
sys.argv[1:3] = []
sys.exit(main())
