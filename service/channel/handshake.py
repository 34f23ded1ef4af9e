"""Each side proves to the other that it has the user's key, without sending it.

The server sends a challenge of 32 random bytes; the client answers with its own challenge and a proof; the server
answers with its proof. A proof is HMAC-SHA256 of the role and both challenges, so it can't be replayed nor reflected.
"""

import hashlib
import hmac
import os
from typing import Final

from service.channel.link import Link, LinkError
from service.paths import Folders, open_private

_KEY_BYTES: Final = 32
_CHALLENGE_BYTES: Final = 32
_PROOF_BYTES: Final = hashlib.sha256().digest_size
_GREETING: Final = b"heitz-control-1 "  # the version of the channel: a later one is told apart before any proof


class HandshakeRefused(Exception):  # noqa: N818 - what happened, as the log says it
    """The other side does not have the key, or does not speak this version of the channel."""


def prove_server(link: Link, key: bytes) -> None:
    """Run the server's side; raises `HandshakeRefused` or `LinkError`."""
    mine = os.urandom(_CHALLENGE_BYTES)
    link.send(_GREETING + mine)
    answer = link.receive()
    theirs, proof = answer[:_CHALLENGE_BYTES], answer[_CHALLENGE_BYTES:]
    if len(theirs) != _CHALLENGE_BYTES or not hmac.compare_digest(proof, _proof(key, b"client", mine, theirs)):
        raise HandshakeRefused("the client does not have the key of this user")
    link.send(_proof(key, b"server", theirs, mine))


def prove_client(link: Link, key: bytes) -> None:
    """Run the client's side; raises `HandshakeRefused` or `LinkError`."""
    greeting = link.receive()
    theirs = greeting[len(_GREETING) :]
    if not greeting.startswith(_GREETING) or len(theirs) != _CHALLENGE_BYTES:
        raise HandshakeRefused("the server does not speak this version of the channel")
    mine = os.urandom(_CHALLENGE_BYTES)
    link.send(mine + _proof(key, b"client", theirs, mine))
    try:
        proof = link.receive()
    except LinkError as error:
        raise HandshakeRefused("the server did not accept the key of this user") from error
    if not hmac.compare_digest(proof, _proof(key, b"server", mine, theirs)):
        raise HandshakeRefused("the server does not have the key of this user")


def existing_key(folders: Folders) -> bytes | None:
    """Return the user's key, None when there is none yet or it was cut."""
    try:
        descriptor = open_private(folders.key, os.O_RDONLY)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        key = file.read(_KEY_BYTES + 1)
    return key if len(key) == _KEY_BYTES else None


def make_key(folders: Folders) -> bytes:
    """Return the user's key; make it first where there is none. Two processes that start at once get the same."""
    key = existing_key(folders)
    if key is not None:
        return key
    fresh = folders.key.with_name(f"{folders.key.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = open_private(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        if folders.key.exists():  # cut by a full disk: nobody could have used it
            fresh.replace(folders.key)
        else:
            fresh.rename(folders.key) if os.name == "nt" else os.link(fresh, folders.key)
    except FileExistsError:
        pass  # another process was first: its key is the key
    finally:
        fresh.unlink(missing_ok=True)
    key = existing_key(folders)
    if key is None:
        raise FileNotFoundError(f"no key could be written to {folders.key}")
    return key


def _proof(key: bytes, role: bytes, asked: bytes, own: bytes) -> bytes:
    return hmac.digest(key, _GREETING + role + asked + own, "sha256")
