"""Stores the schema archive of a snapshot in the vault, as a table of pieces, and reads it back.

So an unchanged archive costs nothing, and verification, repair and garbage collection treat it as a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa

from headwater.vault import manifest as manifests
from headwater.vault.manifest import Manifest, ManifestColumn, ManifestTable
from headwater.vault.snapshot_writer import TableShape, TableWriter
from headwater.vault.vault import SnapshotWriter, Vault

NAME = "schema archive"
PIECE_BYTES = 32_768
_COLUMNS = (ManifestColumn("number", "integer", "integer"), ManifestColumn("data", "bytes"))
_SHAPE = TableShape(tuple(column.hint for column in _COLUMNS), (0,))


def write(vault: Vault, writing: SnapshotWriter, parent: Manifest | None, content: bytes) -> ManifestTable:
    """Store an archive; what the parent's archive has already is not stored again."""
    known = vault.table(parent.archive).parent() if parent and parent.archive else None
    written = TableWriter(writing.ink, _SHAPE, known).write(_batches(content))
    return manifests.table(None, NAME, _COLUMNS, _SHAPE.key, written)


def _batches(content: bytes) -> Iterator[Any]:
    pieces = [content[start : start + PIECE_BYTES] for start in range(0, len(content), PIECE_BYTES)]
    numbers = [b"%d" % number for number in range(len(pieces))]
    yield pa.RecordBatch.from_arrays([pa.array(column, pa.binary()) for column in (numbers, pieces)], ["0", "1"])


def read(vault: Vault, manifest: Manifest) -> bytes | None:
    """Return the archive of a snapshot, or None if it has none."""
    if manifest.archive is None:
        return None
    with ThreadPoolExecutor(1, thread_name_prefix="vault-decode") as decoder:
        batches = vault.table(manifest.archive).rows(decoder)
        return b"".join(piece for batch in batches for piece in batch.column(1).to_pylist())
