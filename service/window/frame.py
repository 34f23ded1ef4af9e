"""The window itself: the head, the tabs, the line that tells what came of an action, and the foot."""

import tkinter as tk
from tkinter import ttk
from typing import Final, Protocol

from config.sentence import Sentence
from service.window import theme
from service.window.actions import Action
from service.window.attendance import AttendanceTab
from service.window.rows import OperationList
from service.window.runs import HistoryTab
from service.window.scale import LEAST_HEIGHT, LEAST_WIDTH, ROOM
from service.window.support import SupportTab
from service.window.text import clipped
from service.window.theme import Theme
from service.window.tree import Node
from service.window.view import Head, Page
from service.window.zones import Bar

_WIDTH, _HEIGHT = 760, 830
_TOLD_MS: Final = 90_000  # what came of an action is read by then
_LONGEST_NOTICE: Final = 300


class Commands(Protocol):
    """What the window has done when somebody asks for it."""

    def act(self, action: Action) -> None:
        """Do something to an operation."""

    def restart(self, path: str) -> None:
        """Restart an actor."""

    def fetch_history(self, failures: bool) -> None:  # noqa: FBT001 - the value of a check box
        """Fetch the last runs."""

    def hide(self) -> None:
        """Hide the window; the program goes on."""

    def stop_program(self) -> None:
        """Stop the station's program, after a question."""

    def start_program(self) -> None:
        """Start the station's program."""


class Frame:
    """Every widget of the window in one language; made anew when the language changes."""

    def __init__(self, root: tk.Tk, look: Theme, language: str, commands: Commands) -> None:
        self._root = root
        self._look = look
        self._commands = commands
        self._language = language
        self.outer = tk.Frame(root, background=theme.PAPER)
        self.outer.pack(fill="both", expand=True)
        self._foot()
        self._forget = ""
        self._told = tk.Label(
            self.outer, background=theme.PAPER, anchor="w", justify="left", compound="left", padx=look.px(18)
        )
        self._told.bind("<Configure>", lambda event: event.widget.configure(wraplength=event.width - look.px(70)))
        self._head()
        self._tabs = ttk.Notebook(self.outer, padding=0)
        self._tabs.pack(fill="both", expand=True)
        self._tabs.enable_traversal()
        self.operations = OperationList(self._tabs, look, commands.act)
        self.attendance = AttendanceTab(self._tabs, look)
        self.history = HistoryTab(self._tabs, look, language, commands.fetch_history)
        self.support = SupportTab(self._tabs, look, language, commands.restart)
        for tab, title in (
            (self.operations, Sentence.of("Operations")),
            (self.attendance, Sentence.of("Attendance")),
            (self.history, Sentence.of("History")),
            (self.support, Sentence.of("Support")),
        ):
            self._tabs.add(tab.widget, text=title.render(language))
        self._tabs.hide(self.attendance.widget)
        self._tabs.bind("<<NotebookTabChanged>>", self._changed)
        root.title(self._say(Sentence.of("Heitz Service")))

    # -- what is shown -------------------------------------------------------------------------------------------------

    def show(self, page: Page, bars: tuple[Bar, ...], nodes: tuple[Node, ...]) -> None:
        """Show a status."""
        self._show_head(page.head)
        self.operations.show(page.rows)
        self.attendance.show(bars)
        self.support.show(nodes)
        if bars:
            self._tabs.add(self.attendance.widget)
        else:
            self._tabs.hide(self.attendance.widget)

    def tell(self, text: str, icon: str) -> None:
        """Say at the bottom what came of an action; an empty text takes the line away."""
        self._keep_told()
        self._forget = self._root.after(_TOLD_MS, self._told.pack_forget)
        if not text:
            self._told.pack_forget()
            return
        self._told.configure(text=f"  {text}", image=self._look.icon(icon, 20))
        self._told.pack(side="bottom", fill="x", before=self._foot_frame, pady=(self._look.px(6), 0))
        self._foot_frame.pack_forget()
        self._foot_frame.pack(side="bottom", fill="x", before=self._told)

    def focus(self) -> None:
        """Give the keyboard to the operations."""
        self.operations.focus()

    def destroy(self) -> None:
        """Take every widget away."""
        self._keep_told()
        self.outer.destroy()

    def _keep_told(self) -> None:
        if self._forget:
            self._root.after_cancel(self._forget)
            self._forget = ""

    # -- how it is made ------------------------------------------------------------------------------------------------

    def _head(self) -> None:
        px, fonts = self._look.px, self._look.fonts
        self._head_shown: Head | None = None
        head = tk.Frame(self.outer, background=theme.CARD)
        head.pack(fill="x")
        self._picture = tk.Label(head, background=theme.CARD, borderwidth=0)
        self._picture.pack(side="left", padx=(px(22), px(16)), pady=px(13))
        self._start = ttk.Button(
            head, text=self._say(Sentence.of("Start")), style="Accent.TButton", command=self._commands.start_program
        )
        self._start.bind("<Return>", lambda _: self._start.invoke())
        words = tk.Frame(head, background=theme.CARD)
        words.pack(side="left", fill="x", expand=True, pady=px(10))
        self._title = tk.Label(words, font=fonts.title, anchor="w", justify="left", background=theme.CARD)
        self._subtitle = tk.Label(words, foreground=theme.SOFT, anchor="w", justify="left", background=theme.CARD)
        for label in (self._title, self._subtitle):
            label.pack(fill="x")
            label.bind("<Configure>", lambda event: event.widget.configure(wraplength=event.width))
        self._notice = tk.Label(self.outer, background=theme.NOTICE, anchor="w", justify="left")
        self._notice.configure(padx=px(22), pady=px(8))
        self._notice.bind("<Configure>", lambda event: event.widget.configure(wraplength=event.width - px(44)))
        self._rule = tk.Frame(self.outer, background=theme.LINE, height=1)
        self._rule.pack(fill="x")

    def _show_head(self, head: Head) -> None:
        if head == self._head_shown:
            return
        self._head_shown = head
        self._picture.configure(image=self._look.icon(head.icon, 48))
        self._title.configure(text=head.title)
        self._subtitle.configure(text=clipped(head.subtitle, _LONGEST_NOTICE))
        self._root.iconphoto(True, *(self._look.icon(head.icon, size) for size in (32, 16)))
        if head.notice:
            self._notice.configure(text=clipped(head.notice, _LONGEST_NOTICE))
            self._notice.pack(fill="x", after=self._rule)
        else:
            self._notice.pack_forget()
        if head.is_running:
            self._start.pack_forget()
        else:
            self._start.pack(side="right", padx=self._look.px(22))
        self._stop.state(["!disabled" if head.is_running else "disabled"])

    def _foot(self) -> None:
        px = self._look.px
        foot = self._foot_frame = tk.Frame(self.outer, background=theme.PAPER)
        foot.pack(side="bottom", fill="x")
        close = ttk.Button(
            foot, text=self._say(Sentence.of("CLOSE")), style="Accent.TButton", command=self._commands.hide
        )
        close.pack(side="right", padx=px(18), pady=px(12))
        self._stop = ttk.Button(foot, text=self._say(Sentence.of("Stop the program…")))
        self._stop.configure(command=self._commands.stop_program)
        self._stop.pack(side="right")
        for button in (close, self._stop):
            button.bind("<Return>", lambda event: event.widget.invoke())
        note = tk.Label(
            foot,
            text=self._say(Sentence.of("CLOSE hides the window: the program goes on working.")),
            foreground=theme.SOFT,
            background=theme.PAPER,
            font=self._look.fonts.small,
            anchor="w",
            justify="left",
        )
        note.pack(side="left", fill="x", expand=True, padx=(px(18), px(8)))
        note.bind("<Configure>", lambda event: event.widget.configure(wraplength=event.width))

    def _changed(self, _event: object) -> None:
        chosen = str(self._tabs.select())  # type: ignore[no-untyped-call]
        if chosen == str(self.history.widget):
            self.history.refresh()
            self.history.focus()
        elif chosen == str(self.support.widget):
            self.support.focus()
        elif chosen == str(self.operations.widget):
            self.operations.focus()

    def _say(self, sentence: Sentence) -> str:
        return sentence.render(self._language)


def fit(root: tk.Tk, look: Theme) -> None:
    """Give the window a size that the screen has, in its middle; smaller is possible, down to what can be read."""
    width = min(look.px(_WIDTH), root.winfo_screenwidth() - look.px(8))
    height = min(look.px(_HEIGHT), root.winfo_screenheight() - ROOM)
    root.minsize(min(look.px(LEAST_WIDTH), width), min(look.px(LEAST_HEIGHT), height))
    left = (root.winfo_screenwidth() - width) // 2
    top = max(0, (root.winfo_screenheight() - ROOM - height) // 2)
    root.geometry(f"{width}x{height}+{left}+{top}")
