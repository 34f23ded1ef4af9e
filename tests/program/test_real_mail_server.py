"""The whole program before a mail server that nobody here wrote, which greylists: all members get theirs, once."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.sample_club import ROOT, Club

sys.path.insert(0, str(ROOT / "tests/email"))

from faulty_smtp import Behaviour, FaultySmtp
from opensmtpd_server import NEEDS, is_there, opensmtpd, wait_until

COUNT = 120
"""More than OpenSMTPD takes in one session."""

pytestmark = pytest.mark.skipif(not is_there(), reason=NEEDS)


@pytest.fixture
def sink() -> Iterator[FaultySmtp]:
    with FaultySmtp(Behaviour()) as sink:
        yield sink


def test_all_go_through_opensmtpd_that_greylists_and_takes_a_hundred_in_a_session(
    club: Club, sink: FaultySmtp, tmp_path: Path
) -> None:
    members = [f"m{number}@example.org" for number in range(COUNT)]
    with opensmtpd(tmp_path, sink, "grey 2") as port:
        club.smtp_port = port
        club.write_settings(email='greylist_after = "2s"\nretry_after = "1s"\n')
        club.write_emails(*members)
        club.start()
        club.wait_until(lambda: club.states() == {"sent": COUNT})
        wait_until(lambda: len(sink.copies) >= COUNT)
    assert Counter(sink.recipients()) == dict.fromkeys(members, 1)
    [(least,)] = club.rows("SELECT min(attempts) FROM email")
    assert least >= 2, "each was greylisted once at least"
    log = (tmp_path / "smtpd.log").read_text("utf-8")
    assert "Greylisted" in log
