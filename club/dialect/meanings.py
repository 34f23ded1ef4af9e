"""What the errors of servers and their drivers mean: who has to act, and whether to try again."""

import re
from collections.abc import Callable
from typing import Final

import attrs

from club.dialect.verdict import Verdict
from club.errors import DatabaseAway, DatabaseError, DatabaseUnfit, NotAllowed

_NUMBER: Final = re.compile(r"\((\d+)\)")
_LOST_STATES: Final = frozenset({"08S01", "08001", "08003", "08007"})
_OTHER_ALGORITHM_CODES: Final = frozenset({1845, 1846})
_LOST_CODES: Final = frozenset({1927, 2002, 2003, 2006, 2012, 2013, 2055, 4031})


@attrs.frozen
class _Meaning:
    """A sentence, and by what its error is known: SQLSTATEs, the server's own numbers, or words of the driver."""

    tell: Callable[[str], DatabaseError]
    states: tuple[str, ...] = ()
    codes: frozenset[int] = frozenset()
    words: re.Pattern[str] | None = None
    is_retryable: bool = False

    def fits(self, state: str, codes: frozenset[int], said: str) -> bool:
        return (
            state.startswith(self.states or ("-",))
            or not self.codes.isdisjoint(codes)
            or (self.words is not None and self.words.search(said) is not None)
        )


def judge(error: BaseException, where: str) -> Verdict | None:
    """Return what a driver's error means, or None when it is no matter of the database's state."""
    state, codes, said = _signs(error)
    for meaning in _MEANINGS:
        if meaning.fits(state, codes, said):
            return Verdict(meaning.tell(where), meaning.is_retryable)
    return None


def disagree_on_encryption(where: str) -> DatabaseUnfit:
    """Return the error that says so."""
    return DatabaseUnfit(
        "this station and the server of the database {where} do not agree on encryption: "
        "check the certificates, and what the address asks for",
        where=where,
    )


def is_lost(error: BaseException | None) -> bool:
    """Whether an error of MariaDB's ODBC driver says that its connection is of no more use."""
    if error is None:
        return False
    state, codes, _ = _signs(error)
    return state in _LOST_STATES or not _LOST_CODES.isdisjoint(codes)


def is_of_another_algorithm(error: BaseException | None) -> bool:
    """Whether MariaDB says that it cannot change this table in the way that it was asked to."""
    return error is not None and not _OTHER_ALGORITHM_CODES.isdisjoint(_signs(error)[1])


def _signs(error: BaseException) -> tuple[str, frozenset[int], str]:
    said = str(error)
    state = getattr(error, "sqlstate", None) or (error.args[0] if error.args else "")
    if not isinstance(state, str) or not re.fullmatch(r"[0-9A-Z]{5}", state):
        state = ""
    # The driver's number stands last, before the name of the ODBC function; other numbers in parentheses are prose.
    numbers = _NUMBER.findall(said)
    return state, frozenset(map(int, numbers[-1:])), said


_MEANINGS: Final = (
    _Meaning(
        lambda where: DatabaseAway("the database {where} is busy: if that lasts, look at its server", where=where),
        states=("40001", "40P01", "55P03", "3960"),
        codes=frozenset({1213, 1205, 1020, 1222, 3960}),
        is_retryable=True,
    ),
    _Meaning(
        lambda where: DatabaseUnfit(
            "the driver of the database {where} is not installed: install it, or correct its name in the settings",
            where=where,
        ),
        states=("IM",),
        words=re.compile(r"Can't open lib"),
    ),
    _Meaning(
        lambda where: DatabaseAway(
            "the server of the database {where} is not found: check its name in the settings, and the network",
            where=where,
        ),
        codes=frozenset({2005}),
        words=re.compile(r"failed to resolve host|could not translate host name"),
    ),
    _Meaning(
        lambda where: DatabaseUnfit(
            "there is no database {where} that this user may open: create it and give the right, "
            "or correct the settings",
            where=where,
        ),
        states=("3D000",),
        codes=frozenset({1044, 1049, 4060}),
        words=re.compile(r"FATAL: .*(database|base de données) .*(does not exist|n'existe pas)"),
    ),
    _Meaning(
        lambda where: DatabaseUnfit(
            "the database {where} refuses the user or the password: correct the settings", where=where
        ),
        states=("28",),
        codes=frozenset({1045, 1698, 18456}),
        words=re.compile(
            r"password authentication failed|authentification par mot de passe|no password supplied"
            r"|FATAL: .*(role|rôle) .*(does not exist|n'existe pas)"
        ),
    ),
    _Meaning(
        lambda where: DatabaseUnfit(
            "the server of the database {where} does not admit this computer: allow its address there", where=where
        ),
        codes=frozenset({1129, 1130}),
        words=re.compile(r"pg_hba\.conf"),
    ),
    _Meaning(
        disagree_on_encryption,
        codes=frozenset({2026}),
        words=re.compile(r"certificate verify failed|server does not support SSL|SSL Provider", re.IGNORECASE),
    ),
    _Meaning(
        lambda where: DatabaseAway(
            "the server of the database {where} has no connection left: close programs, or raise its limit",
            where=where,
        ),
        states=("53300", "08004"),
        codes=frozenset({1040, 1203, 1226}),
        words=re.compile(r"too many clients|remaining connection slots"),
    ),
    _Meaning(
        lambda where: DatabaseAway("the server of the database {where} has no room left: free some", where=where),
        states=("53",),
        codes=frozenset({1021, 1114, 1105, 9002}),
    ),
    _Meaning(
        lambda where: DatabaseUnfit(
            "the database {where} is read-only: connect to the server that takes writes, or end that state",
            where=where,
        ),
        states=("25006",),
        codes=frozenset({1290, 1836, 3906}),
    ),
    _Meaning(
        lambda where: NotAllowed(
            "the user of the database {where} may not do what this program must: "
            "give it the right to read and write the club's tables",
            where=where,
        ),
        states=("42501",),
        codes=frozenset({1142, 1143, 1227, 229, 230, 262, 1088, 2760}),
    ),
    _Meaning(
        lambda where: DatabaseUnfit(
            "the database {where} has no tables of the club: run heitz-service database init", where=where
        ),
        states=("42S02", "42P01"),
    ),
    _Meaning(
        lambda where: DatabaseUnfit(
            "the tables of the database {where} are not those of this version: run heitz-service database upgrade",
            where=where,
        ),
        states=("42S22", "42703"),
    ),
    _Meaning(
        lambda where: DatabaseAway(
            "the database {where} takes too long over one question: if that lasts, look at its server",
            where=where,
        ),
        states=("57014", "70100"),
        codes=frozenset({1317, 1969}),
        words=re.compile(r"Query timeout expired"),
    ),
    _Meaning(
        lambda where: DatabaseAway(
            "the database {where} does not answer: check the network and the server", where=where
        ),
        states=("08", "HYT", "57P", "25P03"),
        codes=_LOST_CODES,
        words=re.compile(
            r"connection failed|connection timeout expired|connection is (lost|closed)|server closed the connection"
            r"|said nothing|connection socket closed|could not (send|receive)|SSL (SYSCALL|connection)"
        ),
    ),
)
