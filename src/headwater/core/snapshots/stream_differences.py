"""The rows that differ between two sides that are read as streams, each once and in any order.

Rows that are equal on both sides leave memory at once. So do both versions of a changed row, if rows have a key. What
remains are rows that only one side has so far: the differences, and the rows by which one stream is ahead of the other.
When they need too much memory, they are moved to a temporary file, divided by the hash of the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from headwater.core.snapshots.row_differences import RowDifferences, as_multisets, by_key, join
from headwater.core.snapshots.row_digest import row_hashes
from headwater.core.snapshots.row_spill import RowSpill
from headwater.engines import Batch

_ROWS, _BYTES = 2**16, 8 * 2**20  # rows that are read before they are compared
_HELD = 16 * 2**20  # bytes of rows of both sides in memory


@dataclass(slots=True)
class _Side:
    """The rows of a side that have no equal row on the other side so far."""

    batches: Iterator[Batch]
    rows: Batch
    hashes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    exhausted: bool = False
    new: list[Batch] = field(default_factory=list)
    count: int = 0
    bytes: int = 0

    def read(self) -> None:
        """Read one batch, if there is one."""
        batch = next(self.batches, None)
        if batch is None:
            self.exhausted = True
        elif batch.num_rows:
            self.new.append(batch.take(np.arange(batch.num_rows)))  # readers may reuse the memory of a batch
            self.count += batch.num_rows
            self.bytes += self.new[-1].nbytes

    def add_new(self) -> None:
        """Add the rows that were read since the last call."""
        if self.new:
            hashes = [np.fromiter(row_hashes(batch), np.int64, batch.num_rows) for batch in self.new]
            self.hashes = np.concatenate([self.hashes, *hashes])
            self.rows = join([self.rows, *self.new])
        self.new, self.count, self.bytes = [], 0, 0

    def keep(self, mask: np.ndarray) -> None:
        """Keep only some rows."""
        if not mask.all():
            self.rows, self.hashes = self.rows.filter(pa.array(mask)), self.hashes[mask]


def compare(
    before: Iterable[Batch], after: Iterable[Batch], empty: Batch, key: Sequence[int], held: int = _HELD
) -> Iterator[RowDifferences]:
    """Yield the differences in parts; each row that differs is in exactly one part.

    Args:
        before: batches of rows with the columns of `empty`.
        after: batches of rows with the same columns.
        empty: a batch with these columns and no rows.
        key: the ordinals of the columns that identify a row on both sides; without any, rows are a multiset.
        held: about how many bytes of rows may be in memory.

    Raises:
        BadInput: more rows differ than can be compared.
    """
    old, new = _Side(iter(before), empty), _Side(iter(after), empty)
    with ExitStack() as stack:
        spill: RowSpill | None = None
        while not (old.exhausted and new.exhausted):
            _read_on(old, new)
            if key:
                yield from _changed(old, new, key)
            if old.rows.nbytes + new.rows.nbytes > held:
                spill = spill or stack.enter_context(RowSpill())
                for number, side in enumerate((old, new)):
                    spill.add(number, side.rows, _partition_hashes(side, key))
                    side.rows, side.hashes = empty, side.hashes[:0]
        if spill is None:
            yield from _rest(old.rows, new.rows, empty, key)
            return
        for number, side in enumerate((old, new)):
            spill.add(number, side.rows, _partition_hashes(side, key))
            side.rows = empty
        for one, other in spill.partitions(empty):
            yield from _rest(one, other, empty, key)


def _read_on(old: _Side, new: _Side) -> None:
    """Read rows from both sides, and drop those that are equal."""
    wanted = max(_ROWS, (len(old.hashes) + len(new.hashes)) // 2)
    while old.count + new.count < wanted and old.bytes + new.bytes < _BYTES:
        open_sides = [side for side in (old, new) if not side.exhausted]
        if not open_sides:
            break
        min(open_sides, key=lambda side: len(side.hashes) + side.count).read()
    old.add_new()
    new.add_new()
    if len(old.hashes) == len(new.hashes) and np.array_equal(old.hashes, new.hashes):
        nothing = np.zeros(len(old.hashes), bool)
        old.keep(nothing)
        new.keep(nothing)
        return
    masks = _surplus(old.hashes, new.hashes), _surplus(new.hashes, old.hashes)
    old.keep(masks[0])
    new.keep(masks[1])


def _surplus(own: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return which of some hashes are there more often than among the others."""
    order = np.argsort(own, kind="stable")
    ordered, known = own[order], np.sort(others)
    occurrence = np.arange(len(own)) - np.searchsorted(ordered, ordered, "left")
    counts = np.searchsorted(known, ordered, "right") - np.searchsorted(known, ordered, "left")
    mask = np.empty(len(own), bool)
    mask[order] = occurrence >= counts
    return mask


def _changed(old: _Side, new: _Side, key: Sequence[int]) -> Iterator[RowDifferences]:
    """Yield the changed rows of which both versions were read, and drop them."""
    if not len(old.hashes) or not len(new.hashes):
        return
    hashes = [_partition_hashes(side, key) for side in (old, new)]
    common = [np.isin(own, other) for own, other in (hashes, hashes[::-1])]
    common = [mask & _has_key(side.rows, key) for mask, side in zip(common, (old, new), strict=True)]
    if common[0].any():
        part = by_key(old.rows.filter(pa.array(common[0])), new.rows.filter(pa.array(common[1])), key)
        old.keep(~common[0])
        new.keep(~common[1])
        yield part


def _partition_hashes(side: _Side, key: Sequence[int]) -> np.ndarray:
    """Return hashes that are equal for the rows that must be compared with each other."""
    if not key:
        return side.hashes
    return np.fromiter(row_hashes(side.rows.select(list(key))), np.int64, side.rows.num_rows)


def _rest(old: Batch, new: Batch, empty: Batch, key: Sequence[int]) -> Iterator[RowDifferences]:
    """Yield the differences between the last rows. A key with NULL identifies no row."""
    if not key:
        yield as_multisets([old], [new], empty)
        return
    complete = [_has_key(rows, key) for rows in (old, new)]
    yield by_key(old.filter(pa.array(complete[0])), new.filter(pa.array(complete[1])), key)
    if not all(mask.all() for mask in complete):
        yield as_multisets([old.filter(pa.array(~complete[0]))], [new.filter(pa.array(~complete[1]))], empty)


def _has_key(rows: Batch, key: Sequence[int]) -> np.ndarray:
    """Return which rows have no NULL in their key."""
    mask = np.ones(rows.num_rows, bool)
    for ordinal in key:
        mask &= rows.column(ordinal).is_valid().to_numpy(zero_copy_only=False)
    return mask
