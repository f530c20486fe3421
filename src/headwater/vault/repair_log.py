"""Records of repairs: segments of a damaged pack, and their new positions.

Nothing in a vault is changed, so references to a damaged position remain. A record `moved/<pack>/<id>` says where else
its segments are; readers look for it only if a pack is damaged or missing.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from cryptography.exceptions import InvalidTag

from headwater.vault.blobs import Blobs
from headwater.vault.errors import Damaged, Missing
from headwater.vault.keys import Keys

FOLDER = "moved/"
_NONCE = 12


@dataclass(frozen=True, slots=True)
class Ref:
    """The position of a segment: `id` of its content, pack, offset and length."""

    id: bytes
    pack: bytes
    offset: int
    length: int


class _Move(msgspec.Struct, frozen=True, array_like=True):
    """A segment: its offset in the damaged pack, its id, and its new pack, offset and length."""

    before: int
    id: bytes
    pack: bytes
    offset: int
    length: int


def record(blobs: Blobs, keys: Keys, pack: bytes, moves: Mapping[int, Ref]) -> None:
    """Write the new positions of segments of a pack, by offset; raises Damaged if the record cannot be read back."""
    name = f"{FOLDER}{pack.hex()}/{secrets.token_hex(8)}"
    nonce = os.urandom(_NONCE)
    listed = [_Move(at, ref.id, ref.pack, ref.offset, ref.length) for at, ref in moves.items()]
    sealed = nonce + keys.repair(name).encrypt(nonce, msgspec.msgpack.encode(listed), name.encode())
    if not blobs.create(name, sealed) or blobs.read(name) != sealed:
        raise Damaged("The record of a repair was not stored completely.", hint="Try again.")


def moved(blobs: Blobs, keys: Keys, pack: bytes) -> dict[int, list[Ref]]:
    """Return the new positions of segments of a pack, by offset; unreadable records are ignored."""
    positions: dict[int, list[Ref]] = {}
    for blob in blobs.list(f"{FOLDER}{pack.hex()}/"):
        for move in _read(blobs, keys, blob.name):
            positions.setdefault(move.before, []).append(Ref(move.id, move.pack, move.offset, move.length))
    return positions


def records(blobs: Blobs) -> Iterator[tuple[bytes, str]]:
    """Yield the damaged pack and the blob name of every record."""
    for blob in blobs.list(FOLDER):
        pack = blob.name.split("/")[1]
        if len(pack) == 2 * 16 and not pack.strip("0123456789abcdef"):
            yield bytes.fromhex(pack), blob.name


def targets(blobs: Blobs, keys: Keys, name: str) -> dict[bytes, int]:
    """Return how many bytes of which packs a record needs."""
    sizes: dict[bytes, int] = {}
    for move in _read(blobs, keys, name):
        sizes[move.pack] = sizes.get(move.pack, 0) + move.length
    return sizes


def _read(blobs: Blobs, keys: Keys, name: str) -> Sequence[_Move]:
    try:
        data = blobs.read(name)
        content = keys.repair(name).decrypt(data[:_NONCE], data[_NONCE:], name.encode())
        return msgspec.msgpack.decode(content, type=list[_Move])
    except (Missing, Damaged, InvalidTag, ValueError, msgspec.MsgspecError):
        return ()
