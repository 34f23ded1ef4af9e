"""Shows how much of what is uncertain is settled by itself within ten minutes, for each kind of gateway.

    sh benchmarks/run sms_settled [octopush|ovh|twilio|brevo|generic|kannel|smsmode|smpp|modem ...] [--sms 40]

The answer to every SMS is lost: half of them have left, half never arrived. Then ten minutes pass on a simulated clock:
in each one the operation asks what it can ask and sends what may be sent, as the program does, and in the third one the
operator reports what it delivered, where that is how a gateway tells. All gateways are the tests' counterparts, judged
by their own log of copies. "allowed" is what the provider can tell at all: that it had one, by look-up or by a report
with our reference; that it never had one, only where it can be asked. The rest is for a person, as every uncertain
e-mail is: SMTP has no question to ask. Ends with 1 when less than 95 % of what is allowed is settled, or anything is
doubled or settled wrongly.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import attrs
from gateway_contract import SECRET, Clock, GatewayContract
from gateway_server import Fault, serving
from kannel_programs import free_ports
from modem_at import Fault as ModemFault
from modem_rig import HURRIED
from modem_simulator import SimulatedModem
from smpp_programs import IS_THERE, NEEDS, PASSWORD, message_centre
from sms_fixtures import Room
from test_gateway_brevo import TestBrevo
from test_gateway_generic import TestGenericJson
from test_gateway_kannel import Kannel, TestKannel, call
from test_gateway_octopush import TestOctopush
from test_gateway_ovh import TestOvh
from test_gateway_smsmode import TestSmsmode
from test_gateway_twilio import TestTwilio

from actors.sms.adapters.http.roster import gateway_for
from actors.sms.adapters.modem.settings import ModemSettings
from actors.sms.adapters.modem.transport import ModemTransport
from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.adapters.smpp.transport import SmppTransport
from actors.sms.transport import CanLookUp, Transport
from config.secret import Secret

MINUTES = 10
REPORTED_IN = 3
LEAST = 0.95
LEFT = ("sent", "delivered", "failed")


@attrs.frozen
class Side:
    """A gateway: the transport to it, who got copies, what it can tell, and what happens there as time passes."""

    transport: Transport
    copies: Callable[[], list[str]]
    lose: Callable[[int], object]
    """Have the answers to so many SMS lost; those at even places leave."""
    tells_copies: bool = True
    tells_absence: bool = False
    time_is: Callable[[], object] = lambda: None
    report: Callable[[], object] = lambda: None


@contextmanager
def over_http(contract: GatewayContract, folder: Path, room: Room) -> Iterator[Side]:
    clock = Clock()

    def time_is() -> None:
        clock.at = room.now()

    time_is()
    if isinstance(contract, TestKannel):
        [contract.port] = free_ports(1)
    vendor = contract.make_vendor(folder / "copies", clock)

    def report() -> None:
        for address in vendor.report_addresses if isinstance(vendor, Kannel) else ():
            for kind in ("8", "1"):  # taken by the operator's centre, delivered
                call(address.replace("%d", kind).replace("%A", ""))

    with serving(vendor) as server:
        gateway = gateway_for(contract.settings(server.url, SECRET, timeout=timedelta(seconds=5)))
        gateway.now = clock
        yield Side(
            gateway,
            lambda: [copy["to"] for copy in vendor.copies()],
            lambda count: vendor.faults.extend(islice(cycle((Fault.LOST_REPLY, Fault.INTERNAL_ERROR)), count)),
            isinstance(gateway, CanLookUp),
            contract.proves_absence or gateway.may_send_when_asked,
            time_is,
            report,
        )
        gateway.close()


@contextmanager
def over_smpp(_folder: Path, _room: Room) -> Iterator[Side]:
    with message_centre() as centre:

        def lose(count: int) -> None:
            for kind in islice(cycle(("lost", "lost_unstored")), count):
                centre.fault(kind)

        def report() -> None:
            for copy in centre.copies():
                centre.order("receipt", id=copy["id"], stat="DELIVRD", to=copy["to"], own=copy["own"])

        transport = SmppTransport(
            SmppSettings(
                kind="smpp",
                host="127.0.0.1",
                port=centre.port,
                system_id="club",
                password=Secret(PASSWORD),
                timeout=timedelta(milliseconds=500),
            )
        )
        yield Side(transport, lambda: [copy["to"] for copy in centre.copies()], lose, report=report)
        transport.close()


@contextmanager
def by_modem(folder: Path, room: Room) -> Iterator[Side]:
    simulated = SimulatedModem(folder / "modem", folder / "air")
    simulated.modem.holds_reports = True
    faults = (ModemFault.LYING, ModemFault.FAILED, ModemFault.LOST_RESULT, ModemFault.LOST_UNSENT)

    def lose(count: int) -> None:
        with simulated.lock:
            simulated.modem.faults.extend(islice(cycle(faults), count))

    def report() -> None:
        with simulated.lock:
            for pdu in simulated.modem.held_reports:
                simulated.modem.tell_report(pdu)

    settings = ModemSettings(kind="modem", port=str(simulated.link), answer_within=timedelta(milliseconds=700))
    transport = ModemTransport(settings, folder, now=room.now, patience=HURRIED)
    yield Side(transport, lambda: [each["to"] for each in simulated.air()], lose, report=report)
    transport.close()
    simulated.close()


Open = Callable[[Path, Room], AbstractContextManager[Side]]
KINDS: dict[str, Open] = {
    "octopush": partial(over_http, TestOctopush()),
    "ovh": partial(over_http, TestOvh()),
    "twilio": partial(over_http, TestTwilio()),
    "brevo": partial(over_http, TestBrevo()),
    "generic": partial(over_http, TestGenericJson()),
    "kannel": partial(over_http, TestKannel()),
    "smsmode": partial(over_http, TestSmsmode()),
    "smpp": over_smpp,
    "modem": by_modem,
}


def measured(kind: str, count: int) -> bool:
    """Print what came of a kind's uncertain SMS, and return whether all is well."""
    numbers = [f"+3369876{number:04}" for number in range(count)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        room = Room(folder)
        stack.callback(room.close)
        side = stack.enter_context(KINDS[kind](folder, room))
        room.transport = side.transport  # type: ignore[assignment]  # in place of the one with a script
        room.courier = room.another()
        side.lose(count)
        room.write(*numbers)
        if room.run().uncertain != count:
            raise RuntimeError(f"{kind}: not every answer was lost: {room.tally.as_counters()}")
        left_by = []
        had = {f"+{each.lstrip('+')}" for each in side.copies()}
        for minute in range(1, MINUTES + 1):
            room.ahead += timedelta(minutes=1)
            room.seconds += 60
            side.time_is()
            if minute == REPORTED_IN:
                side.report()
            room.run()
            left_by.append(sum(1 for (state,) in room.rows("state") if state == "uncertain"))
        return shown(kind, side, had, dict(room.rows("number, state")), left_by)


def shown(kind: str, side: Side, had: set[str], states: dict[str, str], left_by: list[int]) -> bool:
    copies = Counter(f"+{each.lstrip('+')}" for each in side.copies())
    never = states.keys() - had
    settled_had = sum(1 for number in had if states[number] in LEFT)
    settled_never = sum(1 for number in never if states[number] in LEFT)
    wrong = sum(
        1 for number, state in states.items() if state != "uncertain" and (state in LEFT) != (copies[number] > 0)
    )
    doubled = sum(1 for each in copies.values() if each > 1)
    allows = side.tells_copies * len(had) + side.tells_absence * len(never)
    settled = side.tells_copies * settled_had + side.tells_absence * settled_never
    share = settled / allows if allows else 1.0
    last = next((minute for minute, left in enumerate(left_by, 1) if left == left_by[-1]), MINUTES)
    said = f"{share:.0%} of {allows}, in minute {last}" if allows else "nothing: it can be asked by its own name only"
    print(
        f"{kind:<10} {f'{settled_had}/{len(had)}':>9} {f'{settled_never}/{len(never)}':>14} {left_by[-1]:>11} "
        f"{doubled:>8} {wrong:>6}   {said}",
        flush=True,
    )
    return share >= LEAST and not doubled and not wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=[[], *KINDS], default=[])
    parser.add_argument("--sms", type=int, default=40)
    options = parser.parse_args()
    columns = f"{'had left':>9} {'never arrived':>14} {'for people':>11} {'doubled':>8} {'wrong':>6}"
    print(f"{'settled:':<10} {columns}   of what is allowed")
    is_well = True
    for kind in options.kinds or KINDS:
        if kind == "smpp" and not IS_THERE:
            print(NEEDS)
            continue
        is_well &= measured(kind, options.sms)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
