"""Every command_status is decided, and what is said of it helps."""

import pytest
from smpplib import consts

from actors.sms.adapters.smpp.statuses import Meaning, bind_refused, meaning_of, name_of, verdict
from actors.sms.transport import Blame, Refused, Unknown

NAMES = {
    value: name.removeprefix("SMPP_")
    for name, value in vars(consts).items()
    if name.startswith("SMPP_ESME_R") and isinstance(value, int)
}


@pytest.mark.parametrize("status", sorted(set(NAMES) - {0}), ids=lambda status: NAMES[status])
def test_every_status_that_smpplib_knows_has_its_name_and_its_verdict(status: int) -> None:
    assert name_of(status) == NAMES[status]
    said = verdict(status)
    assert isinstance(said, Unknown) is (meaning_of(status) is Meaning.UNKNOWN)
    assert NAMES[status] in str(said.reason)


@pytest.mark.parametrize(
    ("status", "blame", "is_final"),
    [
        (0x0B, Blame.MESSAGE, True),  # invalid destination
        (0x01, Blame.MESSAGE, True),  # too long
        (0x0A, Blame.ACCOUNT, False),  # invalid sender: every SMS would fail for good
        (0x0E, Blame.ACCOUNT, False),  # invalid password
        (0xC1, Blame.ACCOUNT, False),  # a parameter that a setting turns off
        (0x58, Blame.LOAD, False),  # throttled
        (0x14, Blame.LOAD, False),  # queue full
        (0x08, Blame.LOAD, False),  # system error
        (0x04, Blame.LOAD, False),  # not bound any more
        (0x45, Blame.MESSAGE, False),  # submit failed, whyever
        (0x0401, Blame.MESSAGE, False),  # a vendor's own
    ],
)
def test_whom_a_refusal_is_about(status: int, blame: Blame, *, is_final: bool) -> None:
    said = verdict(status)
    assert isinstance(said, Refused)
    assert (said.blame, said.is_final) == (blame, is_final)
    assert (said.retry_after is not None) is (blame is Blame.LOAD)


@pytest.mark.parametrize("status", [0xFF, 0x00, 0x30, 0x0800, 0xFFFFFFFF])
def test_what_nobody_defined_is_unknown(status: int) -> None:
    assert isinstance(verdict(status), Unknown)


def test_whoever_is_bound_already_is_let_in_later() -> None:
    assert bind_refused(0x05)[1] is False
    assert bind_refused(0x0E)[1] is True
