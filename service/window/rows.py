"""The list of operations: one card each, that opens to its details and its buttons."""

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk
from typing import Final

from service.window import theme
from service.window.actions import Action, Kind
from service.window.scroll import Scrolled
from service.window.text import clipped
from service.window.theme import Theme
from service.window.view import Row

Act = Callable[[Action], None]

_ICON: Final = 28
_NAME_WIDTH: Final = 210
_LONGEST_NAME: Final = 80


class OperationList:
    """Every operation, in the manual's order. One is open at a time; the arrows go from one to the next."""

    def __init__(self, parent: tk.Misc, look: Theme, act: Act) -> None:
        self._look = look
        self._act = act
        self._scrolled = Scrolled(parent, look)
        self.widget = self._scrolled.widget
        self._cards: dict[str, _Card] = {}
        self._busy: frozenset[tuple[str, str]] = frozenset()

    def show(self, rows: Sequence[Row]) -> None:
        """Show the rows; only what changed is drawn anew."""
        if list(self._cards) != [row.id for row in rows]:
            self._rebuild(rows)
        for row in rows:
            self._cards[row.id].show(row, self._busy)

    def set_busy(self, busy: frozenset[tuple[str, str]]) -> None:
        """Disable the buttons of what is under way: pairs of operation and kind."""
        self._busy = busy
        for card in self._cards.values():
            card.show(card.row, busy)

    def open(self, operation: str) -> None:
        """Open the card of an operation and close the others."""
        for name, card in self._cards.items():
            card.set_open(name == operation and not card.is_open)
        self._scrolled.reveal(self._cards[operation].frame)

    def focus(self) -> None:
        """Give the keyboard to the first card."""
        first = next(iter(self._cards.values()), None)
        if first is not None:
            first.frame.focus_set()

    def _rebuild(self, rows: Sequence[Row]) -> None:
        for card in self._cards.values():
            card.frame.destroy()
        self._cards = {
            row.id: _Card(self._scrolled, self._look, row, partial(self.open, row.id), self._act) for row in rows
        }
        for name, card in self._cards.items():
            card.frame.pack(fill="x")
            card.frame.bind("<FocusIn>", partial(self._focused, name))
            card.frame.bind("<Up>", partial(self._step, name, -1))
            card.frame.bind("<Down>", partial(self._step, name, 1))
            card.frame.bind("<Home>", partial(self._edge, 0))
            card.frame.bind("<End>", partial(self._edge, -1))

    def _focused(self, name: str, _event: object) -> None:
        card = self._cards.get(name)
        if card is not None:
            card.paint()
            self._scrolled.reveal(card.frame)

    def _step(self, name: str, by: int, _event: object) -> str:
        names = list(self._cards)
        place = min(len(names) - 1, max(0, names.index(name) + by))
        self._cards[names[place]].frame.focus_set()
        return "break"

    def _edge(self, place: int, _event: object) -> str:
        names = list(self._cards)
        self._cards[names[place]].frame.focus_set()
        return "break"


class _Card:
    """One operation: a line that is always there, and beneath it what is shown when it is open."""

    def __init__(self, scrolled: Scrolled, look: Theme, row: Row, toggle: Callable[[], None], act: Act) -> None:
        px = look.px
        self._scrolled = scrolled
        self._look = look
        self._act = act
        self._toggle = toggle
        self.row = row
        self.is_open = False
        self._is_under = False
        self._shown: tuple[Row, frozenset[tuple[str, str]]] | None = None
        self._body: tk.Frame | None = None
        self._shape: tuple[list[str], list[Kind]] = ([], [])
        self._values: list[tk.Label] = []
        self._buttons: list[ttk.Button] = []
        self.frame = tk.Frame(
            scrolled.inner,
            background=theme.CARD,
            takefocus=True,
            highlightthickness=px(2),
            highlightbackground=theme.CARD,
            highlightcolor=theme.ACCENT,
            cursor="hand2",
        )
        self._line = tk.Frame(self.frame, background=theme.CARD)
        self._line.pack(fill="x", padx=px(12), pady=px(4))
        self._line.columnconfigure(2, weight=1)
        self._line.columnconfigure(1, minsize=px(_NAME_WIDTH))
        self._icon = tk.Label(self._line, background=theme.CARD, borderwidth=0)
        self._icon.grid(row=0, column=0, rowspan=2, padx=(0, px(14)))
        self._title = tk.Label(self._line, font=look.fonts.strong, foreground=theme.INK, anchor="w", borderwidth=0)
        self._title.grid(row=0, column=1, sticky="ew")
        self._state = tk.Label(self._line, font=look.fonts.small, foreground=theme.SOFT, anchor="w", borderwidth=0)
        self._state.grid(row=1, column=1, sticky="ew")
        self._remark = tk.Label(
            self._line, font=look.fonts.text, foreground=theme.INK, anchor="w", justify="left", borderwidth=0
        )
        self._remark.grid(row=0, column=2, rowspan=2, sticky="ew", padx=(px(12), px(8)))
        self._remark.bind("<Configure>", self._wrap)
        self._arrow = tk.Label(self._line, background=theme.CARD, borderwidth=0)
        self._arrow.grid(row=0, column=3, rowspan=2)
        self._rule = tk.Frame(self.frame, background=theme.LINE, height=1)
        self._rule.pack(side="bottom", fill="x", padx=px(12))
        self._bind()
        self.paint()

    def _bind(self) -> None:
        for widget in (self.frame, self._line, *self._line.winfo_children()):
            widget.bind("<Button-1>", self._clicked)
        self.frame.bind("<Return>", self._clicked)
        self.frame.bind("<space>", self._clicked)
        self.frame.bind("<Enter>", lambda _: self._set_under(is_under=True))
        self.frame.bind("<Leave>", lambda _: self._set_under(is_under=False))

    def show(self, row: Row, busy: frozenset[tuple[str, str]]) -> None:
        """Show a row."""
        if self._shown == (row, busy):
            return
        self._shown = (row, busy)
        self.row = row
        self._icon.configure(image=self._look.icon(row.icon, _ICON))
        self._title.configure(text=self._fitted(row.title))
        self._state.configure(text=row.state, foreground=theme.URGENT if row.is_urgent else theme.SOFT)
        self._remark.configure(text=row.remark)
        self._arrow.configure(image=self._look.arrow(is_open=self.is_open))
        if self.is_open:
            self._fill(busy)

    def set_open(self, is_open: bool) -> None:  # noqa: FBT001 - what the method sets
        """Open or close the card."""
        if self.is_open == is_open:
            return
        self.is_open = is_open
        self._arrow.configure(image=self._look.arrow(is_open=is_open))
        if is_open:
            self._fill(self._shown[1] if self._shown else frozenset())
        elif self._body is not None:
            self._body.destroy()
            self._body = None
            self._shape, self._values, self._buttons = ([], []), [], []
        self.paint()

    def paint(self) -> None:
        """Give every part the colour of what the card is: open, under the pointer, or neither."""
        colour = theme.HOVER if self._is_under else theme.OPEN_CARD if self.is_open else theme.CARD
        self.frame.configure(background=colour, highlightbackground=colour)
        for widget in (self._line, *self._line.winfo_children()):
            widget.configure(background=colour)  # type: ignore[call-arg]
        if self._body is not None:
            _tint(self._body, colour)

    def _fitted(self, title: str) -> str:
        text = clipped(title, _LONGEST_NAME)
        while len(text) > 1 and self._look.measure(self._look.fonts.strong, text) > self._look.px(_NAME_WIDTH):
            text = clipped(text.rstrip("…"), len(text.rstrip("…")) - 1)
        return text

    def _fill(self, busy: frozenset[tuple[str, str]]) -> None:
        """Show the details and the buttons; what is there already keeps its place, and the keyboard with it."""
        shape = ([name for name, _ in self.row.fields], [action.kind for action in self.row.actions])
        if self._body is None or shape != self._shape:
            focused = self._focused_kind()
            self._shape = shape
            self._build()
            if focused is not None:
                kept = [button for button, kind in zip(self._buttons, shape[1], strict=True) if kind is focused]
                (kept[0] if kept else self.frame).focus_set()
        for value, (_, text) in zip(self._values, self.row.fields, strict=True):
            value.configure(text=text)
        for button, action in zip(self._buttons, self.row.actions, strict=True):
            button.configure(text=action.label, command=partial(self._act, action))
            button.state(["disabled" if (action.operation, action.kind) in busy else "!disabled"])
        self.paint()

    def _focused_kind(self) -> Kind | None:
        """Return which button has the keyboard."""
        has = self.frame.focus_get()
        return next((kind for button, kind in zip(self._buttons, self._shape[1], strict=True) if button is has), None)

    def _build(self) -> None:
        if self._body is not None:
            self._body.destroy()
        px, row = self._look.px, self.row
        body = self._body = tk.Frame(self.frame, background=theme.OPEN_CARD)
        self._values, self._buttons = [], []
        if row.fields or row.actions:
            body.pack(fill="x", padx=(px(12 + _ICON + 14), px(16)), pady=(0, px(10)), before=self._rule)
        body.columnconfigure(1, weight=1)
        for index, (name, _) in enumerate(row.fields):
            label = tk.Label(body, text=name, font=self._look.fonts.small, foreground=theme.SOFT, anchor="nw")
            label.grid(row=index, column=0, sticky="nw", padx=(0, px(14)), pady=px(1))
            value = tk.Label(body, anchor="w", justify="left", foreground=theme.INK)
            value.grid(row=index, column=1, sticky="ew", pady=px(1))
            value.bind("<Configure>", self._wrap)
            self._values.append(value)
        bar = tk.Frame(body)
        bar.grid(row=len(row.fields), column=0, columnspan=2, sticky="w", pady=(px(8), 0))
        for _ in row.actions:
            button = ttk.Button(bar)
            button.pack(side="left", padx=(0, px(8)))
            button.bind("<Return>", lambda event: event.widget.invoke())
            button.bind("<FocusIn>", lambda event: self._scrolled.reveal(event.widget))
            self._buttons.append(button)
        # On the screen now, not when Tk is idle: a key that comes in between would find no button.
        self.frame.update_idletasks()

    def _wrap(self, event: "tk.Event[tk.Label]") -> None:
        if int(str(event.widget.cget("wraplength"))) != event.width:
            event.widget.configure(wraplength=event.width)

    def _clicked(self, _event: object) -> str:
        self.frame.focus_set()
        self._toggle()
        return "break"

    def _set_under(self, *, is_under: bool) -> None:
        if self._is_under != is_under:
            self._is_under = is_under
            self.paint()


def _tint(widget: tk.Misc, colour: str) -> None:
    if isinstance(widget, (tk.Frame, tk.Label)):
        widget.configure(background=colour)
    for child in widget.winfo_children():
        _tint(child, colour)
