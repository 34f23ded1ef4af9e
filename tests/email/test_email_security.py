"""TLS is verified, a missing STARTTLS is refused, and a password never travels in clear by itself."""

import smtplib
import ssl
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import trustme
import yagmail
from email_fixtures import Mark, StartServer, StartSession, envelope, smtp_settings

from actors.email.adapters.dial import Interrupt
from actors.email.adapters.opening import open_wire
from actors.email.adapters.smtp import SmtpSession
from actors.email.adapters.wire import Wire
from actors.email.attempt import End, Stage
from actors.email.settings import Security, SmtpSettings
from actors.email.trouble import ConnectionTrouble, Gone, Insecure, Nonsense, NoPassword, Silent, Turned
from config.masking import mask
from config.problem import ValueRefusedError
from config.secret import Secret

USERS = {"club@example.org": "mot de passe à accents"}
LOGIN = {"user": "club@example.org", "password": Secret(USERS["club@example.org"])}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def context_for(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_given_authority_is_trusted(
    start_server: StartServer, start_session: StartSession, authority: trustme.CA, ca_file: Path, security: Security
) -> None:
    server = start_server(**{security.value: context_for(authority, "127.0.0.1")})
    session = start_session(server, security=security, ca_file=ca_file)
    assert session.send(envelope("a@x.fr"), Mark()).end is End.ACCEPTED
    assert session.send(envelope("dot-close@x.fr"), Mark()).end is End.UNCERTAIN
    assert server.copies[0].is_tls


@pytest.mark.skipif(sys.platform == "win32", reason="the authorities of Windows are not in a file")
@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_an_authority_of_the_system_is_trusted(
    start_server: StartServer,
    start_session: StartSession,
    authority: trustme.CA,
    ca_file: Path,
    security: Security,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))  # where OpenSSL looks for the system's
    server = start_server(**{security.value: context_for(authority, "127.0.0.1")})
    assert start_session(server, security=security).send(envelope("a@x.fr"), Mark()).end is End.ACCEPTED
    assert server.copies[0].is_tls


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_an_authority_that_nobody_gave_is_not(
    start_server: StartServer, start_session: StartSession, authority: trustme.CA, security: Security
) -> None:
    server = start_server(**{security.value: context_for(authority, "127.0.0.1")})
    with pytest.raises(Insecure, match="not trusted") as caught:
        start_session(server, security=security).open()
    assert caught.value.needs_a_person


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_the_certificate_of_another_server_is_refused(
    start_server: StartServer, start_session: StartSession, authority: trustme.CA, ca_file: Path, security: Security
) -> None:
    server = start_server(**{security.value: context_for(authority, "other.example")})
    with pytest.raises(Insecure, match="not trusted"):
        start_session(server, security=security, ca_file=ca_file).open()
    assert server.copies == []


def test_a_server_without_starttls_gets_nothing(
    start_server: StartServer, start_session: StartSession, ca_file: Path
) -> None:
    server = start_server(auth_in_clear=True, users=USERS)
    with pytest.raises(Insecure, match="offers no STARTTLS"):
        start_session(server, security=Security.STARTTLS, ca_file=ca_file, **LOGIN).open()
    assert server.commands["auth"] == 0


@pytest.mark.parametrize(
    ("word", "kind"), [("454", Turned), ("close", Gone), ("silent", Silent), ("garbage", Nonsense), ("twice", Insecure)]
)
def test_a_server_that_fails_at_starttls_is_told_apart(
    start_server: StartServer,
    start_session: StartSession,
    authority: trustme.CA,
    ca_file: Path,
    word: str,
    kind: type[ConnectionTrouble],
) -> None:
    server = start_server(starttls=context_for(authority, "127.0.0.1"), faults={"starttls": word})
    with pytest.raises(kind) as caught:
        start_session(server, security=Security.STARTTLS, ca_file=ca_file).open()
    assert caught.value.stage is Stage.TLS


def test_a_busy_server_is_not_taken_for_one_without_starttls(
    start_server: StartServer, start_session: StartSession, authority: trustme.CA, ca_file: Path
) -> None:
    server = start_server(starttls=context_for(authority, "127.0.0.1"), faults={"ehlo": "421"})
    with pytest.raises(Turned) as caught:
        start_session(server, security=Security.STARTTLS, ca_file=ca_file).open()
    assert not caught.value.needs_a_person


@pytest.mark.parametrize(
    ("faults", "kind"), [({}, Insecure), ({"greeting": "close"}, Gone), ({"greeting": "silent"}, Silent)]
)
def test_a_server_that_speaks_no_tls_is_left_in_time(
    start_server: StartServer, start_session: StartSession, faults: dict[str, str], kind: type[ConnectionTrouble]
) -> None:
    with pytest.raises(kind) as caught:
        start_session(start_server(faults=faults), security=Security.TLS).open()
    assert caught.value.stage is Stage.TLS


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_the_password_goes_by_what_the_server_offers(
    start_server: StartServer, start_session: StartSession, authority: trustme.CA, ca_file: Path, mechanism: str
) -> None:
    server = start_server(starttls=context_for(authority, "127.0.0.1"), users=USERS, auth_mechanisms=(mechanism,))
    session = start_session(server, security=Security.STARTTLS, ca_file=ca_file, **LOGIN)
    assert session.send(envelope("a@x.fr"), Mark()).end is End.ACCEPTED
    assert server.copies[0].user == "club@example.org"


def test_a_server_that_speaks_no_tls_is_named_with_the_settings_to_look_at(
    start_server: StartServer, start_session: StartSession
) -> None:
    with pytest.raises(Insecure, match="port and security") as caught:
        start_session(start_server(), security=Security.TLS).open()
    assert caught.value.needs_a_person


def test_what_a_server_says_of_a_password_is_not_taken_for_the_password(
    start_server: StartServer, start_session: StartSession
) -> None:
    server = start_server(auth_in_clear=True, users=USERS)
    with pytest.raises(Turned, match="535") as caught:
        start_session(server, **(LOGIN | {"password": Secret("wrong")})).open()
    french = caught.value.sentence.render("fr")
    assert (mask(str(caught.value)), mask(french)) == (str(caught.value), french)


def test_a_wrong_password_is_tried_once_and_needs_a_person(
    start_server: StartServer, start_session: StartSession, authority: trustme.CA, ca_file: Path
) -> None:
    server = start_server(starttls=context_for(authority, "127.0.0.1"), users=USERS)
    wrong = LOGIN | {"password": Secret("wrong")}
    with pytest.raises(Turned, match="refused the user or the password") as caught:
        start_session(server, security=Security.STARTTLS, ca_file=ca_file, **wrong).open()
    assert (caught.value.stage, caught.value.needs_a_person, server.commands["auth"]) == (Stage.AUTH, True, 1)
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize("word", ["454", "close", "silent", "garbage", "334"])
def test_a_server_that_fails_at_login_is_told_apart(
    start_server: StartServer, start_session: StartSession, word: str
) -> None:
    server = start_server(auth_in_clear=True, users=USERS, faults={"auth": word})
    with pytest.raises(ConnectionTrouble) as caught:
        start_session(server, **LOGIN).open()
    assert (caught.value.stage, caught.value.needs_a_person) == (Stage.AUTH, False)


def test_a_server_that_offers_no_known_way_to_log_in_is_refused(
    start_server: StartServer, start_session: StartSession
) -> None:
    with pytest.raises(Insecure, match="PLAIN or LOGIN"):
        start_session(start_server(), **LOGIN).open()


def test_a_user_without_an_at_sign_is_sent_as_it_is(start_server: StartServer, start_session: StartSession) -> None:
    server = start_server(auth_in_clear=True, users={"apikey": "secret"})
    session = start_session(server, user="apikey", password=Secret("secret"))
    assert session.send(envelope("a@x.fr"), Mark()).end is End.ACCEPTED
    assert server.copies[0].user == "apikey"


def test_a_password_that_cannot_be_had_needs_a_person(start_server: StartServer, start_session: StartSession) -> None:
    session = start_session(start_server(), user="club", password=Secret("env:HEITZ_TEST_NO_SUCH_VARIABLE"))
    with pytest.raises(NoPassword, match="HEITZ_TEST_NO_SUCH_VARIABLE") as caught:
        session.open()
    assert caught.value.needs_a_person


def test_an_authority_that_is_no_certificate_is_named(
    start_server: StartServer, start_session: StartSession, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(Insecure, match=name):
            start_session(start_server(), security=Security.TLS, ca_file=tmp_path / name).open()


def test_settings_that_would_send_the_password_in_clear_are_refused() -> None:
    def settings(host: str, **more: Any) -> SmtpSettings:
        return smtp_settings(25, host=host, security=Security.NONE, **LOGIN, **more)

    with pytest.raises(ValueRefusedError, match="in clear"):
        settings("mail.example.org")
    assert settings("127.0.0.1").host == "127.0.0.1"
    assert settings("mail.example.org", password_in_clear=True).password_in_clear


def test_yagmail_opens_over_our_wire_in_the_order_that_we_rely_on(
    monkeypatch: pytest.MonkeyPatch, start_server: StartServer, authority: trustme.CA, ca_file: Path
) -> None:
    """Pin what `opening` takes from yagmail: connection, STARTTLS between two EHLO, login; nothing else."""
    server = start_server(starttls=context_for(authority, "127.0.0.1"), users=USERS)
    calls: list[str] = []
    for name in ("connect", "ehlo", "starttls", "login", "quit"):
        original = getattr(Wire, name)

        def spy(self: Wire, *args: Any, _name: str = name, _original: Any = original, **kwargs: Any) -> Any:
            calls.append(_name)
            return _original(self, *args, **kwargs)

        monkeypatch.setattr(Wire, name, spy)
    settings = smtp_settings(server.port, security=Security.STARTTLS, ca_file=ca_file, **LOGIN)
    wire = open_wire(settings, Interrupt(), time.monotonic)
    assert calls == ["connect", "ehlo", "starttls", "ehlo", "login"]
    assert wire.is_encrypted
    wire.close()
    assert version("yagmail").startswith("0.16.")
    assert yagmail.Client.connection.fget is not None


def test_the_wire_uses_only_public_names_of_smtplib() -> None:
    """Pin what `Wire` overrides or calls: a Python that renames one of them fails here and not at a club."""
    for name in ("connect", "ehlo", "helo", "starttls", "login", "send", "getreply", "docmd", "has_extn", "close"):
        assert callable(getattr(smtplib.SMTP, name))
    connection = smtplib.SMTP()
    for name in ("esmtp_features", "ehlo_resp", "helo_resp", "does_esmtp", "command_encoding"):
        assert hasattr(connection, name)


def test_a_closed_session_may_be_closed_again(start_server: StartServer) -> None:
    session = SmtpSession(smtp_settings(start_server().port))
    session.close()
    session.open()
    session.close()
    session.close()
