"""Reads tables: leaves, then the pages of their chunks, decoded by several threads and returned in order."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pyarrow as pa

from headwater.vault import deltas, pages, tree
from headwater.vault.chunk_encoder import Batch, Parent, content_id
from headwater.vault.codecs import decompress
from headwater.vault.deltas import Delta
from headwater.vault.errors import Damaged
from headwater.vault.keys import Keys
from headwater.vault.packs import DELTA, LEAF, PAGE, ROOT, PackReader, Ref
from headwater.vault.tree import ChunkRef, LeafRef

_AHEAD = 4  # chunks that are being fetched and decoded


class TableReader:
    """Reads one table from its root; `key` has the ordinals of its key's columns."""

    def __init__(self, packs: PackReader, keys: Keys, root: Ref, key: Sequence[int] = ()) -> None:
        self._packs, self._keys, self._root, self._key = packs, keys, root, key

    @property
    def key(self) -> Sequence[int]:
        """The ordinals of the columns of the key."""
        return self._key

    def branches(self) -> list[LeafRef]:
        """Return the leaves of the table, in order."""
        return tree.decode_root(self.content(ROOT, [self._root])[0])

    def chunks(self) -> Iterator[ChunkRef]:
        """Yield the chunks of the table, in order."""
        for branch in self.branches():
            yield from self.leaf(branch)

    def leaf(self, branch: LeafRef) -> list[ChunkRef]:
        """Return the chunks of one leaf."""
        chunks = tree.decode_leaf(self.content(LEAF, [branch.ref])[0])
        if (len(chunks), sum(chunk.rows for chunk in chunks)) != (branch.chunks, branch.rows):
            raise Damaged("A list of chunks in the vault does not match what was written.")
        return chunks

    def parent(self) -> Parent:
        """Return the table as the parent of the next snapshot of it."""
        branches = self.branches()
        chunks: dict[bytes, ChunkRef] = {}
        for branch in branches:
            for chunk in self.leaf(branch):
                chunks.setdefault(chunk.first, chunk)
        leaves = {branch.first: branch for branch in branches}
        return Parent(
            self._root, chunks, leaves, self.batch, lambda chunk: self.changes(chunk.deltas), tuple(self._key)
        )

    def batch(self, chunk: ChunkRef, places: Sequence[int] | None = None) -> Batch:
        """Return the rows of a chunk, or some of its columns by ordinal."""
        wanted = list(range(len(chunk.pages)) if places is None else places)
        if chunk.deltas:
            columns = self._changed(chunk, wanted)
        else:
            columns = [
                pages.decode(content) for content in self.content(PAGE, [chunk.pages[column] for column in wanted])
            ]
        if any(len(column) != chunk.rows for column in columns):
            raise Damaged("A page of the vault has a different number of rows than its chunk.")
        return _batch(columns, chunk.rows)

    def _changed(self, chunk: ChunkRef, wanted: Sequence[int]) -> list[Any]:
        """Return columns of a chunk with its deltas applied."""
        places = list(dict.fromkeys((*wanted, *self._key)))
        contents = self.content(PAGE, [chunk.pages[position] for position in places])
        columns = [pages.decode(content) for content in contents]
        for delta in self._deltas(chunk.deltas):
            key = [columns[places.index(ordinal)] for ordinal in self._key]
            columns = deltas.apply(columns, key, delta, self._key, places)
        return [columns[places.index(ordinal)] for ordinal in wanted]

    def _deltas(self, refs: Sequence[Ref]) -> Iterator[Delta]:
        return map(deltas.decode, self.content(DELTA, refs))

    def _changes(self, chunk: ChunkRef) -> Delta:
        return self.changes(chunk.deltas)

    def changes(self, refs: Sequence[Ref]) -> Delta:
        """Return deltas of a chunk, at least one, merged into one."""
        return functools.reduce(lambda one, other: deltas.merge(one, other, self._key), self._deltas(refs))

    def rows(self, threads: ThreadPoolExecutor, places: Sequence[int] | None = None) -> Iterator[Batch]:
        """Yield the rows of the table in batches, in order; read-ahead is limited.

        Args:
            threads: fetch and decode chunks.
            places: the ordinals of the wanted columns; None for all.
        """
        under_way: deque[Future[Any]] = deque()
        try:
            for chunk in self.chunks():
                under_way.append(threads.submit(self.batch, chunk, places))
                if len(under_way) > _AHEAD:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()

    def window(self, start: int, count: int, places: Sequence[int] | None = None) -> Iterator[Batch]:
        """Yield this many rows starting at one, counted from 0, in order; only their chunks are read."""
        at, end = 0, start + count
        for branch in self.branches():
            if at + branch.rows > start and at < end:
                first = at
                for chunk in self.leaf(branch):
                    if first + chunk.rows > start and first < end:
                        begin = max(start - first, 0)
                        yield self.batch(chunk, places).slice(begin, min(end - first, chunk.rows) - begin)
                    first += chunk.rows
            at += branch.rows

    def content(self, kind: int, refs: Sequence[Ref]) -> list[bytes]:
        """Return decompressed segments after checking their ids; raises Damaged or Missing."""
        contents = [decompress(body) for body in self._packs.segments(kind, refs)]
        for content, ref in zip(contents, refs, strict=True):
            if content_id(self._keys, content) != ref.id:
                raise Damaged("A page of the vault does not match its id.", hint="Verify the vault.")
        return contents


def _batch(columns: Sequence[Any], rows: int) -> Batch:
    names = [str(index) for index in range(len(columns))]
    if columns:
        return pa.RecordBatch.from_arrays(columns, names)
    return pa.RecordBatch.from_struct_array(pa.array([{}] * rows, pa.struct([])))
