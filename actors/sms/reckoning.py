"""What an SMS will cost and why, for whoever writes it: what `sms count` prints, and what folding would save."""

from collections.abc import Iterator

import attrs

from actors.sms.alphabet import Alphabet, Character, alphabet_of, offending, units_of, unsendable
from actors.sms.folding import Replacement, fold
from actors.sms.parts import ALONE, JOINED, count_parts, objection_to, pieces, too_long
from config.sentence import Sentence


@attrs.frozen
class Saving:
    """What folding would do to a text: fewer parts, or no fewer, and every replacement."""

    text: str = attrs.field(repr=False)
    parts_before: int
    parts: int
    replacements: tuple[Replacement, ...]
    left: tuple[Character, ...]
    """Characters without a near one, which keep the SMS in UCS-2."""

    @property
    def is_worth_it(self) -> bool:
        """Whether it makes the SMS cheaper: else nothing would be gained by a text that reads worse."""
        return self.parts < self.parts_before


@attrs.frozen
class Reckoning:
    """What a text makes as an SMS.

    `parts` is None when it cannot be sent, and `objection` says why. `units` are septets or 16 bits each, `room` how
    many more fit without another part. `saving` is None when folding has nothing to replace.
    """

    characters: int
    alphabet: Alphabet
    units: int
    parts: int | None
    room: int
    offending: tuple[Character, ...]
    unsendable: tuple[Character, ...]
    saving: Saving | None
    objection: Sentence | None = None


def reckon(text: str, most_parts: int | None = None) -> Reckoning:
    """Return what a text makes; above `most_parts`, the setting, it has its parts and an objection too."""
    alphabet = alphabet_of(text)
    objection = objection_to(text)
    parts = count_parts(text) if objection is None else None
    if parts is not None and most_parts is not None and parts > most_parts:
        objection = too_long(parts, most_parts)
    return Reckoning(
        characters=len(text),
        alphabet=alphabet,
        units=units_of(text, alphabet),
        parts=parts,
        room=0 if parts is None else _room(text, alphabet, parts),
        offending=offending(text),
        unsendable=unsendable(text),
        saving=None if parts is None else saving_of(text),
        objection=objection,
    )


def saving_of(text: str) -> Saving | None:
    """Return what folding would do to a text that can be sent, None when there is nothing to replace."""
    folding = fold(text)
    if not folding.replacements or not folding.text.strip():
        return None
    return Saving(
        folding.text, count_parts(text), count_parts(folding.text), folding.replacements, offending(folding.text)
    )


def folded_if_cheaper(text: str) -> str:
    """Return the folded text where that saves a part, else the text as it is: for categories whose settings ask it."""
    if objection_to(text) is not None:
        return text
    saving = saving_of(text)
    return saving.text if saving is not None and saving.is_worth_it else text


def lines_of(found: Reckoning) -> Iterator[Sentence]:
    """Yield what is to be told of a text, line by line."""
    if found.objection is not None:
        yield Sentence.of("this cannot be sent: {why}", why=found.objection)
    if found.parts is not None:
        yield _size(found, found.parts)
    for each in found.offending:
        yield Sentence.of(
            "because of {character} ({name}), at {places}", character=shown(each), name=each.name, places=_places(each)
        )
    for each in found.unsendable:
        yield Sentence.of("{name} at {places} cannot be sent", name=each.name, places=_places(each))
    if found.saving is not None:
        yield from _saving_lines(found.saving)


def shown(character: Character) -> str:
    """Return a character as a terminal may show it: itself between quotation marks, or a blank between them."""
    return f"«{character.character}»" if character.character.isprintable() else "« »"


def _size(found: Reckoning, parts: int) -> Sentence:
    if found.alphabet is Alphabet.GSM7:
        return Sentence.counted(
            "{n} SMS: {characters} characters, {units} of the 7-bit alphabet; room for {room} more",
            "{n} SMS in a row: {characters} characters, {units} of the 7-bit alphabet; room for {room} more",
            parts,
            characters=found.characters,
            units=found.units,
            room=found.room,
        )
    return Sentence.counted(
        "{n} SMS: {characters} characters, {units} of the 16-bit alphabet; room for {room} more",
        "{n} SMS in a row: {characters} characters, {units} of the 16-bit alphabet; room for {room} more",
        parts,
        characters=found.characters,
        units=found.units,
        room=found.room,
    )


def _saving_lines(saving: Saving) -> Iterator[Sentence]:
    if saving.is_worth_it:
        yield Sentence.of(
            "with near characters instead it would make {parts} SMS, not {before}",
            parts=saving.parts,
            before=saving.parts_before,
        )
    else:
        yield Sentence.of("near characters instead would save nothing")
    for each in saving.replacements:
        yield Sentence.counted(
            "{name} would become «{by}», {n} time",
            "{name} would become «{by}», {n} times",
            each.times,
            name=Character(each.character, ()).name,
            by=each.by,
        )


def _places(character: Character, most: int = 5) -> str:
    """Return the first places where it stands, counted from 1 as people do."""
    first = [str(place + 1) for place in character.positions[:most]]
    return ", ".join([*first, *("…" if len(character.positions) > most else "")])


def _room(text: str, alphabet: Alphabet, parts: int) -> int:
    if parts == 1:
        return ALONE[alphabet] - units_of(text, alphabet)
    *_, last = pieces(text, alphabet)
    return JOINED[alphabet] - units_of(last, alphabet)
