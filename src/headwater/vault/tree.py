"""The tree of a table: a root lists leaves, leaves list chunks, chunks refer to pages.

Leaves are split by the same keys as chunks, so a change rewrites only the leaves that it touches and the root. The
encoding is MessagePack; layout in docs/reference/vault-format.md.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from headwater.vault.errors import Damaged
from headwater.vault.packs import Ref

LEAF_CHUNKS = 32
MOST_CHUNKS = 4 * LEAF_CHUNKS
_REF = struct.Struct("<16sHII")  # id, number of the pack in the list, offset, length


@dataclass(frozen=True, slots=True)
class ChunkRef:
    """Some rows of a table: `first` is the key of the first row, `pages` has one page for each column.

    `deltas` are applied to the pages, oldest first; `rows` is the number of rows after that.
    """

    first: bytes
    rows: int
    pages: tuple[Ref, ...]
    deltas: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class LeafRef:
    """A leaf in the list of the root."""

    ref: Ref
    first: bytes
    chunks: int
    rows: int


class _Leaf(msgspec.Struct, array_like=True, frozen=True):
    packs: bytes
    columns: int
    firsts: list[bytes]
    rows: list[int]
    deltas: list[int]
    refs: bytes


class _Root(msgspec.Struct, array_like=True, frozen=True):
    packs: bytes
    firsts: list[bytes]
    chunks: list[int]
    rows: list[int]
    refs: bytes


class _Packed:
    """References, with each pack id written only once."""

    def __init__(self) -> None:
        self.packs: dict[bytes, int] = {}
        self.refs = bytearray()

    def add(self, ref: Ref) -> None:
        number = self.packs.setdefault(ref.pack, len(self.packs))
        self.refs += _REF.pack(ref.id, number, ref.offset, ref.length)

    @property
    def listed(self) -> bytes:
        return b"".join(self.packs)


def _unpacked(packs: bytes, refs: bytes) -> list[Ref]:
    ids = [packs[at : at + 16] for at in range(0, len(packs), 16)]
    return [Ref(content, ids[number], at, length) for content, number, at, length in _REF.iter_unpack(refs)]


def encode_leaf(chunks: Sequence[ChunkRef]) -> bytes:
    """Return a leaf as bytes."""
    packed = _Packed()
    for chunk in chunks:
        for ref in (*chunk.pages, *chunk.deltas):
            packed.add(ref)
    return msgspec.msgpack.encode(
        _Leaf(
            packed.listed,
            len(chunks[0].pages),
            [chunk.first for chunk in chunks],
            [chunk.rows for chunk in chunks],
            [len(chunk.deltas) for chunk in chunks],
            bytes(packed.refs),
        )
    )


def decode_leaf(data: bytes) -> list[ChunkRef]:
    """Return the chunks of a leaf; raises Damaged."""
    try:
        leaf = msgspec.msgpack.decode(data, type=_Leaf)
        refs = iter(_unpacked(leaf.packs, leaf.refs))
        return [
            ChunkRef(
                first, rows, tuple(next(refs) for _ in range(leaf.columns)), tuple(next(refs) for _ in range(deltas))
            )
            for first, rows, deltas in zip(leaf.firsts, leaf.rows, leaf.deltas, strict=True)
        ]
    except (msgspec.MsgspecError, struct.error, IndexError, ValueError, RuntimeError) as error:
        raise Damaged("A list of chunks in the vault cannot be read.") from error


def encode_root(branches: Sequence[LeafRef]) -> bytes:
    """Return a root as bytes."""
    packed = _Packed()
    for branch in branches:
        packed.add(branch.ref)
    return msgspec.msgpack.encode(
        _Root(
            packed.listed,
            [branch.first for branch in branches],
            [branch.chunks for branch in branches],
            [branch.rows for branch in branches],
            bytes(packed.refs),
        )
    )


def decode_root(data: bytes) -> list[LeafRef]:
    """Return the leaves that a root lists; raises Damaged."""
    try:
        root = msgspec.msgpack.decode(data, type=_Root)
        refs = _unpacked(root.packs, root.refs)
        return [
            LeafRef(ref, first, chunks, rows)
            for ref, first, chunks, rows in zip(refs, root.firsts, root.chunks, root.rows, strict=True)
        ]
    except (msgspec.MsgspecError, struct.error, IndexError, ValueError) as error:
        raise Damaged("The root of a table in the vault cannot be read.") from error
