"""A three-way merge of rows with a key, cell by cell.

A cell that only one side has changed has that side's value; a cell that both have changed to different values is a
conflict, and so is a row that one side removed and the other changed, or that both added with different values (the
rules of Dolt's cell-wise merge). Values are compared as the bytes in which the engine wrote them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from headwater.core.snapshots.row_differences import by_key, join
from headwater.engines import Batch
from headwater.vault.deltas import identity
from headwater.vault.pages import VALUES

Row: TypeAlias = tuple[bytes | None, ...]
ConflictKind = Literal["cells", "added", "removed_in_ours", "removed_in_theirs"]
Choice = Literal["ours", "theirs"]


@dataclass(frozen=True, slots=True)
class RowConflict:
    """A row that both sides have changed differently since `base`; None is a row that a side does not have.

    `identity` is the key as one value. `cells` are the ordinals of the columns with two different new values; `merged`
    has all other cells merged, and those of `ours` where there are two.
    """

    kind: ConflictKind
    identity: bytes
    base: Row | None
    ours: Row | None
    theirs: Row | None
    cells: tuple[int, ...] = ()
    merged: Row | None = None

    @property
    def fingerprint(self) -> bytes:
        """A digest of what a person sees of the conflict: 16 bytes, the same as long as that does not change."""
        sides = (self.base, self.ours, self.theirs)
        values = [row and tuple(row[at] for at in self.cells) if self.kind == "cells" else row for row in sides]
        return hashlib.blake2b(repr((self.kind, self.identity, self.cells, values)).encode(), digest_size=16).digest()

    def resolved(self, choice: Choice) -> Row | None:
        """Return the row that a choice leads to, or None if the row is removed."""
        if self.kind != "cells":
            return self.ours if choice == "ours" else self.theirs
        assert self.merged and self.theirs
        if choice == "ours":
            return self.merged
        return tuple(self.theirs[at] if at in self.cells else cell for at, cell in enumerate(self.merged))


@dataclass(frozen=True, slots=True)
class RowMerge:
    """What changes in `ours`: rows that are removed, rows before and after a change, and rows that are added."""

    removed: Batch
    before: Batch
    after: Batch
    added: Batch
    conflicts: tuple[RowConflict, ...] = ()

    @property
    def nbytes(self) -> int:
        """The memory that the rows need, in bytes."""
        return sum(batch.nbytes for batch in (self.removed, self.before, self.after, self.added))


Choices: TypeAlias = Callable[[RowConflict], Choice | None]


def merge_rows(
    base: Batch, ours: Batch, theirs: Batch, key: Sequence[int], choices: Choices = lambda _: None
) -> RowMerge:
    """Merge three versions of the rows of one range of keys.

    Args:
        base: the common ancestor.
        ours: rows with the same columns; the result is what changes in them.
        theirs: rows with the same columns.
        key: the ordinals of the columns of the key, which is unique.
        choices: returns the side that wins a conflict; one without a choice changes nothing.
    """
    theirs_changes, ours_changes = by_key(base, theirs, key), by_key(base, ours, key)
    ours_keys = pa.concat_arrays(
        [_identity(batch, key) for batch in (ours_changes.removed, ours_changes.before, ours_changes.added)]
    )
    parts = [theirs_changes.removed, theirs_changes.before, theirs_changes.after, theirs_changes.added]
    masks = [pc.is_in(_identity(batch, key), value_set=ours_keys) for batch in parts]
    clean = [batch.filter(pc.invert(mask)) for batch, mask in zip(parts, masks, strict=True)]
    both = _distinct([_identity(batch.filter(mask), key) for batch, mask in zip(parts, masks, strict=True)])
    if not len(both):
        return RowMerge(*clean)
    overlap = _Overlap(base, ours, theirs, key, choices)
    overlap.merge(both)
    empty = base.slice(0, 0)
    removed, before, after, added = (
        join([batch, _batch(rows, empty)]) for batch, rows in zip(clean, overlap.changes, strict=True)
    )
    return RowMerge(removed, before, after, added, tuple(overlap.conflicts))


class _Overlap:
    """Merges, one by one, the rows that both sides have changed."""

    def __init__(self, base: Batch, ours: Batch, theirs: Batch, key: Sequence[int], choices: Choices) -> None:
        self._sides, self._key, self._choices = (base, ours, theirs), key, choices
        self.changes: tuple[list[Row], list[Row], list[Row], list[Row]] = ([], [], [], [])
        self.conflicts: list[RowConflict] = []

    def merge(self, keys: Any) -> None:
        """Merge the rows with these keys."""
        base, ours, theirs = (_rows_by_key(side, self._key, keys) for side in self._sides)
        for name in keys.to_pylist():
            mine = ours.get(name)
            outcome = merge_row(name, base.get(name), mine, theirs.get(name))
            if isinstance(outcome, RowConflict):
                self.conflicts.append(outcome)
                choice = self._choices(outcome)
                outcome = mine if choice is None else outcome.resolved(choice)
            self._change(mine, outcome)

    def _change(self, ours: Row | None, merged: Row | None) -> None:
        removed, before, after, added = self.changes
        if ours == merged:
            return
        if ours is None:
            added += [merged] if merged else []
        elif merged is None:
            removed.append(ours)
        else:
            before.append(ours)
            after.append(merged)


def merge_row(name: bytes, base: Row | None, ours: Row | None, theirs: Row | None) -> Row | RowConflict | None:
    """Merge one row: return the merged one, None if it is removed, or a conflict."""
    if ours == theirs or theirs == base:
        return ours
    if ours == base:
        return theirs
    if base is None:
        assert ours and theirs
        differs = tuple(at for at, (one, other) in enumerate(zip(ours, theirs, strict=True)) if one != other)
        return RowConflict("added", name, base, ours, theirs, differs)
    if ours is None or theirs is None:
        kind: ConflictKind = "removed_in_ours" if ours is None else "removed_in_theirs"
        return RowConflict(kind, name, base, ours, theirs)
    cells = tuple(_conflicting(base, ours, theirs))
    merged = tuple(new if mine == old else mine for old, mine, new in zip(base, ours, theirs, strict=True))
    return RowConflict("cells", name, base, ours, theirs, cells, merged) if cells else merged


def _conflicting(base: Row, ours: Row, theirs: Row) -> Iterator[int]:
    for at, (old, mine, new) in enumerate(zip(base, ours, theirs, strict=True)):
        if old != mine and old != new and mine != new:
            yield at


def _identity(batch: Batch, key: Sequence[int]) -> Any:
    return identity([batch.column(ordinal) for ordinal in key])


def _distinct(arrays: Sequence[Any]) -> Any:
    return pc.unique(pa.concat_arrays(arrays))


def _rows_by_key(batch: Batch, key: Sequence[int], keys: Any) -> dict[bytes, Row]:
    names = _identity(batch, key)
    mask = pc.is_in(names, value_set=keys)
    columns = [column.filter(mask).to_pylist() for column in batch.columns]
    return dict(zip(names.filter(mask).to_pylist(), zip(*columns, strict=True), strict=True))


def _batch(rows: Sequence[Row], empty: Batch) -> Batch:
    columns = zip(*rows, strict=True) if rows else [()] * empty.num_columns
    return pa.RecordBatch.from_arrays([pa.array(column, VALUES) for column in columns], empty.schema.names)
