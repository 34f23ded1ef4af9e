"""The system's vault of passwords, by the keyring library: Windows Credential Manager, Secret Service, macOS Keychain.

Tried with keyring's own back ends on Linux; not tried on Windows.
"""

from typing import Any, Final

import keyring
from keyring.errors import KeyringError, KeyringLocked, NoKeyringError

from config.secret import SecretError
from config.sentence import Sentence

SERVICE: Final = "heitz-service"


def from_keyring(name: str) -> str:
    """Return the password that the vault keeps for service `heitz-service` and user `name`.

    Raises SecretError when it has none, when there is no vault, and when the vault is a plain text file:
    keyrings.alt, once installed, is taken silently where there is no other.
    """
    backend = keyring.get_keyring()
    for part in (backend, *getattr(backend, "backends", ())):
        _refuse_plain_text(part, name)
    try:
        found = keyring.get_password(SERVICE, name)
    except NoKeyringError as error:
        raise SecretError(
            Sentence.of(
                "the secret keyring:{name} cannot be read: this session has no password vault (on Linux, a Secret "
                "Service such as GNOME Keyring); use env: or file: instead",
                name=name,
            )
        ) from error
    except KeyringLocked as error:
        raise SecretError(
            Sentence.of("the secret keyring:{name} cannot be read: the password vault is locked; unlock it", name=name)
        ) from error
    except (KeyringError, OSError) as error:
        raise SecretError(
            Sentence.of("the secret keyring:{name} cannot be read: {reason}", name=name, reason=error)
        ) from error
    if not found:
        raise SecretError(
            Sentence.of(
                "the password vault of this user has no secret {name}: add it with `keyring set {service} {name}`",
                name=name,
                service=SERVICE,
            )
        )
    return found


def into_keyring(name: str, value: str) -> None:
    """Keep a password in the vault for service `heitz-service` and user `name`; raises SecretError as reading does."""
    backend = keyring.get_keyring()
    for part in (backend, *getattr(backend, "backends", ())):
        _refuse_plain_text(part, name)
    try:
        keyring.set_password(SERVICE, name, value)
    except (KeyringError, OSError) as error:
        # The class alone: a back end may quote what it was given.
        raise SecretError(
            Sentence.of(
                "the secret keyring:{name} cannot be kept ({reason}): unlock the password vault, or use file: instead",
                name=name,
                reason=type(error).__name__,
            )
        ) from None


def _refuse_plain_text(backend: Any, name: str) -> None:
    if type(backend).__name__ == "PlaintextKeyring":
        raise SecretError(
            Sentence.of(
                "the secret keyring:{name} is not read: the vault here is {backend}, a plain text file; uninstall "
                "keyrings.alt and use a real vault, or file: with a file that only this user can read",
                name=name,
                backend=f"{type(backend).__module__}.{type(backend).__name__}",
            )
        )
