"""The progress of a long request: one line that redraws itself on a terminal, plain lines elsewhere."""

from typing import Any, Final, Self

from service.console import Console
from service.terminal import Terminal, clean, clip, pad

_BAR_COLUMNS: Final = 24


class Progress:
    """Shows `{"message": text, "fraction": 0..1 or null}` on the error stream, so that the output stays the result."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._terminal = Terminal.of(console.err, console.environment)
        self._drawn = False

    def show(self, step: dict[str, Any], _language: str) -> None:
        """Show a step."""
        message = clean(str(step.get("message") or ""))
        fraction = step.get("fraction")
        if not self._terminal.live:
            if message:
                self._console.err.write(f"{message}\n")
            return
        bar = ""
        if isinstance(fraction, int | float):
            share = max(0.0, min(1.0, float(fraction)))
            full = round(share * _BAR_COLUMNS)
            symbols = self._terminal.symbol("full") * full + self._terminal.symbol("empty") * (_BAR_COLUMNS - full)
            bar = f"{symbols} {round(share * 100):3} % "
        columns = self._terminal.columns - 1
        self._console.err.write("\r" + pad(clip(bar + message, columns), columns))
        self._console.err.flush()
        self._drawn = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn:
            self._console.err.write("\r" + " " * (self._terminal.columns - 1) + "\r")
            self._console.err.flush()
