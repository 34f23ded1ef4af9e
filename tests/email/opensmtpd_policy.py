"""What a provider adds to OpenSMTPD in our tests, as a filter that smtpd runs (smtpd-filters(7)): `grey` or `one-in N`.

`grey SECONDS` defers each recipient until so long after it was first named; `one-in N` takes each N-th mail. Run by
smtpd, which talks to it on stdin and stdout.
"""

import sys
import time
from collections.abc import Callable


class Grey:
    """Defers a recipient that was not seen long enough ago."""

    phase = "rcpt-to"

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._first: dict[str, float] = {}

    def verdict(self, address: str) -> str:
        now = time.monotonic()
        first = self._first.setdefault(address, now)
        return "proceed" if now - first >= self._seconds else "reject|451 4.7.1 Greylisted, come back later"


class OneIn:
    """Takes each N-th mail."""

    phase = "mail-from"

    def __init__(self, number: float) -> None:
        self._number = int(number)
        self._count = 0

    def verdict(self, _address: str) -> str:
        self._count += 1
        return "reject|451 4.3.2 System busy" if self._count % self._number else "proceed"


def main() -> None:
    """Answer smtpd's questions until it ends."""
    kinds: dict[str, Callable[[float], Grey | OneIn]] = {"grey": Grey, "one-in": OneIn}
    policy = kinds[sys.argv[1]](float(sys.argv[2]))
    for line in sys.stdin:
        fields = line.rstrip("\n").split("|")
        if fields[:2] == ["config", "ready"]:
            sys.stdout.write(f"register|filter|smtp-in|{policy.phase}\nregister|ready\n")
        elif fields[0] == "filter":
            session, token = fields[5:7]
            sys.stdout.write(f"filter-result|{session}|{token}|{policy.verdict(fields[-1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
