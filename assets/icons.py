"""The icons of every state, drawn by code from one description: told apart by shape first, by colour second.

A picture is laid out on a square of 32 units, so that at 16 pixels an edge that matters falls between two pixels. The
colours stand near Okabe's and Ito's, which people with the three kinds of colour blindness tell apart; shape and
brightness carry the state where colour does not (tests/desktop measures it).
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from io import BytesIO
from math import cos, radians, sin
from types import MappingProxyType
from typing import Final

import attrs
from PIL import Image, ImageChops, ImageDraw

SIZES: Final = (16, 20, 24, 32, 40, 48, 64, 128, 256)
"""Sizes that panels and windows ask for: 16 to 48 beside the clock (100 to 300 %), the rest in windows and folders."""

_UNITS: Final = 32
_SMALL: Final = 22  # up to this size strokes are drawn bolder: a thin one is a grey smear there
_SMALL_FLAW: Final = 4  # a picture of so few pixels shows nothing
_LARGEST: Final = 1024

Colour = tuple[int, int, int]
Point = tuple[float, float]
_WHITE: Final[Colour] = (255, 255, 255)
_INK: Final[Colour] = (28, 24, 16)


@attrs.frozen(slots=True)
class Disc:
    """A round body."""


@attrs.frozen(slots=True)
class Ring:
    """A round body that is hollow: what does not work here."""


@attrs.frozen(slots=True)
class Block:
    """A square body with round corners; `radius` in units."""

    radius: float


@attrs.frozen(slots=True)
class Facets:
    """A body with corners, rounded by `radius` units; points in units."""

    points: tuple[Point, ...]
    radius: float = 1.5


@attrs.frozen(slots=True)
class Stroke:
    """A line of the sign on the body, with round ends; `width` in units."""

    points: tuple[Point, ...]
    width: float = 4.0


@attrs.frozen(slots=True)
class Dot:
    """A round spot of the sign."""

    centre: Point
    radius: float


@attrs.frozen(slots=True)
class Wedge:
    """A filled piece of the sign."""

    points: tuple[Point, ...]


Body = Disc | Ring | Block | Facets
Sign = Stroke | Dot | Wedge


@attrs.frozen(slots=True)
class Picture:
    """One icon: a body of one colour and a sign upon it."""

    body: Body
    colour: Colour
    signs: tuple[Sign, ...]
    sign_colour: Colour = _WHITE


_HOOK: Final = tuple((16 + 3.7 * cos(radians(a)), 12.6 + 3.7 * sin(radians(a))) for a in range(-190, 75, 15))
"""The bow of a question mark, from its left end to where it goes down."""

PICTURES: Final[Mapping[str, Picture]] = MappingProxyType(
    {
        # All is well: a disc with a tick.
        "active": Picture(Disc(), (0, 140, 100), (Stroke(((9, 16.8), (14, 21.8), (23, 11.2)), 4.2),)),
        # It works at this moment: a square with the sign of playing.
        "busy": Picture(Block(7), (0, 104, 178), (Wedge(((11.5, 8.5), (24, 16), (11.5, 23.5))),)),
        # Somebody should look: a triangle with a dark bar, the sign of the road.
        "attention": Picture(
            Facets(((16, -1), (32.5, 29.5), (-0.5, 29.5)), 2.2),
            (240, 173, 20),
            (Stroke(((16, 12.5), (16, 18.5)), 4.2), Dot((16, 24.2), 2.3)),
            _INK,
        ),
        # It does not work though it should: an octagon with a cross, the sign to stop.
        "failed": Picture(
            Facets(((10, 1), (22, 1), (31, 10), (31, 22), (22, 31), (10, 31), (1, 22), (1, 10)), 1.2),
            (205, 70, 20),
            (Stroke(((11, 11), (21, 21)), 4.4), Stroke(((21, 11), (11, 21)), 4.4)),
        ),
        # It belongs to another station, or is switched off: a hollow ring with a bar.
        "off": Picture(Ring(), (116, 116, 116), (Stroke(((11, 16), (21, 16)), 4.0),), (116, 116, 116)),
        # Somebody stopped it for a while: a hexagon with the two bars of a pause.
        "paused": Picture(
            Facets(((8, 2), (24, 2), (31, 16), (24, 30), (8, 30), (1, 16)), 1.5),
            (148, 78, 150),
            (Stroke(((12.5, 11), (12.5, 21)), 4.2), Stroke(((19.5, 11), (19.5, 21)), 4.2)),
        ),
        # Nobody knows: a diamond with a question mark.
        "unknown": Picture(
            Facets(((16, 0.5), (31.5, 16), (16, 31.5), (0.5, 16)), 1.8),
            (88, 88, 96),
            (
                Stroke((*_HOOK, (16, 19)), 3.2),
                Dot((16, 23.4), 2.1),
            ),
        ),
    }
)
"""Every picture by its name."""

_SHOWN_AS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "running": "active",
        "not_on_this_station": "off",
        "disabled": "off",
        "standby": "off",
        "stopped": "off",
        "waiting": "attention",
        "recovering": "attention",
        "backoff": "attention",
        "starting": "busy",
        "stopping": "off",
        "hung": "failed",
        "abandoned": "failed",
    }
)


def picture_of(state: str) -> str:
    """Return the name of the picture for a state of an operation, an actor or the whole; unheard-of ones: `unknown`."""
    if state in PICTURES:
        return state
    return _SHOWN_AS.get(state, "unknown")


def draw(state: str, size: int, dark: bool = False) -> Image.Image:  # noqa: FBT001, FBT002 - a flag of the drawing
    """Return the icon of a state, RGBA and `size` pixels square; `dark`: for a dark background.

    The same picture is drawn once and copied; a copy may be changed. Raises ValueError for a size that shows nothing
    or is beyond reason.
    """
    if not _SMALL_FLAW < size <= _LARGEST:
        raise ValueError(f"an icon has {_SMALL_FLAW + 1} to {_LARGEST} pixels, not {size}")
    return _drawn(picture_of(state), size, dark).copy()


def ico(state: str) -> bytes:
    """Return the file of a Windows icon with every size, each drawn for itself: a picture made smaller is a blur."""
    images = [draw(state, size) for size in SIZES]
    file = BytesIO()
    images[-1].save(file, "ICO", sizes=[image.size for image in images], append_images=images[:-1])
    return file.getvalue()


@lru_cache(maxsize=256)
def _drawn(name: str, size: int, dark: bool) -> Image.Image:  # noqa: FBT001 - a key of the cache
    picture = PICTURES[name]
    canvas = _Canvas(size)
    colour = _lighter(picture.colour, 0.10) if dark else picture.colour
    body = canvas.body(picture.body, 0)
    sign = canvas.signs(picture.signs)
    whole = Image.new("RGBA", canvas.square, (0, 0, 0, 0))
    if isinstance(picture.body, Ring):
        ring = ImageChops.subtract(body, canvas.body(picture.body, canvas.ring_width))
        # On a dark bar a pale heart makes the grey ring stand out, on a light one it is white paper.
        whole.paste((*_PALE_HEART, 255), mask=body)
        strength = (150, 150, 150) if dark else colour
        whole.paste((*strength, 255), mask=ring)
        whole.paste((*colour, 255), mask=sign)
    else:
        rim = _lighter(colour, 0.55) if dark else _darker(colour, 0.24)
        whole.paste((*rim, 255), mask=body)
        inner = canvas.body(picture.body, canvas.rim_width)
        whole.paste(canvas.shaded(colour), mask=inner)
        whole.paste((*picture.sign_colour, 255), mask=sign)
    return whole.resize((size, size), Image.Resampling.LANCZOS)


_PALE_HEART: Final[Colour] = (244, 244, 244)


class _Canvas:
    """A square that is some times larger than the icon, measured in units."""

    def __init__(self, size: int) -> None:
        self._times = 8 if size <= 128 else 4  # noqa: PLR2004 - large pictures are smooth enough with less
        pixels = size * self._times
        self.square = (pixels, pixels)
        self._unit = pixels / _UNITS
        self._boldness = 1.16 if size <= _SMALL else 1.0
        self.rim_width = max(1.0, _UNITS / size * 0.75) if size <= _SMALL else 1.15
        self.ring_width = 5.2 if size <= _SMALL else 4.4

    def body(self, body: Body, inset: float) -> Image.Image:
        """Return the mask of a body whose edge is drawn in by so many units."""
        mask, draw_on = self._mask()
        match body:
            case Disc() | Ring():
                draw_on.ellipse(self._box(1 + inset, 31 - inset), fill=255)
            case Block(radius):
                rounded = max(1.0, radius - inset) * self._unit
                draw_on.rounded_rectangle(self._box(1.5 + inset, 30.5 - inset), rounded, fill=255)
            case Facets(points, radius):
                self._facets(draw_on, _drawn_in(points, radius + inset), radius)
        return mask

    def signs(self, signs: tuple[Sign, ...]) -> Image.Image:
        """Return the mask of what is written on the body."""
        mask, draw_on = self._mask()
        for sign in signs:
            match sign:
                case Stroke(points, width):
                    self._stroke(draw_on, points, width * self._boldness)
                case Dot((x, y), radius):
                    self._dot(draw_on, (x, y), radius * self._boldness)
                case Wedge(points):
                    draw_on.polygon(self._scaled(points), fill=255)
                    for one, other in zip(points, points[1:] + points[:1], strict=True):
                        self._stroke(draw_on, (one, other), 1.6)
        return mask

    def shaded(self, colour: Colour) -> Image.Image:
        """Return a field of the colour that is a little lighter above than below."""
        height = self.square[1]
        fade = Image.linear_gradient("L").resize(self.square)
        top = Image.new("RGBA", self.square, (*_lighter(colour, 0.12), 255))
        bottom = Image.new("RGBA", (self.square[0], height), (*_darker(colour, 0.06), 255))
        return Image.composite(bottom, top, fade)

    def _facets(self, draw_on: ImageDraw.ImageDraw, points: tuple[Point, ...], radius: float) -> None:
        draw_on.polygon(self._scaled(points), fill=255)
        for one, other in zip(points, points[1:] + points[:1], strict=True):
            self._stroke(draw_on, (one, other), radius * 2)

    def _stroke(self, draw_on: ImageDraw.ImageDraw, points: tuple[Point, ...], width: float) -> None:
        draw_on.line(self._scaled(points), fill=255, width=max(1, round(width * self._unit)), joint="curve")
        for point in points:
            self._dot(draw_on, point, width / 2)

    def _dot(self, draw_on: ImageDraw.ImageDraw, centre: Point, radius: float) -> None:
        (x, y), r = (centre[0] * self._unit, centre[1] * self._unit), radius * self._unit
        draw_on.ellipse((x - r, y - r, x + r - 1, y + r - 1), fill=255)

    def _mask(self) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        mask = Image.new("L", self.square, 0)
        return mask, ImageDraw.Draw(mask)

    def _box(self, begin: float, end: float) -> tuple[float, float, float, float]:
        return begin * self._unit, begin * self._unit, end * self._unit - 1, end * self._unit - 1

    def _scaled(self, points: tuple[Point, ...]) -> list[Point]:
        return [(x * self._unit, y * self._unit) for x, y in points]


def _drawn_in(points: tuple[Point, ...], by: float) -> tuple[Point, ...]:
    """Return a convex polygon, corners clockwise, whose edges are moved inwards by so many units."""
    lines = [_moved_edge(one, other, by) for one, other in zip(points, points[1:] + points[:1], strict=True)]
    return tuple(_crossing(lines[index - 1], lines[index]) for index in range(len(lines)))


def _moved_edge(one: Point, other: Point, by: float) -> tuple[Point, Point]:
    dx, dy = other[0] - one[0], other[1] - one[1]
    length = (dx * dx + dy * dy) ** 0.5
    nx, ny = -dy / length * by, dx / length * by
    return (one[0] + nx, one[1] + ny), (dx, dy)


def _crossing(one: tuple[Point, Point], other: tuple[Point, Point]) -> Point:
    (x1, y1), (dx1, dy1) = one
    (x2, y2), (dx2, dy2) = other
    along = ((x2 - x1) * dy2 - (y2 - y1) * dx2) / (dx1 * dy2 - dy1 * dx2)
    return x1 + along * dx1, y1 + along * dy1


def _lighter(colour: Colour, by: float) -> Colour:
    return _mapped(colour, lambda part: part + (255 - part) * by)


def _darker(colour: Colour, by: float) -> Colour:
    return _mapped(colour, lambda part: part * (1 - by))


def _mapped(colour: Colour, change: Callable[[float], float]) -> Colour:
    red, green, blue = (round(change(part)) for part in colour)
    return red, green, blue
