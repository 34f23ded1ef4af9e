"""The tab of the attendance: how many people are in each zone, as a bar against its limit."""

import tkinter as tk
from collections.abc import Sequence
from typing import Final

from service.window import theme
from service.window.scroll import Scrolled
from service.window.text import clipped
from service.window.theme import Theme
from service.window.zones import Bar

_HEIGHT: Final = 16
_LONGEST_NAME: Final = 90
_STRIPE: Final = 9


class AttendanceTab:
    """One block per zone; a zone whose number is not known is hatched, never shown as empty."""

    def __init__(self, parent: tk.Misc, look: Theme) -> None:
        self._look = look
        self._scrolled = Scrolled(parent, look)
        self.widget = self._scrolled.widget
        self._shown: tuple[Bar, ...] = ()

    def show(self, bars: Sequence[Bar]) -> None:
        """Show the zones; nothing is drawn when nothing changed."""
        if tuple(bars) == self._shown:
            return
        self._shown = tuple(bars)
        for child in self._scrolled.inner.winfo_children():
            child.destroy()
        for bar in bars:
            self._block(bar)

    def _block(self, bar: Bar) -> None:
        px, fonts = self._look.px, self._look.fonts
        block = tk.Frame(self._scrolled.inner, background=theme.CARD)
        block.pack(fill="x", padx=px(18), pady=(px(14), px(4)))
        block.columnconfigure(0, weight=1)
        name = tk.Label(block, text=clipped(bar.name, _LONGEST_NAME), font=fonts.strong, anchor="w", justify="left")
        name.grid(row=0, column=0, sticky="sew")
        name.bind("<Configure>", lambda event: event.widget.configure(wraplength=event.width))
        urgent = theme.URGENT if bar.colour == "failed" else theme.INK
        number = tk.Label(block, text=bar.number, font=fonts.number, foreground=urgent)
        number.grid(row=0, column=1, sticky="se", padx=(px(12), px(6)))
        limit = tk.Label(block, text=bar.limit, foreground=theme.SOFT)
        limit.grid(row=0, column=2, sticky="se", pady=(0, px(4)))
        track = tk.Canvas(block, height=px(_HEIGHT), background=theme.CARD, highlightthickness=0)
        track.grid(row=1, column=0, columnspan=3, sticky="ew", pady=(px(4), px(4)))
        track.bind("<Configure>", lambda event: self._draw(track, bar, event.width))
        remark = tk.Label(block, text=bar.remark, font=fonts.small, foreground=theme.SOFT, anchor="w", justify="left")
        remark.bind("<Configure>", lambda event: event.widget.configure(wraplength=event.width))
        remark.grid(row=2, column=0, columnspan=3, sticky="ew")
        for label in (name, number, limit, remark):
            label.configure(background=theme.CARD)

    def _draw(self, track: tk.Canvas, bar: Bar, width: int) -> None:
        track.delete("all")
        height = self._look.px(_HEIGHT)
        _rounded(track, width, height, "#e4e8ec")
        if bar.share is not None:
            _rounded(track, max(height, round(width * min(1.0, bar.share))), height, theme.BARS[bar.colour])
        elif bar.number == "?":
            step = self._look.px(_STRIPE)
            for left in range(-height, width, step):
                track.create_line(left, height, left + height, 0, fill=theme.BARS["unknown"], width=self._look.px(2))


def _rounded(canvas: tk.Canvas, width: int, height: int, colour: str) -> None:
    canvas.create_oval(0, 0, height - 1, height - 1, fill=colour, outline=colour)
    canvas.create_oval(width - height, 0, width - 1, height - 1, fill=colour, outline=colour)
    canvas.create_rectangle(height // 2, 0, width - height // 2, height - 1, fill=colour, outline=colour)
