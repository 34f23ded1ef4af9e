"""What the icon shows: values that both processes know, and their form on the way between them."""

from collections.abc import Mapping
from typing import Any, Final

import attrs

OPEN: Final = "open"
QUIT: Final = "quit"
SESSION_ENDS: Final = "session-ends"
"""Stop, without a question: the session ends, and nobody is there to be asked."""
HELP: Final = "help"
RESTART: Final = "restart:"
PAUSE: Final = "pause:"
RESUME: Final = "resume"


@attrs.frozen(slots=True)
class Item:
    """One line of the menu; without `does` and `below` it cannot be chosen, without text it is a line that divides.

    `does` is what the child answers when it is chosen, `picture` the state whose small icon stands before the text.
    """

    text: str = ""
    does: str = ""
    picture: str = ""
    below: "tuple[Item, ...]" = ()
    is_default: bool = False


DIVIDER: Final = Item()


@attrs.frozen(slots=True)
class Face:
    """All that the icon shows: a picture, the words that appear under the pointer, the menu."""

    picture: str
    tooltip: str
    menu: tuple[Item, ...] = ()


@attrs.frozen(slots=True)
class Words:
    """What the child says by itself: the question before stopping, and the page of help.

    `legend` is pairs of a picture and its meaning.
    """

    name: str
    quit_title: str
    quit_question: str
    quit_yes: str
    quit_no: str
    help_title: str
    legend: tuple[tuple[str, str], ...]
    help_text: str
    close: str


def face_to_json(face: Face) -> dict[str, Any]:
    """Return a face as it travels."""
    return attrs.asdict(face)


def face_from_json(found: Mapping[str, Any]) -> Face:
    """Return the face that was sent; raises KeyError, TypeError for what is none."""
    return Face(str(found["picture"]), str(found["tooltip"]), tuple(_item(each) for each in found["menu"]))


def words_to_json(words: Words) -> dict[str, Any]:
    """Return the words as they travel."""
    return attrs.asdict(words)


def words_from_json(found: Mapping[str, Any]) -> Words:
    """Return the words that were sent; raises KeyError, TypeError for what are none."""
    legend = tuple((str(picture), str(meaning)) for picture, meaning in found["legend"])
    texts = {name: str(found[name]) for name in attrs.fields_dict(Words) if name != "legend"}
    return Words(legend=legend, **texts)


def _item(found: Mapping[str, Any]) -> Item:
    return Item(
        text=str(found["text"]),
        does=str(found["does"]),
        picture=str(found["picture"]),
        below=tuple(_item(each) for each in found["below"]),
        is_default=bool(found["is_default"]),
    )
