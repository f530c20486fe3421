"""What a vault holds, by its manifests; it needs no rows in the store. Blocks."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from headwater.features.snapshots.service.storage.vault_locations import NO_SNAPSHOTS
from headwater.vault import manifest as manifests
from headwater.vault import packs as pack_blobs
from headwater.vault import repair_log
from headwater.vault.errors import Damaged, Missing
from headwater.vault.manifest import Manifest
from headwater.vault.vault import Vault

State = Literal["whole", "incomplete", "damaged"]
READERS = 16


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A snapshot of a vault.

    It is `whole` if its manifest can be read and all packs that it names exist in full length, `incomplete` if some do
    not, and `damaged` if the manifest cannot be read: then `manifest` is None. `problem` says what is wrong.
    """

    id: str
    state: State
    manifest: Manifest | None
    problem: str | None = None

    @property
    def uuid(self) -> uuid.UUID | None:
        """The id as a UUID; None if it has another form, which no snapshot of Headwater has."""
        try:
            return uuid.UUID(self.id)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class VaultContents:
    """The snapshots of a vault, newest first, and the number of its manifests of point-in-time recovery."""

    snapshots: Sequence[StoredSnapshot]
    recovery: int


def read(vault: Vault) -> VaultContents:
    """Read all manifests of a vault."""
    names = vault.snapshots()
    recovery = [name for name in names if f"{manifests.FOLDER}{name}".startswith(NO_SNAPSHOTS)]
    sizes = {blob.name: blob.size for blob in vault.blobs.list("packs/")}
    for pack, _ in repair_log.records(vault.blobs):
        sizes.pop(pack_blobs.blob_name(pack), None)  # its segments may be elsewhere: a deep verification tells
        sizes[pack_blobs.blob_name(pack)] = 2**63

    with ThreadPoolExecutor(READERS, thread_name_prefix="vault-open") as pool:
        wanted = [name for name in names if name not in set(recovery)]
        stored = list(pool.map(lambda name: _stored(vault, name, sizes), wanted))
    known = [snapshot for snapshot in stored if snapshot is not None]
    return VaultContents(sorted(known, key=_age, reverse=True), len(recovery))


def _age(snapshot: StoredSnapshot) -> tuple[bool, float, str]:
    started = snapshot.manifest.started.timestamp() if snapshot.manifest else 0.0
    return snapshot.manifest is None, started, snapshot.id


def _stored(vault: Vault, name: str, sizes: Mapping[str, int]) -> StoredSnapshot | None:
    """Return a snapshot, or None if it was deleted since it was listed."""
    try:
        manifest = vault.manifest(name)
    except Missing:
        return None
    except Damaged as error:
        return StoredSnapshot(name, "damaged", None, error.message)
    missing = sum(sizes.get(pack_blobs.blob_name(pack), -1) < size for pack, size in manifest.packs.items())
    if missing:
        of = "1 of its packs is" if missing == 1 else f"{missing} of its packs are"
        return StoredSnapshot(name, "incomplete", manifest, f"{of} missing or truncated.")
    stored = StoredSnapshot(name, "whole", manifest)
    if stored.uuid is None:
        return StoredSnapshot(name, "damaged", None, "Its name is not the id of a snapshot.")
    return stored
