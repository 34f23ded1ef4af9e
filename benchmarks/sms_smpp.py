"""Measures SMS per second by SMPP: smpplib's client as it comes, one at a time, and ours with mark and all its care.

Both send the same text over one connection to the same message centre, a process of its own that answers each submit_sm
at once; in turns, several rounds, the best of each counts, for the machine is shared. Nothing is written.
"""

import argparse
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import smpplib.client

from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.adapters.smpp.transport import SmppTransport
from actors.sms.transport import Accepted, Sms
from config.secret import Secret

SERVER = """
import socket, struct
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
names = 0
while True:
    client, _ = listener.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    read = b""
    while piece := client.recv(65536):
        read += piece
        while len(read) >= 16:
            length, command, _, sequence = struct.unpack_from(">4I", read)
            if len(read) < length:
                break
            read = read[length:]
            names += 1
            body = {4: b"%d\\0" % names, 2: b"T\\0", 9: b"T\\0"}.get(command, b"")
            client.sendall(struct.pack(">4I", 16 + len(body), command | 0x80000000, 0, sequence) + body)
    client.close()
"""
NUMBER = "+33612345678"
TEXT = "Votre cours de 18 h est reporté, le club vous prie de l'excuser."
SEPTETS = TEXT.replace("é", "\x05").encode()


@contextmanager
def with_smpplib(port: int) -> Iterator[Callable[[int], None]]:
    client = smpplib.client.Client("127.0.0.1", port, allow_unknown_opt_params=True)
    client.logger.setLevel(logging.WARNING)
    client.connect()
    client.bind_transceiver(system_id="club", password="secret")
    answers: list[Any] = []
    client.set_message_sent_handler(lambda pdu, **_: answers.append(pdu))

    def send(number: int) -> None:
        answers.clear()
        sent = client.send_message(
            source_addr_ton=3,
            source_addr="38000",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr=NUMBER[1:],
            short_message=SEPTETS,
            registered_delivery=1,
            user_message_reference=number & 0xFFFF,
        )
        while not answers:
            client.read_once()
        assert answers[0].sequence == sent.sequence

    yield send
    client.unbind()
    client.disconnect()


@contextmanager
def with_transport(port: int) -> Iterator[Callable[[int], None]]:
    settings = SmppSettings(
        kind="smpp", host="127.0.0.1", port=port, system_id="club", password=Secret("secret"), sender="38000"
    )
    transport = SmppTransport(settings)
    transport.open()

    def send(number: int) -> None:
        assert isinstance(transport.send(Sms(NUMBER, TEXT, f"club-{number}"), lambda: True), Accepted)

    yield send
    transport.close()


WAYS = {"smpplib": with_smpplib, "ours": with_transport}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="SMS a round")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    best = dict.fromkeys(WAYS, 0.0)
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        for _ in range(given.rounds):
            for name, way in WAYS.items():
                with way(port) as send:
                    send(0)
                    began = time.perf_counter()
                    for number in range(given.count):
                        send(number)
                    best[name] = max(best[name], given.count / (time.perf_counter() - began))
        server.kill()
    print(f"{'way':<10} {'SMS/s':>8} {'µs each':>9} {'to smpplib':>11}")
    for name, rate in best.items():
        print(f"{name:<10} {rate:>8.0f} {1e6 / rate:>9.0f} {rate / best['smpplib']:>10.2f}x")


if __name__ == "__main__":
    main()
