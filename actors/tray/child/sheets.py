"""The windows of the child, by Tk: a menu with pictures, a tooltip, a question, help, an alert in the corner."""

import tkinter as tk
from collections.abc import Callable
from tkinter import font as fonts
from typing import Any, Final

from PIL import Image

from actors.tray.face import Item, Words
from assets.icons import draw
from assets.png import png

_PAPER: Final = "#ffffff"
_INK: Final = "#1f2328"
_PALE_INK: Final = "#6b7280"
_LINE: Final = "#d5d9df"
_BLUE: Final = "#0068b2"
_PALE_BLUE: Final = "#e3f0fa"
_FAMILIES: Final = ("Segoe UI", "Noto Sans", "Cantarell", "DejaVu Sans", "Liberation Sans")
_LAST_PLAIN: Final = 0xFFFF
_FIRST_HALF, _LAST_HALF = 0xD800, 0xDFFF  # half characters, as broken text has them
_WIDEST: Final = 380
_MENU_PICTURE: Final = 16
_MORE: Final = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
_POINTS_AT_100_PERCENT: Final = 96 / 72


class Sheets:
    """All windows of the child; made and used in the main thread only. The root is never shown and never destroyed."""

    def __init__(self) -> None:
        self._root = tk.Tk(className="HeitzService")
        self._root.withdraw()
        self._scale = max(1.0, float(self._root.tk.call("tk", "scaling")) / _POINTS_AT_100_PERCENT)
        known = set(fonts.families(self._root))
        self._family = next((each for each in _FAMILIES if each in known), "TkDefaultFont")
        self._plain = (self._family, 10)
        self._bold = (self._family, 10, "bold")
        self._large = (self._family, 13, "bold")
        # Every picture stays referenced to the end: Tk shows nothing of one that Python has collected.
        self._pictures: dict[tuple[str, int], tk.PhotoImage] = {}
        self._shown: dict[str, Any] = {}
        self._waiting = 0

    # -- the loop ----------------------------------------------------------------------------------------------------

    def loop(self) -> None:
        """Serve the windows until `end_loop`, which may have been called already."""
        if self._shown:
            self._root.mainloop()
        self._root.update()  # what was taken away is gone from the screen, too

    def end_loop(self) -> None:
        """Make `loop` return."""
        self._root.quit()

    def after(self, milliseconds: int, job: Callable[[], object]) -> None:
        """Do something later, if the loop still runs by then."""
        self._root.after(milliseconds, job)

    def soon(self, milliseconds: int, job: Callable[[], object]) -> None:
        """Do something later; until then something counts as shown."""
        self._waiting += 1
        key = f"soon {self._waiting}"
        self._shown[key] = None

        def ring() -> None:
            self._shown.pop(key, None)
            job()

        self._root.after(milliseconds, ring)

    def is_anything_shown(self) -> bool:
        """Whether the loop is still needed."""
        return bool(self._shown)

    # -- the menu ----------------------------------------------------------------------------------------------------

    def menu(self, items: tuple[Item, ...], x: int, y: int, chosen: Callable[[str], None]) -> None:
        """Post the menu at a place, as far as it fits on the screen."""
        self.no_words()
        self._forget("menu")
        menu = self._built(self._root, items, chosen)
        self._shown["menu"] = menu
        menu.bind("<Unmap>", lambda event: self._forget_menu(menu) if event.widget is menu else None)
        menu.update_idletasks()
        margin = self._pixels(14)
        is_low = y > self._root.winfo_screenheight() // 2
        top = y - menu.winfo_reqheight() - margin if is_low else y + margin
        left = min(x, self._root.winfo_screenwidth() - menu.winfo_reqwidth())
        menu.tk_popup(max(0, left), max(0, top))
        menu.focus_force()  # without it no key arrives: no window of ours has the keyboard

    def _built(self, parent: tk.Misc, items: tuple[Item, ...], chosen: Callable[[str], None]) -> tk.Menu:
        menu = tk.Menu(
            parent,
            tearoff=False,
            font=self._plain,
            background=_PAPER,
            foreground=_INK,
            activebackground=_PALE_BLUE,
            activeforeground=_INK,
            disabledforeground=_PALE_INK,
            relief="solid",
            borderwidth=1,
            activeborderwidth=0,  # what is wider is drawn as a raised frame
        )
        for item in items:
            look: dict[str, Any] = {
                # The arrow that Tk draws of itself is white on white.
                "label": f"{plain(item.text)}{_MORE if item.below else ''}    ",
                "compound": "left",
                "image": self._menu_picture(item.picture),
            }
            if item.below:
                menu.add_cascade(menu=self._built(menu, item.below, chosen), **look)
            elif item.does:
                font = self._bold if item.is_default else self._plain
                menu.add_command(command=lambda does=item.does: chosen(does), font=font, **look)  # type: ignore[misc]
            elif item.text:
                menu.add_command(state="disabled", **look)
            else:
                menu.add_separator(background=_PAPER)
        return menu

    def _forget_menu(self, menu: tk.Menu) -> None:
        # The choice comes after the menu has gone: it is destroyed a moment later.
        if self._shown.get("menu") is menu:
            self.soon(300, lambda: self._forget("menu") if self._shown.get("menu") is menu else None)

    # -- words under the pointer -------------------------------------------------------------------------------------

    def words(self, text: str, x: int, y: int) -> None:
        """Show some lines beside the pointer."""
        self.no_words()
        if "menu" in self._shown:
            return
        sheet = self._borderless("words")
        tk.Label(
            sheet, text=plain_lines(text), font=self._plain, background="#2b2f36", foreground="#f5f6f8",
            padx=9, pady=6, justify="left", wraplength=self._pixels(_WIDEST),
        ).pack()  # fmt: skip
        self._place_near(sheet, x, y)

    def no_words(self) -> None:
        """Take the words away."""
        self._forget("words")

    # -- question and help -------------------------------------------------------------------------------------------

    def question(self, words: Words, yes: Callable[[], None]) -> None:
        """Ask whether to stop; Escape, the cross and Return leave it active."""
        sheet = self._window("question", words.quit_title)
        if sheet is None:
            return
        row = tk.Frame(sheet, background=_PAPER, padx=20, pady=18)
        row.pack(fill="both", expand=True)
        tk.Label(row, image=self._picture("attention", 40), background=_PAPER).grid(
            row=0, column=0, rowspan=2, padx=(0, 16), sticky="n"
        )
        self._label(row, words.quit_title, self._large).grid(row=0, column=1, sticky="w")
        self._label(row, words.quit_question, self._plain).grid(row=1, column=1, sticky="w", pady=(6, 0))
        buttons = self._buttons(sheet)

        def stop() -> None:
            self._forget("question")
            yes()

        stay = self._button(buttons, words.quit_no, lambda: self._forget("question"), is_first=True)
        stay.pack(side="right")
        self._button(buttons, words.quit_yes, stop).pack(side="right", padx=(0, 8))
        self._appear(sheet, stay)

    def help(self, words: Words) -> None:
        """Show what each icon means, and whom to call."""
        sheet = self._window("help", words.help_title)
        if sheet is None:
            return
        page = tk.Frame(sheet, background=_PAPER, padx=22, pady=18)
        page.pack(fill="both", expand=True)
        self._label(page, words.help_title, self._large).grid(row=0, column=0, columnspan=2, sticky="w", pady=(0, 10))
        for number, (picture, meaning) in enumerate(words.legend, start=1):
            tk.Label(page, image=self._picture(picture, 24), background=_PAPER).grid(
                row=number, column=0, padx=(0, 12), pady=4
            )
            self._label(page, meaning, self._plain).grid(row=number, column=1, sticky="w", pady=4)
        text = self._label(page, words.help_text, self._plain)
        text.configure(wraplength=self._pixels(_WIDEST) + self._pixels(36))
        text.grid(row=len(words.legend) + 1, column=0, columnspan=2, sticky="w", pady=(12, 0))
        close = self._button(self._buttons(sheet), words.close, lambda: self._forget("help"), is_first=True)
        close.pack(side="right")
        self._appear(sheet, close)

    # -- an alert ----------------------------------------------------------------------------------------------------

    def alert(self, title: str, text: str, picture: str, milliseconds: int, clicked: Callable[[], None]) -> None:
        """Show an alert above the clock; it goes by itself, or by a click that opens the window."""
        self._forget("alert")
        sheet = self._borderless("alert")
        frame = tk.Frame(sheet, background=_PAPER, highlightbackground=_LINE, highlightthickness=1, padx=14, pady=12)
        frame.pack()
        tk.Label(frame, image=self._picture(picture, 32), background=_PAPER).grid(
            row=0, column=0, rowspan=2, padx=(0, 12), sticky="n"
        )
        self._label(frame, title, self._bold).grid(row=0, column=1, sticky="w")
        self._label(frame, text, self._plain).grid(row=1, column=1, sticky="w", pady=(2, 0))

        def click(_event: object) -> None:
            self._forget("alert")
            clicked()

        for widget in (frame, *frame.winfo_children()):
            widget.bind("<Button-1>", click)
        self._root.after(milliseconds, lambda: self._forget("alert") if self._shown.get("alert") is sheet else None)
        sheet.update_idletasks()
        margin = self._pixels(12)
        x = self._root.winfo_screenwidth() - sheet.winfo_reqwidth() - margin
        y = self._root.winfo_screenheight() - sheet.winfo_reqheight() - self._pixels(48)
        sheet.geometry(f"+{x}+{y}")
        sheet.deiconify()

    # -- pieces ------------------------------------------------------------------------------------------------------

    def _window(self, key: str, title: str) -> tk.Toplevel | None:
        """Return a new window; None when it is open already, and was raised."""
        found = self._shown.get(key)
        if found is not None:
            found.lift()
            found.focus_force()
            return None
        sheet = tk.Toplevel(self._root, background=_PAPER)
        sheet.withdraw()
        sheet.title(plain(title))
        sheet.resizable(width=False, height=False)
        sheet.iconphoto(False, self._picture("active", 48), self._picture("active", 16))
        sheet.protocol("WM_DELETE_WINDOW", lambda: self._forget(key))
        sheet.bind("<Escape>", lambda _event: self._forget(key))
        self._shown[key] = sheet
        return sheet

    def _appear(self, sheet: tk.Toplevel, first: tk.Button) -> None:
        sheet.update_idletasks()
        x = (self._root.winfo_screenwidth() - sheet.winfo_reqwidth()) // 2
        y = (self._root.winfo_screenheight() - sheet.winfo_reqheight()) // 3
        sheet.geometry(f"+{max(0, x)}+{max(0, y)}")
        sheet.deiconify()
        sheet.attributes("-topmost", True)
        sheet.lift()
        first.focus_force()

    def _borderless(self, key: str) -> tk.Toplevel:
        sheet = tk.Toplevel(self._root, background=_LINE)
        sheet.withdraw()
        sheet.overrideredirect(True)
        sheet.attributes("-topmost", True)
        self._shown[key] = sheet
        return sheet

    def _place_near(self, sheet: tk.Toplevel, x: int, y: int) -> None:
        sheet.update_idletasks()
        wide, high = sheet.winfo_reqwidth(), sheet.winfo_reqheight()
        margin = self._pixels(4)
        left = min(max(margin, x - wide // 2), self._root.winfo_screenwidth() - wide - margin)
        is_low = y > self._root.winfo_screenheight() // 2
        top = y - high - self._pixels(22) if is_low else y + self._pixels(22)
        sheet.geometry(f"+{left}+{max(margin, top)}")
        sheet.deiconify()

    def _label(self, parent: tk.Misc, text: str, font: Any) -> tk.Label:
        return tk.Label(
            parent, text=plain_lines(text), font=font, background=_PAPER, foreground=_INK,
            justify="left", anchor="w", wraplength=self._pixels(_WIDEST),
        )  # fmt: skip

    def _buttons(self, sheet: tk.Toplevel) -> tk.Frame:
        row = tk.Frame(sheet, background="#f3f4f6", padx=16, pady=12)
        row.pack(fill="x")
        return row

    def _button(self, row: tk.Frame, text: str, does: Callable[[], None], *, is_first: bool = False) -> tk.Button:
        button = tk.Button(
            row,
            text=plain(text),
            command=does,
            font=self._bold if is_first else self._plain,
            background=_BLUE if is_first else _PAPER,
            foreground="#ffffff" if is_first else _INK,
            activebackground="#005a9b" if is_first else _PALE_BLUE,
            activeforeground="#ffffff" if is_first else _INK,
            relief="flat",
            borderwidth=0,
            highlightthickness=2,
            highlightbackground="#f3f4f6",
            highlightcolor=_INK,
            padx=14,
            pady=5,
        )
        button.bind("<Return>", lambda _event: button.invoke())
        return button

    def _menu_picture(self, state: str) -> tk.PhotoImage:
        """Return a small icon with air around it, or air alone: a menu has no other way to set its lines apart."""
        key = (f"menu {state}", self._pixels(_MENU_PICTURE))
        if key not in self._pictures:
            size, wide, high = key[1], self._pixels(32), self._pixels(25)
            image = Image.new("RGBA", (wide, high), (0, 0, 0, 0))
            if state:
                image.paste(draw(state, size), ((wide - size) // 2, (high - size) // 2))
            self._pictures[key] = self._photo(image)
        return self._pictures[key]

    def _photo(self, image: Image.Image) -> tk.PhotoImage:
        return tk.PhotoImage(master=self._root, data=png(image), format="png")

    def _picture(self, state: str, size: int) -> tk.PhotoImage:
        key = (state, self._pixels(size))
        if key not in self._pictures:
            self._pictures[key] = self._photo(draw(*key))
        return self._pictures[key]

    def _pixels(self, at_100_percent: int) -> int:
        return round(at_100_percent * self._scale)

    def _forget(self, key: str) -> None:
        sheet = self._shown.pop(key, None)
        if sheet is not None:
            sheet.destroy()


def plain(text: str) -> str:
    """Return one line that Tk can show: it ends the process on some emoji (colour fonts on X11, before Tk 8.6.14)."""
    return " ".join("".join(each if _is_plain(ord(each)) else " " for each in text).split())


def _is_plain(code: int) -> bool:
    return ord(" ") <= code <= _LAST_PLAIN and not _FIRST_HALF <= code <= _LAST_HALF


def plain_lines(text: str) -> str:
    """Return the lines of a text, each as `plain`."""
    return "\n".join(plain(line) for line in text.splitlines())
