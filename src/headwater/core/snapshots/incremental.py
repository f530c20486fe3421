"""Writes a table as its parent snapshot plus the changes since, without reading unchanged rows.

The engine says which rows are new and how many old ones remain in each range of keys (`ChangeTracking`); the vault has
the keys of the affected ranges. Both together determine which rows were changed, added, and deleted.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headwater.engines import Baseline, Batch, ChangeTracking, Key, SnapshotTable
from headwater.vault import deltas, pages
from headwater.vault.chunk_encoder import Parent, is_heavy
from headwater.vault.deltas import MOST_ROWS, Delta
from headwater.vault.snapshot_writer import TableWriter, WrittenTable
from headwater.vault.table_reader import TableReader
from headwater.vault.tree import ChunkRef, LeafRef

# Changed rows are kept in memory up to this size; if there are more, the whole table is read.
MOST_BYTES = 64 * 2**20
MOST_KEYS = 2_000_000
# If this many rows of a chunk have changed, it is read again: perhaps only one column has changed, which is less to
# store than whole rows.
AGAIN = 0.1


class ReadAll(Exception):
    """It is better to read the whole table."""


@dataclass(slots=True)
class _Range:
    """A chunk of the parent, and the changes of its rows."""

    chunk: ChunkRef
    rows: list[Batch] = field(default_factory=list)
    gone: list[Batch] = field(default_factory=list)
    added: int = 0
    again: bool = False

    @property
    def touched(self) -> bool:
        return bool(self.rows or self.gone)

    @property
    def lost(self) -> int:
        return sum(batch.num_rows for batch in self.gone)


@dataclass(frozen=True, slots=True)
class _Layout:
    """The chunks of the parent's table, in the order of its key, and the leaves of the tree that hold them.

    Attributes:
        firsts: the first key of each range.
    """

    branches: Sequence[LeafRef]
    leaves: Sequence[Sequence[ChunkRef]]
    ranges: Sequence[_Range]
    firsts: Sequence[Key]


@dataclass(frozen=True, slots=True)
class ChangesSinceParent:
    """How many rows of a table in the parent snapshot remain, and how many are new or changed."""

    then: Baseline
    before: int
    left: int
    new: int

    @property
    def nothing(self) -> bool:
        """True if the table still has the same rows: old rows can only be deleted, and none was."""
        return self.new == 0 and self.left == self.before


def changes_since(dump: ChangeTracking, table: SnapshotTable, then: Baseline, rows: int) -> ChangesSinceParent | None:
    """Count the changes of a table that had this many rows in the parent; None if they cannot be determined."""
    if not dump.can_compare(table, then):
        return None
    new, left = dump.count_changes(table, then)
    return ChangesSinceParent(then, rows, left, new)


def write_changes(
    dump: ChangeTracking,
    table: SnapshotTable,
    since: ChangesSinceParent,
    parent: Parent,
    reader: TableReader,
    writer: TableWriter,
) -> WrittenTable:
    """Write a table as its parent plus the changes since; blocks.

    Raises:
        ReadAll: nothing was written; too much has changed, or the engine's counts are inconsistent.
    """
    if not since.before or not table.key or since.new > since.before * MOST_ROWS:
        raise ReadAll
    then, chunks = since.then, iter(parent.chunks.values())
    branches = list(parent.branches.values())
    leaves = [list(itertools.islice(chunks, branch.chunks)) for branch in branches]
    ranges = [_Range(chunk) for leaf in leaves for chunk in leaf]
    layout = _Layout(branches, leaves, ranges, [_key(key_range.chunk) for key_range in ranges])
    if since.new:
        _changed(dump, table, then, layout)
    existing = {index: _existing(reader, table, range_) for index, range_ in enumerate(ranges) if range_.rows}
    if since.before - since.left - sum(existing.values()):
        _deleted(dump, table, then, reader, layout, existing)
    for range_ in ranges:
        range_.again = range_.touched and _is_much(range_)
    _write(dump, table, writer, layout)
    return writer.end()


def _key(chunk: ChunkRef) -> Key:
    key: list[bytes] = msgspec.msgpack.decode(chunk.first, type=list[bytes])
    return key


def _changed(dump: ChangeTracking, table: SnapshotTable, then: Baseline, layout: _Layout) -> None:
    """Sort new rows into their ranges."""
    size = 0
    for numbers, batch in dump.changed_rows(table, then, layout.firsts):
        size += batch.nbytes
        if size > MOST_BYTES:
            raise ReadAll
        for index, rows in _by_range(numbers, batch):
            layout.ranges[index].rows.append(rows)


def _by_range(numbers: np.ndarray, batch: Batch) -> Iterator[tuple[int, Batch]]:
    order = np.argsort(numbers, kind="stable")
    places, starts = np.unique(numbers[order], return_index=True)
    rows = batch.take(pa.array(order))
    for position, start, end in zip(places, starts, (*starts[1:], len(order)), strict=True):
        yield int(position), rows.slice(start, end - start)


def _columns(batches: Sequence[Batch], places: Sequence[int], width: int) -> tuple[Any, ...]:
    """Return some columns of batches, each as one array; empty ones if there are no batches."""
    if not batches:
        return tuple(pa.array([], pages.VALUES) for _ in range(width))
    return tuple(pa.concat_arrays([batch.column(position) for batch in batches]) for position in places)


def _existing(reader: TableReader, table: SnapshotTable, key_range: _Range) -> int:
    """Return how many of the new rows of a range replace an existing one; remember the others."""
    new = deltas.identity(_columns(key_range.rows, table.key, len(table.key)))
    there = pc.sum(pc.is_in(_identities(reader, table, key_range.chunk), value_set=new)).as_py() or 0
    key_range.added = len(new) - there
    return int(there)


def _identities(reader: TableReader, table: SnapshotTable, chunk: ChunkRef) -> Any:
    return deltas.identity(reader.batch(chunk, table.key).columns)


def _deleted(
    dump: ChangeTracking,
    table: SnapshotTable,
    then: Baseline,
    reader: TableReader,
    layout: _Layout,
    existing: Mapping[int, int],
) -> None:
    """Find the deleted keys: in ranges where fewer old rows remain than the changes explain."""
    ranges = layout.ranges
    left = dump.unchanged_counts(table, then, layout.firsts)
    short = [
        index
        for index, key_range in enumerate(ranges)
        if key_range.chunk.rows - existing.get(index, 0) != left.get(index, 0)
    ]
    if sum(ranges[index].chunk.rows for index in short) > MOST_KEYS:
        raise ReadAll
    present: dict[int, list[Any]] = defaultdict(list)
    for numbers, batch in dump.keys_in_ranges(table, layout.firsts, short):
        for place, rows in _by_range(numbers, batch):
            present[place].append(deltas.identity(rows.columns))
    for place in short:
        range_ = ranges[place]
        keys = reader.batch(range_.chunk, table.key)
        array = pa.concat_arrays([*present[place], pa.array([], pages.VALUES)])
        gone = pc.invert(pc.is_in(deltas.identity(keys.columns), value_set=array))
        range_.gone.append(keys.filter(gone))
        if range_.lost + left.get(place, 0) + existing.get(place, 0) != range_.chunk.rows:
            raise ReadAll  # the engine's counts are inconsistent


def _is_much(key_range: _Range) -> bool:
    """Return True if a range should be read again rather than stored with one more delta."""
    changed = sum(batch.num_rows for batch in key_range.rows) + key_range.lost
    return changed > key_range.chunk.rows * AGAIN or is_heavy(key_range.chunk)


def _write(dump: ChangeTracking, table: SnapshotTable, writer: TableWriter, layout: _Layout) -> None:
    index, ranges, firsts = 0, layout.ranges, layout.firsts
    for branch, leaf in zip(layout.branches, layout.leaves, strict=True):
        end = index + len(leaf)
        if not any(key_range.touched for key_range in ranges[index:end]):
            writer.keep_leaf(branch, leaf)
            index = end
            continue
        writer.end_leaf()
        while index < end:
            range_, after = ranges[index], index + 1
            if range_.again:
                while after < end and ranges[after].again:
                    after += 1
                low = firsts[index] if index else None
                writer.rows(dump.rows_between(table, low, firsts[after] if after < len(ranges) else None))
            elif range_.touched:
                writer.change(range_.chunk, _delta(table, range_), range_.chunk.rows + range_.added - range_.lost)
            else:
                writer.keep(range_.chunk)
            index = after
        writer.end_leaf()


def _delta(table: SnapshotTable, key_range: _Range) -> Delta:
    rows = _columns(key_range.rows, range(len(table.columns)), len(table.columns))
    return Delta(rows, _columns(key_range.gone, range(len(table.key)), len(table.key)))
