"""Numbers of people in words, each in the form that its language has for one and for several. Pure."""

from config.sentence import Sentence


def passed(entries: int, exits: int) -> Sentence:
    """Return who came and who went: "1 in, 4 out"."""
    came = Sentence.counted("{n} in", "{n} in", n=entries)
    return Sentence.joined(", ", (came, Sentence.counted("{n} out", "{n} out", n=exits)))


def inside(people: int) -> Sentence:
    """Return how many are inside."""
    return Sentence.counted("{n} inside", "{n} inside", n=people)


def difference(entries: int, exits: int) -> Sentence:
    """Return by how much two words of a counter differ; either may be below 0."""
    return Sentence.of(
        "{entries} and {exits}",
        entries=Sentence.counted("{sign}{n} entry", "{sign}{n} entries", n=abs(entries), sign=_sign(entries)),
        exits=Sentence.counted("{sign}{n} exit", "{sign}{n} exits", n=abs(exits), sign=_sign(exits)),
    )


def _sign(number: int) -> str:
    return "-" if number < 0 else ""
