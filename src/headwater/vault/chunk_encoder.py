"""Encodes a chunk as pages, as the parent's chunk, or as the parent's chunk with a delta, whichever is smallest.

This runs in the threads of a writer; it depends on neither the order of chunks nor their position in packs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import blake3
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headwater.vault import deltas, pages
from headwater.vault.chunker import ChunkSizes
from headwater.vault.codecs import Codec
from headwater.vault.deltas import MOST_DELTAS, MOST_ROWS, Delta
from headwater.vault.errors import Damaged
from headwater.vault.keys import Keys
from headwater.vault.packs import PackWriter, Ref
from headwater.vault.pages import Hint
from headwater.vault.tree import ChunkRef, LeafRef

Batch: TypeAlias = Any  # pa.RecordBatch of `pages.VALUES`
ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class TableShape:
    """The columns of a table: their hints, and which of them are the key (none: rows have no key)."""

    hints: tuple[Hint, ...]
    key: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Parent:
    """The table in the parent snapshot: its root, its chunks and leaves by first key, and functions to read them.

    `read` returns the rows of a chunk, `changes` all its deltas merged into one. `key` has the ordinals of the key's
    columns: deltas are meaningless under another key.
    """

    root: Ref
    chunks: Mapping[bytes, ChunkRef]
    branches: Mapping[bytes, LeafRef]
    read: Callable[[ChunkRef], Batch]
    changes: Callable[[ChunkRef], Delta]
    key: tuple[int, ...]


@dataclass(slots=True)
class WriteContext:
    """What all tables of a snapshot are written with: packs for pages and trees, keys, codec, threads.

    `ahead` is the number of chunks that may be in memory, including those that threads are encoding.
    """

    data: PackWriter
    trees: PackWriter
    keys: Keys
    codec: Codec
    threads: ThreadPoolExecutor
    ahead: int
    sizes: ChunkSizes = field(default_factory=ChunkSizes)

    def id(self, content: bytes) -> bytes:
        """Return the id of some content; it reveals nothing without the key of the vault."""
        return content_id(self.keys, content)


def content_id(keys: Keys, content: bytes) -> bytes:
    """Return the keyed BLAKE3 hash of some content, truncated to 16 bytes."""
    return blake3.blake3(content, key=keys.content).digest(length=ID_BYTES)


@dataclass(frozen=True, slots=True)
class Segment:
    """A page or delta: an existing one, or a new one."""

    id: bytes
    old: Ref | None
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A chunk as pages, or as `kept`, the parent's chunk, unchanged or with a delta."""

    first: bytes
    hash: int
    rows: int
    raw: int
    pages: tuple[Segment, ...] = ()
    reused_chunk: ChunkRef | None = None
    delta: Segment | None = None


@dataclass(frozen=True, slots=True)
class ChunkRows:
    """The rows of a chunk: its first key, the hash of that key, and the size of its text."""

    table: Any  # pa.Table
    first: bytes
    hash: int
    raw: int


def encode(ink: WriteContext, shape: TableShape, parent: Parent | None, rows: ChunkRows) -> Encoded:
    """Return a chunk in its smallest encoding."""
    encoded = Encoded(rows.first, rows.hash, rows.table.num_rows, rows.raw)
    before = parent.chunks.get(rows.first) if parent else None
    if parent and before and len(before.pages) == rows.table.num_columns:
        return _encode_against_parent(ink, shape, parent, before, rows, encoded)
    pages = (_page(ink, rows.table.column(index), hint) for index, hint in enumerate(shape.hints))
    return replace(encoded, pages=tuple(pages))


def _page(ink: WriteContext, column: Any, hint: Hint) -> Segment:
    """Return a column as a page; columns are encoded one after another, so that only one is uncompressed in memory."""
    content = pages.encode(_whole(column), hint)
    return Segment(ink.id(content), None, ink.codec.compress(content))


def _encode_against_parent(
    ink: WriteContext, shape: TableShape, parent: Parent, before: ChunkRef, rows: ChunkRows, encoded: Encoded
) -> Encoded:
    """Return a chunk that begins with the same key as one of the parent, in its smallest encoding."""
    columns = [_whole(rows.table.column(index)) for index in range(rows.table.num_columns)]
    contents = [pages.encode(column, hint) for column, hint in zip(columns, shape.hints, strict=True)]
    ids = [ink.id(content) for content in contents]
    same = [known.id == page_id for known, page_id in zip(before.pages, ids, strict=True)]
    if not all(same) and shape.key:
        cost = sum(known.length for known, there in zip(before.pages, same, strict=True) if not there)
        if delta_if_smaller := _delta_if_smaller(ink, shape, parent, before, columns, cost):
            return replace(encoded, reused_chunk=delta_if_smaller[0], delta=delta_if_smaller[1])
    segments = [
        Segment(id_, known) if there else Segment(id_, None, ink.codec.compress(content))
        for id_, known, there, content in zip(ids, before.pages, same, contents, strict=True)
    ]
    return replace(encoded, pages=tuple(segments))


def _delta_if_smaller(
    ink: WriteContext, shape: TableShape, parent: Parent, before: ChunkRef, columns: Sequence[Any], cost: int
) -> tuple[ChunkRef, Segment | None] | None:
    """Return the parent's chunk with a delta, or None if new pages (of this many bytes) are smaller."""
    try:
        batch = parent.read(before).columns
    except Damaged:
        return None  # damage in the parent must not prevent new snapshots
    delta = difference(batch, columns, shape.key)
    if delta is None:
        return before, None
    if delta.size > before.rows * MOST_ROWS or is_heavy(before):
        return None
    chunk, segment = changed(ink, shape, parent, before, delta)
    return (chunk, segment) if len(segment.body) < cost else None


def difference(old: Sequence[Any], new: Sequence[Any], key: Sequence[int]) -> Delta | None:
    """Return the delta from the old rows to the new ones, or None if they are the same rows in any order."""
    there, here = (deltas.identity([side[ordinal] for ordinal in key]) for side in (old, new))
    at = pc.index_in(here, value_set=there)
    changed = at.is_null().to_numpy(zero_copy_only=False)
    for before, now in zip(old, new, strict=True):
        same = pc.equal(before.take(at), now)
        both = pc.and_(before.take(at).is_null(), now.is_null())
        changed = changed | ~pc.or_(same.fill_null(False), both).to_numpy(zero_copy_only=False)
    gone = pc.invert(pc.is_in(there, value_set=here))
    if not changed.any() and not pc.any(gone).as_py():
        return None
    rows = pa.array(np.flatnonzero(changed))
    return Delta([column.take(rows) for column in new], [old[ordinal].filter(gone) for ordinal in key])


def is_heavy(chunk: ChunkRef) -> bool:
    """Return True if the deltas of a chunk are so large compared with its pages that it should be rewritten."""
    return sum(ref.length for ref in chunk.deltas) > MOST_ROWS * sum(ref.length for ref in chunk.pages)


def changed(
    ink: WriteContext, shape: TableShape, parent: Parent, chunk: ChunkRef, delta: Delta
) -> tuple[ChunkRef, Segment]:
    """Return a chunk of the parent and its new delta; if there are many deltas, all are merged into one."""
    if len(chunk.deltas) >= MOST_DELTAS:
        delta = deltas.merge(parent.changes(chunk), delta, shape.key)
        chunk = replace(chunk, deltas=())
    content = deltas.encode(delta, shape.hints, shape.key)
    return chunk, Segment(ink.id(content), None, ink.codec.compress(content))


def _whole(column: Any) -> Any:
    """Return a column of a table as one array."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
