"""A picture as a PNG file, the form in which Tk takes one with its transparency."""

import struct
import zlib
from typing import Final

from PIL import Image

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_TRUE_COLOUR_WITH_ALPHA: Final = 6


def png(image: Image.Image) -> bytes:
    """Return an RGBA picture as a PNG file.

    Pillow's own way loads the drivers of five formats first: 1.8 MiB of the icon's process, and a fifth of the time in
    which the window has to be there.
    """
    width, height = image.size
    pixels = image.tobytes()
    rows = b"".join(b"\0" + pixels[4 * width * y : 4 * width * (y + 1)] for y in range(height))  # no filter
    header = struct.pack(">IIBBBBB", width, height, 8, _TRUE_COLOUR_WITH_ALPHA, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 1)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
