"""The small pictures that are no icon of a state, and how Tk is given any."""

import struct
import zlib
from typing import Final

from PIL import Image, ImageDraw

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_TRUE_COLOUR_WITH_ALPHA: Final = 6
_TIMES: Final = 4


def png(image: Image.Image) -> bytes:
    """Return an RGBA picture as a PNG file.

    Pillow's own way loads the drivers of five formats first, a fifth of the time in which the window has to be there.
    """
    width, height = image.size
    pixels = image.tobytes()
    rows = b"".join(b"\0" + pixels[4 * width * y : 4 * width * (y + 1)] for y in range(height))  # no filter
    header = struct.pack(">IIBBBBB", width, height, 8, _TRUE_COLOUR_WITH_ALPHA, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 1)) + _chunk(b"IEND", b"")


def arrow(size: int, colour: str, *, is_open: bool) -> Image.Image:
    """Return the arrow of a card: to the right when it is closed, down when it is open."""
    side = size * _TIMES
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    points = [(0.25, 0.38), (0.5, 0.63), (0.75, 0.38)] if is_open else [(0.38, 0.25), (0.63, 0.5), (0.38, 0.75)]
    line = [(x * side, y * side) for x, y in points]
    ImageDraw.Draw(image).line(line, fill=colour, width=max(1, side // 9), joint="curve")
    return image.resize((size, size), Image.Resampling.LANCZOS)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
