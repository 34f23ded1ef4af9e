"""What is started at login: the program of this very installation, with the options that `enable` was given."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

import attrs

from config.own_program import own_command
from service.paths import HOME_VARIABLE

_NAME: Final = "heitz-service"
CONFIG_VARIABLE: Final = "HEITZ_SERVICE_CONFIG"


@attrs.frozen
class Launch:
    """The words that call the program, its options, and the variables that it needs beside those of any login."""

    program: tuple[str, ...]
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def direct(self) -> tuple[str, ...]:
        """The command of a system that starts anew by itself what died."""
        return (*self.program, "run", *self.options)

    @property
    def guarded(self) -> tuple[str, ...]:
        """The command of a system that starts a program once and forgets it."""
        return (*self.program, "autostart", "run", *self.options)

    @property
    def is_headless(self) -> bool:
        """Whether it needs no desktop."""
        return "--headless" in self.options

    @classmethod
    def plain(cls) -> Self:
        """Return the launch without any option: what calls this installation."""
        return cls(_program())


def launch_of(environment: Mapping[str, str], *, config: Path | None, station: str | None, headless: bool) -> Launch:
    """Return the launch for these options.

    A settings file that only this terminal's environment names is written into the launch: a login has another
    environment. One that is found by its place is looked for at each start.
    """
    named = config or (Path(environment[CONFIG_VARIABLE]) if environment.get(CONFIG_VARIABLE) else None)
    options = [] if named is None else ["--config", str(named.absolute())]
    if station is not None:
        options += ["--station", station]
    if headless:
        options.append("--headless")
    home = environment.get(HOME_VARIABLE)
    return Launch(_program(), tuple(options), {HOME_VARIABLE: str(Path(home).absolute())} if home else {})


def _program(system: str = sys.platform) -> tuple[str, ...]:
    program, *words = own_command()
    executable = Path(program)
    if system == "win32":
        # The console program would open a black window at each login: pythonw.exe and heitz-servicew.exe open none.
        windowless = executable.with_name(f"{executable.stem}w{executable.suffix}")
        return (str(windowless if windowless.exists() else executable), *words)
    if not words:  # frozen: the executable is all there is
        return (program,)
    command = executable.parent / _NAME  # not resolved: the link's own folder is the environment
    return (str(command),) if command.is_file() else (program, *words)
