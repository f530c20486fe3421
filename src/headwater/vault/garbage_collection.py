"""Deletes packs that no snapshot needs, in two passes, without a lock, while writers are active.

A pass lists unused packs as `gc/<id>`. A later pass deletes packs that were listed long enough ago, by the clock of the
store, and are still unused. So whatever is not visible yet (a writer that is about to commit, a slow listing) has the
whole margin to become visible. docs/decisions/0008 explains why the order of the listings matters.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from headwater.vault import leases, packs, repair_log
from headwater.vault.blobs import Blob
from headwater.vault.errors import Damaged, Missing
from headwater.vault.leases import LeasedPacks
from headwater.vault.vault import Vault, read_config

FOLDER = "gc/"
MARGIN = timedelta(hours=24)
_MAGIC = b"HWGONE\x00\x01"
_ID = 16


@dataclass(frozen=True, slots=True)
class GcResult:
    """What a pass of garbage collection did.

    Attributes:
        deleted, freed: packs that were deleted, and their bytes.
        listed: unused packs, which a later pass deletes.
        live, live_bytes: used packs, and their bytes.
        dead_bytes: of those, the bytes that no single snapshot needs; at most so much would a compaction give back.
        blocking_leases: leases that cannot be read; nothing is deleted before they have ended by age.
    """

    deleted: int
    freed: int
    listed: int
    live: int
    live_bytes: int
    dead_bytes: int
    blocking_leases: tuple[str, ...] = ()


def collect(vault: Vault, margin: timedelta = MARGIN, longest: timedelta = leases.LONGEST) -> GcResult:
    """Run one pass, which may be interrupted anywhere.

    Args:
        vault: the vault.
        margin: how long a pack must have been listed before it is deleted.
        longest: the age at which leases expire.

    Raises:
        Damaged: a manifest cannot be read, so its packs are unknown; nothing was deleted.
    """
    blobs = vault.blobs
    read_config(blobs)  # an unmounted disk looks like an empty vault, in which nothing is used
    # Packs are listed first: the lease or manifest of a writer whose packs are among them is found below.
    there = dict(packs.listed(blobs))
    pending = list(blobs.list(FOLDER))
    now = _now(vault)
    needed, held = _needed(vault, now, longest)
    gone = {
        pack
        for pack, blob in there.items()
        if pack not in needed and pack not in held.packs and (held.since is None or blob.modified < held.since)
    }
    deleted: set[bytes] = set()
    if not held.unread:
        deleted = _delete(vault, [blob for blob in pending if now - blob.modified > margin], gone)
        _list_new(vault, pending, gone - deleted, now, margin)
    _forget_repairs(vault, needed.keys() | held.packs | there.keys() - deleted)
    for lease in held.ended:
        blobs.delete(lease)
    blobs.sweep(longest)
    live = {pack: blob.size for pack, blob in there.items() if pack in needed}
    return GcResult(
        len(deleted),
        sum(there[pack].size for pack in deleted),
        len(gone - deleted),
        len(live),
        sum(live.values()),
        sum(size - min(size, needed[pack]) for pack, size in live.items()),
        tuple(held.unread),
    )


def _needed(vault: Vault, now: datetime, longest: timedelta) -> tuple[dict[bytes, int], LeasedPacks]:
    """Return the packs that snapshots need and that writers hold.

    Manifests are listed before the leases and once more after them: a snapshot that is committed, and its lease
    released, between two listings is in the third.
    """
    needed: dict[bytes, int] = {}
    seen: set[str] = set()
    _mark(vault, seen, needed)
    held = leases.leased_packs(vault.blobs, vault.keys, now, longest)
    _mark(vault, seen, needed)
    _mark_repairs(vault, needed, held)
    return needed, held


def _mark_repairs(vault: Vault, needed: dict[bytes, int], held: LeasedPacks) -> None:
    """Add the replacements of needed packs; these may be damaged and have replacements in turn."""
    left = list(repair_log.records(vault.blobs))
    while due := [move for move in left if move[0] in needed or move[0] in held.packs]:
        left = [move for move in left if move not in due]
        for _, name in due:
            for pack, size in repair_log.targets(vault.blobs, vault.keys, name).items():
                needed[pack] = needed.get(pack, 0) + size


def _forget_repairs(vault: Vault, alive: Set[bytes]) -> None:
    """Delete repair records of packs that are unused and gone."""
    for pack, name in list(repair_log.records(vault.blobs)):
        if pack not in alive:
            vault.blobs.delete(name)


def _mark(vault: Vault, seen: set[str], needed: dict[bytes, int]) -> None:
    for snapshot in vault.snapshots():
        if snapshot in seen:
            continue
        with contextlib.suppress(Missing):  # deleted since it was listed
            for pack, size in _packs(vault, snapshot).items():
                needed[pack] = max(needed.get(pack, 0), size)
        seen.add(snapshot)


def _packs(vault: Vault, snapshot: str) -> dict[bytes, int]:
    try:
        manifest = vault.manifest(snapshot)
    except Missing:
        raise
    except Damaged as error:
        raise Damaged(
            f"Snapshot {snapshot} cannot be read, so nothing is deleted: {error.message}",
            hint="Repair or delete this snapshot.",
        ) from error
    needed = manifest.packs
    for table in manifest.stored_tables:
        needed.setdefault(table.root.pack, table.root.length)
    return needed


def _now(vault: Vault) -> datetime:
    """Return the time by the clock of the store."""
    name = f"{FOLDER}{secrets.token_hex(8)}"
    vault.blobs.create(name, _MAGIC)
    blob = vault.blobs.find(name)
    vault.blobs.delete(name)
    if blob is None:
        raise Damaged("The storage does not list a file that was just written.", hint="Verify the vault.")
    return blob.modified


def _delete(vault: Vault, due: Iterable[Blob], gone: set[bytes]) -> set[bytes]:
    """Delete packs that were listed long enough ago and are still unused; then the lists."""
    due = list(due)
    deleted = {pack for blob in due for pack in _listed(vault, blob.name)} & gone
    for pack in deleted:
        vault.blobs.delete(packs.blob_name(pack))
    for blob in due:
        vault.blobs.delete(blob.name)
    return deleted


def _list_new(vault: Vault, pending: Iterable[Blob], gone: set[bytes], now: datetime, margin: timedelta) -> None:
    """Write a list of unused packs that are on no other list."""
    for blob in pending:
        if now - blob.modified <= margin:
            gone = gone - _listed(vault, blob.name)
    if gone:
        vault.blobs.create(f"{FOLDER}{secrets.token_hex(8)}", _MAGIC + b"".join(sorted(gone)))


def _listed(vault: Vault, name: str) -> set[bytes]:
    """Return the packs of a list; an unreadable list has none, so that they are listed again."""
    try:
        data = vault.blobs.read(name)
    except Damaged:
        return set()
    if data[: len(_MAGIC)] != _MAGIC:
        return set()
    return {data[at : at + _ID] for at in range(len(_MAGIC), len(data), _ID)}
