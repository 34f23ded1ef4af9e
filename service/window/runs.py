"""The tab of the history: what was done lately in the club, asked for when somebody looks."""

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from tkinter import ttk
from typing import Any, Final

from config.sentence import Sentence
from service.window import theme
from service.window.text import one_line, sentence_case
from service.window.theme import Theme
from service.words import duration, instant, outcome_word, work_word

_COLUMNS: Final = (
    ("operation", Sentence.of("operation"), 130),
    ("station", Sentence.of("station"), 100),
    ("outcome", Sentence.of("outcome"), 90),
    ("time", Sentence.of("time"), 70),
    ("summary", Sentence.of("what was done"), 240),
)
_ICONS: Final = {"ok": "active", "failed": "failed", "interrupted": "attention", "running": "busy", "skipped": "off"}
_ICON: Final = 16


class HistoryTab:
    """The last runs, newest first. `ask(failures)` has them fetched; `show` or `tell` brings what came of it."""

    def __init__(self, parent: tk.Misc, look: Theme, language: str, ask: Callable[[bool], None]) -> None:
        self._look = look
        self._language = language
        self._ask = ask
        px = look.px
        self.widget = tk.Frame(parent, background=theme.CARD)
        bar = tk.Frame(self.widget, background=theme.CARD)
        bar.pack(fill="x", padx=px(12), pady=(px(10), px(4)))
        self._failures = tk.BooleanVar(self.widget, value=False)
        only = ttk.Checkbutton(
            bar,
            text=sentence_case(Sentence.of("failures only").render(language)),
            variable=self._failures,
            command=self.refresh,
        )
        only.pack(side="left")
        again = ttk.Button(bar, text=Sentence.of("Look again").render(language), command=self.refresh)
        again.pack(side="right")
        again.bind("<Return>", lambda _: again.invoke())
        self._note = tk.Label(bar, background=theme.CARD, foreground=theme.SOFT, anchor="w", font=look.fonts.small)
        self._note.configure(justify="left")
        self._note.pack(side="left", fill="x", expand=True, padx=px(14))
        self._note.bind("<Configure>", lambda event: event.widget.configure(wraplength=event.width))
        rows = self._rows = tk.Frame(self.widget, background=theme.CARD)
        rows.pack(fill="both", expand=True, padx=px(12), pady=(0, px(12)))
        self.tree = ttk.Treeview(rows, columns=[name for name, *_ in _COLUMNS], selectmode="browse", height=4)
        self.tree.heading("#0", text=sentence_case(Sentence.of("began").render(language)), anchor="w")
        self.tree.column("#0", width=px(150), minwidth=px(110), stretch=False)
        for name, title, width in _COLUMNS:
            self.tree.heading(name, text=sentence_case(title.render(language)), anchor="w")
            self.tree.column(name, width=px(width), minwidth=px(50), stretch=name == "summary")
        scroll = ttk.Scrollbar(rows, orient="vertical", command=self.tree.yview, takefocus=False)
        self.tree.configure(yscrollcommand=scroll.set)
        scroll.pack(side="right", fill="y")
        self.tree.pack(side="left", fill="both", expand=True)
        self.tree.bind("<F5>", lambda _: self.refresh())
        self.tree.bind("<<TreeviewSelect>>", lambda _: self._tell_whole())
        self._whole = tk.Label(self.widget, background=theme.PAPER, anchor="w", justify="left", padx=px(10), pady=px(8))
        self._whole.bind("<Configure>", lambda event: event.widget.configure(wraplength=event.width - px(20)))

    def refresh(self) -> None:
        """Have the runs fetched again."""
        self._note.configure(text=Sentence.of("looking in the club database…").render(self._language))
        self._ask(bool(self._failures.get()))

    def tell(self, text: str) -> None:
        """Say why there is nothing to show."""
        self._note.configure(text=one_line(text))

    def show(self, runs: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> None:
        """Show the runs; `titles` are the names of operations by their id."""
        language, now = self._language, datetime.now().astimezone()
        self.tree.delete(*self.tree.get_children())
        self._tell_whole()
        for run in runs:
            outcome = str(run.get("outcome"))
            seconds, name = run.get("seconds"), str(run.get("operation"))
            self.tree.insert(
                "",
                "end",
                text=f" {instant(run.get('started_at'), now, language)}",
                image=self._look.icon(_ICONS.get(outcome, "unknown"), _ICON),
                values=(
                    one_line(titles.get(name) or work_word(name, language)),
                    one_line(run.get("station")),
                    outcome_word(outcome, language),
                    duration(float(seconds), language) if isinstance(seconds, int | float) else "-",
                    one_line(run.get("summary")),
                ),
            )
        first = next(iter(self.tree.get_children()), None)
        if first is not None:  # without one that is chosen, the arrow keys go nowhere
            self.tree.selection_set(first)
            self.tree.focus(first)
        said = Sentence.counted("{n} run", "{n} runs", len(runs)) if runs else Sentence.of("no run is recorded")
        self._note.configure(text=said.render(language))

    def _tell_whole(self) -> None:
        """Show the whole summary of the run that is chosen: its column is too narrow for what matters most."""
        chosen = self.tree.selection()
        text = str(self.tree.set(chosen[0], "summary")) if chosen else ""
        if text:
            self._whole.configure(text=text)
            self._whole.pack(
                side="bottom", before=self._rows, fill="x", padx=self._look.px(12), pady=(0, self._look.px(12))
            )
        else:
            self._whole.pack_forget()

    def focus(self) -> None:
        """Give the keyboard to the list."""
        self.tree.focus_set()
