"""The icons: every state at every size, told apart by every kind of eyes, in grey, on light and dark."""

from io import BytesIO

import colour_vision
import pytest
from PIL import Image

from actors.board import OperationState
from assets.icons import PICTURES, SIZES, draw, ico, picture_of
from supervisor import ChildState

AGGREGATES = ("active", "attention", "failed", "stopping")


@pytest.mark.parametrize("state", [*AGGREGATES, *OperationState, *ChildState])
def test_every_state_of_the_contract_has_a_picture(state: str) -> None:
    assert picture_of(state) != "unknown"


def test_a_state_of_a_later_version_is_shown_as_unknown() -> None:
    assert picture_of("levitating") == "unknown"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_fills_its_square_and_leaves_the_corners_free(name: str, size: int) -> None:
    for dark in (False, True):
        icon = draw(name, size, dark)
        assert (icon.mode, icon.size) == ("RGBA", (size, size))
        left, top, right, bottom = icon.getchannel("A").point(lambda alpha: 255 * (alpha > 40)).getbbox() or (0,) * 4
        assert right - left >= 0.8 * size
        assert bottom - top >= 0.8 * size
        assert icon.getpixel((0, 0))[3] < 60  # type: ignore[index]


def test_each_pair_is_told_apart_by_all_eyes_at_16_pixels_on_both_bars() -> None:
    worst = min(colour_vision.distances(16))
    assert worst[0] > 10, worst  # four times what is just noticeable, over the whole icon


def test_pictures_differ_in_shape_and_not_only_in_colour() -> None:
    shapes = {draw(name, 16).getchannel("A").tobytes() for name in PICTURES}
    signs = {draw(name, 16).convert("L").point(lambda grey: 255 * (grey > 140)).tobytes() for name in PICTURES}
    assert len(shapes) >= len(PICTURES) - 1  # a disc and a ring have one outline
    assert len(signs) == len(PICTURES)


def test_a_windows_icon_has_every_size_drawn_for_itself() -> None:
    for size in SIZES:
        with Image.open(BytesIO(ico("failed"))) as file:
            file.size = (size, size)  # type: ignore[misc]  # how Pillow chooses one of an icon's pictures
            assert file.convert("RGBA").tobytes() == draw("failed", size).tobytes()


def test_what_a_caller_paints_on_an_icon_is_not_in_the_next_one() -> None:
    before = draw("active", 16).tobytes()
    draw("active", 16).paste((0, 0, 0, 255), (0, 0, 16, 16))
    assert draw("active", 16).tobytes() == before


@pytest.mark.parametrize("size", [-1, 0, 4, 1025])
def test_a_size_that_shows_nothing_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="pixels"):
        draw("active", size)
