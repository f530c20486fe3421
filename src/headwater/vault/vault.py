"""A vault: opened with a key, written by one or more snapshots at a time, read by anybody who has the key."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from headwater.kit.errors import Conflict
from headwater.vault import keys as keyring
from headwater.vault import leases, manifest
from headwater.vault.blobs import Blobs
from headwater.vault.chunker import ChunkSizes
from headwater.vault.codecs import DEFAULT, Codec
from headwater.vault.errors import Damaged
from headwater.vault.keys import Keys, KeySource
from headwater.vault.manifest import Manifest, ManifestTable
from headwater.vault.packs import PackReader, PackWriter
from headwater.vault.snapshot_writer import WriteContext
from headwater.vault.table_reader import TableReader

_CONFIG = "config"
VERSION = 1


class Config(msgspec.Struct, frozen=True):
    """The part of a vault that can be read without a key."""

    version: int
    id: str
    created: datetime


@dataclass(slots=True)
class SnapshotWriter:
    """A snapshot that is being written to a vault: its write context, and what it has added so far.

    `held` are the packs of its parent, which it may refer to.
    """

    ink: WriteContext
    lease: str
    packs: Counter[bytes] = field(default_factory=Counter)
    held: frozenset[bytes] = frozenset()


class Vault:
    """A vault whose key is known."""

    def __init__(self, blobs: Blobs, config: Config, keys: Keys) -> None:
        self.blobs, self.config, self.keys = blobs, config, keys
        self.id = config.id
        self.packs = PackReader(blobs, keys)

    @classmethod
    def create(cls, blobs: Blobs, opener: KeySource, label: str = "") -> Vault:
        """Create a vault in an empty store, or open the one that somebody else created there in the meantime."""
        if blobs.find(_CONFIG):
            return cls.open(blobs, opener)
        config = Config(VERSION, secrets.token_hex(16), datetime.now(UTC))
        keys = Keys.new()
        # The slot is written first: a vault without a slot could not be opened.
        slot = keyring.add_slot(blobs, config.id, keys, opener, label)
        if not blobs.create(_CONFIG, msgspec.json.encode(config)):
            blobs.delete(keyring.SLOTS + slot)
            return cls.open(blobs, opener)
        if read_config(blobs) != config:
            raise Damaged("The vault was not stored completely.", hint="Use another place.")
        return cls(blobs, config, keys)

    @classmethod
    def open(cls, blobs: Blobs, *openers: KeySource) -> Vault:
        """Open a vault with the first key source that opens it.

        Raises:
            Missing: there is no vault.
            Locked: no key source opens it.
        """
        config = read_config(blobs)
        return cls(blobs, config, keyring.unlock(blobs, config.id, *openers))

    @contextlib.contextmanager
    def write_snapshot(
        self,
        snapshot: str,
        *,
        codec: Codec | None = None,
        threads: int | None = None,
        parent: Manifest | None = None,
        sizes: ChunkSizes | None = None,
    ) -> Iterator[SnapshotWriter]:
        """Yield the writer of a snapshot; if it does not commit, its packs belong to nothing and are deleted later.

        Raises:
            Conflict: the parent was deleted in the meantime.
        """
        lease = leases.take(self.blobs, self.keys, snapshot, list(parent.packs) if parent else [])
        if parent and self.blobs.find(manifest.FOLDER + parent.id) is None:
            # Checked after taking the lease: a collection that did not see the lease has listed the manifest, or not.
            leases.release(self.blobs, lease)
            raise Conflict("The parent snapshot was deleted in the meantime.", hint="Take the snapshot again.")
        packs: Counter[bytes] = Counter()
        data = PackWriter(self.blobs, self.keys, packs.__setitem__)
        trees = PackWriter(self.blobs, self.keys, packs.__setitem__)
        count = threads or max(2, os.cpu_count() or 2)
        pool = ThreadPoolExecutor(count, thread_name_prefix="vault-encode")
        try:
            held = frozenset(parent.packs if parent else ())
            ink = WriteContext(data, trees, self.keys, codec or DEFAULT, pool, count + 1, sizes or ChunkSizes())
            yield SnapshotWriter(ink, lease, packs, held)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            data.close()
            trees.close()
            leases.release(self.blobs, lease)

    def commit(self, writing: SnapshotWriter, snapshot: Manifest) -> int:
        """Make a snapshot exist once everything that it refers to is stored; return the size of its manifest.

        Raises:
            Damaged: it refers to packs that neither it nor its parent wrote, or a written pack cannot be read back.
            Conflict: its lease has expired.
        """
        writing.ink.data.finish()
        writing.ink.trees.finish()
        for pack in writing.packs:
            self.packs.entries(pack)  # read back: a pack without a readable footer could not be repaired
        if snapshot.packs.keys() - writing.packs.keys() - writing.held:
            raise Damaged(
                f"Snapshot {snapshot.id} refers to packs that may be deleted.", hint="Take the snapshot again."
            )
        leases.check(self.blobs, writing.lease)
        return manifest.commit(self.blobs, self.keys, snapshot)

    def snapshots(self) -> list[str]:
        """Return the ids of all snapshots, sorted."""
        return manifest.names(self.blobs)

    def manifest(self, snapshot: str) -> Manifest:
        """Return the manifest of a snapshot; raises Missing or Damaged."""
        stored = manifest.read(self.blobs, self.keys, snapshot)
        if stored.version > manifest.VERSION:
            raise Damaged(f"Snapshot {snapshot} was created by a newer version of Headwater.", hint="Update Headwater.")
        return stored

    def delete(self, snapshot: str) -> None:
        """Delete a snapshot; later garbage collections free its space."""
        manifest.delete(self.blobs, snapshot)

    def table(self, table: ManifestTable) -> TableReader:
        """Return the reader of a table."""
        return TableReader(self.packs, self.keys, table.root.ref, table.key)


def read_config(blobs: Blobs) -> Config:
    """Return the part of a vault that can be read without a key; raises Missing or Damaged."""
    try:
        config = msgspec.json.decode(blobs.read(_CONFIG), type=Config)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Damaged(
            "This is not a vault, or its configuration is damaged.", hint="Restore the file config from a copy of it."
        ) from error
    if config.version > VERSION:
        raise Damaged("This vault was created by a newer version of Headwater.", hint="Update Headwater.")
    return config


def find_table(tables: Sequence[ManifestTable], schema: str | None, name: str) -> ManifestTable | None:
    """Return the table with this name in a list of tables of a snapshot."""
    return next((table for table in tables if (table.schema, table.name) == (schema, name)), None)
