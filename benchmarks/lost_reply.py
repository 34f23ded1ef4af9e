"""Counts copies when a reply is lost, comes too late or lies, and what the next message waits for; the peers beside it.

    sh benchmarks/run lost_reply [smtp] [http] [smpp] [modem] [yagmail] [postfix] [gammu-smsd] [--rounds 5]

The other side stores a message and then: cuts the line (lost), answers after the time limit (late), or says that it has
failed (lying). Two messages wait; "next" is the time from the first copy of the first to the copy of the second, less
the time limit that is waited for where the reply does not come: 1 s, by a modem the 40 s of the settings' default
(within which the answer of a network may well come), which is shown. "then" is what has become of the first after the
operation has asked once more. Ours is the operation over a club database, its transport and its settings; each way has
its counterpart in this process. The peers are in lost_reply_peers.py. Ends with 1 when ours makes another copy, loses
the second, or lets it wait for a second (by a modem: a minute in all).
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
from copies_seen import CopiesSeen
from email_fixtures import delivery
from faulty_smtp import Behaviour, FaultySmtp
from gateway_contract import SECRET
from gateway_server import Fault, serving
from lost_reply_peers import PEERS
from modem_at import Fault as ModemFault
from modem_simulator import SimulatedModem
from smpp_programs import IS_THERE, NEEDS, PASSWORD, message_centre
from sms_room import Room
from test_gateway_generic import JsonVendor, TestGenericJson

from actors.delivery.tally import Tally
from actors.email.adapters.smtp import SmtpSession
from actors.email.settings import EmailSettings, Security, SmtpSettings
from actors.sms.adapters.modem.settings import ModemSettings
from actors.sms.adapters.smpp.settings import SmppSettings
from club import EMAIL, Database, Lease, Outbox
from club.migrations import initialise
from config.secret import Secret

FIRST, NEXT = "+33698760001", "+33698760002"
LIMIT = timedelta(seconds=1)
LATE_SECONDS = 1.5


@attrs.frozen
class Round:
    """What came of two messages: copies of the first, seconds until the second, and both states at the end."""

    copies: int
    seconds: float
    states: tuple[str, str]


@attrs.frozen
class Case:
    """A way, what goes wrong, how long is waited for the reply, and one round of it in a folder."""

    way: str
    wrong: str
    limit_seconds: float
    play: Callable[[Path], Round]
    next_within: float = 1.0

    @property
    def name(self) -> str:
        return f"Heitz Service, {self.way}"


@attrs.frozen
class OtherSide:
    """What SMS leave to: the gateway's settings, who got copies, and what is said when the time limit is over."""

    gateway: Any
    copies: Callable[[], list[str]]
    say_late: Callable[[], object] = lambda: None


def of_emails(wrong: str) -> Callable[[Path], Round]:
    first, following = f"dot-{wrong}@example.org", "next@example.org"

    def play(folder: Path) -> Round:
        database = Database(f"sqlite:///{folder / 'club.db'}")
        initialise(database)
        lease = Lease(database, "email", "BENCH", "bench")
        lease.acquire()
        outbox = Outbox(database, EMAIL, lease)
        outbox.recover()
        for each in (first, following):
            write(database, each)
        with FaultySmtp(Behaviour(late_seconds=LATE_SECONDS)) as server, CopiesSeen(server.recipients) as seen:
            smtp = SmtpSettings(
                host="127.0.0.1",
                port=server.port,
                security=Security.NONE,
                sender="club@example.org",
                acceptance_timeout=LIMIT,
            )
            settings = EmailSettings(station="BENCH", smtp=smtp)
            for _ in range(2):  # the second run must find nothing to do
                with SmtpSession(smtp) as session:
                    delivery(outbox, session, settings, lambda: True, Tally()).run()
            seen.wait_for(following, 10)
        states = tuple(
            row for (row,) in database.read(lambda each: each.exec_driver_sql("SELECT state FROM email ORDER BY id"))
        )
        database.dispose()
        return Round(seen.count(first), seen.between(first, following), (states[0], states[1]))

    return play


def write(database: Database, recipient: str) -> None:
    statement = "INSERT INTO email (recipient, subject, text_body) VALUES (?, 'Séance', 'Bonjour')"
    database.write(lambda connection: connection.exec_driver_sql(statement, (recipient,)).rowcount)


@contextmanager
def http(folder: Path, fault: Fault) -> Iterator[OtherSide]:
    vendor = JsonVendor(folder / "copies")
    vendor.late_seconds = LATE_SECONDS
    vendor.faults.append(fault)
    with serving(vendor) as server:
        yield OtherSide(
            TestGenericJson().settings(server.url, SECRET, timeout=LIMIT),
            lambda: [copy["to"] for copy in vendor.copies()],
        )


@contextmanager
def smpp(_folder: Path, fault: str) -> Iterator[OtherSide]:
    with message_centre() as centre:
        centre.fault(fault)
        yield OtherSide(
            SmppSettings(
                kind="smpp",
                host="127.0.0.1",
                port=centre.port,
                system_id="club",
                password=Secret(PASSWORD),
                timeout=LIMIT,
            ),
            lambda: [f"+{copy['to'].lstrip('+')}" for copy in centre.said("copy")],
            lambda: centre.order("answer_late"),
        )


@contextmanager
def modem(folder: Path, fault: ModemFault) -> Iterator[OtherSide]:
    simulated = SimulatedModem(folder / "modem", folder / "air")
    simulated.modem.faults.append(fault)
    try:
        yield OtherSide(
            ModemSettings(kind="modem", port=str(simulated.link)),
            lambda: [f"+{each['to'].lstrip('+')}" for each in simulated.air()],
        )
    finally:
        simulated.close()


def of_sms(way: Callable[[Path, Any], Any], fault: Any) -> Callable[[Path], Round]:
    def play(folder: Path) -> Round:
        with ExitStack() as stack:
            other = stack.enter_context(way(folder, fault))
            room = Room(folder, other.gateway)
            stack.callback(room.close)
            seen = stack.enter_context(CopiesSeen(other.copies))
            room.write((number, "Cours annulé", 1) for number in (FIRST, NEXT))
            room.run()
            other.say_late()
            room.courier.before_run(Tally())
            room.run()  # must find nothing to do
            seen.wait_for(NEXT, 10)
            read = room.database.read(lambda each: each.exec_driver_sql("SELECT state FROM sms ORDER BY id").all())
            return Round(seen.count(FIRST), seen.between(FIRST, NEXT), (read[0][0], read[1][0]))

    return play


_S, _M = LIMIT.total_seconds(), 40.0
CASES = (
    Case("smtp", "lost", 0, of_emails("close")),
    Case("smtp", "late", _S, of_emails("late")),
    Case("http", "lost", 0, of_sms(http, Fault.LOST_REPLY)),
    Case("http", "late", _S, of_sms(http, Fault.LATE_REPLY)),
    Case("http", "lying", 0, of_sms(http, Fault.BAD_GATEWAY_AFTER)),
    Case("smpp", "lost", 0, of_sms(smpp, "lost_drop")),
    Case("smpp", "late", _S, of_sms(smpp, "late")),
    Case("modem", "lost", _M, of_sms(modem, ModemFault.LOST_RESULT), 60 - _M),
    Case("modem", "late", _M, of_sms(modem, ModemFault.LATE), 60 - _M),
    Case("modem", "lying", 0, of_sms(modem, ModemFault.LYING), 60),
)


def measured(case: Case, rounds: int) -> bool:
    """Print what came of some rounds, and return whether all is well."""
    found: list[Round] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            found.append(case.play(Path(name)))
    waits = [max(0.0, each.seconds - case.limit_seconds) for each in found]
    copies = sorted({each.copies for each in found})
    became = sorted({each.states[0] for each in found})
    show(case.name, case.wrong, "/".join(map(str, copies)), statistics.median(waits), case.limit_seconds, became)
    is_right = all(each.states[0] in ("uncertain", "sent", "delivered") for each in found)
    are_next_sent = all(each.states[1] in ("sent", "delivered") for each in found)
    return copies == [1] and is_right and are_next_sent and max(waits) < case.next_within


def show(name: str, wrong: str, copies: str, wait: float | None, limit: float, became: list[str]) -> None:
    after = "never seen" if wait is None else f"{wait:.2f} s"
    print(f"{name:<24} {wrong:<6} {copies:>6} {after:>11} {limit:>7.0f} s   {', '.join(became)}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    ways = [*dict.fromkeys(case.way for case in CASES), *PEERS]
    parser.add_argument("ways", nargs="*", choices=[[], *ways], default=[])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{'':<24} {'reply':<6} {'copies':>6} {'next':>11} {'limit':>9}   then")
    is_well = True
    for way in options.ways or ways:
        if way == "smpp" and not IS_THERE:
            print(NEEDS)
            continue
        for case in CASES:
            if case.way == way:
                is_well &= measured(case, 1 if way == "modem" else options.rounds)
        for seen in PEERS[way]() if way in PEERS else ():
            show(seen.name, seen.wrong, str(seen.copies), seen.seconds, seen.limit_seconds, [seen.said])
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
