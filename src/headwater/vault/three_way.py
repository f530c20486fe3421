"""Where a table of three versions must be merged: where `theirs` differs from `base`, with the rows of `ours` there.

All three versions must be in one vault and have the same key. Chunks begin at keys that a hash chooses, so versions
have most of their boundaries in common; what lies between two boundaries of all three can be merged by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from headwater.vault.table_differences import chunk_id, leaf_id
from headwater.vault.table_reader import TableReader
from headwater.vault.tree import ChunkRef, LeafRef

Node = TypeVar("Node", ChunkRef, LeafRef)


@dataclass(frozen=True, slots=True)
class ThreeWayRegion:
    """Chunks of three versions with rows of the same range of keys; any may have none."""

    base: Sequence[ChunkRef]
    ours: Sequence[ChunkRef]
    theirs: Sequence[ChunkRef]


def three_way_regions(base: TableReader, ours: TableReader, theirs: TableReader) -> Iterator[ThreeWayRegion]:
    """Yield where `theirs` differs from `base`, in the order of the key; equal leaves and chunks are not read."""
    readers = base, ours, theirs
    for leaves in _cut(*(reader.branches() for reader in readers)):
        if list(map(leaf_id, leaves[0])) == list(map(leaf_id, leaves[2])):
            continue
        pairs = zip(readers, leaves, strict=True)
        chunks = [[chunk for leaf in part for chunk in reader.leaf(leaf)] for reader, part in pairs]
        for part in _cut(*chunks):
            if list(map(chunk_id, part[0])) != list(map(chunk_id, part[2])):
                yield ThreeWayRegion(*part)


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
