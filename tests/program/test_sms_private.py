"""Personal data of SMS stay where they belong: numbers and texts are in the database and at the gateway, nowhere else.

The whole program is run through what goes wrong, and all that it leaves behind or shows by itself is searched.
"""

import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from gateway_contract import SECRET, Clock
from gateway_server import Asked, Fault, Said
from smpp_programs import PASSWORD
from test_gateway_ovh import CONSUMER, Ovh

from tests.program.leaks import PRIVATE as PRIVATE_EVERYWHERE
from tests.program.leaks import SECRETS, files_below
from tests.program.sample_club import end
from tests.program.sms_club import SmsClub, ovh_settings, sms_club

TEXT = "Confidentiel : séance de Maëlle Kerouredan"
NUMBERS = [f"+3361987{number:04}" for number in range(3000, 3012)]
PRIVATE = re.compile(
    r"Confidentiel|Kerouredan|(?:\+33|\b0|\b33)\D?6\D?19\D?87\D?30|1987300\d|19873\d|STOP Maëlle|"
    + "|".join(map(re.escape, SECRETS))
)
FAULTS = [
    Fault.HTML,
    Fault.LOST_REPLY,
    Fault.INTERNAL_ERROR,
    Fault.WRONG_SHAPE,
    Fault.REDIRECT,
    Fault.EMPTY,
    Fault.RESET_IN_BODY,
]


class Echoing(Ovh):
    """Repeats in its errors what it was sent, as gateways do."""

    def job(self, asked: Asked) -> Said:
        said = super().job(asked)
        job = asked.json()
        if job["receivers"] == [NUMBERS[-1]]:
            return Said(400, {"message": f"cannot send {job['message']} to {job['receivers'][0]}, sorry"})
        return said


@pytest.fixture
def club(tmp_path: Path) -> Iterator[SmsClub]:
    clock = Clock()
    clock.at = datetime.now(UTC)
    with sms_club(tmp_path, Echoing(tmp_path / "gateway.log", clock)) as club:
        club.write_sms_settings(gateway=ovh_settings(club.server.url))
        yield club


def test_numbers_and_texts_are_in_no_log_status_argument_or_traceback(club: SmsClub) -> None:
    vendor = club.vendor
    assert isinstance(vendor, Ovh)
    vendor.faults.extend(FAULTS)
    vendor.incoming[1] = {"id": 1, "sender": NUMBERS[0], "message": "STOP Maëlle", "creationDatetime": None}
    club.write_sms(*NUMBERS, f"{NUMBERS[1]} ou {NUMBERS[2]}", "0619873", body=TEXT)
    club.write_sms(NUMBERS[3], body=TEXT + "\0")
    station = club.start()
    club.wait_until(lambda: not club.rows("SELECT 1 FROM sms WHERE state = 'pending' AND attempts = 0"))
    shown: dict[str, str] = {}
    shown["process arguments"] = " ".join(psutil.Process(station.pid).cmdline())
    assert club.command("restart", "sms")[0] == 0
    for words in ("status", "status --json", "run-now sms", "status --club"):
        _, out, errors = club.command(*words.split())
        shown[words] = out + errors
    for words in ("history", "sms list", "sms list --json", "sms show 1"):
        _, out, errors = club.command(*words.split(), "--config", str(club.settings))
        shown[words] = (out + errors).replace(TEXT, "")  # who asks for one SMS reads its text
    assert club.command("pause", "email", "--reason", TEXT)[0] == 0
    bundle = club.folder / "support.zip"
    words = ("--config", str(club.settings), "--station", "ACCUEIL", "--bundle", str(bundle))
    assert club.command("doctor", *words)[0] in (0, 1)
    assert club.command("resume", "email")[0] == 0
    with zipfile.ZipFile(bundle) as opened:
        assert {"status.json", "history.json", "logs/accueil.log", "settings.txt"} <= set(opened.namelist())
        shown |= {f"bundle {name}": opened.read(name).decode() for name in opened.namelist()}
    assert end(station) in (0, 1)
    texts = {**shown, **dict(files_below(club.home))}
    assert any("answers" in name for name in texts), "the journal is among what was searched"
    assert any(name.endswith(".log") for name in texts)
    assert {name: found[0] for name, text in texts.items() if (found := PRIVATE.search(text))} == {}
    reasons = json.dumps(club.rows("SELECT error FROM sms"), ensure_ascii=False)
    assert PRIVATE.search(reasons) is None, reasons
    assert PRIVATE.search(json.dumps(club.rows("SELECT error FROM outbox_attempt"), ensure_ascii=False)) is None
    assert PRIVATE.search(json.dumps(club.rows("SELECT summary FROM operation_run"), ensure_ascii=False)) is None


def test_the_search_would_find_what_it_searches() -> None:
    for text in (TEXT, "to +33 6 19 87 30 01", "06.19.87.30.01", "33619873004", "0619873001", SECRET, CONSUMER):
        assert PRIVATE.search(text), text


def test_the_search_of_every_other_test_would_find_what_it_searches_and_nothing_else() -> None:
    numbers = ("+33698760001", "0033698760001", "33698760001", "+33 6 98 76 00 01", "06 98 76 00 01", "06.98.76.00.01")
    bodies = ("m1@example.org", "Cours annulé", "Stop svp")
    keys = (SECRET, CONSUMER, PASSWORD, "Bearer key-of-the-club-0123456789")
    for text in (*numbers, *bodies, *keys):
        assert PRIVATE_EVERYWHERE.search(f"12:30 {text}, then"), text
    for text in ("<club@example.org>", "17323698760001000", "2026-11-24T06:40:00.123456", "*** 01"):
        assert PRIVATE_EVERYWHERE.search(text) is None, text
