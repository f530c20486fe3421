"""The master key of an instance: the file `envelope.key`, and the previous keys while it is being rotated.

`envelope.key` is replaced in one step, so it always exists. The key before it stays as `envelope.key.old-ID` until
nothing is encrypted with it any more; the presence of such a file means that a rotation is not finished.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from headwater.store.secrets import read_secret

KEY_FILE = "envelope.key"
_PREVIOUS, _NEW = f"{KEY_FILE}.old-", f"{KEY_FILE}.new"
_ID_BYTES = 8


@dataclass(frozen=True, slots=True, repr=False)
class MasterKey:
    """A master key: its id, which is no secret, and what it encrypts and derives."""

    id: bytes
    root: bytes

    @classmethod
    def of(cls, secret: str) -> MasterKey:
        """Return the key that the text of a key file stands for."""
        root = hashlib.sha256(b"headwater envelope\0" + secret.encode()).digest()
        return cls(hashlib.sha256(b"id\0" + root).digest()[:_ID_BYTES], root)

    @property
    def cipher(self) -> AESGCM:
        """The cipher that wraps data keys."""
        return AESGCM(self.root)

    def derive(self, purpose: str, tenant: uuid.UUID) -> bytes:
        """Return a key of 32 bytes for one purpose of one tenant; it is always the same."""
        info = b"headwater " + purpose.encode() + b"\0" + tenant.bytes
        return HKDF(hashes.SHA256(), 32, None, info).derive(self.root)


def read(home: Path) -> tuple[str, Sequence[str]]:
    """Return the secret of a home folder, created on first use, and those of keys that are being replaced."""
    current = read_secret(home / KEY_FILE)
    while True:
        previous = []
        for file in previous_files(home):
            with contextlib.suppress(FileNotFoundError):  # the rotation has just finished
                previous.append(file.read_text().strip())
        again = read_secret(home / KEY_FILE)
        if again == current:
            return current, [secret for secret in previous if secret and secret != current]
        current = again


def previous_files(home: Path) -> Sequence[Path]:
    """Return the files of the keys that are being replaced."""
    return sorted(home.glob(f"{_PREVIOUS}*"))


def is_replaced(home: Path) -> bool:
    """Return True if `envelope.key` was replaced, and the key before it is still kept."""
    return bool(read(home)[1])


def is_pending(home: Path) -> bool:
    """Return True if a rotation was begun and is not finished."""
    return bool(previous_files(home)) or (home / _NEW).exists()


def write_new(home: Path) -> None:
    """Write a new key beside the current one; nothing uses it yet."""
    file = home / _NEW
    file.unlink(missing_ok=True)  # of a rotation that was killed: nothing was encrypted with it
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w") as out:
        out.write(secrets.token_urlsafe(32))
        out.flush()
        os.fsync(descriptor)
    _sync(home)


def keep_current(home: Path) -> None:
    """Keep the current key under a name of its own, too."""
    key_id = MasterKey.of(read_secret(home / KEY_FILE)).id.hex()
    with contextlib.suppress(FileExistsError):
        os.link(home / KEY_FILE, home / f"{_PREVIOUS}{key_id}")
    _sync(home)


def replace_current(home: Path) -> None:
    """Make the new key the current one."""
    os.replace(home / _NEW, home / KEY_FILE)
    _sync(home)


def remove_previous(home: Path) -> None:
    """Delete the keys that were replaced, and a new one that never replaced one."""
    for file in (*previous_files(home), home / _NEW):
        file.unlink(missing_ok=True)
    _sync(home)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
