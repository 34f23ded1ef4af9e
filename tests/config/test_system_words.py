"""What the operating system says of an error is said in the reader's language."""

import errno
import os
import socket
from pathlib import Path

import pytest

from config.sentence import Sentence
from config.system_words import system_words

ROOT = Path(__file__).resolve().parents[2]
IN_THE_LOG = {"actors/fmi/hall.py"}
"""Log lines are English."""


@pytest.mark.parametrize(
    ("number", "french"),
    [
        (errno.ECONNREFUSED, "connexion refusée"),
        (errno.EHOSTUNREACH, "aucun chemin vers cet ordinateur"),
        (errno.ENOSPC, "disque plein"),
        (errno.EACCES, "accès refusé"),
        (errno.ENOENT, "fichier ou dossier introuvable"),
    ],
)
def test_what_is_usual_is_french_and_in_english_the_systems_own(number: int, french: str) -> None:
    words = system_words(OSError(number, os.strerror(number)))
    assert isinstance(words, Sentence)
    assert (words.render("fr"), words.render("en")) == (french, os.strerror(number))


def test_a_port_where_nobody_listens_is_refused_in_french() -> None:
    with socket.socket() as taken, socket.socket() as client:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        with pytest.raises(ConnectionRefusedError) as refused:
            client.connect(taken.getsockname())
    assert Sentence.of("{why}", why=system_words(refused.value)).render("fr") == "connexion refusée"


def test_what_is_not_usual_stays_as_it_is() -> None:
    assert system_words(OSError(errno.EXDEV, "Invalid cross-device link")) == "Invalid cross-device link"
    assert system_words(ConnectionResetError()) == "ConnectionResetError"  # its text might hold an address


def test_nobody_shows_the_systems_english_by_another_way() -> None:
    found = {
        str(file.relative_to(ROOT))
        for folder in ("actors", "club", "service")
        for file in (ROOT / folder).rglob("*.py")
        if "error.strerror" in file.read_text("utf-8")
    }
    assert found == IN_THE_LOG
