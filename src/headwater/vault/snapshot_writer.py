"""Writes tables: rows are split into chunks and encoded by several threads, and new segments are packed.

Memory is limited by the chunks in progress, whatever the size of the table. What the parent snapshot already has is not
written again: a page by its id, a chunk by all its pages, a leaf and the root by theirs.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from headwater.vault import chunk_encoder, chunker, tree
from headwater.vault.chunk_encoder import Batch, Encoded, Parent, Segment, TableShape, WriteContext
from headwater.vault.deltas import Delta
from headwater.vault.packs import DELTA, LEAF, PAGE, ROOT, Ref
from headwater.vault.tree import ChunkRef, LeafRef

__all__ = ["Batch", "Counted", "Parent", "TableShape", "TableWriter", "WriteContext", "WrittenTable"]


@dataclass(slots=True)
class Counted:
    """The size of a written table: rows and bytes of text, bytes of all its segments, and of the new ones."""

    rows: int = 0
    raw: int = 0
    stored: int = 0
    new: int = 0
    chunks: int = 0
    new_pages: int = 0


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """A table in the vault; `packs` says how many bytes of which packs it needs, old and new."""

    root: Ref
    counted: Counted
    packs: Mapping[bytes, int]


class TableWriter:
    """Writes one table."""

    def __init__(self, ink: WriteContext, shape: TableShape, parent: Parent | None = None) -> None:
        self._ink, self._shape = ink, shape
        self._parent = parent if parent and parent.key == shape.key else None
        self._counted = Counted()
        self._packs: Counter[bytes] = Counter()
        self._turns: Counter[int] = Counter()  # in a table without a key, chunks can begin with the same row
        self._under_way: deque[Future[Encoded]] = deque()
        self._leaf: list[ChunkRef] = []
        self._branches: list[LeafRef] = []
        self._rest: list[Batch] = []
        self._hashes, self._weights = np.empty(0, np.uint64), np.empty(0, np.int64)

    def write(self, batches: Iterable[Batch]) -> WrittenTable:
        """Write all rows of a table, in the order of its key, and return its position.

        The iterator decides how far reading runs ahead; its errors end the writing.
        """
        self.rows(batches)
        return self.end()

    def rows(self, batches: Iterable[Batch]) -> None:
        """Write rows that follow those written or reused before."""
        try:
            for batch in batches:
                if batch.num_rows:
                    self._take(batch)
            self._cut(end=True)
            while self._under_way:
                self._add(self._under_way.popleft().result())
        finally:
            for future in self._under_way:
                future.cancel()

    def keep(self, chunk: ChunkRef) -> None:
        """Reuse a chunk of the parent unchanged."""
        for ref in (*chunk.pages, *chunk.deltas):
            self._uses(ref)
        self._append(chunk)

    def keep_leaf(self, branch: LeafRef, chunks: Sequence[ChunkRef]) -> None:
        """Reuse a leaf of the parent with all its chunks."""
        self.end_leaf()
        for chunk in chunks:
            for ref in (*chunk.pages, *chunk.deltas):
                self._uses(ref)
        self._uses(branch.ref)
        self._branches.append(branch)
        self._counted.rows += branch.rows
        self._counted.chunks += branch.chunks

    def change(self, chunk: ChunkRef, delta: Delta, rows: int) -> None:
        """Reuse a chunk of the parent with a delta; `rows` is its new number of rows."""
        assert self._parent
        reused, segment = chunk_encoder.changed(self._ink, self._shape, self._parent, chunk, delta)
        self._change(reused, segment, rows)

    def _change(self, chunk: ChunkRef, delta: Segment | None, rows: int) -> None:
        if delta:
            ref = self._ink.data.add(DELTA, delta.id, delta.body)
            self._counted.new += ref.length
            chunk = replace(chunk, rows=rows, deltas=(*chunk.deltas, ref))
        self.keep(chunk)

    def end_leaf(self) -> None:
        """Let the next chunk begin a new leaf."""
        if not self._leaf:
            return
        chunks, self._leaf = self._leaf, []
        content = tree.encode_leaf(chunks)
        known = self._parent.branches.get(chunks[0].first) if self._parent else None
        ref = self._tree_segment(LEAF, content, known.ref if known else None)
        self._branches.append(LeafRef(ref, chunks[0].first, len(chunks), sum(chunk.rows for chunk in chunks)))

    def end(self) -> WrittenTable:
        """Write the root and return the position of the table."""
        self.end_leaf()
        root = self._tree_segment(ROOT, tree.encode_root(self._branches), self._parent.root if self._parent else None)
        return WrittenTable(root, self._counted, self._packs)

    def _take(self, batch: Batch) -> None:
        keys = self._shape.key or range(batch.num_columns)
        columns = [(batch.column(key), self._shape.hints[key]) for key in keys]
        boundaries = (
            chunker.hashes(columns, self._ink.keys.salt) if columns else np.full(batch.num_rows, 2**64 - 1, np.uint64)
        )
        self._rest.append(batch)
        self._hashes = np.concatenate((self._hashes, boundaries))
        self._weights = np.concatenate((self._weights, _weights(batch)))
        if self._weights.sum() >= self._ink.sizes.max_bytes or len(self._hashes) >= self._ink.sizes.max_rows:
            self._cut(end=False)

    def _cut(self, *, end: bool) -> None:
        if not self._rest:
            return
        chunk_boundaries = chunker.chunk_boundaries(self._hashes, self._weights, self._ink.sizes, end=end)
        if not chunk_boundaries:
            return
        rows = pa.Table.from_batches(self._rest)
        start = 0
        for cut in chunk_boundaries:
            self._submit(rows.slice(start, cut - start), int(self._hashes[start]), int(self._weights[start:cut].sum()))
            start = cut
        self._rest = rows.slice(start).to_batches()
        self._hashes, self._weights = self._hashes[start:], self._weights[start:]

    def _submit(self, rows: Any, hash_: int, raw: int) -> None:
        while len(self._under_way) >= self._ink.ahead:
            self._add(self._under_way.popleft().result())
        first = _first([rows.column(ordinal)[0].as_py() for ordinal in self._shape.key], hash_, self._turns[hash_])
        if not self._shape.key:
            self._turns[hash_] += 1
        chunk = chunk_encoder.ChunkRows(rows, first, hash_, raw)
        ink, shape, parent = self._ink, self._shape, self._parent
        self._under_way.append(ink.threads.submit(chunk_encoder.encode, ink, shape, parent, chunk))

    def _add(self, encoded: Encoded) -> None:
        if chunker.starts_leaf(encoded.hash, tree.LEAF_CHUNKS):
            self.end_leaf()
        self._counted.raw += encoded.raw
        if encoded.reused_chunk:
            self._change(encoded.reused_chunk, encoded.delta, encoded.rows)
            return
        refs = []
        for page in encoded.pages:
            ref = page.old
            if ref is None:
                ref = self._ink.data.add(PAGE, page.id, page.body)
                self._counted.new += ref.length
                self._counted.new_pages += 1
            self._uses(ref)
            refs.append(ref)
        self._append(ChunkRef(encoded.first, encoded.rows, tuple(refs)))

    def _append(self, chunk: ChunkRef) -> None:
        if len(self._leaf) >= tree.MOST_CHUNKS:
            self.end_leaf()
        self._leaf.append(chunk)
        self._counted.rows += chunk.rows
        self._counted.chunks += 1

    def _tree_segment(self, kind: int, content: bytes, known: Ref | None) -> Ref:
        content_id = self._ink.id(content)
        if known and known.id == content_id:
            ref = known
        else:
            ref = self._ink.trees.add(kind, content_id, self._ink.codec.compress(content))
            self._counted.new += ref.length
        self._uses(ref)
        return ref

    def _uses(self, ref: Ref) -> None:
        self._counted.stored += ref.length
        self._packs[ref.pack] += ref.length


def _first(key: Sequence[bytes | None], hash_: int, turn: int) -> bytes:
    """Return the identity of a chunk: the key of its first row, or its hash and how many chunks had it before."""
    return msgspec.msgpack.encode(key or (hash_, turn))


def _weights(batch: Batch) -> np.ndarray:
    """Return how many bytes each row has."""
    total = np.zeros(batch.num_rows, np.int64)
    for column in batch.columns:
        offsets = np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, column.offset * 4)
        total += np.diff(offsets)
    return total
