"""How far two icons lie apart for eyes of every kind: mean difference in CIELAB over the pixels of 16 x 16."""

import math
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Final

from PIL import Image

from assets.icons import PICTURES, draw

Triple = tuple[float, float, float]
Matrix = tuple[Triple, Triple, Triple]

LIGHT: Final = (243, 243, 243)
DARK: Final = (32, 32, 32)
# Machado, Oliveira and Fernandes 2009, severity 1, on linear light; grey by the luminance of Rec. 709.
VISIONS: Final[dict[str, Matrix]] = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881),
    ),
    "protanopia": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900),
    ),
    "grey": ((0.2126, 0.7152, 0.0722), (0.2126, 0.7152, 0.0722), (0.2126, 0.7152, 0.0722)),
}  # fmt: skip
_D65: Final = (0.95047, 1.0, 1.08883)
_XYZ: Final[Matrix] = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))


def distances(size: int = 16) -> Iterator[tuple[float, str, str, str, str]]:
    """Give (distance, one, other, vision, bar) of each pair of pictures for each vision on each bar."""
    for bar, background in (("light", LIGHT), ("dark", DARK)):
        for vision, matrix in VISIONS.items():
            seen = {name: _seen(_upon(draw(name, size, dark=bar == "dark"), background), matrix) for name in PICTURES}
            for one, other in combinations(PICTURES, 2):
                yield _mean_distance(seen[one], seen[other]), one, other, vision, bar


def as_seen(image: Image.Image, matrix: Matrix) -> Image.Image:
    """Return a picture as eyes of this kind see it."""
    raw, seen = image.convert("RGB").tobytes(), bytearray()
    for at in range(0, len(raw), 3):
        for part in _times(matrix, _linear(raw[at : at + 3])):
            light = min(1.0, max(0.0, part))
            level = light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
            seen.append(round(level * 255))
    return Image.frombytes("RGB", image.size, bytes(seen))


def _upon(icon: Image.Image, background: tuple[int, int, int]) -> Image.Image:
    bar = Image.new("RGB", icon.size, background)
    bar.paste(icon, (0, 0), icon)
    return bar


def _seen(image: Image.Image, matrix: Matrix) -> list[Triple]:
    raw = image.tobytes()
    return [_lab(_times(matrix, _linear(raw[at : at + 3]))) for at in range(0, len(raw), 3)]


def _linear(pixel: bytes) -> Triple:
    red, green, blue = (
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in pixel
    )
    return red, green, blue


def _lab(linear: Triple) -> Triple:
    clipped = tuple(min(1.0, max(0.0, part)) for part in linear)
    absolute = _times(_XYZ, (clipped[0], clipped[1], clipped[2]))
    x, y, z = (_cube_root(part / white) for part, white in zip(absolute, _D65, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _cube_root(value: float) -> float:
    return value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116


def _times(matrix: Matrix, vector: Triple) -> Triple:
    one, two, three = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return one, two, three


def _mean_distance(one: list[Triple], other: list[Triple]) -> float:
    pixels: Callable[[Triple, Triple], float] = math.dist
    return sum(map(pixels, one, other)) / len(one)


def main() -> None:
    found = sorted(distances())
    print("mean difference in CIELAB of two icons at 16 pixels (a just noticeable one is 2.3)\n")
    print(f"{'eyes':14} {'bar':6} {'nearest pair':24} {'apart':>6} {'median':>7}")
    for vision in VISIONS:
        for bar in ("light", "dark"):
            own = [each for each in found if each[3:] == (vision, bar)]
            apart, one, other, *_ = own[0]
            print(f"{vision:14} {bar:6} {one + ' / ' + other:24} {apart:6.1f} {own[len(own) // 2][0]:7.1f}")


if __name__ == "__main__":
    main()
