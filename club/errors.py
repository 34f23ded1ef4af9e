"""What can go wrong between a station and the club database, told apart by who has to act."""

from config.sentence import SentenceError


class DatabaseError(SentenceError):
    """The club database did not do what was asked: `DatabaseAway` or `DatabaseUnfit`."""


class DatabaseAway(DatabaseError):  # noqa: N818  # named by what happened
    """The database cannot answer now: unreachable, locked, disk full, I/O error. Weather: wait and try again."""


class DatabaseUnfit(DatabaseError):  # noqa: N818  # named by what happened
    """The database answers but cannot serve: someone must act, waiting mends nothing."""


class NotAllowed(DatabaseUnfit):
    """The database's user lacks a right: its administrator must give it, or do the thing himself."""


class LeaseLost(SentenceError):  # noqa: N818  # named by what happened
    """The lease is no longer held under the token that was presented: stop the exclusive work at once."""
