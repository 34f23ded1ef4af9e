"""E-mails leave with an OAuth 2 token: over TLS, renewed once, kept where it came from, and told to nobody."""

import logging
import socket
import ssl
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest
import requests
import trustme
from email_fixtures import Mark, StartServer, envelope, smtp_settings
from faulty_smtp import FaultySmtp
from token_server import TokenServer

from actors.email.adapters.consent import Browser, NotGiven, ask_for_code, wait_for_device
from actors.email.adapters.dial import Interrupt
from actors.email.adapters.smtp import SmtpSession
from actors.email.adapters.token_endpoint import EndpointAway, TokenEndpoint
from actors.email.adapters.tokens import AccessTokens
from actors.email.adapters.wire import Terms, Wire
from actors.email.attempt import End
from actors.email.settings import Security
from actors.email.settings_oauth2 import OAuth2Settings, Provider
from actors.email.trouble import Insecure, Interrupted, NoConsent, NoToken, Turned
from config.problem import ValueRefusedError
from config.secret import Secret

USER = "club@example.org"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="module")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def provider(tls: ssl.SSLContext) -> Iterator[TokenServer]:
    with TokenServer(tls) as provider:
        yield provider


@pytest.fixture
def kept(provider: TokenServer, tmp_path: Path) -> Path:
    file = tmp_path / "refresh"
    file.write_text(provider.refresh_token)
    return file


def consent(provider: TokenServer, kept: Path, ca_file: Path, **changes: Any) -> OAuth2Settings:
    own = {"token_url": f"{provider.url}/token", "device_url": f"{provider.url}/device", "scope": "smtp"}
    values = {"client_id": "club", "refresh_token": Secret(f"file:{kept}"), "ca_file": ca_file, **own, **changes}
    return OAuth2Settings(provider=Provider.CUSTOM, **values)


def session(server: FaultySmtp, oauth2: OAuth2Settings, ca_file: Path) -> SmtpSession:
    settings = smtp_settings(server.port, security=Security.STARTTLS, user=USER, oauth2=oauth2, ca_file=ca_file)
    return SmtpSession(settings)


@pytest.fixture
def server(start_server: StartServer, tls: ssl.SSLContext, provider: TokenServer) -> FaultySmtp:
    return start_server(starttls=tls, auth_mechanisms=("XOAUTH2",), tokens={USER: provider.access_token})


@pytest.mark.parametrize(
    ("mechanism", "length"),
    # Of a long one the line of AUTH would be too long.
    [("XOAUTH2", 40), ("XOAUTH2", 600), ("OAUTHBEARER", 40), ("OAUTHBEARER", 600)],
)
def test_a_mail_leaves_with_a_token(  # noqa: PLR0917 - fixtures
    start_server: StartServer,
    tls: ssl.SSLContext,
    provider: TokenServer,
    kept: Path,
    ca_file: Path,
    mechanism: str,
    length: int,
) -> None:
    provider.access_token = "a" * length
    server = start_server(starttls=tls, auth_mechanisms=(mechanism,), tokens={USER: provider.access_token})
    with session(server, consent(provider, kept, ca_file), ca_file) as opened:
        assert opened.send(envelope("a@x.fr"), Mark()).end is End.ACCEPTED
    assert (server.copies[0].user, server.copies[0].is_tls) == (USER, True)
    assert server.commands["initial response"] == (length < 400)
    assert provider.asked[0]["grant_type"] == "refresh_token"


def test_a_token_is_used_until_shortly_before_its_end(provider: TokenServer, kept: Path, ca_file: Path) -> None:
    now = 0.0
    tokens = AccessTokens(consent(provider, kept, ca_file), lambda: now)
    assert tokens.get(Interrupt()).is_fresh
    now = 3600 - 301
    assert not tokens.get(Interrupt()).is_fresh
    now = 3600 - 299
    assert tokens.get(Interrupt()).is_fresh
    assert len(provider.asked) == 2


@pytest.mark.parametrize(
    ("life", "good_for"),
    [(60, 30), ("x", 3300), (None, 3300), (-5, 0), (1e12, 86100), pytest.param(10**400, 3300, id="huge")],
)
def test_any_life_of_a_token_is_understood(
    provider: TokenServer, kept: Path, ca_file: Path, life: Any, good_for: float
) -> None:
    provider.life = life
    now = 0.0
    tokens = AccessTokens(consent(provider, kept, ca_file), lambda: now)
    tokens.get(Interrupt())
    now = good_for + 0.1
    assert tokens.get(Interrupt()).is_fresh
    assert good_for == 0 or not _used_at(provider, kept, ca_file, good_for - 0.1)


def _used_at(provider: TokenServer, kept: Path, ca_file: Path, later: float) -> bool:
    now = 0.0
    tokens = AccessTokens(consent(provider, kept, ca_file), lambda: now)
    tokens.get(Interrupt())
    now = later
    return tokens.get(Interrupt()).is_fresh


def test_a_token_that_is_not_taken_is_renewed_once(
    start_server: StartServer, tls: ssl.SSLContext, provider: TokenServer, kept: Path, ca_file: Path
) -> None:
    taken = {USER: provider.access_token}
    server = start_server(starttls=tls, auth_mechanisms=("XOAUTH2",), tokens=taken)
    with session(server, consent(provider, kept, ca_file), ca_file) as opened:
        assert opened.send(envelope("a@x.fr"), Mark()).end is End.ACCEPTED
        opened.close()
        provider.access_token = taken[USER] = "withdrawn-and-given-anew"
        assert opened.send(envelope("b@x.fr"), Mark()).end is End.ACCEPTED
        assert len(provider.asked) == 2


def test_a_fresh_token_that_is_not_taken_is_a_refused_login(
    start_server: StartServer, tls: ssl.SSLContext, provider: TokenServer, kept: Path, ca_file: Path
) -> None:
    server = start_server(starttls=tls, auth_mechanisms=("XOAUTH2",), tokens={})
    with session(server, consent(provider, kept, ca_file), ca_file) as opened, pytest.raises(Turned) as caught:
        opened.send(envelope("a@x.fr"), Mark())
    assert caught.value.refuses_login
    assert "does not take the token" in str(caught.value)
    assert (len(provider.asked), server.commands["auth"]) == (1, 1)
    assert provider.access_token not in "".join(traceback.format_exception(caught.value))


def test_a_consent_that_is_over_needs_a_person(
    server: FaultySmtp, provider: TokenServer, kept: Path, ca_file: Path
) -> None:
    kept.write_text("an-old-consent-of-somebody")
    with session(server, consent(provider, kept, ca_file), ca_file) as opened, pytest.raises(NoConsent) as caught:
        opened.send(envelope("a@x.fr"), Mark())
    assert caught.value.refuses_login
    assert caught.value.needs_a_person
    assert "invalid_grant, AADSTS700082" in str(caught.value)
    assert "an-old-consent" not in "".join(traceback.format_exception(caught.value))
    assert server.connections == 0


def test_a_new_consent_is_kept_where_the_old_one_was(provider: TokenServer, kept: Path, ca_file: Path) -> None:
    provider.rotates = True
    for _ in range(3):  # each time a program that was started anew
        assert AccessTokens(consent(provider, kept, ca_file), lambda: 0.0).get(Interrupt()).is_fresh
        assert kept.read_text() == provider.refresh_token
    assert kept.stat().st_mode & 0o077 == 0


def test_a_new_consent_that_cannot_be_kept_is_told_and_used(
    provider: TokenServer, kept: Path, ca_file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    provider.rotates = True
    monkeypatch.setenv("CLUB_REFRESH", provider.refresh_token)
    tokens = AccessTokens(consent(provider, kept, ca_file, refresh_token=Secret("env:CLUB_REFRESH")), lambda: 0.0)
    with caplog.at_level(logging.DEBUG):
        for _ in range(2):
            assert tokens.get(Interrupt()).is_fresh
            tokens.forget()
    assert {record.event for record in caplog.records if hasattr(record, "event")} == {"email.refresh_token_not_kept"}
    assert "env:CLUB_REFRESH" in caplog.text
    told = caplog.text + str([vars(record) for record in caplog.records])
    assert not [form for form in provider.asked if form["refresh_token"] in told]
    assert provider.access_token not in told


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, "<html>Sign in</html>"),  # a captive portal
        (200, ""),
        (200, []),
        (200, {"access_token": 7}),
        (200, {"access_token": "two\nlines"}),
        (200, {"access_token": "a", "token_type": "mac"}),
        (302, ""),  # never followed: the consent would go to somebody else
        (429, {"error": "slow_down"}),
        (400, {"error": "temporarily_unavailable"}),
        (400, "<html>"),
        (500, ""),
        (503, {"error": "<script>"}),
    ],
)
def test_an_answer_that_is_no_token_passes(
    provider: TokenServer, kept: Path, ca_file: Path, status: int, said: Any
) -> None:
    tokens = AccessTokens(consent(provider, kept, ca_file), lambda: 0.0)
    provider.says.append((status, said))
    with pytest.raises(NoToken) as caught:
        tokens.get(Interrupt())
    assert not caught.value.needs_a_person
    assert provider.refresh_token not in "".join(traceback.format_exception(caught.value))
    assert len(provider.asked) == 1
    assert tokens.get(Interrupt()).is_fresh


@pytest.mark.parametrize("word", ["invalid_client", "unauthorized_client", "invalid_scope", "access_denied"])
def test_an_application_that_is_not_let_in_needs_a_person(
    provider: TokenServer, kept: Path, ca_file: Path, word: str
) -> None:
    provider.says.append((401, {"error": word}))
    with pytest.raises(NoConsent, match=r"\[email\.smtp\.oauth2\]"):
        AccessTokens(consent(provider, kept, ca_file), lambda: 0.0).get(Interrupt())


def test_no_consent_goes_to_a_server_that_nobody_vouches_for(provider: TokenServer, kept: Path, ca_file: Path) -> None:
    with pytest.raises(NoToken, match="certificate"):
        AccessTokens(attrs.evolve(consent(provider, kept, ca_file), ca_file=None), lambda: 0.0).get(Interrupt())
    assert provider.asked == []


def test_an_endpoint_that_hangs_is_given_up_on(provider: TokenServer, kept: Path, ca_file: Path) -> None:
    """It takes the connection and says nothing, not even of TLS."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/token"
        settings = consent(provider, kept, ca_file, token_url=url)
        with TokenEndpoint(settings, seconds=0.3) as endpoint, pytest.raises(EndpointAway, match="no answer in time"):
            endpoint.tokens({"grant_type": "refresh_token", "refresh_token": "secret"})


def test_asking_for_a_token_can_be_interrupted(provider: TokenServer, kept: Path, ca_file: Path) -> None:
    interrupt = Interrupt()
    interrupt.set()
    with pytest.raises(Interrupted):
        AccessTokens(consent(provider, kept, ca_file), lambda: 0.0).get(interrupt)


def test_a_token_never_leaves_in_clear(start_server: StartServer) -> None:
    server = start_server(auth_in_clear=True, auth_mechanisms=("XOAUTH2",), tokens={USER: "t"})
    wire = Wire("127.0.0.1", server.port, terms=Terms(2, Interrupt(), lambda: 0.0, None, True, has_token=True))
    with pytest.raises(Insecure, match="in clear"):
        wire.login(USER, "t")
    assert server.commands["auth"] == 0


def test_a_server_that_takes_no_tokens_is_told(
    start_server: StartServer, tls: ssl.SSLContext, provider: TokenServer, kept: Path, ca_file: Path
) -> None:
    server = start_server(starttls=tls)
    with (
        session(server, consent(provider, kept, ca_file), ca_file) as opened,
        pytest.raises(Insecure, match="no token"),
    ):
        opened.send(envelope("a@x.fr"), Mark())


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"password": Secret("p")}, "oauth2"),
        ({"user": None}, "user"),
        ({"security": Security.NONE}, "security"),
    ],
)
def test_oauth2_excludes_what_makes_it_useless_or_unsafe(
    provider: TokenServer, kept: Path, ca_file: Path, changes: dict[str, Any], key: str
) -> None:
    wanted = {"security": Security.TLS, "user": USER, "oauth2": consent(provider, kept, ca_file), **changes}
    with pytest.raises(ValueRefusedError) as caught:
        smtp_settings(465, **wanted)
    assert caught.value.key == (key,)


@pytest.mark.parametrize(
    "url", ["http://login.example.org/t", "https://u:p@login.example.org/t", "https://", "login", "https://h:99999/"]
)
def test_an_endpoint_in_clear_or_without_a_host_is_refused(url: str) -> None:
    with pytest.raises(ValueRefusedError):
        OAuth2Settings(provider=Provider.CUSTOM, client_id="c", refresh_token=Secret("x"), token_url=url, scope="smtp")


def test_the_providers_own_addresses_are_known_and_not_to_be_written() -> None:
    microsoft = OAuth2Settings(
        provider=Provider.MICROSOFT, client_id="c", refresh_token=Secret("x"), tenant="club.onmicrosoft.com"
    )
    assert "/club.onmicrosoft.com/oauth2/v2.0/token" in microsoft.endpoints.token
    assert "x" not in repr(microsoft).partition("refresh_token=")[2].partition(",")[0].replace("Secret(***)", "")
    with pytest.raises(ValueRefusedError) as caught:
        OAuth2Settings(
            provider=Provider.GOOGLE, client_id="c", refresh_token=Secret("x"), token_url="https://a.example/t"
        )
    assert caught.value.key == ("token_url",)


def test_a_device_code_is_waited_for_as_slowly_as_the_provider_asks(
    provider: TokenServer, kept: Path, ca_file: Path
) -> None:
    settings = consent(provider, kept, ca_file)
    now, waits = 0.0, list[float]()

    def wait(seconds: float) -> None:
        nonlocal now
        now += seconds
        waits.append(seconds)
        if len(waits) == 2:
            provider.says.append((400, {"error": "slow_down"}))
        if len(waits) == 4:
            provider.codes["device-code"] = "ok"

    with TokenEndpoint(settings) as endpoint:
        code = ask_for_code(endpoint, settings)
        assert (code.user_code, code.url) == ("ABCD-EFGH", "https://login.test/device")
        assert "device-code" not in repr(code)
        tokens = wait_for_device(endpoint, code, wait, lambda: now)
    assert tokens.refresh == provider.refresh_token
    assert provider.refresh_token not in repr(tokens)
    assert waits == [5, 5, 10, 10]


@pytest.mark.parametrize("word", ["authorization_declined", "access_denied", "expired_token", "authorization_pending"])
def test_a_device_code_that_nobody_confirms_ends(provider: TokenServer, kept: Path, ca_file: Path, word: str) -> None:
    settings = consent(provider, kept, ca_file)
    now = 0.0

    def wait(seconds: float) -> None:
        nonlocal now
        now += seconds

    with TokenEndpoint(settings) as endpoint:
        code = ask_for_code(endpoint, settings)
        provider.codes["device-code"] = word
        with pytest.raises(NotGiven):
            wait_for_device(endpoint, code, wait, lambda: now)
    assert now < 900


def test_the_browser_answers_once_and_only_with_our_own_state(provider: TokenServer, kept: Path, ca_file: Path) -> None:
    settings = consent(provider, kept, ca_file, device_url=None, authorise_url="https://login.test/authorise")
    provider.codes["the-code"] = "ok"
    with TokenEndpoint(settings) as endpoint, Browser(settings) as browser:
        query = {name: values[0] for name, values in _query(browser.url(USER)).items()}
        assert query["code_challenge_method"] == "S256"
        where = query["redirect_uri"]
        assert where.startswith("http://127.0.0.1:")
        assert requests.get(where, {"code": "another", "state": "x"}, timeout=5).status_code == 404
        assert requests.get(where, {"code": "the-code", "state": query["state"]}, timeout=5).status_code == 200
        assert requests.get(where, {"code": "late", "state": query["state"]}, timeout=5).status_code == 200
        assert browser.wait(endpoint, 5).refresh == provider.refresh_token
    assert provider.asked[-1]["code"] == "the-code"
    assert provider.asked[-1]["code_verifier"] not in browser.url(USER)


def test_a_consent_that_is_declined_in_the_browser_is_told(provider: TokenServer, kept: Path, ca_file: Path) -> None:
    settings = consent(provider, kept, ca_file, device_url=None, authorise_url="https://login.test/authorise")
    with TokenEndpoint(settings) as endpoint, Browser(settings) as browser:
        query = _query(browser.url(USER))
        answer = {"error": "access_denied", "state": query["state"][0]}
        assert requests.get(query["redirect_uri"][0], answer, timeout=5).status_code == 200
        with pytest.raises(NotGiven, match="declined"):
            browser.wait(endpoint, 5)


def _query(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)
