"""The rows that differ between two versions of a part of a table: by key, or as multisets where there is no key.

Values are compared as the bytes in which the engine wrote them, NULL differs from every value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headwater.core.snapshots.row_digest import row_hashes
from headwater.engines import Batch
from headwater.vault.deltas import identity


@dataclass(frozen=True, slots=True)
class RowDifferences:
    """Rows that differ, in batches of the same columns.

    `before` and `after` have the changed rows side by side. `touched` tells which of their values differ: one array of
    booleans for each column, of shape (changed rows,).
    """

    removed: Batch
    added: Batch
    before: Batch
    after: Batch
    touched: tuple[NDArray[np.bool_], ...]

    @property
    def counts(self) -> tuple[int, int, int]:
        """The numbers of added, removed and changed rows."""
        return self.added.num_rows, self.removed.num_rows, self.before.num_rows


def by_key(before: Batch, after: Batch, key: Sequence[int]) -> RowDifferences:
    """Return the differences between rows whose key is unique.

    Args:
        before: rows with the same columns as `after`.
        after: rows.
        key: the ordinals of the columns of the key, at least one.
    """
    old, new = (identity([batch.column(ordinal) for ordinal in key]) for batch in (before, after))
    at = pc.index_in(old, value_set=new)
    pairs = before.filter(at.is_valid()), after.take(at.drop_null())
    touched = [_unequal(*columns) for columns in zip(pairs[0].columns, pairs[1].columns, strict=True)]
    changed = np.logical_or.reduce(touched) if touched else np.zeros(0, bool)
    mask = pa.array(changed)
    return RowDifferences(
        before.filter(at.is_null()),
        after.filter(pc.invert(pc.is_in(new, value_set=old))),
        pairs[0].filter(mask),
        pairs[1].filter(mask),
        tuple(column[changed] for column in touched),
    )


def as_multisets(before: Iterable[Batch], after: Iterable[Batch], empty: Batch) -> RowDifferences:
    """Return the rows that one side has more often than the other.

    Args:
        before: batches of rows.
        after: batches of rows with the same columns.
        empty: a batch with these columns and no rows.
    """
    sides = [[(batch, row_hashes(batch)) for batch in batches] for batches in (before, after)]
    old, new = (Counter(hash_ for _, hashes in side for hash_ in hashes) for side in sides)
    removed, added = (
        _rows_of(side, surplus, empty) for side, surplus in zip(sides, (old - new, new - old), strict=True)
    )
    return RowDifferences(removed, added, empty, empty, tuple(np.zeros(0, bool) for _ in empty.columns))


def _rows_of(side: Sequence[tuple[Batch, Sequence[int]]], wanted: Counter[int], empty: Batch) -> Batch:
    left, chosen = Counter(wanted), [empty]
    for batch, hashes in side:
        mask = []
        for hash_ in hashes:
            mask.append(left[hash_] > 0)
            left[hash_] -= mask[-1]
        chosen.append(batch.filter(pa.array(mask, pa.bool_())))
    return join(chosen)


def join(batches: Sequence[Batch]) -> Batch:
    """Return the rows of one or more batches as one."""
    if len(batches) == 1:
        return batches[0]
    return pa.concat_batches(batches)


def _unequal(before: Any, after: Any) -> NDArray[np.bool_]:
    differs = pc.fill_null(pc.not_equal(before, after), False)
    only_one_is_null = pc.xor(before.is_null(), after.is_null())
    mask: NDArray[np.bool_] = pc.or_(differs, only_one_is_null).to_numpy(zero_copy_only=False)
    return mask
