"""Secrets are revealed at use from where they are kept, and shown by nothing."""

import copy
import pickle
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import attrs
import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringError, KeyringLocked

from config import Secret, SecretError


class Vault(KeyringBackend):
    """A vault in memory, to the interface of keyring's back ends."""

    priority = 1

    def __init__(self, kept: dict[tuple[str, str], str], error: Exception | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept = kept
        self.error = error

    def get_password(self, service: str, username: str) -> str | None:
        if self.error:
            raise self.error
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture(autouse=True)
def restored_vault() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def refusal(text: str, folder: Path | None = None) -> str:
    with pytest.raises(SecretError) as caught:
        Secret(text, folder).reveal()
    return str(caught.value)


def test_a_secret_written_as_it_is() -> None:
    assert Secret("hunter2").reveal() == "hunter2"
    assert Secret("pass:word").reveal() == "pass:word"


def test_a_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUB_PASSWORD", "hunter2")
    assert Secret("env:CLUB_PASSWORD").reveal() == "hunter2"
    monkeypatch.delenv("CLUB_PASSWORD")
    assert refusal("env:CLUB_PASSWORD") == (
        "the environment variable CLUB_PASSWORD, which should hold a secret, is not set: set it"
    )


def test_a_secret_of_a_file_starts_at_the_settings_folder_and_loses_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "smtp.key").write_bytes("\ufeffhunter é \r\n".encode())
    assert Secret("file:smtp.key", tmp_path).reveal() == "hunter é "
    assert Secret(f"file:{tmp_path}/smtp.key").reveal() == "hunter é "


def test_a_secret_is_read_anew_each_time(tmp_path: Path) -> None:
    secret = Secret("file:key", tmp_path)
    for text in ("one", "two"):
        (tmp_path / "key").write_text(text)
        assert secret.reveal() == text


def test_a_file_without_a_secret_is_told(tmp_path: Path) -> None:
    assert refusal("file:none", tmp_path) == (
        f"the file {tmp_path}/none, which should hold a secret, cannot be read (No such file or directory): "
        "create it or correct its path"
    )
    (tmp_path / "folder").mkdir()
    assert "cannot be read (Is a directory)" in refusal("file:folder", tmp_path)
    for content in (b"", b"\n", bytes(65537)):
        (tmp_path / "key").write_bytes(content)
        assert "should hold a secret of 1 to 65536 bytes" in refusal("file:key", tmp_path)


def test_a_file_that_is_not_text_is_told_without_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"hunter2\xff")
    with pytest.raises(SecretError) as caught:
        Secret("file:key", tmp_path).reveal()
    assert str(caught.value) == f"the secret in {tmp_path}/key is not UTF-8 text: save it as such"
    assert caught.value.__cause__ is None


def test_a_secret_of_the_vault_is_kept_under_the_programs_name() -> None:
    keyring.set_keyring(Vault({("heitz-service", "smtp"): "hunter2"}))
    assert Secret("keyring:smtp").reveal() == "hunter2"
    assert refusal("keyring:sms") == (
        "the password vault of this user has no secret sms: add it with `keyring set heitz-service sms`"
    )


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyringLocked("locked"), "the secret keyring:smtp cannot be read: the password vault is locked; unlock it"),
        (KeyringError("no bus"), "the secret keyring:smtp cannot be read: no bus"),
        (OSError("error 1783"), "the secret keyring:smtp cannot be read: error 1783"),
    ],
)
def test_a_vault_that_fails_is_told(error: Exception, told: str) -> None:
    keyring.set_keyring(Vault({}, error))
    assert refusal("keyring:smtp") == told


def test_a_session_without_a_vault_is_told() -> None:
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    assert refusal("keyring:smtp") == (
        "the secret keyring:smtp cannot be read: this session has no password vault (on Linux, a Secret Service such "
        "as GNOME Keyring); use env: or file: instead"
    )


def plain_text_vault() -> Vault:
    """Return a vault of the class that keyrings.alt would bring, by its names."""
    module = ModuleType("keyrings.alt.file")
    class_ = type("PlaintextKeyring", (Vault,), {"__module__": module.__name__})
    vault = class_({("heitz-service", "smtp"): "hunter2"})
    assert isinstance(vault, Vault)
    return vault


def test_a_vault_that_is_a_plain_text_file_is_refused() -> None:
    keyring.set_keyring(plain_text_vault())
    assert refusal("keyring:smtp") == (
        "the secret keyring:smtp is not read: the vault here is keyrings.alt.file.PlaintextKeyring, a plain text file; "
        "uninstall keyrings.alt and use a real vault, or file: with a file that only this user can read"
    )


def test_a_plain_text_file_is_refused_within_a_chain_of_vaults_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChainerBackend, "backends", [plain_text_vault()])
    keyring.set_keyring(ChainerBackend())  # type: ignore[no-untyped-call]
    assert "PlaintextKeyring" in refusal("keyring:smtp")


@attrs.frozen
class Holder:
    password: Secret


@pytest.mark.parametrize(("text", "shown"), [("hunter2", "***"), ("env:hunter2", "env:hunter2")])
def test_nothing_shows_a_secret(text: str, shown: str) -> None:
    secret = Secret(text)
    holder = Holder(secret)
    assert repr(secret) == str(secret) == f"{secret}" == f"Secret({shown})"
    assert repr(holder) == f"Holder(password=Secret({shown}))"
    assert attrs.asdict(holder) == {"password": secret}
    assert repr(attrs.asdict(holder)) == f"{{'password': Secret({shown})}}"
    assert not hasattr(secret, "__dict__")


def test_a_secret_is_copied_but_not_pickled() -> None:
    secret = Secret("hunter2")
    assert copy.copy(secret) is copy.deepcopy(secret) is secret
    with pytest.raises(TypeError, match="a secret is not pickled"):
        pickle.dumps(secret)


def test_secrets_are_equal_when_they_say_the_same_in_the_same_folder(tmp_path: Path) -> None:
    assert Secret("file:a", tmp_path) == Secret("file:a", tmp_path)
    assert len({Secret("file:a", tmp_path), Secret("file:a", tmp_path), Secret("file:a")}) == 2
    assert Secret("a") != "a"
