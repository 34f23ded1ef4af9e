"""Reads what members answer (STOP and the like), and checks that marketing says how to object."""

import re
import unicodedata
from enum import Enum, unique
from typing import Final

from config.sentence import Sentence

_OBJECTS: Final = frozenset(
    {
        *("stop", "arret", "arreter", "arretez", "stopsms", "stoppub", "unsubscribe"),
        *("desabonner", "desabonnement", "desinscrire", "desinscription"),
    }
)
_RETURNS: Final = frozenset(("start", "reprise", "reprendre", "unstop"))
# What people put around it, by courtesy or because the message said "STOP au 36180".
_AROUND: Final = frozenset(
    re.findall(
        r"\w+",
        "sms pub publicite publicites message messages envoi envois svp stp s il vous te plait merci bonjour please"
        " je veux me au a les vos ces de tout tous to the all",
    )
)
_WORD: Final = re.compile(r"[^\W\d_]+|\d+")
_FEW_WORDS: Final = 3
_SHOUTED: Final = re.compile(r"\bSTOP\W*$")
_SHORT_NUMBER: Final = re.compile(r"\d{5}")

# The word, and what makes it an instruction: a number to send it to, the verb before it, what is meant by it, or the
# place where the gateway puts its number. "STOP aux kilos" is a slogan.
_NUMBER: Final = r"\+?\d(?:[ .]?\d){4,}|\[STOP_CODE\]"
_MENTION: Final = re.compile(
    rf"\bstop\b\W*(?:(?:sms|pub|par|au|to|sur|le)\b\W*){{0,3}}(?:{_NUMBER})"
    r"|\b(?:r[ée]pond\w*|envo\w+|tape[rz]?|reply|text|send|faites)\W+(?:(?:par|sms|le|mot|nous)\W+){0,3}[\"'«“]?\W?stop\b"
    r"|\b(?:d[ée]sinscri\w*|d[ée]sabonn\w*|refus\w*|opposition|plus recevoir\b[^.]{0,30}|unsubscribe|opt[ -]?out)"
    r"\W+(?:(?:par|sms|avec|via|de|pub|envoi)\W+){0,3}\bstop\b"
    r"|\[STOP_CODE\]",
    re.IGNORECASE,
)


@unique
class Wish(Enum):
    """What an incoming SMS asks of the club."""

    STOP = "stop"
    """No more marketing."""
    PERHAPS_STOP = "perhaps_stop"
    """Holds the word and more than courtesies: kept as an objection until a person has read it."""
    RETURN = "return"
    """Takes the objection back."""
    NONE = "none"


def wish_of(body: str) -> Wish:
    """Return what an incoming SMS asks, whatever its case, accents, quotation marks and courtesies.

    "STOP", "Arrêt", "« stop sms »", "STOP 36180" and "stop svp merci" object. "stop me voir demain" only may: marketing
    withheld by mistake annoys nobody, marketing sent against an objection is fined; so it counts, and is shown. A stop
    inside a sentence ("le bus s'arrête au stop") asks nothing.
    """
    words = _WORD.findall(_bare(body))
    if not words:
        return Wish.NONE
    if len(words) == 1 and words[0] in _RETURNS:
        return Wish.RETURN
    rest = [
        word for word in words if word not in _AROUND and word not in _OBJECTS and not _SHORT_NUMBER.fullmatch(word)
    ]
    if not rest and any(word in _OBJECTS for word in words):
        return Wish.STOP
    is_short = len(words) <= _FEW_WORDS and not _OBJECTS.isdisjoint(words)
    if is_short or words[0] in _OBJECTS or _SHOUTED.search(body):
        return Wish.PERHAPS_STOP
    return Wish.NONE


def has_mention(body: str) -> bool:
    """Return whether a text says how to object: STOP with where to send it, or with the verb that asks for it."""
    return _MENTION.search(body) is not None


def doubtful(count: int) -> Sentence | None:
    """Return what a person has to do about answers that may mean STOP; None when there is none."""
    if not count:
        return None
    return Sentence.counted(
        "{n} answer may mean STOP: read it with `heitz-service sms opt-out list --numbers`, "
        "then decide with add or remove",
        "{n} answers may mean STOP: read them with `heitz-service sms opt-out list --numbers`, "
        "then decide with add or remove",
        count,
    )


def _bare(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in apart if not unicodedata.combining(character))
