"""Where a table of three versions must be merged: where `theirs` differs from `base`, with the rows of `ours` there.

All three versions must be in one vault and have the same key. Chunks begin at keys that a hash chooses, so versions
have most of their boundaries in common; what lies between two boundaries of all three can be merged by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from headwater.vault.chunk_encoder import Batch
from headwater.vault.deltas import identity
from headwater.vault.packs import Ref
from headwater.vault.pages import VALUES
from headwater.vault.table_differences import added_deltas, chunk_id, leaf_id
from headwater.vault.table_reader import TableReader
from headwater.vault.tree import ChunkRef, LeafRef

Node = TypeVar("Node", ChunkRef, LeafRef)


@dataclass(frozen=True, slots=True)
class ThreeWayRegion:
    """Chunks of three versions with rows of the same range of keys; any may have none."""

    base: Sequence[ChunkRef]
    ours: Sequence[ChunkRef]
    theirs: Sequence[ChunkRef]


@dataclass(frozen=True, slots=True)
class ThreeWayReaders:
    """The three versions of a table."""

    base: TableReader
    ours: TableReader
    theirs: TableReader

    def regions(self) -> Iterator[ThreeWayRegion]:
        """Yield where `theirs` differs from `base`, in the order of the key; equal leaves and chunks are not read."""
        readers = self.base, self.ours, self.theirs
        for leaves in _cut(*(reader.branches() for reader in readers)):
            if list(map(leaf_id, leaves[0])) == list(map(leaf_id, leaves[2])):
                continue
            pairs = zip(readers, leaves, strict=True)
            chunks = [[chunk for leaf in part for chunk in reader.leaf(leaf)] for reader, part in pairs]
            for part in _cut(*chunks):
                if list(map(chunk_id, part[0])) != list(map(chunk_id, part[2])):
                    yield ThreeWayRegion(*part)

    def rows(self, region: ThreeWayRegion) -> tuple[Batch, Batch, Batch]:
        """Return the rows of a region that `theirs` may have changed, as all three versions have them.

        What the deltas of a chunk name is read from the deltas; of the rest, only the oldest version is read.
        """
        base = _read(self.base, region.base, self._columns(region))
        added = added_deltas(region.base, region.theirs)
        if not added:
            return base, self._ours(region, base), _read(self.theirs, region.theirs, base.num_columns)
        rows, keys = self._changes(self.theirs, added, base)
        wanted = _with_keys(base, self.base.key, keys)
        ours = self._ours(region, wanted)
        return wanted, _with_keys(ours, self.base.key, keys), rows

    def _columns(self, region: ThreeWayRegion) -> int:
        return next(len(chunk.pages) for chunk in (*region.theirs, *region.base))

    def _ours(self, region: ThreeWayRegion, base: Batch) -> Batch:
        """Return the rows of `ours`, in the place of given rows of `base`."""
        added = added_deltas(region.base, region.ours)
        if added is None:
            return _read(self.ours, region.ours, base.num_columns)
        if not added:
            return base
        rows, keys = self._changes(self.ours, added, base)
        known = identity([base.column(ordinal) for ordinal in self.base.key])
        return pa.concat_batches([base.filter(pc.invert(pc.is_in(known, value_set=keys))), rows])

    def _changes(self, reader: TableReader, added: Sequence[Ref], like: Batch) -> tuple[Batch, Any]:
        """Return the rows that deltas replace or add, and the keys of these and of the rows that they remove."""
        delta = reader.changes(added)
        rows = pa.RecordBatch.from_arrays(list(delta.rows), like.schema.names)
        keys = [identity([delta.rows[ordinal] for ordinal in reader.key]), identity(delta.gone)]
        return rows, pa.concat_arrays(keys)


def _read(reader: TableReader, chunks: Sequence[ChunkRef], columns: int) -> Batch:
    """Return the rows of chunks, with all columns."""
    names = [str(ordinal) for ordinal in range(columns)]
    empty = pa.RecordBatch.from_arrays([pa.array([], VALUES) for _ in names], names)
    return pa.concat_batches([empty, *(reader.batch(chunk) for chunk in chunks)])


def _with_keys(batch: Batch, key: Sequence[int], keys: Any) -> Batch:
    return batch.filter(pc.is_in(identity([batch.column(ordinal) for ordinal in key]), value_set=keys))


def _cut(*versions: Sequence[Node]) -> Iterator[tuple[Sequence[Node], ...]]:
    """Yield the nodes of each version between two keys at which a node of every version begins.

    The first node of a table may have rows before its first key, so nothing is cut there.
    """
    common: set[bytes] = set.intersection(*({node.first for node in nodes[1:]} for nodes in versions))
    runs = [list(_runs(nodes, common)) for nodes in versions]
    yield from zip(*runs, strict=True)


def _runs(nodes: Sequence[Node], starts: set[bytes]) -> Iterator[Sequence[Node]]:
    """Yield the nodes in runs, of which all but the first begin at one of some keys."""
    ends = [0, *(at for at, node in enumerate(nodes) if at and node.first in starts), len(nodes)]
    for start, end in pairwise(ends):
        yield nodes[start:end]
