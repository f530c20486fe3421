"""Counts and checksums of rows that do not depend on their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from headwater.core.transfer.codec import canonical
from headwater.core.transfer.kinds import Kind

MODULUS = 2**128


@dataclass(slots=True)
class Digest:
    """What is known of rows that went by: how many, and the sum of their hashes, in which doubles count twice."""

    kinds: Sequence[Kind]
    rows: int = 0
    total: int = 0

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Take in canonical rows."""
        kinds = self.kinds
        for row in rows:
            hashed = blake2b(digest_size=16)
            for value, kind in zip(row, kinds, strict=True):
                text = canonical(value, kind)
                hashed.update(len(text).to_bytes(8))
                hashed.update(text)
            self.total = (self.total + int.from_bytes(hashed.digest())) % MODULUS
            self.rows += 1

    @property
    def checksum(self) -> str:
        """The checksum as text."""
        return f"{self.total:032x}"
