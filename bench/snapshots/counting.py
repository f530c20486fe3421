"""The vault of a running Headwater, opened in this process, with what comes out of its store counted."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from headwater.kit.settings import Settings
from headwater.store.encryption import SecretCipher
from headwater.vault.keys import KeySource
from headwater.vault.local import LocalBlobs
from headwater.vault.vault import Vault


class Counted(LocalBlobs):
    """A folder that counts the bytes that were read of it."""

    bytes = 0

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Count and read."""
        result = super().read(name, start, length)
        self.bytes += len(result)
        return result

    def read_parts(self, name: str, parts: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        """Count and read."""
        result = super().read_parts(name, parts)
        self.bytes += sum(map(len, result))
        return result


def opened(home: Path) -> tuple[Vault, Counted]:
    """Return the only vault of a Headwater, and what counts."""
    (folder,) = (home / "vaults").iterdir()
    blobs = Counted(folder)
    sealer = SecretCipher.of(Settings(home=home))
    return Vault.open(blobs, KeySource.key(sealer.derive("vault", uuid.UUID(folder.name)))), blobs
