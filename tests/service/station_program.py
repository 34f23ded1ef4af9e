"""A station's program reduced to its outer parts: lock, key, control channel. Run by the tests as a real process."""

import json
import os
import sys
import threading
from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import Any, assert_never

from config.sentence import SentenceError
from service.channel.handshake import make_key
from service.channel.requests import LookForLeases, Pause, Restart, Resume, RunNow, ShowStatus, Stop, Watch, parse
from service.channel.server import Answer, ControlServer
from service.instance import AlreadyRunning, acquire
from service.paths import folders

SAMPLE = json.loads((Path(__file__).parent / "status_sample.json").read_text(encoding="utf-8"))


def pausing(message: Pause | Resume) -> Answer:
    if isinstance(message, Resume):
        return {"operation": message.operation, "resumed": message.operation == "email"}
    until = None if message.seconds is None else "2026-11-24T15:00:00+01:00"
    return {"operation": message.operation, "paused_until": until, "reason": "paused"}


def main(station: str, state: str) -> int:  # noqa: C901 - one case for each request
    home = folders()
    try:
        instance = acquire(station, datetime.now().astimezone(), home)
    except AlreadyRunning as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    asked_to_stop = threading.Event()

    def handle(request: dict[str, Any], language: str) -> Answer | Generator[Answer, None, Answer]:
        message = parse(request)
        match message:
            case ShowStatus() | Watch():  # this program never changes, and needs not wait
                status = {**SAMPLE, "station": station, "state": state, "pid": os.getpid()}
                return status if isinstance(message, ShowStatus) else {"seen": "", "status": status}
            case Restart("email"):
                return {"path": "email", "state": "running", "incarnation": 2}
            case Restart(actor):
                raise SentenceError("no actor {path}, did you mean email?", path=actor)
            case RunNow():
                return steps(message)
            case Stop():
                asked_to_stop.set()
                return {"stopping": True, "pid": os.getpid()}
            case LookForLeases():
                return {"told": True}
            case Pause() | Resume():
                return pausing(message)
            case _:
                assert_never(message)

    def steps(run: RunNow) -> Generator[Answer, None, Answer]:
        yield {"message": "2 e-mails due", "fraction": 0.5}
        outcome = "failed" if run.operation == "sms" else "ok"
        return {"outcome": outcome, "seconds": 0.2, "summary": "dry" if run.dry_run else "2 e-mails envoyés"}

    server = ControlServer(instance.holder.address, make_key(home), handle)
    server.start()
    sys.stdout.write("up\n")
    sys.stdout.flush()
    asked_to_stop.wait()
    server.close()
    instance.release()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
