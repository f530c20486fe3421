"""Digests of the rows of a table that do not depend on their order, to compare what was restored with a snapshot.

They can be compared only within one process: rows are hashed with the process's own secret (SipHash), which is an order
of magnitude faster than a cryptographic hash, and nobody can choose rows whose hashes collide.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headwater.engines import Batch

_MODULUS = 2**64
Numbers = NDArray[np.int64]
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


@dataclass(slots=True)
class RowHashes:
    """The hash of each row, 8 bytes each; after more than `limit` rows none are kept, and `complete` is false."""

    limit: int
    rows: int = 0
    parts: list[Numbers] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """True if there is a hash of every row."""
        return self.rows <= self.limit

    def add(self, batches: Iterable[Batch]) -> RowHashes:
        """Add all rows of some batches, and return this object."""
        for batch in batches:
            self.rows += batch.num_rows
            if not self.complete:
                self.parts.clear()
            elif batch.num_columns:
                self.parts.append(np.fromiter(map(hash, _joined(batch)), np.int64, batch.num_rows))
            else:
                self.parts.append(np.zeros(batch.num_rows, np.int64))
        return self

    def counted(self) -> tuple[Numbers, Numbers]:
        """Return the different hashes in ascending order, and how many rows have each."""
        hashes = np.concatenate(self.parts) if self.parts else np.empty(0, np.int64)
        return np.unique(hashes, return_counts=True)


def row_hashes(batch: Batch) -> list[int]:
    """Return the hash of each row of a batch."""
    return list(map(hash, _joined(batch))) if batch.num_columns else [0] * batch.num_rows


def is_completed(before: RowHashes, given: RowHashes, after: RowHashes) -> bool:
    """Return True if `after` has all rows of `before`, and else only rows of `given`, none more often than there."""
    hashes, counts = after.counted()
    if _subtracted(hashes, counts, before) < before.rows:
        return False
    _subtracted(hashes, counts, given)
    return not counts.any()


def _subtracted(hashes: Numbers, counts: Numbers, others: RowHashes) -> int:
    """Subtract rows from the counts of hashes, which are in ascending order; return how many of them were there."""
    if not len(hashes):
        return 0
    values, numbers = others.counted()
    positions = np.minimum(np.searchsorted(hashes, values), len(hashes) - 1)
    there = hashes[positions] == values
    taken = np.minimum(counts[positions[there]], numbers[there])
    counts[positions[there]] -= taken
    return int(taken.sum())


def _joined(batch: Batch) -> Iterable[bytes]:
    """Return the values of each row as one text; a large type, because the texts of a batch may exceed 2 GB."""
    if not batch.num_columns:
        return ()
    columns = [column.cast(pa.large_binary()) for column in batch.columns]
    joined = pc.binary_join_element_wise(*columns, _SEPARATOR, null_handling="replace", null_replacement=_NULL)
    texts: Iterable[bytes] = joined.to_numpy(zero_copy_only=False)
    return texts
