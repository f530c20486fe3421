"""How base backups and logs are stored in a vault: as manifests with one table, named `base-…` or `log-…`.

So garbage collection, verification, repair and leases work on them as on snapshots. The table of a base backup has
the blocks of its files by path and number; only blocks that changed since the parent are stored. In the table of a
log, each segment is a row. All functions here block.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from headwater.engines import BaseBackupInfo, FileBlock, LogSegment
from headwater.kit.files import unlinked
from headwater.vault import manifest as manifests
from headwater.vault.chunker import ChunkSizes
from headwater.vault.errors import Damaged, Missing
from headwater.vault.manifest import Manifest, ManifestColumn
from headwater.vault.pages import VALUES
from headwater.vault.snapshot_writer import Batch, TableShape, TableWriter
from headwater.vault.vault import Vault

BASE_COLUMNS = (
    ManifestColumn("path", "text"),
    ManifestColumn("number", "integer", "integer"),
    ManifestColumn("content", "bytes"),
)
LOG_COLUMNS = (ManifestColumn("name", "text"), ManifestColumn("content", "bytes"))
BASE_SIZES, LOG_SIZES = ChunkSizes(rows=64), ChunkSizes(rows=4)
BATCH_ROWS = 128
READERS = 2
Progress = Callable[[int], None]


def base_name(base_id: uuid.UUID) -> str:
    """Return the name of a base backup in its vault."""
    return f"base-{base_id}"


def log_name(database_id: uuid.UUID, first: LogSegment) -> str:
    """Return the name for log segments that begin with `first`; it is the same if they are shipped again."""
    return f"log-{database_id}-{first.name.lower()}"


def manifest_or_none(vault: Vault, name: str) -> Manifest | None:
    """Return a manifest, or None if it does not exist."""
    try:
        return vault.manifest(name)
    except Missing:
        return None


@dataclass(frozen=True, slots=True)
class ArchiveOrigin:
    """The facts by which a manifest says what it is of."""

    name: str
    database: str
    engine: str
    product: str


def write_base(
    vault: Vault,
    origin: ArchiveOrigin,
    parent: str | None,
    blocks: Iterable[FileBlock],
    ended: Callable[[], BaseBackupInfo],
    progress: Progress,
) -> Manifest:
    """Store a base backup on top of its parent; `ended` is called after all blocks were read, and returns its facts."""
    before = _parent(vault, parent)
    started = datetime.now(UTC)
    shape = TableShape(tuple(column.hint for column in BASE_COLUMNS), (0, 1))
    with vault.write_snapshot(origin.name, parent=before, sizes=BASE_SIZES) as writing:
        known = vault.table(before.tables[0]).parent() if before else None
        written = TableWriter(writing.ink, shape, known).write(_batches(blocks, progress))
        facts = ended()
        moment = {
            "timeline": facts.timeline,
            "first": facts.first,
            "end": facts.end,
            "changes": facts.changes,
            "version": facts.version,
            "system": facts.system,
        }
        manifest = Manifest(
            id=origin.name,
            database=origin.database,
            started=started,
            finished=datetime.now(UTC),
            parent=before.id if before else None,
            engine=origin.engine,
            product=origin.product,
            moment=moment,
            extras=dict(facts.extras),
            codec=writing.ink.codec.name,
            level=writing.ink.codec.level,
            tables=(manifests.table(None, "files", BASE_COLUMNS, shape.key, written),),
        )
        vault.commit(writing, manifest)
    return manifest


def _parent(vault: Vault, name: str | None) -> Manifest | None:
    try:
        return vault.manifest(name) if name else None
    except Damaged:
        return None  # a damaged parent must not prevent the next base backup


def _batches(blocks: Iterable[FileBlock], progress: Progress) -> Iterator[Batch]:
    rest = iter(blocks)
    while some := list(itertools.islice(rest, BATCH_ROWS)):
        paths = [block[0].encode() for block in some]
        contents = [block[2] for block in some]
        columns = (paths, [b"%d" % block[1] for block in some], contents)
        progress(sum(map(len, contents)))
        yield pa.RecordBatch.from_arrays([pa.array(column, VALUES) for column in columns], ["0", "1", "2"])


def base_blocks(vault: Vault, manifest: Manifest, progress: Progress) -> Iterator[FileBlock]:
    """Yield the blocks of a base backup; those of one file mostly follow each other."""
    for batch in _rows(vault, manifest):
        for path, number, content in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield path.decode(), int(number), content
            progress(len(content))


def write_log(vault: Vault, origin: ArchiveOrigin, parts: Sequence[LogSegment]) -> Manifest:
    """Store consecutive log segments; if the first one is already stored, return the manifest that has it."""
    manifest = manifest_or_none(vault, origin.name)
    if manifest:
        return manifest
    started = datetime.now(UTC)
    shape = TableShape(tuple(column.hint for column in LOG_COLUMNS), (0,))
    with vault.write_snapshot(origin.name, sizes=LOG_SIZES) as writing:
        written = TableWriter(writing.ink, shape).write(_read(parts))
        moment = {"timeline": parts[0].timeline, "first": parts[0].first, "end": parts[-1].end, "parts": len(parts)}
        manifest = Manifest(
            id=origin.name,
            database=origin.database,
            started=started,
            finished=datetime.now(UTC),
            engine=origin.engine,
            product=origin.product,
            moment=moment,
            codec=writing.ink.codec.name,
            level=writing.ink.codec.level,
            tables=(manifests.table(None, "log", LOG_COLUMNS, shape.key, written),),
        )
        vault.commit(writing, manifest)
    return manifest


def _read(parts: Sequence[LogSegment]) -> Iterator[Batch]:
    for part in parts:
        with open(part.path, "rb", opener=unlinked) as file:
            columns = ([part.name.encode()], [file.read()])
        yield pa.RecordBatch.from_arrays([pa.array(column, VALUES) for column in columns], ["0", "1"])


def log_parts(vault: Vault, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of log segments."""
    for batch in _rows(vault, vault.manifest(name)):
        for part, content in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield part.decode(), content


def _rows(vault: Vault, manifest: Manifest) -> Iterator[Any]:
    pool = ThreadPoolExecutor(READERS, thread_name_prefix="vault-decode")
    try:
        yield from vault.table(manifest.tables[0]).rows(pool)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
