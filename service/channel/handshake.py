"""Each side proves to the other that it has the user's key, without sending it.

The server sends a challenge of 32 random bytes; the client answers with its own challenge and a proof; the server
answers with its proof. A proof is HMAC-SHA256 of the role and both challenges, so it can't be replayed nor reflected.
"""

import errno
import hashlib
import hmac
import os
import sys
from typing import Final

from config.system_words import system_words
from service.channel.link import Link, LinkError
from service.paths import Folders, UnsafePath, open_private

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
    """Return the user's key; make it first where there is none. Processes that start at once get the same."""
    descriptor = open_private(folders.key, os.O_RDWR | os.O_CREAT)
    with os.fdopen(descriptor, "r+b") as file:
        _lock(file.fileno())
        key = file.read(_KEY_BYTES + 1)
        if len(key) != _KEY_BYTES:  # new, or cut by a full disk: nobody could have used it
            key = os.urandom(_KEY_BYTES)
            try:
                _write_whole(file.fileno(), key)
            except OSError as error:
                raise UnsafePath(
                    "{path} can't be written ({reason}): make room on the disk, or mend the folder",
                    path=folders.key,
                    reason=system_words(error),
                ) from error
    return key


def _write_whole(descriptor: int, key: bytes) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    if os.write(descriptor, key) != len(key):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(descriptor)


def _lock(descriptor: int) -> None:
    """Wait for the file; it is free again when it is closed."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415

        # Far behind the key: Windows lets nobody read a byte that is locked, and a client may be reading the key now.
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        import fcntl  # noqa: PLC0415

        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _proof(key: bytes, role: bytes, asked: bytes, own: bytes) -> bytes:
    return hmac.digest(key, _GREETING + role + asked + own, "sha256")
