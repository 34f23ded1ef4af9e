"""The line is cut at every byte of a dialogue, in both directions: no answer ever says what is not so."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from gateway_contract import Marks, an_sms
from smpp_programs import IS_THERE, NEEDS, PASSWORD, MessageCentre, message_centre

from actors.sms.adapters.smpp.settings import SmppSettings
from actors.sms.adapters.smpp.transport import SmppTransport
from actors.sms.transport import Accepted, NotSent, Refused, Unavailable, Unknown, Withheld
from config.secret import Secret

pytestmark = [pytest.mark.skipif(not IS_THERE, reason=NEEDS), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def centre() -> Iterator[MessageCentre]:
    with message_centre() as centre:
        yield centre


@contextmanager
def cutting(port: int, *, up: int | None = None, down: int | None = None) -> Iterator[int]:
    """Pass bytes on in both directions, and cut the whole line when so many went one way."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client, socket.create_connection(("127.0.0.1", port)) as server:
                back = threading.Thread(target=pass_on, args=(server, client, down))
                back.start()
                pass_on(client, server, up)
                back.join()

        def pass_on(source: socket.socket, target: socket.socket, most: int | None) -> None:
            left = most
            with suppress(OSError):
                while left is None or left > 0:
                    piece = source.recv(65536 if left is None else left)
                    if not piece:
                        break
                    target.sendall(piece)
                    left = None if left is None else left - len(piece)
            for each in (source, target):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def what_comes_of_it(centre: MessageCentre, up: int | None, down: int | None, body: str) -> bool:
    """Send one SMS over a line that is cut there; return whether it was accepted all the same."""
    before = len(centre.copies())
    with cutting(centre.port, up=up, down=down) as port:
        settings = SmppSettings(
            kind="smpp",
            host="127.0.0.1",
            port=port,
            system_id="club",
            password=Secret(PASSWORD),
            timeout=timedelta(seconds=20),
        )
        transport = SmppTransport(settings)
        marks = Marks()
        try:
            answer = transport.send(an_sms(body=body), marks)
        except Unavailable:
            answer = None
        transport.close()
    copies = len(centre.copies()) - before
    if answer is None:
        assert (copies, marks.count) == (0, 0)
    elif isinstance(answer, Accepted):
        assert (copies, marks.count) == (1, 1)
    elif isinstance(answer, Unknown):
        assert copies <= 1
        assert marks.count == 1
    else:
        assert isinstance(answer, Refused | NotSent | Withheld)
        assert copies == 0
    return isinstance(answer, Accepted)


def test_cut_at_every_byte_that_comes(centre: MessageCentre) -> None:
    place = 0
    while not what_comes_of_it(centre, None, place, "Bonjour"):
        place += 1
    assert place > 16 + 16  # a bind_transceiver_resp and a submit_sm_resp, more or less


def test_cut_at_every_byte_that_goes(centre: MessageCentre) -> None:
    place = 0
    while not what_comes_of_it(centre, place, None, "Bonjour"):
        place += 1
    assert place > 16 + 16 + len("Bonjour")
