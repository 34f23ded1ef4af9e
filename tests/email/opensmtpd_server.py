"""OpenSMTPD as Debian has it, on a free port, with a queue that nobody else sees; what it takes it gives to a sink."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final

from faulty_smtp import FaultySmtp

POLICY: Final = Path(__file__).with_name("opensmtpd_policy.py")
SMTPD: Final = shutil.which("smtpd", path="/usr/sbin:/usr/local/sbin:/sbin")
NEEDS: Final = (
    "OpenSMTPD needs Debian's package opensmtpd, root, and unshare(1): it changes users and locks its queue away"
)
_SECONDS: Final = 90.0
# The queue and the control socket are compiled in: a mount namespace of its own keeps them from the system's.
_APART: Final = """
mount -t tmpfs tmpfs /var/spool && mkdir -m 711 /var/spool/smtpd && mount -t tmpfs -o mode=755 tmpfs /run &&
exec "$0" -d -f "$1"
"""


def is_there() -> bool:
    """Return whether this computer can run it."""
    return (
        SMTPD is not None
        and os.name == "posix"
        and os.geteuid() == 0
        and shutil.which("unshare") is not None
        and subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0
    )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def opensmtpd(folder: Path, sink: FaultySmtp, policy: str = "", limits: str = "") -> Iterator[int]:
    """Run smtpd until the block ends and return its port; `policy` are the words of `opensmtpd_policy`.

    `limits` are lines of smtpd.conf. AssertionError with smtpd's own words when it does not start.
    """
    assert SMTPD is not None
    port = _free_port()
    lines = [limits]
    if policy:
        lines.append(f'filter "policy" proc-exec "{sys.executable} {POLICY} {policy}" user root group root')
    lines += [
        f"listen on 127.0.0.1 port {port}" + (' filter "policy"' if policy else ""),
        f'action "out" relay host smtp+notls://127.0.0.1:{sink.port}',
        'match from any for any action "out"',
    ]
    config, log = folder / "smtpd.conf", folder / "smtpd.log"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    config.chmod(0o600)
    with log.open("wb") as output:
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _APART, SMTPD, str(config)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        said = partial(log.read_text, "utf-8", "replace")
        wait_until(lambda: process.poll() is not None or _listens(port), said)
        assert process.poll() is None, said()
        yield port
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def wait_until(is_so: Callable[[], bool], what: Callable[[], str] = lambda: "in time") -> None:
    """Return when it has become so; AssertionError with `what` when it does not."""
    until = monotonic() + _SECONDS
    while not is_so():
        assert monotonic() < until, what()
        Event().wait(0.05)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
