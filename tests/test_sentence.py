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


def test_a_sentence_is_immutable() -> None:
    sentence = Sentence.of("no actor {path}", path="email")
    with pytest.raises(AttributeError, match="a sentence is immutable"):
        sentence.template = "other"
    with pytest.raises(AttributeError, match="a sentence is immutable"):
        del sentence.template
    with pytest.raises(TypeError):
        sentence.values["path"] = "sms"  # type: ignore[index]


def test_sentences_are_equal_when_template_and_values_are() -> None:
    one, same, other = (Sentence.of("no actor {path}", path=path) for path in (["a"], ["a"], ["b"]))
    assert one == same
    assert hash(one) == hash(same)  # though its value cannot be hashed
    assert one != other
    assert one != "no actor ['a']"
    assert Sentence.counted("{n} mail", "{n} mails", 1) != Sentence.of("{n} mail", n=1)


def test_a_sentence_is_copied_and_pickled() -> None:
    sentence = Sentence.counted("{n} mail", "{n} mails", 2)
    assert copy.deepcopy(sentence) == sentence
    assert pickle.loads(pickle.dumps(sentence)) == sentence


def test_a_sentence_shows_itself_to_developers() -> None:
    assert repr(Sentence.of("no actor {path}", path="email")) == "Sentence('no actor email')"
