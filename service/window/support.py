"""The tab for support: the tree of actors, and how the one that is chosen failed last."""

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Final

from config.sentence import Sentence
from service.window import theme
from service.window.text import sentence_case
from service.window.theme import Theme
from service.window.tree import Node

_COLUMNS: Final = (
    ("state", Sentence.of("state"), 130, "w"),
    ("restarts", Sentence.of("restarts"), 90, "e"),
    ("mailbox", Sentence.of("mailbox"), 90, "e"),
    ("since", Sentence.of("up since"), 130, "w"),
)
_ICON: Final = 16


class SupportTab:
    """Every actor with its state; beneath, the last failure as support wants to read it."""

    def __init__(self, parent: tk.Misc, look: Theme, language: str, restart: Callable[[str], None]) -> None:
        self._look = look
        self._language = language
        self._restart = restart
        self._nodes: dict[str, Node] = {}
        px = look.px
        self.widget = tk.Frame(parent, background=theme.CARD)
        self.widget.rowconfigure(0, weight=3)
        self.widget.rowconfigure(2, weight=2)
        self.widget.columnconfigure(0, weight=1)
        self.tree = ttk.Treeview(self.widget, columns=[name for name, *_ in _COLUMNS], selectmode="browse", height=4)
        self.tree.heading("#0", text=Sentence.of("Actors").render(language), anchor="w")
        self.tree.column("#0", width=px(210), minwidth=px(120))
        for name, title, width, anchor in _COLUMNS:
            said = sentence_case(title.render(language))
            self.tree.heading(name, text=f"    {said}" if name == "since" else said, anchor=anchor)  # type: ignore[call-overload]
            self.tree.column(name, width=px(width), minwidth=px(60), anchor=anchor)  # type: ignore[call-overload]
        self.tree.grid(row=0, column=0, sticky="nsew", padx=(px(12), 0), pady=(px(10), px(4)))
        bar = ttk.Scrollbar(self.widget, orient="vertical", command=self.tree.yview, takefocus=False)
        bar.grid(row=0, column=1, sticky="ns", padx=(0, px(12)), pady=(px(10), px(4)))
        self.tree.configure(yscrollcommand=bar.set)
        self.tree.bind("<<TreeviewSelect>>", lambda _: self._tell())
        buttons = tk.Frame(self.widget, background=theme.CARD)
        buttons.grid(row=1, column=0, columnspan=2, sticky="ew", padx=px(12))
        self._again = ttk.Button(buttons, text=Sentence.of("Restart").render(language), command=self._asked)
        self._again.pack(side="left")
        self._copy = ttk.Button(
            buttons, text=Sentence.of("Copy for the support").render(language), command=self._copied
        )
        self._copy.pack(side="left", padx=px(8))
        for button in (self._again, self._copy):
            button.bind("<Return>", lambda event: event.widget.invoke())
        self._text = tk.Text(
            self.widget,
            height=5,
            font=look.fonts.fixed,
            background=theme.PAPER,
            foreground=theme.INK,
            relief="flat",
            highlightthickness=1,
            highlightbackground=theme.LINE,
            highlightcolor=theme.ACCENT,
            padx=px(8),
            pady=px(6),
            wrap="word",
            state="disabled",
        )
        self._text.grid(row=2, column=0, columnspan=2, sticky="nsew", padx=px(12), pady=(px(6), px(12)))
        self._text.bind("<Tab>", self._leave)

    def show(self, nodes: Sequence[Node]) -> None:
        """Show the actors; what is chosen and what is folded stay so."""
        if [node.path for node in nodes] != list(self._nodes):
            self.tree.delete(*self.tree.get_children())
            for node in nodes:
                self.tree.insert(node.parent, "end", iid=node.path, open=True)
        for node in nodes:
            if self._nodes.get(node.path) != node or not self.tree.item(node.path, "text"):
                self.tree.item(
                    node.path,
                    text=f" {node.name}",
                    image=self._look.icon(node.icon, _ICON),
                    values=(*node.cells[:-1], f"    {node.cells[-1]}"),
                )
        self._nodes = {node.path: node for node in nodes}
        if nodes and not self.tree.selection():
            worst = next((node.path for node in nodes if node.icon not in {"running", "stopped"}), nodes[0].path)
            self.tree.selection_set(worst)
            self.tree.focus(worst)
        self._tell()

    def focus(self) -> None:
        """Give the keyboard to the tree."""
        self.tree.focus_set()

    def _chosen(self) -> Node | None:
        return next((self._nodes[path] for path in self.tree.selection() if path in self._nodes), None)

    def _tell(self) -> None:
        node = self._chosen()
        for button in (self._again, self._copy):
            button.state(["disabled" if node is None else "!disabled"])
        text = "" if node is None else node.failure
        if self._text.get("1.0", "end-1c") != text:
            self._text.configure(state="normal")
            self._text.delete("1.0", "end")
            self._text.insert("1.0", text)
            self._text.configure(state="disabled")

    def _asked(self) -> None:
        node = self._chosen()
        if node is not None:
            self._restart(node.path)

    def _copied(self) -> None:
        node = self._chosen()
        if node is not None:
            self.widget.clipboard_clear()
            self.widget.clipboard_append(f"{node.path}: {', '.join(node.cells)}\n{node.failure}\n")

    def _leave(self, event: "tk.Event[tk.Text]") -> str:
        event.widget.tk_focusNext().focus_set()  # type: ignore[union-attr]
        return "break"
