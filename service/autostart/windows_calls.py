"""What the start at login asks of Windows: the registry, the Task Scheduler's tool, and who is logged in since when.

The only module of the start at login that calls Windows. Not tried on Windows; elsewhere the registry is empty.
"""

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from config.system_words import system_words
from service.autostart.way import AutostartFailed

RUN_KEY: Final = r"Software\Microsoft\Windows\CurrentVersion\Run"
APPROVED_KEY: Final = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
_CALL_SECONDS: Final = 20.0
_NO_WINDOW: Final = 0x08000000  # CREATE_NO_WINDOW


class Windows(Protocol):
    """What of Windows the ways of starting at login use; values are of this user (HKEY_CURRENT_USER)."""

    user_name: str
    user_id: str

    def read_value(self, key: str, name: str) -> object | None:
        """Return a registry value, None when there is none."""

    def write_value(self, key: str, name: str, text: str) -> None:
        """Write a text; raises `AutostartFailed`."""

    def delete_value(self, key: str, name: str) -> bool:
        """Delete a value; False: there was none. Raises `AutostartFailed`."""

    def has_scheduler(self) -> bool:
        """Tell whether `schtasks` is there."""

    def create_task(self, name: str, document: str) -> None:
        """Create or replace a task; raises `AutostartFailed`."""

    def delete_task(self, name: str) -> bool:
        """Delete a task; False: there was none. Raises `AutostartFailed`."""

    def read_task(self, name: str) -> str | None:
        """Return a task's document, None when there is none; raises `AutostartFailed`."""


class ThisWindows:
    """The Windows that this program runs on."""

    def __init__(self) -> None:
        self.user_name = os.environ.get("USERNAME", "user")
        domain = os.environ.get("USERDOMAIN", "")
        self.user_id = f"{domain}\\{self.user_name}" if domain else self.user_name

    def read_value(self, key: str, name: str) -> object | None:
        """Return a registry value, None when there is none."""
        if sys.platform == "win32":
            import winreg  # noqa: PLC0415 - Windows alone has it

            with suppress(OSError), winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as opened:
                value: object = winreg.QueryValueEx(opened, name)[0]
                return value
        return None

    def write_value(self, key: str, name: str, text: str) -> None:
        """Write a text; raises `AutostartFailed`."""
        if sys.platform == "win32":
            import winreg  # noqa: PLC0415 - Windows alone has it

            try:
                with winreg.CreateKey(winreg.HKEY_CURRENT_USER, key) as opened:
                    winreg.SetValueEx(opened, name, 0, winreg.REG_SZ, text)
            except OSError as error:
                raise _refused(key, error) from error

    def delete_value(self, key: str, name: str) -> bool:
        """Delete a value; False: there was none. Raises `AutostartFailed`."""
        if sys.platform == "win32":
            import winreg  # noqa: PLC0415 - Windows alone has it

            try:
                with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key, 0, winreg.KEY_SET_VALUE) as opened:
                    winreg.DeleteValue(opened, name)
            except FileNotFoundError:
                return False
            except OSError as error:
                raise _refused(key, error) from error
            return True
        return False

    def has_scheduler(self) -> bool:
        """Tell whether `schtasks` is there."""
        from shutil import which  # noqa: PLC0415 - for these commands alone

        return which("schtasks") is not None

    def create_task(self, name: str, document: str) -> None:
        """Create or replace a task; raises `AutostartFailed`."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "task.xml"
            file.write_bytes(document.encode("utf-16"))  # with the mark of its byte order: the tool takes no other
            ended = _schtasks("/Create", "/TN", name, "/XML", str(file), "/F")
        if ended.returncode != 0:
            raise _scheduler_refused(ended)

    def delete_task(self, name: str) -> bool:
        """Delete a task; False: there was none. Raises `AutostartFailed`."""
        if self.read_task(name) is None:
            return False
        ended = _schtasks("/Delete", "/TN", name, "/F")
        if ended.returncode != 0:
            raise _scheduler_refused(ended)
        return True

    def read_task(self, name: str) -> str | None:
        """Return a task's document, None when there is none; raises `AutostartFailed`."""
        ended = _schtasks("/Query", "/TN", name, "/XML")
        if ended.returncode != 0:
            return None
        document = _decoded(ended.stdout)
        return document if document.startswith("<Task") else None  # Wine's tool finds every task, and shows nothing


def _schtasks(*words: str) -> "subprocess.CompletedProcess[bytes]":
    """Run the tool and return its end, all that it said as its output.

    Into a file: the end of a pipe is waited for without a limit while anything that the tool started holds it.
    """
    flags = _NO_WINDOW if sys.platform == "win32" else 0
    try:
        with tempfile.TemporaryFile() as said:
            ended = subprocess.run(  # noqa: S603 - our own words
                ["schtasks", *words],  # noqa: S607 - the system's own tool, wherever the system has it
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=_CALL_SECONDS,
                creationflags=flags,
            )
            said.seek(0)
            return subprocess.CompletedProcess(ended.args, ended.returncode, said.read())
    except (OSError, subprocess.SubprocessError) as error:
        raise AutostartFailed(
            "the Task Scheduler does not answer ({reason}): use --how run-key", reason=error
        ) from error


def _decoded(output: bytes) -> str:
    """Return what the tool printed: UTF-16 or the console's code page, by the Windows; the header lies about it."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"<\x00", "utf-16-le")):
        if output.startswith(mark):
            return _without_header(output.decode(encoding, "replace"))
    return _without_header(output.decode(errors="replace"))


def _without_header(text: str) -> str:
    start = text.find("<Task")
    return text[start:] if start >= 0 else text


def _refused(key: str, error: OSError) -> AutostartFailed:
    return AutostartFailed(
        "the registry key {key} can't be changed ({reason}): use --how task", key=key, reason=system_words(error)
    )


def _scheduler_refused(ended: "subprocess.CompletedProcess[bytes]") -> AutostartFailed:
    reason = " ".join(ended.stdout.decode(errors="replace").split())
    return AutostartFailed(
        "the Task Scheduler refused ({reason}): use --how run-key", reason=reason or ended.returncode
    )
