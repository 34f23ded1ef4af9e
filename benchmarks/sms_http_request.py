"""Measures what one SMS over HTTP costs: http.client, requests.Session as it comes, and ours with mark and time limit.

All send the same JSON over one kept connection to the same server, a process of its own that reads a request and
answers at once; in turns, several rounds, the best of each counts, for the machine is shared. Nothing is written.
"""

import argparse
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests

from actors.sms.adapters.http.octopush import OctopushGateway, OctopushSettings
from actors.sms.transport import Accepted, Sms
from config.secret import Secret

SERVER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
body = b'{"sms_ticket":"sms_000000000001","number_of_sms_needed":1}'
head = b"HTTP/1.1 201 Created\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)
while True:
    client, _ = listener.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    read = b""
    while True:
        while b"\\r\\n\\r\\n" not in read:
            piece = client.recv(65536)
            if not piece:
                break
            read += piece
        else:
            top, _, read = read.partition(b"\\r\\n\\r\\n")
            length = int(top.lower().partition(b"content-length:")[2].split()[0])
            while len(read) < length:
                read += client.recv(65536)
            read = read[length:]
            client.sendall(head + body)
            continue
        break
    client.close()
"""
HEADERS = {"Content-Type": "application/json", "api-key": "key", "api-login": "club", "cache-control": "no-cache"}
TEXT = "Votre cours de 18 h est annulé, le club vous prie de l'excuser."


def campaign(number: int) -> dict[str, Any]:
    return {
        "text": TEXT,
        "recipients": [{"phone_number": "+33612345678"}],
        "type": "sms_premium",
        "purpose": "alert",
        "request_id": f"club-{number}",
        "auto_optimize_text": False,
        "with_replies": True,
    }


@contextmanager
def with_http_client(url: str) -> Iterator[Callable[[int], None]]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def send(number: int) -> None:
        connection.request("POST", "/sms-campaign/send", json.dumps(campaign(number)).encode(), HEADERS)
        assert json.loads(connection.getresponse().read())["sms_ticket"]

    yield send
    connection.close()


@contextmanager
def with_session(url: str) -> Iterator[Callable[[int], None]]:
    with requests.Session() as session:
        session.trust_env = False

        def send(number: int) -> None:
            answer = session.post(f"{url}/sms-campaign/send", json=campaign(number), headers=HEADERS, timeout=30)
            assert answer.json()["sms_ticket"]

        yield send


@contextmanager
def with_gateway(url: str) -> Iterator[Callable[[int], None]]:
    settings = OctopushSettings(kind="http", provider="octopush", url=url, login="club", api_key=Secret("key"))
    gateway = OctopushGateway(settings)
    gateway.open()

    def send(number: int) -> None:
        assert isinstance(gateway.send(Sms("+33612345678", TEXT, f"club-{number}"), lambda: True), Accepted)

    yield send
    gateway.close()


WAYS = {"http.client": with_http_client, "requests.Session": with_session, "ours": with_gateway}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="SMS a round")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    best = dict.fromkeys(WAYS, 0.0)
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        for _ in range(given.rounds):
            for name, way in WAYS.items():
                with way(url) as send:
                    send(0)
                    began = time.perf_counter()
                    for number in range(given.count):
                        send(number)
                    best[name] = max(best[name], given.count / (time.perf_counter() - began))
        server.kill()
    print(f"{'way':<18} {'SMS/s':>8} {'µs each':>9} {'to requests.Session':>20}")
    for name, rate in best.items():
        print(f"{name:<18} {rate:>8.0f} {1e6 / rate:>9.0f} {rate / best['requests.Session']:>19.2f}x")


if __name__ == "__main__":
    main()
