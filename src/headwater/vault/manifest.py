"""The manifest of a snapshot: the blob whose existence makes the snapshot exist, encrypted and bound to its name."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag

from headwater.vault.blobs import Blobs
from headwater.vault.codecs import Codec, decompress
from headwater.vault.errors import Damaged
from headwater.vault.keys import Keys
from headwater.vault.packs import Ref
from headwater.vault.pages import Hint
from headwater.vault.snapshot_writer import WrittenTable

FOLDER = "snapshots/"
# Version 2 has `archive`: an older Headwater would delete the packs that only an archive needs.
VERSION, VERSION_WITHOUT_ARCHIVE = 2, 1
_MAGIC = b"HWSNAP\x00\x01"
_NONCE = 12
_CODEC = Codec("zstd", 9)


class SegmentRef(msgspec.Struct, frozen=True, array_like=True):
    """A `Ref` in its serialized form."""

    id: bytes
    pack: bytes
    offset: int
    length: int

    @classmethod
    def of(cls, ref: Ref) -> SegmentRef:
        """Return a reference in its serialized form."""
        return cls(ref.id, ref.pack, ref.offset, ref.length)

    @property
    def ref(self) -> Ref:
        """The reference."""
        return Ref(self.id, self.pack, self.offset, self.length)


class ManifestColumn(msgspec.Struct, frozen=True, array_like=True):
    """A column: its name, its type as the engine spells it, and a hint about its values.

    A `hidden` column is none of the table's own; restores use it, and users do not see it. It follows the others.
    """

    name: str
    type: str
    hint: Hint = "text"
    hidden: bool = False


class ManifestTable(msgspec.Struct, frozen=True):
    """A table of a snapshot.

    `key` has the ordinals of the key's columns. `raw` counts the bytes of the text of all values, `stored` those of all
    segments of the table, `new` those that this snapshot added. `packs` says how many bytes of which packs it needs.
    `facts` belong to the engine; with them the next snapshot reads only what has changed.
    """

    schema: str | None
    name: str
    columns: tuple[ManifestColumn, ...]
    key: tuple[int, ...]
    rows: int
    raw: int
    stored: int
    new: int
    root: SegmentRef
    packs: Mapping[bytes, int]
    facts: Mapping[str, Any] = {}


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot: its database, its time, and where all its data is.

    `schema` is the Schema in the catalog's JSON; `moment` is the engine's name for the point in time (LSN, GTID …);
    `extras` are statements and values with which the engine recreates everything else. `archive` is the schema in the
    engine's own format, stored as a table of pieces. `losses` are sentences about what the snapshot lacks of its
    database. `organization` and `request` (what was requested, such as the tables) are "" and nil in manifests of
    versions of Headwater that did not write them.
    """

    version: int = VERSION_WITHOUT_ARCHIVE
    id: str
    database: str
    organization: str = ""
    request: Mapping[str, Any] | None = None
    label: str = ""
    started: datetime
    finished: datetime
    parent: str | None = None
    engine: str
    product: str = ""
    moment: Mapping[str, Any] = {}
    schema: bytes = b""
    extras: Mapping[str, Any] = {}
    tables: tuple[ManifestTable, ...] = ()
    archive: ManifestTable | None = None
    losses: tuple[str, ...] = ()
    codec: str = "zstd"
    level: int = 3

    @property
    def stored_tables(self) -> tuple[ManifestTable, ...]:
        """Everything that has a tree of pages: the tables and the archive of the schema."""
        return (*self.tables, self.archive) if self.archive else self.tables

    @property
    def packs(self) -> dict[bytes, int]:
        """How many bytes of which packs the snapshot needs."""
        total: dict[bytes, int] = {}
        for table in self.stored_tables:
            for pack, size in table.packs.items():
                total[pack] = total.get(pack, 0) + size
        return total


def table(
    schema: str | None,
    name: str,
    columns: Sequence[ManifestColumn],
    key: Sequence[int],
    written: WrittenTable,
    facts: Mapping[str, Any] | None = None,
) -> ManifestTable:
    """Return the manifest entry of a written table."""
    counted = written.counted
    return ManifestTable(
        schema,
        name,
        tuple(columns),
        tuple(key),
        counted.rows,
        counted.raw,
        counted.stored,
        counted.new,
        SegmentRef.of(written.root),
        dict(written.packs),
        facts or {},
    )


def reuse_table(before: ManifestTable, facts: Mapping[str, Any] | None = None) -> ManifestTable:
    """Return the manifest entry of an unchanged table of the parent for the next snapshot."""
    return msgspec.structs.replace(before, new=0, facts=before.facts if facts is None else facts)


def commit(blobs: Blobs, keys: Keys, manifest: Manifest) -> int:
    """Write a manifest, which makes the snapshot exist; return its size.

    Raises:
        Damaged: there is a different snapshot with this id.
    """
    name = FOLDER + manifest.id
    nonce = os.urandom(_NONCE)
    content = _CODEC.compress(msgspec.msgpack.encode(manifest))
    sealed = _MAGIC + nonce + keys.manifest(name).encrypt(nonce, content, name.encode())
    if not blobs.create(name, sealed):
        raise Damaged(f"The vault already has a different snapshot {manifest.id}.")
    if blobs.read(name) != sealed:
        blobs.delete(name)
        raise Damaged(f"The manifest of snapshot {manifest.id} was not stored completely.", hint="Try again.")
    return len(sealed)


def read(blobs: Blobs, keys: Keys, snapshot: str) -> Manifest:
    """Return the manifest of a snapshot; raises Missing or Damaged."""
    name = FOLDER + snapshot
    data = blobs.read(name)
    start = len(_MAGIC) + _NONCE
    try:
        if data[: len(_MAGIC)] != _MAGIC:
            raise Damaged(
                f"{name} has a format that this version of Headwater does not support.", hint="Update Headwater."
            )
        content = keys.manifest(name).decrypt(data[len(_MAGIC) : start], data[start:], name.encode())
        return msgspec.msgpack.decode(decompress(content), type=Manifest)
    except (InvalidTag, ValueError, msgspec.MsgspecError) as error:
        raise Damaged(f"The manifest of snapshot {snapshot} is damaged.", hint="Verify the vault.") from error


def names(blobs: Blobs) -> list[str]:
    """Return the ids of all snapshots, sorted."""
    return sorted(blob.name.removeprefix(FOLDER) for blob in blobs.list(FOLDER))


def delete(blobs: Blobs, snapshot: str) -> None:
    """Delete a manifest; garbage collection later deletes what only it needed."""
    blobs.delete(FOLDER + snapshot)
