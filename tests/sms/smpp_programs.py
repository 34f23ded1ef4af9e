"""Runs the message centre of smpp_server.js for a test: the npm package smpp on node, on a free port."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from kannel_programs import wait_until

from actors.sms.adapters.smpp.transport import SmppTransport

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ROOT / "build/smpp-server"
"""Where tools/test-packages puts the npm packages."""
SCRIPT: Final = Path(__file__).with_name("smpp_server.js")
IS_THERE: Final = shutil.which("node") is not None and (PACKAGES / "node_modules/smpp").exists()
NEEDS: Final = "needs node and the npm package smpp: sh tools/test-packages"
PASSWORD: Final = "s3cr3t-1"
Make = Callable[..., SmppTransport]
LONG = "Le cours de 18 h est annulé: " + "à bientôt dans l'eau! ".replace("ô", "o") * 20
SHORT_TIMEOUT = timedelta(milliseconds=300)


class MessageCentre:
    """A running server. `events` is all it said, in order."""

    def __init__(self, **options: Any) -> None:
        chosen = {"systemId": "club", "password": PASSWORD, **options}
        self._program = subprocess.Popen(
            ["node", str(SCRIPT), json.dumps(chosen)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"NODE_PATH": str(PACKAGES / "node_modules")},
        )
        self.events: list[dict[str, Any]] = []
        self._number = 0
        self._reader = threading.Thread(target=self._read, name="smpp server", daemon=True)
        self._reader.start()
        wait_until(lambda: self.said("listening"), "the SMPP server does not start")
        self.port: int = self.said("listening")[0]["port"]

    def said(self, event: str) -> list[dict[str, Any]]:
        return [each for each in list(self.events) if each["event"] == event]

    def told(self, event: str) -> list[dict[str, Any]]:
        """Return what it has said by now; `said` knows only of what was read by now."""
        self.order("ping")
        return self.said(event)

    def copies(self) -> list[dict[str, Any]]:
        """Return what reached telephones."""
        return self.told("copy")

    def order(self, order: str, **how: Any) -> None:
        """Give an order, and return once it was done."""
        self._number += 1
        number = self._number
        assert self._program.stdin is not None
        self._program.stdin.write(json.dumps({"order": order, "number": number, **how}) + "\n")
        self._program.stdin.flush()
        wait_until(
            lambda: any(each["number"] == number for each in self.said("done")), f"the SMPP server did not {order}"
        )

    def fault(self, kind: str, **how: Any) -> None:
        self.order("fault", kind=kind, **how)

    def stop(self) -> None:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.kill()
        self._program.wait()
        self._reader.join()
        self._program.stdin.close()
        self._program.stdout.close()

    def _read(self) -> None:
        assert self._program.stdout is not None
        for line in self._program.stdout:
            self.events.append(json.loads(line))


@contextmanager
def message_centre(**options: Any) -> Iterator[MessageCentre]:
    """Run one while the block runs."""
    centre = MessageCentre(**options)
    try:
        yield centre
    finally:
        centre.stop()


def joined(copies: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return number and text of each SMS, its parts joined as a telephone does."""
    whole: dict[Any, list[str]] = {}
    for place, copy in enumerate(copies):
        how = copy["udh"][0][:-2] if copy["udh"] else str(copy["sar"][:2]) if copy["sar"] else place
        whole.setdefault((copy["to"], how), []).append(copy["text"])
    return [(to, "".join(texts)) for (to, _), texts in whole.items()]
