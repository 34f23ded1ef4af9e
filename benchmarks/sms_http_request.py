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
from collections.abc import Callable
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
TEXT = "Votre cours de 18 h est annulé, le club vous prie de l'excuser."


def with_http_client(url: str, count: int) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    headers = {"Content-Type": "application/json", "api-key": "key", "api-login": "club"}
    for number in range(count):
        body = json.dumps({"text": TEXT, "recipients": [{"phone_number": "+33612345678"}], "request_id": str(number)})
        connection.request("POST", "/sms-campaign/send", body.encode(), headers)
        answer = connection.getresponse()
        assert json.loads(answer.read())["sms_ticket"]
    connection.close()


def with_session(url: str, count: int) -> None:
    headers = {"Content-Type": "application/json", "api-key": "key", "api-login": "club"}
    with requests.Session() as session:
        session.trust_env = False
        for number in range(count):
            body = {"text": TEXT, "recipients": [{"phone_number": "+33612345678"}], "request_id": str(number)}
            answer = session.post(f"{url}/sms-campaign/send", json=body, headers=headers, timeout=30)
            assert answer.json()["sms_ticket"]


def with_gateway(url: str, count: int) -> None:
    settings = OctopushSettings(kind="http", provider="octopush", url=url, login="club", api_key=Secret("key"))
    gateway = OctopushGateway(settings)
    for number in range(count):
        assert isinstance(gateway.send(Sms("+33612345678", TEXT, f"club-{number}"), lambda: True), Accepted)
    gateway.close()


WAYS: dict[str, Callable[[str, int], None]] = {
    "http.client": with_http_client,
    "requests.Session": with_session,
    "ours": with_gateway,
}


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
                began = time.perf_counter()
                way(url, given.count)
                best[name] = max(best[name], given.count / (time.perf_counter() - began))
        server.kill()
    print(f"{'way':<18} {'SMS/s':>8} {'µs each':>9} {'to requests.Session':>20}")
    for name, rate in best.items():
        print(f"{name:<18} {rate:>8.0f} {1e6 / rate:>9.0f} {rate / best['requests.Session']:>19.2f}x")


if __name__ == "__main__":
    main()
