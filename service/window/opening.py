"""Opens the window: takes its place among the processes, makes Tk, and says in one sentence why it cannot."""

import gc
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from config.sentence import SentenceError
from service.channel.client import NotRunning, computer_name, find
from service.exit_codes import Exit
from service.logs import logging_to
from service.paths import Folders
from service.window.single import answer_for, take

_COLLECT_MS = 30_000


class NoWindow(SentenceError):  # noqa: N818 - what the reader sees
    """No window can be shown here, and why."""


@attrs.frozen
class Opening:
    """What the command line says; `scale` None goes by the screen, `station` None by what runs here."""

    folders: Folders
    station: str | None
    language: str
    asked_language: str | None
    scale: float | None


def open_window(opening: Opening) -> int:
    """Show the window until it is closed for good, or bring the one that is open to the front; return the exit code.

    Raises `NoWindow` where there is no screen, no font or no tkinter, and `WindowHangs`.
    """
    name = _name(opening)
    own = opening.folders.of_part("window")
    instance = take(name, own)
    if instance is None:
        return Exit.OK
    with instance, logging_to(own.of(name).log, None), _translated():
        from service.window.app import App, Wanted  # noqa: PLC0415 - tkinter, which a second start does not need
        from service.window.scale import be_aware_of_dpi  # noqa: PLC0415

        be_aware_of_dpi()
        import tkinter as tk  # noqa: PLC0415

        # What Tk made must not be taken apart by another thread's garbage collection: that ends the whole process.
        gc.disable()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        root = tk.Tk(className="Heitz-service")
        root.withdraw()
        root.wm_client(socket.gethostname())  # with it Tk says which process this is: a desktop can end one that hangs
        app = App(
            root,
            Wanted(opening.folders, opening.station, name, opening.language, opening.asked_language, opening.scale),
        )

        def collect() -> None:
            gc.collect()
            root.after(_COLLECT_MS, collect)

        root.after(_COLLECT_MS, collect)
        server = answer_for(instance, own, app.come_to_the_front)
        try:
            app.run()
        finally:
            server.close()
            root.destroy()
    return Exit.OK


def _name(opening: Opening) -> str:
    if opening.station is not None:
        return opening.station
    try:
        return find(None, opening.folders).station
    except NotRunning:
        return computer_name()


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what Tk and the import of it raise at the start into sentences."""
    try:
        yield
    except ImportError as error:
        if not str(error.name or "").startswith(("tkinter", "_tkinter")):
            raise
        raise NoWindow(
            "this Python has no tkinter, which draws the window: install the package python3-tk, "
            "and see `heitz-service status` meanwhile"
        ) from error
    except Exception as error:
        kind = type(error).__name__
        if kind == "NoFonts" or (kind == "TclError" and "font" in str(error)):
            raise NoWindow(
                "this computer has no fonts to draw with: install one, such as the package fonts-dejavu-core"
            ) from error
        if kind == "TclError" and ("display" in str(error) or "DISPLAY" in str(error)):
            raise NoWindow(
                "there is no screen to show the window on ({display}): `heitz-service status` shows the same in text",
                display=_display(),
            ) from error
        raise


def _display() -> str:
    if sys.platform == "win32":
        return "Windows"
    return f"DISPLAY={os.environ.get('DISPLAY', '')}"
