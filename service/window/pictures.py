"""The small pictures that are no icon of a state."""

from typing import Final

from PIL import Image, ImageDraw

_TIMES: Final = 4


def arrow(size: int, colour: str, *, is_open: bool) -> Image.Image:
    """Return the arrow of a card: to the right when it is closed, down when it is open."""
    side = size * _TIMES
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    points = [(0.25, 0.38), (0.5, 0.63), (0.75, 0.38)] if is_open else [(0.38, 0.25), (0.63, 0.5), (0.38, 0.75)]
    line = [(x * side, y * side) for x, y in points]
    ImageDraw.Draw(image).line(line, fill=colour, width=max(1, side // 9), joint="curve")
    return image.resize((size, size), Image.Resampling.LANCZOS)
