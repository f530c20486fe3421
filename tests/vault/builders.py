"""Makes vaults and snapshots for tests: tables are lists of rows of byte strings or None."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from headwater.vault import manifest
from headwater.vault.blobs import Blobs
from headwater.vault.chunker import ChunkSizes
from headwater.vault.codecs import Codec
from headwater.vault.deltas import Delta
from headwater.vault.keys import KeySource
from headwater.vault.local import LocalBlobs
from headwater.vault.manifest import Manifest, ManifestColumn
from headwater.vault.pages import VALUES, Hint
from headwater.vault.snapshot_writer import TableShape, TableWriter, WrittenTable
from headwater.vault.vault import SnapshotWriter, Vault, find_table

Row = tuple[bytes | None, ...]
KEY = KeySource.key(b"a key of 32 bytes, for tests only")
_numbers = itertools.count()


@dataclass(frozen=True)
class Given:
    """A table to be written: its hints, the places of its key, its rows."""

    hints: tuple[Hint, ...]
    rows: Sequence[Row]
    key: tuple[int, ...] = ()


def vault(folder: Path) -> Vault:
    """Return a new vault on disk."""
    return Vault.create(LocalBlobs(folder / f"vault-{next(_numbers)}"), KEY)


def reopened(blobs: Blobs) -> Vault:
    """Open a vault again, with nothing cached in memory."""
    return Vault.open(blobs, KEY)


def batches(given: Given, size: int = 1000) -> Iterator[Any]:
    """Yield rows as engines do: batches of columns of bytes."""
    names = [str(index) for index in range(len(given.hints))]
    for start in range(0, len(given.rows), size):
        rows = given.rows[start : start + size]
        if not names:
            yield pa.RecordBatch.from_struct_array(pa.array([{}] * len(rows), pa.struct([])))
            continue
        yield pa.RecordBatch.from_arrays([pa.array(column, VALUES) for column in zip(*rows, strict=True)], names)


def snapshot(
    into: Vault,
    tables: Mapping[str, Given],
    *,
    parent: Manifest | None = None,
    codec: Codec | None = None,
    sizes: ChunkSizes | None = None,
    batch: int = 1000,
    threads: int = 2,
    id_: str | None = None,
) -> Manifest:
    """Take a snapshot of tables and commit it."""
    id_ = id_ or str(uuid.uuid4())
    with into.write_snapshot(id_, codec=codec, parent=parent, sizes=sizes, threads=threads) as writing:
        written = {}
        for name, given in tables.items():
            before = find_table(parent.tables, "public", name) if parent else None
            old = into.table(before).parent() if before else None
            writer = TableWriter(writing.ink, TableShape(given.hints, given.key), old)
            written[name] = (given, writer.write(batches(given, batch)))
        return committed(into, writing, id_, written, parent)


def committed(
    into: Vault,
    writing: SnapshotWriter,
    id_: str,
    written: Mapping[str, tuple[Given, WrittenTable]],
    parent: Manifest | None = None,
) -> Manifest:
    """Commit a snapshot whose tables were written."""
    created, now = [], datetime.now(UTC)
    for name, (given, table) in written.items():
        columns = [ManifestColumn(f"c{index}", "text", hint) for index, hint in enumerate(given.hints)]
        created.append(manifest.table("public", name, columns, given.key, table))
    taken = Manifest(
        id=id_,
        database="shop",
        started=now,
        finished=now,
        engine="test",
        parent=parent.id if parent else None,
        tables=tuple(created),
    )
    into.commit(writing, taken)
    return taken


def followed(into: Vault, parent: Manifest, given: Given, added: Sequence[Row], sizes: ChunkSizes) -> Manifest:
    """Commit a snapshot that adds rows to the first chunk of its parent's table, as one that follows changes does."""
    reader = into.table(parent.tables[0])
    new = next(batches(Given(given.hints, added, given.key))).columns
    id_ = str(uuid.uuid4())
    with into.write_snapshot(id_, parent=parent, sizes=sizes) as writing:
        writer = TableWriter(writing.ink, TableShape(given.hints, given.key), reader.parent())
        first, *others = reader.chunks()
        writer.change(first, Delta(new, [new[place].slice(0, 0) for place in given.key]), first.rows + len(added))
        for chunk in others:
            writer.keep(chunk)
        return committed(into, writing, id_, {parent.tables[0].name: (given, writer.end())}, parent)


def rows(target: Vault, taken: Manifest, name: str, places: Sequence[int] | None = None) -> list[Row]:
    """Return the rows of a table of a snapshot."""
    table = next(table for table in taken.tables if table.name == name)
    result: list[Row] = []
    with ThreadPoolExecutor(2) as threads:
        for batch in target.table(table).rows(threads, places):
            columns = [column.to_pylist() for column in batch.columns]
            result.extend(zip(*columns, strict=True) if columns else [()] * batch.num_rows)
    return result


def content(target: Vault) -> dict[str, bytes]:
    """Return all blobs of a vault."""
    return {blob.name: target.blobs.read(blob.name) for blob in target.blobs.list("")}
