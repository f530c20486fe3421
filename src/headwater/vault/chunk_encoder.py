"""Encodes a chunk: as pages, as the chunk that the parent has, or as that with a delta, whichever is the least.

This is what the threads of a writer do; it knows nothing of the order of chunks or of where their bytes will lie.
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
    """The columns of a table: what each looks like, and which of them are its key (none: rows have no key)."""

    hints: tuple[Hint, ...]
    key: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Parent:
    """What the parent snapshot has of a table: its root, chunks and leaves by their first keys, and ways to read.

    `read` gives the rows of a chunk, `changes` what all its deltas do as one. `key` are the places of its key's
    columns: deltas of its chunks mean nothing under another key.
    """

    root: Ref
    chunks: Mapping[bytes, ChunkRef]
    branches: Mapping[bytes, LeafRef]
    read: Callable[[ChunkRef], Batch]
    changes: Callable[[ChunkRef], Delta]
    key: tuple[int, ...]


@dataclass(slots=True)
class WriteContext:
    """What all tables of one snapshot are written with: packs for pages and for trees, keys, codec, threads.

    `ahead` is how many chunks may be in memory, those that the threads are at among them.
    """

    data: PackWriter
    trees: PackWriter
    keys: Keys
    codec: Codec
    threads: ThreadPoolExecutor
    ahead: int
    sizes: ChunkSizes = field(default_factory=ChunkSizes)

    def id(self, content: bytes) -> bytes:
        """Return the id of some content; without the key of the vault it says nothing about it."""
        return content_id(self.keys, content)


def content_id(keys: Keys, content: bytes) -> bytes:
    """Return the keyed BLAKE3 of some content, cut to 16 bytes."""
    return blake3.blake3(content, key=keys.content).digest(length=ID_BYTES)


@dataclass(frozen=True, slots=True)
class Segment:
    """A page or delta: one that is there already, or one that is not yet."""

    id: bytes
    old: Ref | None
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A chunk as its pages, or as `kept`, the one that the parent has, with a delta or as it is."""

    first: bytes
    hash: int
    rows: int
    raw: int
    pages: tuple[Segment, ...] = ()
    reused_chunk: ChunkRef | None = None
    delta: Segment | None = None


@dataclass(frozen=True, slots=True)
class ChunkRows:
    """The rows of a chunk: what it is recognised by, the hash of its first key, and the bytes of its text."""

    table: Any  # pa.Table
    first: bytes
    hash: int
    raw: int


def encode(ink: WriteContext, shape: TableShape, parent: Parent | None, rows: ChunkRows) -> Encoded:
    """Return a chunk as what costs the least."""
    encoded = Encoded(rows.first, rows.hash, rows.table.num_rows, rows.raw)
    before = parent.chunks.get(rows.first) if parent else None
    if parent and before and len(before.pages) == rows.table.num_columns:
        return _encode_against_parent(ink, shape, parent, before, rows, encoded)
    found = (_page(ink, rows.table.column(index), hint) for index, hint in enumerate(shape.hints))
    return replace(encoded, pages=tuple(found))


def _page(ink: WriteContext, column: Any, hint: Hint) -> Segment:
    """Return a column as a page; one after the other, so that no more than one is in memory as it is."""
    content = pages.encode(_whole(column), hint)
    return Segment(ink.id(content), None, ink.codec.compress(content))


def _encode_against_parent(
    ink: WriteContext, shape: TableShape, parent: Parent, before: ChunkRef, rows: ChunkRows, encoded: Encoded
) -> Encoded:
    """Return a chunk whose beginning the parent has, too, as what costs the least."""
    columns = [_whole(rows.table.column(index)) for index in range(rows.table.num_columns)]
    contents = [pages.encode(column, hint) for column, hint in zip(columns, shape.hints, strict=True)]
    ids = [ink.id(content) for content in contents]
    same = [known.id == found for known, found in zip(before.pages, ids, strict=True)]
    if not all(same) and shape.key:
        cost = sum(known.length for known, there in zip(before.pages, same, strict=True) if not there)
        if delta_if_smaller := _delta_if_smaller(ink, shape, parent, before, columns, cost):
            return replace(encoded, reused_chunk=delta_if_smaller[0], delta=delta_if_smaller[1])
    found = [
        Segment(id_, known) if there else Segment(id_, None, ink.codec.compress(content))
        for id_, known, there, content in zip(ids, before.pages, same, contents, strict=True)
    ]
    return replace(encoded, pages=tuple(found))


def _delta_if_smaller(
    ink: WriteContext, shape: TableShape, parent: Parent, before: ChunkRef, columns: Sequence[Any], cost: int
) -> tuple[ChunkRef, Segment | None] | None:
    """Return the parent's chunk with what has changed, unless new pages, which cost so many bytes, are less."""
    try:
        batch = parent.read(before).columns
    except Damaged:
        return None  # what cannot be read must not keep the next snapshots from being taken
    delta = difference(batch, columns, shape.key)
    if delta is None:
        return before, None
    if delta.size > before.rows * MOST_ROWS or is_heavy(before):
        return None
    chunk, made = changed(ink, shape, parent, before, delta)
    return (chunk, made) if len(made.body) < cost else None


def difference(old: Sequence[Any], new: Sequence[Any], key: Sequence[int]) -> Delta | None:
    """Return what makes the old rows the new ones, or None when they are the same rows, in whatever order."""
    there, here = (deltas.identity([side[place] for place in key]) for side in (old, new))
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
    return Delta([column.take(rows) for column in new], [old[place].filter(gone) for place in key])


def is_heavy(chunk: ChunkRef) -> bool:
    """Return True if the deltas of a chunk are so much beside its pages that these are better written anew."""
    return sum(ref.length for ref in chunk.deltas) > MOST_ROWS * sum(ref.length for ref in chunk.pages)


def changed(
    ink: WriteContext, shape: TableShape, parent: Parent, chunk: ChunkRef, delta: Delta
) -> tuple[ChunkRef, Segment]:
    """Return a chunk of the parent, and the delta for it; where there are many, all of them become one."""
    if len(chunk.deltas) >= MOST_DELTAS:
        delta = deltas.merge(parent.changes(chunk), delta, shape.key)
        chunk = replace(chunk, deltas=())
    content = deltas.encode(delta, shape.hints, shape.key)
    return chunk, Segment(ink.id(content), None, ink.codec.compress(content))


def _whole(column: Any) -> Any:
    """Return a column of a table as one array."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
