"""A column of widgets that is scrolled where it is higher than the window."""

import tkinter as tk
from contextlib import suppress
from tkinter import ttk
from typing import Final

from service.window import theme
from service.window.theme import Theme

_WHEEL: Final = 120
_STEP: Final = 48


class Scrolled:
    """`inner` takes the widgets; the bar appears only where there is something to scroll."""

    def __init__(self, parent: tk.Misc, look: Theme) -> None:
        self.widget = tk.Frame(parent, background=theme.CARD)
        self._canvas = tk.Canvas(
            self.widget, background=theme.CARD, highlightthickness=0, borderwidth=0, yscrollincrement=1
        )
        self._bar = ttk.Scrollbar(self.widget, orient="vertical", command=self._canvas.yview, takefocus=False)
        self._canvas.configure(yscrollcommand=self._scrolled)
        self._canvas.pack(side="left", fill="both", expand=True)
        self.inner = tk.Frame(self._canvas, background=theme.CARD)
        self._item = self._canvas.create_window(0, 0, window=self.inner, anchor="nw")
        self._step = look.px(_STEP)
        self.inner.bind("<Configure>", self._resized)
        self._canvas.bind("<Configure>", lambda event: self._canvas.itemconfigure(self._item, width=event.width))
        for event in ("<MouseWheel>", "<Button-4>", "<Button-5>"):
            self.widget.bind_all(event, self._wheel, add=True)
        self.widget.bind_all("<Prior>", lambda _: self._page(-1), add=True)
        self.widget.bind_all("<Next>", lambda _: self._page(1), add=True)

    def reveal(self, widget: tk.Widget) -> None:
        """Scroll as little as needed for a widget to be seen whole, or its top when it is higher than the window."""
        self.inner.update_idletasks()
        height, whole = self._canvas.winfo_height(), max(1, self.inner.winfo_reqheight())
        top = widget.winfo_rooty() - self.inner.winfo_rooty()
        bottom = top + widget.winfo_reqheight()
        first = self._canvas.canvasy(0)
        if bottom > first + height:
            first = bottom - height
        self._canvas.yview_moveto(max(0.0, min(first, top)) / whole)

    def _resized(self, _event: object) -> None:
        self._canvas.configure(scrollregion=(0, 0, 1, self.inner.winfo_reqheight()))

    def _scrolled(self, first: str | float, last: str | float) -> None:
        if float(first) <= 0.0 and float(last) >= 1.0:
            self._bar.pack_forget()
        elif not self._bar.winfo_ismapped():
            self._bar.pack(side="right", fill="y", before=self._canvas)
        self._bar.set(first, last)

    def _wheel(self, event: "tk.Event[tk.Misc]") -> None:
        with suppress(KeyError, AttributeError):  # a widget of another window, or one that Tk made for itself
            if not str(event.widget).startswith(str(self.widget)) or not self._bar.winfo_ismapped():
                return
            if event.num in {4, 5}:
                steps = -1 if event.num == 4 else 1  # noqa: PLR2004 - X11's buttons of the wheel
            else:
                steps = -event.delta // _WHEEL or (-1 if event.delta > 0 else 1)
            self._canvas.yview_scroll(steps * self._step, "units")

    def _page(self, by: int) -> None:
        if self.widget.winfo_ismapped() and self._bar.winfo_ismapped():
            self._canvas.yview_scroll(by * self._canvas.winfo_height() * 4 // 5, "units")
