"""A gateway of nobody's, for tests of the whole program: takes SMS, tells their fate, finds them by our reference.

    python club_gateway.py --log FILE [--port N]     prints its port; ends when its input is closed

The log has one line for each copy. `SETTINGS` is what stands in the settings file for it.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from gateway_server import Asked, Fault, Said, Vendor, serving

SETTINGS: Final = """\
[sms.gateway]
kind = "http"
provider = "generic"
name = "ClubGate"
url = "{url}/sms"
headers = {{ Authorization = "Bearer key-of-the-club-0123456789" }}
json = '{{"to": "{{to}}", "text": "{{text}}", "ref": "{{reference}}"}}'
timeout = "{timeout}"
[sms.gateway.reply]
accepted = "id"
id = "id"
error = "error.message"
account_error = "error.account"
[sms.gateway.status]
url = "{url}/status/{{id}}"
state = "status"
reason = "reason"
[sms.gateway.look_up]
url = "{url}/by-reference/{{reference}}"
id = "id"
state = "status"
absent_after = "{absent_after}"
"""


def settings_for(url: str, *, timeout: str = "5s", absent_after: str = "1s") -> str:
    """Return the tables of the settings file."""
    return SETTINGS.format(url=url, timeout=timeout, absent_after=absent_after)


class ClubGateway(Vendor):
    """Takes JSON; remembers each SMS under its own name and under ours."""

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self.states: dict[str, dict[str, Any]] = {}
        self.taken = 0

    def is_sending(self, asked: Asked) -> bool:
        return asked.method == "POST"

    def answer(self, asked: Asked) -> Said:
        if asked.headers.get("authorization") != "Bearer key-of-the-club-0123456789":
            return Said(401, {"error": {"message": "bad key", "account": True}})
        if asked.method == "GET":
            found = self.states.get(asked.path.rpartition("/")[2])
            return Said(404, {}) if found is None else Said(200, found)
        sms = asked.json()
        if not self.has_credit:
            return Said(402, {"error": {"message": "no credit left", "account": True}})
        if sms["to"] == self.REFUSED_NUMBER:
            return Said(400, {"error": {"message": f"cannot send to {sms['to']}"}})
        self.taken += 1
        name = str(7000 + self.taken)
        self.states[name] = self.states[sms["ref"]] = {"id": name, "status": "queued"}
        self.store(sms["to"], sms["text"], sms["ref"])
        return Said(202, {"id": name})

    def becomes(self, reference: str, status: str, reason: str | None = None) -> None:
        """Let an SMS that it took be delivered, or failed with a reason."""
        self.states[reference] |= {"status": status, "reason": reason}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--lost-replies", type=int, default=0)
    options = parser.parse_args()
    vendor = ClubGateway(options.log)
    vendor.faults.extend([Fault.LOST_REPLY] * options.lost_replies)
    with serving(vendor) as server:
        print(server.server_port, flush=True)  # noqa: T201 - who starts it reads it
        sys.stdin.read()


if __name__ == "__main__":
    main()
