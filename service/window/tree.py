"""What the window shows of the actors, for support: the tree and how each of them failed last. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import attrs

from config.sentence import Sentence
from service.window.text import one_line
from service.words import ACTOR, failure_word, instant, state_word

Json = Mapping[str, Any]


@attrs.frozen
class Node:
    """One actor: its place in the tree, its picture, its cells, and what is to be read of its last failure."""

    path: str
    parent: str
    name: str
    icon: str
    cells: tuple[str, ...]
    failure: str


def nodes_of(status: Json, language: str, now: datetime) -> tuple[Node, ...]:
    """Return the actors of a status, each after its parent."""
    actors = [actor for actor in status.get("actors") or () if isinstance(actor, Mapping)]
    paths = {str(actor.get("path")) for actor in actors}
    return tuple(_node(actor, paths, language, now) for actor in actors)


def _node(actor: Json, paths: set[str], language: str, now: datetime) -> Node:
    path = str(actor.get("path"))
    parent, _, name = path.rpartition("/")
    if parent not in paths:
        parent, name = "", path
    state = str(actor.get("state"))
    failure = actor.get("last_failure")
    return Node(
        path=path,
        parent=parent,
        name=one_line(name),
        icon=state,
        cells=(
            state_word(ACTOR, state, language),
            str(actor.get("restarts", 0)),
            str(actor.get("mailbox", 0)),
            instant(actor.get("up_since"), now, language),
        ),
        failure="\n".join(_failure(path, actor, failure if isinstance(failure, Mapping) else None, language, now)),
    )


def _failure(path: str, actor: Json, failure: Json | None, language: str, now: datetime) -> Iterator[str]:
    if failure is None:
        yield Sentence.of("{actor} has not failed", actor=one_line(path)).render(language)
    else:
        sentence = Sentence.of(
            "last failure {at}, {kind}: {error}",
            at=instant(failure.get("at"), now, language),
            kind=failure_word(str(failure.get("kind")), language),
            error=failure.get("error"),
        )
        yield one_line(sentence.render(language))
    if actor.get("next_attempt_at"):
        at = instant(actor["next_attempt_at"], now, language)
        yield Sentence.of("next attempt {at}", at=at).render(language)
    if failure is not None and failure.get("traceback"):
        yield ""
        yield from (one_line(line) if line.strip() else "" for line in str(failure["traceback"]).splitlines())
