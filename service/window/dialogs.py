"""Questions of the window, in its own look and language: Tk's own come in the system's."""

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk
from typing import Final, TypeVar

import attrs

from service.window import theme
from service.window.theme import Theme

T = TypeVar("T")

_WIDTH: Final = 380


@attrs.frozen
class Question:
    """A question with its answers, the first of which is the one to be taken; Escape takes none."""

    title: str
    text: str
    icon: str = "attention"


def choose(parent: tk.Tk, look: Theme, question: Question, answers: Sequence[tuple[str, T]], cancel: str) -> T | None:
    """Ask, and return the answer's value; None when the dialog was closed. Waits, and the window goes on living."""
    px = look.px
    box = tk.Toplevel(parent, background=theme.CARD)
    box.withdraw()
    box.title("Heitz Service")
    box.wm_client(parent.wm_client())
    box.transient(parent)
    box.resizable(width=False, height=False)
    chosen: list[T] = []
    body = tk.Frame(box, background=theme.CARD)
    body.pack(fill="x", padx=px(20), pady=(px(18), px(14)))
    tk.Label(body, image=look.icon(question.icon, 36), background=theme.CARD).pack(side="left", anchor="n")
    words = tk.Frame(body, background=theme.CARD)
    words.pack(side="left", padx=(px(16), 0))
    for text, font in ((question.title, look.fonts.strong), (question.text, look.fonts.text)):
        label = tk.Label(words, text=text, font=font, wraplength=px(_WIDTH), justify="left", anchor="w")
        label.configure(background=theme.CARD, foreground=theme.INK)
        label.pack(fill="x", pady=(0, px(6)))
    foot = tk.Frame(box, background=theme.PAPER)
    foot.pack(fill="x", side="bottom", ipadx=px(10))

    def close(*_: object) -> None:
        box.grab_release()
        box.destroy()

    def take(value: T) -> None:
        chosen.append(value)
        close()

    buttons = [ttk.Button(foot, text=cancel, command=close)]
    # Packed from the right: the first answer stands leftmost, as one reads.
    buttons += [
        ttk.Button(
            foot,
            text=label,
            style="Accent.TButton" if index == 0 else "TButton",
            command=lambda value=value: take(value),  # type: ignore[misc]
        )
        for index, (label, value) in reversed(list(enumerate(answers)))
    ]
    for button in buttons:
        button.pack(side="right", padx=(0, px(10)), pady=px(10))
        button.bind("<Return>", lambda event: event.widget.invoke())
    box.protocol("WM_DELETE_WINDOW", close)
    box.bind("<Escape>", close)
    box.update_idletasks()
    left = parent.winfo_rootx() + (parent.winfo_width() - box.winfo_reqwidth()) // 2
    top = parent.winfo_rooty() + (parent.winfo_height() - box.winfo_reqheight()) // 3
    box.geometry(f"+{max(0, left)}+{max(0, top)}")
    box.deiconify()
    box.wait_visibility()
    box.grab_set()
    buttons[0].focus_set()  # what changes nothing: a key pressed too early does no harm
    parent.wait_window(box)
    return chosen[0] if chosen else None
