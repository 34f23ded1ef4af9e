"""What must be nowhere but in the database and at the provider, whatever a test of the whole program did.

Every club that such a test makes is searched when it ends: what the program wrote for itself (logs, journals, locks,
tracebacks), what its stations said, what they and their children were started with, and what its commands showed that
were not asked for one message.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

SECRETS: Final = (
    "s3cr3t-of-the-account-0123456789",  # of the gateways' contract
    "consumer-key-0123456789abcdef",
    "key-of-the-club-0123456789",
    "s3cr3t-1",  # of the message centre
    "key-of-what-members-answer",  # which Kannel shows to the station
    "s3cr3t-of-the-mailbox",
)
PIN: Final = "73190264"
"""Of the SIM card, as long as a PIN may be: four digits stand in every other number."""
_TOKEN: Final = r"(?:access|refresh)-\d+-[ar]{40}"  # of OAuth 2, as tests/email/token_server.py gives them
_NUMBER: Final = (  # never inside a token: one in some thousand of those has a run of digits like a number's
    r"(?<![\w-])(?:(?:\+|00)?33[ .]?6(?:[ .]?\d){8}(?![\w-])|06(?:[ .]?\d\d){4}(?![\w-])|(?:0|\+?33)6[ .]?98[ .]?76)"
)
_ADDRESS: Final = r"(?<![\w.+-])(?!club@|[0-9a-f]{40}@)[\w.+-]+@example\.org"
_BODY: Final = r"Cours annulé|L'eau est à|stop ou encore|Stop svp"
PRIVATE: Final = re.compile(
    "|".join((_NUMBER, _ADDRESS, _BODY, _TOKEN, rf"(?<!\d){PIN}(?!\d)", *map(re.escape, SECRETS)))
)
CALM_COMMANDS: Final = frozenset({"status", "doctor", "history", "run-now", "restart", "stop", "start"})
"""Those that show no single message, and so nobody's number, address or text."""


def found_in(texts: Mapping[str, str]) -> dict[str, str]:
    """Return by the name of a text the first thing in it that is private."""
    return {name: found[0] for name, text in texts.items() if (found := PRIVATE.search(text))}


def files_below(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every file with its text; of the journal of answers without the addresses that it is there to keep.

    What became of each recipient stands in it until the database has it; only the program's own user may read it.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            text = path.read_bytes().decode("utf-8", "replace")
            is_journal = path.suffix == ".answers"
            yield str(path.relative_to(folder)), re.sub(_ADDRESS, "", text) if is_journal else text
