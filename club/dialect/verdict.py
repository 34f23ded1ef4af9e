"""What an engine's error means: who has to act, and whether the transaction may simply run again."""

import attrs

from club.errors import DatabaseError


@attrs.frozen
class Verdict:
    """A foreign error, told for people; `is_retryable` when the engine undid the whole transaction and may do it."""

    error: DatabaseError
    is_retryable: bool = False
