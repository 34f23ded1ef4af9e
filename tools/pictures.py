"""Makes the pictures of the documentation from the program itself, on a desktop of its own: `make pictures`.

`tools/pictures.py NAME...` makes only those; `--icons FOLDER` writes every icon as .png and .ico there instead.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import colour_vision  # noqa: E402 - the path is set above
from PIL import Image, ImageDraw, ImageFont  # noqa: E402

from assets.icons import PICTURES, SIZES, draw, ico  # noqa: E402
from tests.desktop.desktop import Desktop, desktop, is_alert, is_menu, wait_until  # noqa: E402
from tests.desktop.icon_club import IconClub  # noqa: E402
from tests.desktop.shown_icon import which_picture  # noqa: E402

FOLDER: Final = ROOT / "docs/pictures"
SHOWN: Final = (16, 20, 24, 32, 48, 64, 96)
LIGHT: Final = (243, 243, 243)
DARK: Final = (32, 32, 32)
INK: Final = (31, 35, 40)
PALE: Final = (107, 114, 128)
DESK: Final = 0x35506B
FONT: Final = "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"
MEANINGS: Final = {
    "active": "all is well",
    "busy": "at work at this moment",
    "attention": "waits, recovers, warns",
    "failed": "does not work here",
    "off": "not active on this station",
    "paused": "paused by somebody",
    "unknown": "not known",
}
EYES: Final = {
    "normal": "as most see",
    "deuteranopia": "no green cones",
    "protanopia": "no red cones",
    "tritanopia": "no blue cones",
    "grey": "in grey",
}


def icons() -> None:
    """Draw the contact sheet: every picture at the sizes in use, on light and dark, and as all eyes see them."""
    row, label, gap = 112, 220, 18
    wide = sum(SHOWN) + gap * (len(SHOWN) + 1)
    sheet = Image.new("RGB", (label + 2 * wide, 56 + row * len(PICTURES) + 64 + 44 * len(EYES) + 16), "white")
    pen = ImageDraw.Draw(sheet)
    pen.text((20, 16), "Icons of Heitz Service", font=font(20), fill=INK)
    for number, name in enumerate(PICTURES):
        top = 56 + row * number
        pen.text((20, top + 32), name, font=font(17), fill=INK)
        pen.text((20, top + 56), MEANINGS[name], font=font(13), fill=PALE)
        for half, bar in enumerate((LIGHT, DARK)):
            left = label + half * wide
            pen.rectangle((left, top, left + wide - 1, top + row - 1), fill=bar)
            x = left + gap
            for size in SHOWN:
                icon = draw(name, size, dark=bar == DARK)
                sheet.paste(icon, (x, top + (row - size) // 2), icon)
                x += size + gap
    below = 56 + row * len(PICTURES) + 20
    pen.text((20, below), "As eyes of every kind see them, at 16 pixels and twice that", font=font(15), fill=INK)
    for number, (vision, said) in enumerate(EYES.items()):
        top = below + 34 + 44 * number
        pen.text((20, top + 10), said, font=font(13), fill=PALE)
        for half, bar in enumerate((LIGHT, DARK)):
            strip = colour_vision.as_seen(_strip(bar, wide), colour_vision.VISIONS[vision])
            sheet.paste(strip, (label + half * wide, top))
    sheet.save(FOLDER / "icons.png", optimize=True)


def _strip(bar: tuple[int, int, int], wide: int) -> Image.Image:
    strip = Image.new("RGB", (wide, 42), bar)
    for number, name in enumerate(PICTURES):
        x = 18 + number * ((wide - 36) // len(PICTURES))
        for size, shift in ((16, 0), (32, 20)):
            icon = draw(name, size, dark=bar == DARK)
            strip.paste(icon, (x + shift, (42 - size) // 2), icon)
    return strip


def tray() -> None:
    """Show the icon of a running program beside the clock: its words, its menu, its help, its question, its alert."""
    with tempfile.TemporaryDirectory() as folder, desktop(Path(folder) / "desk", size="1100x760x24") as desk:
        club = IconClub(Path(folder) / "club", desk)
        club.prepare(language="fr", presence='support = "Heitz System, 01 23 45 67 89"\n')
        desk.paint(DESK)
        desk.start_panel(34)
        program = club.run()
        wait_until(lambda: which_picture(desk.picture()) == "active")
        desk.point_at_icon()
        _settle(1.5)
        _cut(desk, "tray.png", 520, 110)
        desk.click(3)
        wait_until(lambda: bool(desk.visible(is_menu)))
        _settle(0.5)
        _cut(desk, "tray-menu.png", 740, 596)
        desk.xdotool("key", "Up", "Up", "Up", "Return")
        _shown(desk, "Que veulent", "tray-help.png")
        desk.xdotool("key", "Escape")
        desk.click(3)
        _settle(0.8)
        desk.xdotool("key", "Up", "Up", "Return")
        _shown(desk, "Arr", "tray-quit.png")
        desk.xdotool("key", "Escape", "mousemove", "20", "20")
        club.break_mail_server()
        club.write_email("client@example.org")
        wait_until(lambda: which_picture(desk.picture()) == "attention")
        wait_until(lambda: bool(desk.visible(is_alert)))
        _settle(1.0)
        _cut(desk, "tray-alert.png", 560, 170)
        desk.end(program)


def _settle(seconds: float) -> None:
    """Let what moves come to rest: a picture is to show the end of it."""
    Event().wait(seconds)


def _cut(desk: Desktop, name: str, wide: int, high: int) -> None:
    """Keep the corner of the screen where the clock is."""
    screen = desk.screen()
    box = (screen.width - wide, screen.height - high, screen.width, screen.height)
    screen.crop(box).save(FOLDER / name, optimize=True)


def _shown(desk: Desktop, title: str, name: str) -> None:
    """Keep a window with its frame."""
    wait_until(lambda: desk.window_of(title) is not None)
    _settle(0.8)
    window = desk.window_of(title)
    box, place = window.get_geometry(), window.translate_coords(desk.display.screen().root, 0, 0)
    left, top = -place.x, -place.y
    cut = (left - 12, top - 34, left + box.width + 12, top + box.height + 14)
    desk.screen().crop(cut).save(FOLDER / name, optimize=True)


def font(size: int) -> "ImageFont.FreeTypeFont | ImageFont.ImageFont":
    """Return a font of the documentation's pictures."""
    try:
        return ImageFont.truetype(FONT, size)
    except OSError:
        return ImageFont.load_default(size)


def write_icons(folder: Path) -> None:
    """Write every icon at every size, as pictures and as icons of Windows."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PICTURES:
        (folder / f"{name}.ico").write_bytes(ico(name))
        for size in SIZES:
            for suffix, dark in (("", False), ("-dark", True)):
                draw(name, size, dark).save(folder / f"{name}-{size}{suffix}.png", optimize=True)


MAKERS: Final[dict[str, Callable[[], None]]] = {"icons": icons, "tray": tray}


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which pictures; of {', '.join(MAKERS)}")
    parser.add_argument("--icons", metavar="FOLDER", type=Path, help="write every icon there as .png and .ico")
    options = parser.parse_args(arguments)
    if options.icons is not None:
        write_icons(options.icons)
        return 0
    unknown = set(options.names) - MAKERS.keys()
    if unknown:
        parser.error(f"no such pictures: {', '.join(sorted(unknown))}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in options.names or MAKERS:
        MAKERS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
