"""Splits tables into chunks by the values of the key only, so that a change moves only the boundaries next to it.

A row begins a chunk if the hash of its key, salted with a secret of the vault, is small (content-defined chunking, by
rows). Rows without a key are split by a hash of all their values, in the order in which the database stores them.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from headwater.vault.pages import Hint

_GOLDEN, _MIX1, _MIX2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True)
class ChunkSizes:
    """The size of chunks: about `rows` rows, at least a fourth and at most four times that, and a limit in bytes."""

    rows: int = 8192
    max_bytes: int = 4 * 2**20

    @property
    def min_rows(self) -> int:
        """The fewest rows of a chunk, except for the last one."""
        return self.rows // 4

    @property
    def max_rows(self) -> int:
        """The most rows of a chunk."""
        return self.rows * 4


def hashes(columns: Sequence[tuple[Any, Hint]], salt: int) -> np.ndarray:
    """Return a 64-bit hash of each row, computed from some of its columns."""
    total = np.full(len(columns[0][0]), salt, np.uint64)
    for column, hint in columns:
        total = _mixed(total ^ _of(column, hint))
    return total


def _of(column: Any, hint: Hint) -> np.ndarray:
    """Return a number for each value that depends only on the value, not on the rest of its batch."""
    if hint == "integer":
        try:
            numbers: np.ndarray = column.cast(pa.string()).cast(pa.int64()).fill_null(0).to_numpy()
            return numbers.view(np.uint64)
        except pa.ArrowInvalid:
            return np.fromiter((_number(value) for value in column.to_pylist()), np.uint64, len(column))
    return np.fromiter((_check(value) for value in column.to_pylist()), np.uint64, len(column))


def _number(value: bytes | None) -> int:
    try:
        return 0 if value is None else int(pa.scalar(value).cast(pa.string()).cast(pa.int64()).as_py()) % 2**64
    except pa.ArrowInvalid:
        return _check(value)


def _check(value: bytes | None) -> int:
    return 0 if value is None else zlib.crc32(value) + 1


def _mixed(values: np.ndarray) -> np.ndarray:
    """Return splitmix64 of each number (Steele, Lea, Flood 2014)."""
    with np.errstate(over="ignore"):
        z = values + _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * _MIX1
        z = (z ^ (z >> np.uint64(27))) * _MIX2
        return z ^ (z >> np.uint64(31))


def starts_leaf(hash_: int, chunks: int) -> bool:
    """Return True if a chunk whose first row has this hash begins a leaf of about this many chunks."""
    return (hash_ >> 20) % chunks == 0


def _row_of_lowest_hash(hashes: np.ndarray, start: int, forced: int) -> int:
    """Return the row with the smallest hash in the second half of a chunk that has become too large.

    The exact row at which it became too large depends on values outside the key: a longer text must not move the
    boundary.
    """
    half = start + max(1, (forced - start) // 2)
    return half + int(hashes[half:forced].argmin()) if half < forced else forced


def chunk_boundaries(row_hashes: np.ndarray, weights: np.ndarray, sizes: ChunkSizes, *, end: bool) -> list[int]:
    """Return the rows at which chunks begin; row 0 always begins a chunk.

    Args:
        row_hashes: the hash of each row.
        weights: the bytes of each row.
        sizes: how large chunks are.
        end: whether no more rows follow; otherwise the rows after the last boundary are not a chunk yet.
    """
    count = len(row_hashes)
    natural = np.flatnonzero(row_hashes < np.uint64(2**64 // sizes.rows))
    total = np.cumsum(weights)
    boundaries, start = [], 0
    while start < count:
        before = int(total[start - 1]) if start else 0
        heavy = max(start + 1, int(np.searchsorted(total, before + sizes.max_bytes, "right")))
        forced = min(start + sizes.max_rows, heavy)
        index = int(np.searchsorted(natural, start + sizes.min_rows))
        cut = min(forced, int(natural[index]) if index < len(natural) else forced)
        if cut >= count:
            break
        if cut == forced:
            cut = _row_of_lowest_hash(row_hashes, start, forced)
        boundaries.append(cut)
        start = cut
    if end and start < count:
        boundaries.append(count)
    return boundaries
