"""Counts and checksums of rows that do not depend on their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from headwater.catalog.value_kinds import ValueKind
from headwater.core.transfer.codec import canonical

MODULUS = 2**128


@dataclass(slots=True)
class Digest:
    """The number of processed rows, and the sum of their hashes, in which duplicates count twice."""

    kinds: Sequence[ValueKind]
    rows: int = 0
    total: int = 0

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add canonical rows."""
        kinds, total, count = self.kinds, self.total, 0
        for row in rows:
            texts = list(map(canonical, row, kinds))
            # The lengths are hashed, too: ("ab", "c") differs from ("a", "bc").
            whole = b"".join([*texts, repr(list(map(len, texts))).encode()])
            total += int.from_bytes(blake2b(whole, digest_size=16).digest())
            count += 1
        self.total, self.rows = total % MODULUS, self.rows + count

    @property
    def checksum(self) -> str:
        """The checksum as text."""
        return f"{self.total:032x}"


@dataclass(slots=True)
class BatchDigest:
    """A digest of rows as one engine stores them: of batches whose columns are texts in the engine's own format."""

    rows: int = 0
    total: int = 0

    def add(self, batch: Any) -> None:
        """Add a batch of rows (a pyarrow RecordBatch of byte strings)."""
        total, columns = self.total, [column.to_pylist() for column in batch.columns]
        for row in zip(*columns, strict=True) if columns else ((),) * batch.num_rows:
            lengths = repr([None if text is None else len(text) for text in row]).encode()
            whole = b"".join([*(text or b"" for text in row), lengths])
            total += int.from_bytes(blake2b(whole, digest_size=16).digest())
        self.total, self.rows = total % MODULUS, self.rows + batch.num_rows

    @property
    def checksum(self) -> str:
        """The checksum as text."""
        return f"{self.total:032x}"
