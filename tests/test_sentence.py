"""Sentences are rendered in the reader's language."""

import copy
import pickle

import pytest

from config.sentence import Sentence, SentenceError


def test_a_sentence_fills_its_values_and_reads_english_by_default() -> None:
    assert str(Sentence.of("the server {host} does not answer", host="mail")) == "the server mail does not answer"


def test_a_sentence_without_values_may_hold_braces() -> None:
    assert str(Sentence.of("a {literal} brace")) == "a {literal} brace"


def test_a_counted_sentence_chooses_its_form() -> None:
    assert [str(Sentence.counted("{n} mail", "{n} mails", n)) for n in (0, 1, 2)] == ["0 mails", "1 mail", "2 mails"]


def test_a_value_that_is_a_sentence_is_rendered_in_the_same_language() -> None:
    inner = Sentence.of("the database is away")
    assert Sentence.of("waiting: {why}", why=inner).render("en") == "waiting: the database is away"


def test_an_error_carries_its_sentence() -> None:
    error = SentenceError("no actor {path}", path="email")
    assert (str(error), error.sentence.values["path"]) == ("no actor email", "email")


def test_a_sentence_is_a_value_that_nobody_changes() -> None:
    sentence = Sentence.of("no {thing}", thing=["unhashable"])
    assert (sentence == Sentence.of("no {thing}", thing=["unhashable"]), sentence == Sentence.of("no {thing}")) == (
        True,
        False,
    )
    assert len({sentence, Sentence.of("no {thing}", thing=["unhashable"])}) == 1
    assert (pickle.loads(pickle.dumps(sentence)), copy.deepcopy(sentence)) == (sentence, sentence)
    with pytest.raises(AttributeError, match="immutable"):
        sentence.template = "yes"
