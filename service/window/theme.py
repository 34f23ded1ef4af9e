"""How the window looks: colours, fonts and pictures at the scale of the screen, for Tk's theme "clam"."""

import tkinter as tk
from tkinter import font as tkfont
from tkinter import ttk
from typing import Final

import attrs

from assets.icons import draw, picture_of
from assets.png import png
from service.window.pictures import arrow
from service.window.scale import most_of, scale_of

PAPER: Final = "#f3f5f7"
CARD: Final = "#ffffff"
OPEN_CARD: Final = "#f8fafc"
HOVER: Final = "#f0f5fa"
LINE: Final = "#e1e5ea"
INK: Final = "#1a1f26"
SOFT: Final = "#59616c"
ACCENT: Final = "#0a62ab"
ACCENT_HOVER: Final = "#0b70c2"
URGENT: Final = "#b0300b"
NOTICE: Final = "#fff4d6"
BARS: Final = {"active": "#00966b", "attention": "#e0a012", "failed": "#c84614", "unknown": "#9aa1ab"}

_FAMILIES: Final = ("Segoe UI", "Noto Sans", "Inter", "Ubuntu", "Cantarell", "DejaVu Sans", "Liberation Sans", "Arial")
_FIXED: Final = ("Cascadia Mono", "Consolas", "Noto Sans Mono", "DejaVu Sans Mono", "Liberation Mono")


class NoFonts(Exception):  # noqa: N818 - a state of the computer
    """This computer has no font that Tk could draw with."""


@attrs.frozen
class Fonts:
    """The named fonts of the window."""

    text: str
    strong: str
    small: str
    title: str
    number: str
    fixed: str


class Theme:
    """The look of one window: made once, kept to the end, since Tk forgets a picture that nobody holds."""

    def __init__(self, root: tk.Tk, scale: float | None = None) -> None:
        self._root = root
        self.scale = min(scale or scale_of(root), most_of(root))
        self.fonts = self._fonts()
        self._pictures: dict[tuple[str, int], tk.PhotoImage] = {}
        self._style()

    def px(self, pixels: float) -> int:
        """Return a length at this screen's scale; `pixels` are those of a screen at 100 %."""
        return max(1, round(pixels * self.scale))

    def icon(self, state: str, pixels: int) -> tk.PhotoImage:
        """Return the picture of a state, drawn for its size."""
        key = (picture_of(state), self.px(pixels))
        if key not in self._pictures:
            self._pictures[key] = tk.PhotoImage(master=self._root, data=png(draw(*key)), format="png")
        return self._pictures[key]

    def arrow(self, *, is_open: bool) -> tk.PhotoImage:
        """Return the small arrow of a card: to the right when it is closed, down when it is open."""
        key = ("open" if is_open else "closed", self.px(16))
        if key not in self._pictures:
            self._pictures[key] = tk.PhotoImage(
                master=self._root, data=png(arrow(key[1], SOFT, is_open=is_open)), format="png"
            )
        return self._pictures[key]

    def _fonts(self) -> Fonts:
        families = {family.casefold(): family for family in tkfont.families(self._root)}
        if not families:
            raise NoFonts
        default = tkfont.nametofont("TkDefaultFont", self._root).actual()["family"]
        family = next((families[name.casefold()] for name in _FAMILIES if name.casefold() in families), default)
        fixed = next((families[name.casefold()] for name in _FIXED if name.casefold() in families), family)
        sizes = {
            "text": (family, 13, "normal"),
            "strong": (family, 13, "bold"),
            "small": (family, 12, "normal"),
            "title": (family, 19, "bold"),
            "number": (family, 24, "bold"),
            "fixed": (fixed, 12, "normal"),
        }
        self._kept = {
            name: tkfont.Font(self._root, name=f"Heitz{name}", family=face, size=-self.px(size), weight=weight)  # type: ignore[arg-type]
            for name, (face, size, weight) in sizes.items()
        }
        return Fonts(**{name: str(font) for name, font in self._kept.items()})

    def measure(self, font: str, text: str) -> int:
        """Return how wide a text is in one of the fonts, in pixels."""
        return int(self._root.tk.call("font", "measure", font, text))

    def _style(self) -> None:
        style, px, fonts = ttk.Style(self._root), self.px, self.fonts
        style.theme_use("clam")
        self._root.configure(background=PAPER)
        self._root.option_add("*font", fonts.text)
        style.configure(".", background=PAPER, foreground=INK, font=fonts.text, focuscolor=ACCENT, borderwidth=0)
        style.configure("Card.TFrame", background=CARD)
        style.configure(
            "TButton",
            background=CARD,
            bordercolor="#c3c9d1",
            lightcolor=CARD,
            darkcolor=CARD,
            relief="raised",  # a flat one has no border in this theme
            borderwidth=1,
            padding=(px(12), px(5)),
            anchor="center",
        )
        style.map(
            "TButton",
            background=[("disabled", PAPER), ("pressed", "#dbe8f5"), ("active", HOVER)],
            lightcolor=[("pressed", "#dbe8f5"), ("active", HOVER)],
            darkcolor=[("pressed", "#dbe8f5"), ("active", HOVER)],
            bordercolor=[("disabled", LINE), ("focus", ACCENT), ("active", "#8fb3d3")],
            foreground=[("disabled", "#98a0aa")],
        )
        self._accent(style)
        style.configure(
            "TNotebook",
            background=PAPER,
            borderwidth=0,
            bordercolor=LINE,
            lightcolor=LINE,
            darkcolor=LINE,
            tabmargins=(px(14), px(8), px(14), 0),
        )
        style.configure(
            "TNotebook.Tab",
            background=PAPER,
            foreground=SOFT,
            padding=(px(14), px(7)),
            bordercolor=PAPER,
            lightcolor=PAPER,
            darkcolor=PAPER,
        )
        style.map(
            "TNotebook.Tab",
            background=[("selected", CARD), ("active", HOVER)],
            foreground=[("selected", ACCENT), ("active", INK)],
            bordercolor=[("selected", LINE)],
            lightcolor=[("selected", CARD)],
            darkcolor=[("selected", CARD)],
            padding=[("selected", (px(14), px(7)))],
            expand=[("selected", (0, 0, 0, 0))],
        )
        self._list(style)

    def _accent(self, style: ttk.Style) -> None:
        style.configure(
            "Accent.TButton",
            background=ACCENT,
            foreground="#ffffff",
            bordercolor=ACCENT,
            lightcolor=ACCENT,
            darkcolor=ACCENT,
            focuscolor="#ffffff",
            padding=(self.px(22), self.px(6)),
            font=self.fonts.strong,
        )
        hover = [("active", ACCENT_HOVER)]
        style.map(
            "Accent.TButton",
            background=hover,
            lightcolor=hover,
            darkcolor=hover,
            bordercolor=[("focus", INK), *hover],
            foreground=[("disabled", "#ffffff")],
        )

    def _list(self, style: ttk.Style) -> None:
        px = self.px
        style.configure(
            "Treeview",
            background=CARD,
            fieldbackground=CARD,
            foreground=INK,
            rowheight=px(28),
            bordercolor=LINE,
            lightcolor=CARD,
            darkcolor=CARD,
            indent=px(18),
        )
        style.map("Treeview", background=[("selected", "#dceaf7")], foreground=[("selected", INK)])
        style.configure(
            "Treeview.Heading",
            background=PAPER,
            foreground=SOFT,
            font=self.fonts.small,
            padding=(px(6), px(4)),
            relief="flat",
            bordercolor=LINE,
            lightcolor=PAPER,
            darkcolor=PAPER,
        )
        style.map("Treeview.Heading", background=[("active", PAPER)])
        style.configure(
            "TScrollbar",
            background="#cdd3da",
            troughcolor=PAPER,
            bordercolor=PAPER,
            lightcolor="#cdd3da",
            darkcolor="#cdd3da",
            arrowcolor=SOFT,
            arrowsize=px(12),
            gripcount=0,
        )
        style.map(
            "TScrollbar",
            background=[("disabled", PAPER), ("active", "#b3bbc5")],
            lightcolor=[("disabled", PAPER), ("active", "#b3bbc5")],
            darkcolor=[("disabled", PAPER), ("active", "#b3bbc5")],
            arrowcolor=[("disabled", PAPER)],
        )
        style.configure("TCheckbutton", background=CARD, indicatorsize=px(14), indicatormargin=px(4), padding=px(2))
        style.map("TCheckbutton", background=[("active", CARD)])
