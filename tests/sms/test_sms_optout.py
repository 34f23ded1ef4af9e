"""STOP, as members write it; and the mention that marketing must hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.sms.optout import Wish, has_mention, wish_of


@pytest.mark.parametrize(
    "body",
    [
        "STOP",
        "stop",
        "Stop.",
        " STOP ! ",
        "STOP SMS",
        "stopsms",
        "« stop »",
        "“STOP”",
        "'stop'",
        "Arrêt",
        "ARRET",
        "ARRE\N{COMBINING CIRCUMFLEX ACCENT}T",
        "STOP 36180",
        "stop36180",
        "stop au 36180 svp",
        "Stop pub, merci",
        "STOP STOP STOP",
        "Bonjour, je veux me désabonner",
        "arrêtez vos messages",
        "STOP \N{OCTAGONAL SIGN}",
        "ＳＴＯＰ",
    ],
)
def test_an_objection_is_understood_however_it_is_written(body: str) -> None:
    assert wish_of(body) is Wish.STOP


@pytest.mark.parametrize(
    "body",
    [
        "stop me voir demain",  # likely not, but who is to know
        "stop je ne veux plus rien recevoir",
        "oui stop",
        "Je ne suis plus membre depuis deux ans STOP",
        "arrêt de travail jusqu'au 12",  # withholds an advert until somebody has read it: no harm
    ],
)
def test_what_may_be_an_objection_counts_until_a_person_has_read_it(body: str) -> None:
    assert wish_of(body) is Wish.PERHAPS_STOP


@pytest.mark.parametrize(
    "body",
    [
        "",
        "...",
        "ok merci",
        "le bus s'arrête au stop de la mairie",
        "je viens demain, non stop de 10h à 12h",
        "stopper",
        "merci",
        "36180",
        "je reprends la semaine prochaine",
        "start up demain",
    ],
)
def test_anything_else_asks_nothing(body: str) -> None:
    assert wish_of(body) is Wish.NONE


@pytest.mark.parametrize("body", ["START", "start", "« Reprise »", "REPRENDRE."])
def test_an_objection_is_taken_back_by_one_word_alone(body: str) -> None:
    assert wish_of(body) is Wish.RETURN


@given(st.text(max_size=200))
def test_any_text_has_a_meaning(body: str) -> None:
    assert wish_of(body) in Wish
    assert wish_of(f"STOP {body}") in (Wish.STOP, Wish.PERHAPS_STOP)


@pytest.mark.parametrize(
    "body",
    [
        "Promo! STOP au 36180",
        "STOP 36111",
        "Stop SMS: 36180",
        "STOP=36180",
        "stop pub 36 034",
        "STOP par SMS au 36180",
        "Offre. Répondez STOP",
        "Envoyer stop",
        "envoyez «STOP» au 36180",
        "reply STOP to [STOP_CODE]",
        "Refus pub: STOP",
        "Pour vous désinscrire : STOP",
        "Ne plus recevoir nos offres: STOP",
        "Opposition par SMS: STOP",
    ],
)
def test_a_mention_tells_how_to_object(body: str) -> None:
    assert has_mention(body)


@pytest.mark.parametrize(
    "body", ["", "STOP aux kilos en janvier!", "Non stop ce week-end", "STOP", "non stop de 10h à 22h, 0612345671"]
)
def test_a_slogan_is_no_mention(body: str) -> None:
    assert not has_mention(body)
