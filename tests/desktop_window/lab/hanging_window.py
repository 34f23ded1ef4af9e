"""A window whose Tk thread hangs soon after the start, and the vigil over it. Run by a test as a real process."""

import sys
import tkinter as tk
from threading import Event

from service.window import vigil


def main(trace: str) -> None:
    with open(trace, "a", encoding="utf-8") as file:  # noqa: PTH123 - a line per beginning
        file.write("begun\n")
    root = tk.Tk()
    watched = vigil.Vigil(
        root, [sys.executable, *sys.argv], patience=vigil.Patience(silent_seconds=2.5, look_seconds=0.1)
    )
    watched.start()
    root.after(50, Event().wait)
    root.mainloop()


if __name__ == "__main__":
    main(sys.argv[1])
