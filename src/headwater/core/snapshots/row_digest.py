"""Digests of the rows of a table that do not depend on their order, to compare what was restored with a snapshot.

They can be compared only within one process: rows are hashed with the process's own secret (SipHash), which is an order
of magnitude faster than a cryptographic hash, and nobody can choose rows whose hashes collide.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from headwater.engines import Batch

_MODULUS = 2**64
# Random, so that no value contains them: ("ab", "c") differs from ("a", "bc"), and NULL from every text.
_SEPARATOR, _NULL = pa.scalar(os.urandom(12), pa.large_binary()), os.urandom(12)


@dataclass(slots=True)
class RowDigest:
    """The number of rows, and the sum of their hashes, in which duplicates count twice."""

    rows: int = 0
    total: int = 0

    def add(self, batches: Iterable[Batch]) -> RowDigest:
        """Add all rows of some batches, and return this digest."""
        for _ in self.passing(batches):
            pass
        return self

    def passing(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the batches, and add the rows of each after it was used."""
        for batch in batches:
            yield batch
            self.rows += batch.num_rows
            self.total = (self.total + sum(map(hash, _joined(batch)))) % _MODULUS

    @property
    def checksum(self) -> str:
        """The sum as text, to compare it with another one of this process."""
        return f"{self.total:016x}"

    def plus(self, other: RowDigest) -> RowDigest:
        """Return the digest of the rows of both."""
        return RowDigest(self.rows + other.rows, (self.total + other.total) % _MODULUS)


def _joined(batch: Batch) -> Iterable[bytes]:
    """Return the values of each row as one text; a large type, because the texts of a batch may exceed 2 GB."""
    if not batch.num_columns:
        return ()
    columns = [column.cast(pa.large_binary()) for column in batch.columns]
    joined = pc.binary_join_element_wise(*columns, _SEPARATOR, null_handling="replace", null_replacement=_NULL)
    texts: Iterable[bytes] = joined.to_numpy(zero_copy_only=False)
    return texts
