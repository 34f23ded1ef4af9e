"""The command line's end of the control channel: find the station's program, ask it, get its answer."""

import json
import socket
from collections.abc import Callable
from typing import Any, NamedTuple

from config.sentence import SentenceError
from service.channel.handshake import HandshakeRefused, existing_key, prove_client
from service.channel.link import Link, LinkError, connect
from service.exit_codes import Exit
from service.instance import Holder, control_address, is_held, recorded, running
from service.paths import Folders

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 10.0


class NotRunning(SentenceError):  # noqa: N818 - the state that the exit code 6 names
    """No program of this user answers for the station."""

    exit_code = Exit.NOT_RUNNING


class NoAnswer(SentenceError):  # noqa: N818 - what the reader sees
    """A program runs, but it gave no answer in time or none that can be believed."""


class Refused(SentenceError):  # noqa: N818 - what the reader sees
    """The program understood the request and said no; the text is its own sentence."""

    def __init__(self, text: str, kind: str) -> None:
        self.kind = kind
        super().__init__("{text}", text=text)


class Reply(NamedTuple):
    """The program's answer, and the language that its sentences are in."""

    answer: dict[str, Any]
    language: str


def ask(
    holder: Holder,
    request: dict[str, Any],
    folders: Folders,
    *,
    seconds: float | None = ANSWER_SECONDS,
    on_progress: Callable[[dict[str, Any], str], None] = lambda _step, _language: None,
) -> Reply:
    """Send a request and return the answer.

    `seconds` bounds the wait for each frame of the answer; None waits until the program answers or ends. Raises
    `NotRunning`, `NoAnswer`, or `Refused` with the program's own sentence.
    """
    link = _connected(holder, folders)
    try:
        link.send(json.dumps(request).encode())
        while True:
            link.set_deadline(seconds)
            reply = json.loads(link.receive())
            language = str(reply["language"])
            if "progress" in reply:
                on_progress(reply["progress"], language)
                continue
            if "error" in reply:
                raise Refused(str(reply["error"]), str(reply["kind"]))
            return Reply(dict(reply["answer"]), language)
    except (LinkError, ValueError, KeyError, TypeError) as error:
        raise NoAnswer(
            "the program of the station {station} (process {pid}) gave no answer: try again, "
            "and look at its log if it stays silent",
            station=holder.station,
            pid=holder.pid,
        ) from error
    finally:
        link.close()


def find(station: str | None, folders: Folders) -> Holder:
    """Return the program to talk to: the one of `station`, else the only one of this user, else this computer's.

    Raises `NotRunning` when there is none, or when several run and none has the computer's name.
    """
    if station is not None:
        return _recorded_or_absent(station, folders)
    locks = sorted(folders.instances.glob("*.lock"))
    if len(locks) == 1:  # the usual case: one look less at the lock, which its owner may be taking right now
        holder = recorded(locks[0])
        if holder is not None:
            return holder
    holders = list(running(folders))
    if len(holders) == 1:
        return holders[0]
    computer = computer_name()
    for holder in holders:
        if holder.station.casefold() == computer.casefold():
            return holder
    if holders:
        names = ", ".join(holder.station for holder in holders)
        raise NotRunning("several stations run here ({names}): say which one with --station", names=names)
    return _recorded_or_absent(computer, folders)


def computer_name() -> str:
    """Return the computer's name without its domain: the station's name where none is given."""
    return socket.gethostname().partition(".")[0]


def _recorded_or_absent(station: str, folders: Folders) -> Holder:
    lock = folders.of(station).lock
    holder = recorded(lock)
    if holder is None and is_held(lock):  # its record was not written, on a full disk
        holder = Holder(station, pid=0, started_at="", address=control_address(station, folders))
    if holder is None:
        raise _not_running(station)
    return holder


def _not_running(station: str) -> NotRunning:
    return NotRunning("the station {station} does not run: `heitz-service run` starts it", station=station)


def _connected(holder: Holder, folders: Folders) -> Link:
    key = existing_key(folders)
    if key is None:
        if not is_held(folders.of(holder.station).lock):
            raise _not_running(holder.station)
        raise NoAnswer(
            "the station {station} runs (process {pid}), but {path}, its key, is missing or damaged: "
            "end that process and start the station again",
            station=holder.station,
            pid=holder.pid,
            path=folders.key,
        )
    try:
        link = connect(holder.address, CONNECT_SECONDS)
    except PermissionError as error:
        raise NoAnswer("the program at {address} belongs to another user", address=holder.address) from error
    except OSError as error:
        if is_held(folders.of(holder.station).lock):
            raise NoAnswer(
                "the station {station} runs (process {pid}) but does not listen: it is starting or stopping, try again",
                station=holder.station,
                pid=holder.pid,
            ) from error
        raise _not_running(holder.station) from error
    try:
        prove_client(link, key)
    except HandshakeRefused as error:
        link.close()
        raise NoAnswer(
            "the program of the station {station} and this command do not have the same key: "
            "stop the program and start it again",
            station=holder.station,
        ) from error
    except LinkError as error:
        link.close()
        raise NoAnswer(
            "the program of the station {station} (process {pid}) does not answer: try again, "
            "and end that process if it stays silent",
            station=holder.station,
            pid=holder.pid,
        ) from error
    return link
