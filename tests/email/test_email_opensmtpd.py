"""Through OpenSMTPD, a mail server that nobody here wrote, each goes once in the end, whatever it refuses first."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from email_fixtures import smtp_settings
from faulty_smtp import Behaviour, FaultySmtp
from opensmtpd_server import NEEDS, is_there, opensmtpd, wait_until
from test_email_limits import MINUTE, SlowClub

from actors.delivery.tally import Tally

pytestmark = pytest.mark.skipif(not is_there(), reason=NEEDS)


@pytest.fixture
def club(tmp_path: Path) -> Iterator[SlowClub]:
    club = SlowClub(tmp_path)
    yield club
    club.database.dispose()


@pytest.fixture
def sink() -> Iterator[FaultySmtp]:
    with FaultySmtp(Behaviour()) as sink:
        yield sink


def members(count: int) -> list[str]:
    return sorted(f"m{number}@example.org" for number in range(count))


def test_its_own_limit_of_100_mails_in_a_session_costs_a_connection_and_no_attempt(
    club: SlowClub, sink: FaultySmtp, tmp_path: Path
) -> None:
    club.fill(250)
    with opensmtpd(tmp_path, sink) as port:
        assert club.run_until_empty(smtp_settings(port)) == Tally(sent=250)
        wait_until(lambda: len(sink.copies) >= 250)
    assert sorted(sink.recipients()) == members(250)
    assert (club.runs, club.sql("SELECT DISTINCT attempts FROM email")) == (1, [(1,)])
    assert "Too many messages sent" in (tmp_path / "smtpd.log").read_text("utf-8")


def test_all_go_through_when_it_takes_one_mail_in_a_hundred(club: SlowClub, sink: FaultySmtp, tmp_path: Path) -> None:
    club.fill(5)
    with opensmtpd(tmp_path, sink, "one-in 100") as port:
        settings = {"max_attempts": 1000, "give_up_after": timedelta(days=30), "retry_at_most": MINUTE}
        club.run_until_empty(smtp_settings(port), most_runs=1000, **settings)  # type: ignore[arg-type]
        wait_until(lambda: len(sink.copies) >= 5)
    assert sorted(sink.recipients()) == members(5)
    assert club.sql("SELECT DISTINCT state FROM email") == [("sent",)]
