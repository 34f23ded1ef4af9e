"""Tokens, passwords and PIN of the whole program are nowhere but where they are kept, whatever goes wrong with them.

The club of each test is searched when it ends (`leaks`); here is what makes the program hold these secrets, and be
refused with them by counterparts that repeat in their errors what they were given.
"""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from faulty_smtp import Behaviour, FaultySmtp
from modem_simulator import SimulatedModem
from token_server import TokenServer

from tests.program.leaks import PIN, found_in
from tests.program.sample_club import Club, arguments_of, end
from tests.program.sms_club import SmsClub, numbers, sms_club

USER = "club@example.org"
ALWAYS = 100_000
_OAUTH2 = """
user = "{user}"
ca_file = "ca.pem"
[email.smtp.oauth2]
provider = "custom"
client_id = "club"
refresh_token = "file:refresh"
token_url = "{url}/token"
scope = "smtp"
ca_file = "ca.pem"
"""


@pytest.fixture
def tls(club: Club) -> ssl.SSLContext:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(club.folder / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def provider(tls: ssl.SSLContext) -> Iterator[TokenServer]:
    with TokenServer(tls) as provider:
        provider.rotates = True
        yield provider


def reason(club: Club) -> str:
    return str(club.operation("email")["reason"])


def test_no_token_of_oauth2_is_shown_or_left_lying_about(
    club: Club, provider: TokenServer, tls: ssl.SSLContext
) -> None:
    kept = club.folder / "refresh"
    kept.write_text(provider.refresh_token)
    good = {USER: provider.access_token}
    tokens = {USER: "another"}
    repeated = f"AADSTS700082: the refresh token {provider.refresh_token} is over, as is {provider.access_token}"
    with FaultySmtp(Behaviour(starttls=tls, auth_mechanisms=("XOAUTH2",), tokens=tokens), log=club.smtp_log) as server:
        club.smtp_port = server.port
        club.write_settings(smtp=_OAUTH2.format(user=USER, url=provider.url))
        settings = club.settings.read_text("utf-8").replace('security = "none"', 'security = "starttls"')
        club.settings.write_text(settings, encoding="utf-8")
        club.write_emails("m1@example.org")

        provider.says.extend([(400, {"error": "invalid_grant", "error_description": repeated})] * ALWAYS)
        station = club.start()
        club.wait_until(lambda: "the consent is over" in reason(club))
        assert provider.asked[-1]["refresh_token"] in repeated, "it was the one that is repeated"

        provider.says.extendleft([(500, f"<html>{repeated}</html>")] * ALWAYS)
        assert club.command("run-now", "email")[0] == 1
        club.wait_until(lambda: "HTTP 500" in reason(club))

        provider.says.clear()  # from here on it gives tokens, and a new consent with each
        assert club.command("run-now", "email")[0] == 1
        club.wait_until(lambda: server.commands["auth"] > 0 and "give the consent anew" in reason(club))
        assert kept.read_text() == provider.refresh_token != "refresh-0-" + "r" * 40, "the new consent was kept"

        tokens |= good
        for words in (["status"], ["status", "--json"], ["doctor", "--config", str(club.settings)]):
            club.command(*words)
        assert found_in({"arguments": " ".join(arguments_of(station.pid))}) == {}
        club.command("run-now", "email")
        club.wait_until(lambda: club.states() == {"sent": 1})
        assert server.copies[0].user == USER
        assert end(station) in (0, 1)


@pytest.fixture
def sms(tmp_path: Path) -> Iterator[SmsClub]:
    with sms_club(tmp_path) as club:
        yield club


def test_no_pin_of_a_sim_card_is_shown_or_left_lying_about(sms: SmsClub) -> None:
    simulated = SimulatedModem(sms.folder / "modem", sms.folder / "air")
    table = f'[sms.gateway]\nkind = "modem"\nport = "{simulated.link}"\npin = "{{pin}}"\n'
    try:
        with simulated.lock:
            simulated.modem.pin = PIN[::-1]  # the card's is another: ours is refused
            simulated.modem.reboot()
        sms.write_sms_settings(gateway=table.format(pin=PIN))
        sms.write_sms(*numbers(1))
        station = sms.start()
        sms.wait_until(lambda: "the SIM card refused" in str(sms.operation("sms")["reason"]))
        assert simulated.modem.pins_given == [PIN]
        for words in (["status"], ["status", "--json"], ["doctor", "--config", str(sms.settings)]):
            sms.command(*words)
        assert found_in({"arguments": " ".join(arguments_of(station.pid))}) == {}

        with simulated.lock:  # somebody opens it elsewhere, and gives it the PIN of the settings
            simulated.modem.pin, simulated.modem.tries = PIN, 3
            simulated.modem.reboot()
        (memory,) = sms.home.rglob("modem-pin.json")
        memory.unlink()
        sms.wait_until(lambda: sms.command("run-now", "sms")[0] == 0)
        sms.wait_until(lambda: sms.sms_states() == {"delivered": 1})
        assert simulated.modem.pins_given == [PIN, PIN]
        assert end(station) in (0, 1)
    finally:
        simulated.close()
