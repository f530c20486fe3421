"""Makes tables consistent that were read while others wrote: they are written again with the later changes.

Existing pages stay. A chunk gets a delta, or is rewritten if that is better; new rows come after the last chunk, and
are sorted when the next snapshot is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from headwater.engines import Batch, CatchUp, SnapshotTable
from headwater.vault import deltas, manifest, pages
from headwater.vault.chunk_encoder import Parent, is_heavy
from headwater.vault.deltas import MOST_ROWS, Delta
from headwater.vault.manifest import ManifestTable
from headwater.vault.snapshot_writer import TableWriter, WrittenTable
from headwater.vault.table_reader import TableReader
from headwater.vault.tree import ChunkRef
from headwater.vault.vault import SnapshotWriter, Vault

# How many changes of a table are kept in memory before they are written.
MOST_BYTES = 64 * 2**20


@dataclass(slots=True)
class LateChanges:
    """Current rows of a table, and the keys of deleted rows."""

    table: SnapshotTable
    rows: list[Batch] = field(default_factory=list)
    gone: set[bytes] = field(default_factory=set)
    size: int = 0


def catch_up(
    dump: CatchUp,
    vault: Vault,
    writing: SnapshotWriter,
    read_tables: Sequence[ManifestTable],
    writer: Callable[[SnapshotTable, Parent], TableWriter],
) -> tuple[list[ManifestTable], int]:
    """Return tables in the state of the reader's moment, and how many rows were read again for that; blocks."""
    tables, rows = {(table.schema, table.name): table for table in read_tables}, 0
    while not dump.is_consistent():
        for changes in _gathered(dump):
            key, table = (changes.table.schema, changes.table.name), changes.table
            rows += sum(row.num_rows for row in changes.rows) + len(changes.gone)
            # The written chunks can be read from now on.
            writing.ink.data.finish()
            writing.ink.trees.finish()
            reader = vault.table(tables[key])
            written = _written(changes, reader, writer(table, reader.parent()))
            tables[key] = _table(tables[key], written)
    return list(tables.values()), rows


def _gathered(dump: CatchUp) -> Iterator[LateChanges]:
    """Yield changes by table, as many at a time as may be in memory."""
    held: LateChanges | None = None
    for table, rows, gone in dump.changes_since_read():
        if held and (held.table != table or held.size > MOST_BYTES):
            yield held
            held = None
        held = held or LateChanges(table)
        held.rows.append(rows)
        # If a key occurs twice, the later change counts.
        held.gone.difference_update(deltas.identity([rows.column(at) for at in table.key]).to_pylist())
        held.gone.update(gone.to_pylist())
        held.size += rows.nbytes + gone.nbytes
    if held:
        yield held


def _table(before: ManifestTable, written: WrittenTable) -> ManifestTable:
    """Return a table that was written again; rows that were not read again count with the average row size."""
    counted = written.counted
    counted.new += before.new
    counted.raw = before.raw * counted.rows // before.rows if before.rows else counted.raw
    return manifest.table(before.schema, before.name, before.columns, before.key, written, before.facts)


def _written(late: LateChanges, reader: TableReader, writer: TableWriter) -> WrittenTable:
    key = late.table.key
    whole = pa.Table.from_batches(late.rows).combine_chunks()
    columns = [column.chunk(0) if column.num_chunks else pa.array([], pages.VALUES) for column in whole.columns]
    ids = deltas.identity([columns[at] for at in key]).to_pylist()
    new = {key: index for index, key in enumerate(ids) if key not in late.gone}
    left = dict(new)
    for branch in reader.branches():
        leaf = reader.leaf(branch)
        changes = [_delta(reader, chunk, key, columns, (new, late.gone)) for chunk in leaf]
        for _, present in changes:
            for identity in present:
                left.pop(identity, None)
        if not any(delta.size for delta, _ in changes):
            writer.keep_leaf(branch, leaf)
            continue
        writer.end_leaf()
        for chunk, (delta, _) in zip(leaf, changes, strict=True):
            _put(reader, writer, chunk, key, delta)
        writer.end_leaf()
    if left:
        places = pa.array(sorted(left.values()))
        writer.rows([pa.RecordBatch.from_arrays([column.take(places) for column in columns], whole.column_names)])
    return writer.end()


def _delta(
    reader: TableReader, chunk: ChunkRef, key: Sequence[int], columns: Sequence[Any], changes: tuple[Any, set[bytes]]
) -> tuple[Delta, list[bytes]]:
    """Return the delta of a chunk, and which of the new rows already existed in it."""
    new, gone = changes
    batch = reader.batch(chunk, key).columns
    ids = deltas.identity(batch).to_pylist()
    present = [key for key in ids if key in new]
    lost = pa.array([index for index, key in enumerate(ids) if key in gone], pa.int64())
    rows = pa.array([new[key] for key in present], pa.int64())
    return Delta(tuple(column.take(rows) for column in columns), tuple(column.take(lost) for column in batch)), present


def _put(reader: TableReader, writer: TableWriter, chunk: ChunkRef, key: Sequence[int], delta: Delta) -> None:
    """Write a chunk after a change."""
    rows = chunk.rows - len(delta.gone[0])
    if not delta.size:
        writer.keep(chunk)
    elif rows and delta.size <= chunk.rows * MOST_ROWS and not is_heavy(chunk):
        writer.change(chunk, delta, rows)
    elif rows:
        before = reader.batch(chunk)
        after = deltas.apply(before.columns, [before.column(at) for at in key], delta, key, range(before.num_columns))
        writer.rows([pa.RecordBatch.from_arrays(after, before.schema.names)])
