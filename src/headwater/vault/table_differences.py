"""Where two versions of a table differ: leaves and chunks with equal ids have equal rows and are not read.

Chunks are split by the hash of keys, so both versions have most of their boundaries in common, and a difference lies
between two of them. Both versions must be in one vault, because ids depend on its secret, and have the same key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from headwater.vault.chunk_encoder import Batch
from headwater.vault.deltas import identity
from headwater.vault.packs import Ref
from headwater.vault.table_reader import TableReader
from headwater.vault.tree import ChunkRef, LeafRef

Node = TypeVar("Node", ChunkRef, LeafRef)


@dataclass(frozen=True, slots=True)
class Region:
    """Chunks of both versions with rows of the same range of keys; one side may have none."""

    before: tuple[ChunkRef, ...]
    after: tuple[ChunkRef, ...]

    @property
    def rows(self) -> int:
        """The number of rows on both sides."""
        return sum(chunk.rows for chunk in (*self.before, *self.after))


def regions(before: TableReader, after: TableReader) -> Iterator[Region]:
    """Yield where two versions of a table with a key differ, in the order of the key."""
    for old, new in _unequal(before.branches(), after.branches(), leaf_id):
        chunks = ([chunk for leaf in old for chunk in before.leaf(leaf)], [c for leaf in new for c in after.leaf(leaf)])
        for one, other in _unequal(*chunks, chunk_id):
            yield from _cut(one, other)


def touched_places(region: Region) -> set[int] | None:
    """Return the ordinals of the columns that can differ in a region, by the ids of pages alone; None if any can."""
    chunks = (*region.before, *region.after)
    if len(region.before) != len(region.after) or any(chunk.deltas for chunk in chunks):
        return None
    if len({len(chunk.pages) for chunk in chunks}) != 1:
        return None
    pairs = zip(region.before, region.after, strict=True)
    return {
        ordinal
        for old, new in pairs
        for ordinal, (one, other) in enumerate(zip(old.pages, new.pages, strict=True))
        if one.id != other.id
    }


def candidates(
    region: Region, before: TableReader, after: TableReader, places: tuple[Sequence[int], Sequence[int]]
) -> tuple[list[Batch], list[Batch]]:
    """Return the rows of a region that may differ, in batches.

    Args:
        region: where both versions differ.
        before: the older version.
        after: the newer version.
        places: the ordinals of the wanted columns in both; those of the key are among them.
    """
    added = added_deltas(region.before, region.after)
    if added and places[0] == places[1]:
        return _by_deltas(region, before, after, added, places[0])
    return (
        [before.batch(chunk, places[0]) for chunk in region.before],
        [after.batch(chunk, places[1]) for chunk in region.after],
    )


def added_deltas(before: Sequence[ChunkRef], after: Sequence[ChunkRef]) -> Sequence[Ref] | None:
    """Return the deltas by which one chunk differs from an older one, none if it is the same; None if by more."""
    if len(before) != 1 or len(after) != 1:
        return None
    (old,), (new,) = before, after
    known = len(old.deltas)
    same = [ref.id for ref in (*old.pages, *old.deltas)] == [ref.id for ref in (*new.pages, *new.deltas[:known])]
    return new.deltas[known:] if same else None


def _by_deltas(
    region: Region, before: TableReader, after: TableReader, added: Sequence[Ref], places: Sequence[int]
) -> tuple[list[Batch], list[Batch]]:
    """Return the rows that the added deltas name: as they were, and as they are."""
    delta = after.changes(added)
    rows = before.batch(region.before[0], places)
    changed = identity([delta.rows[ordinal] for ordinal in after.key])
    named = pa.concat_arrays([changed, identity(delta.gone)])
    known = identity([rows.column(places.index(ordinal)) for ordinal in after.key])
    fresh = pa.RecordBatch.from_arrays([delta.rows[ordinal] for ordinal in places], rows.schema.names)
    return [rows.filter(pc.is_in(known, value_set=named))], [fresh]


def keyless_region(before: TableReader, after: TableReader) -> Region:
    """Return the chunks of each version of a table without a key that the other one does not have as often."""
    old, new = list(before.chunks()), list(after.chunks())
    return Region(tuple(_surplus(old, new)), tuple(_surplus(new, old)))


def leaf_id(leaf: LeafRef) -> bytes:
    """Return the id of the content of a leaf."""
    return leaf.ref.id


def chunk_id(chunk: ChunkRef) -> tuple[bytes, ...]:
    """Return the ids of the content of a chunk."""
    return *(ref.id for ref in chunk.pages), b"deltas", *(ref.id for ref in chunk.deltas)


def _unequal(
    old: Sequence[Node], new: Sequence[Node], identity: Callable[[Node], Any]
) -> Iterator[tuple[list[Node], list[Node]]]:
    """Yield the parts of two sequences between the nodes that both have, in order."""
    positions = {identity(node): index for index, node in enumerate(new)}
    start, at = 0, 0
    for index, node in enumerate(old):
        found = positions.get(identity(node), -1)
        if found < at:
            continue
        if index > start or found > at:
            yield list(old[start:index]), list(new[at:found])
        start, at = index + 1, found + 1
    if start < len(old) or at < len(new):
        yield list(old[start:]), list(new[at:])


def _cut(old: Sequence[ChunkRef], new: Sequence[ChunkRef]) -> Iterator[Region]:
    """Yield the regions between the boundaries that two runs of chunks have in common."""
    positions = {chunk.first: index for index, chunk in enumerate(new)}
    start, at = 0, 0
    for index, chunk in enumerate(old):
        common = positions.get(chunk.first, -1)
        if index == start or common <= at:  # the first chunk of a table may have rows before its first key
            continue
        yield Region(tuple(old[start:index]), tuple(new[at:common]))
        start, at = index, common
    yield Region(tuple(old[start:]), tuple(new[at:]))


def _surplus(chunks: Sequence[ChunkRef], others: Sequence[ChunkRef]) -> Iterator[ChunkRef]:
    left = Counter(map(chunk_id, others))
    for chunk in chunks:
        identity = chunk_id(chunk)
        if left[identity]:
            left[identity] -= 1
        else:
            yield chunk
