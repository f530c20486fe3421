"""Chooses the parent of a snapshot, and detects snapshots that add far more data than the ones before."""

from __future__ import annotations

import statistics
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime

from headwater.engines import SnapshotTable
from headwater.features.snapshots.models import Snapshot
from headwater.vault.errors import Damaged
from headwater.vault.manifest import Manifest
from headwater.vault.vault import Vault

# A snapshot grew unusually if it adds GROWTH times the median of the last HISTORY snapshots (and of FLOOR bytes), of
# which there must be FEWEST.
GROWTH, HISTORY, FEWEST, FLOOR = 5, 10, 3, 256 * 1024
# How many snapshots in a row may read only changes; the next one reads everything, so that errors cannot accumulate.
MOST_FOLLOWED = 20


def choose_parent(
    vault: Vault,
    parents: Sequence[Snapshot],
    tables: Sequence[SnapshotTable],
    database_id: uuid.UUID | None,
    warn: Callable[[str], None],
) -> tuple[Manifest | None, bool]:
    """Return the manifest of the parent snapshot, and whether it is enough to read what changed since.

    The parent is the newest of `parents` with the most of `tables`. After `MOST_FOLLOWED` snapshots in a row that read
    only changes, everything is read once, and so it is if the parent is a snapshot of another database. `warn` is
    called for each parent that cannot be read.
    """
    wanted = {(table.schema, table.name) for table in tables}

    def missing(row: Snapshot) -> int:
        return len(wanted - {(table["schema"], table["name"]) for table in row.contents.get("tables", ())})

    for row in sorted(parents, key=missing):
        try:
            manifest = vault.manifest(str(row.id))
            return manifest, row.database_id == database_id and row.contents.get("followed", 0) < MOST_FOLLOWED
        except Damaged as error:
            warn(f"Snapshot {row.id} is damaged and cannot be used as parent: {error.message}")
    return None, False


def is_sound_since(snapshot: Snapshot, found_at: datetime) -> bool:
    """Return True if a snapshot cannot contain pages in which damage was found at a point in time."""
    check = snapshot.verification
    if not check.get("ok", True):
        return False
    if snapshot.taken_at is not None and snapshot.taken_at > found_at:
        return True
    whole = check.get("kind") == "deep" and check.get("percent", 100) == 100
    return whole and snapshot.verified_at is not None and snapshot.verified_at >= found_at


def followed_count(parents: Sequence[Snapshot], manifest: Manifest, database_id: uuid.UUID | None) -> int:
    """Return how many snapshots of a database in a row, including this one, have read only changes."""
    mine = [parent for parent in parents if parent.database_id == database_id]
    before = next((parent for parent in mine if str(parent.id) == manifest.parent), None)
    so_far = before.contents.get("followed", 0) if before else MOST_FOLLOWED
    return so_far + 1 if so_far < MOST_FOLLOWED else 0


def growth_of(new: int, before: Sequence[int], times: float = GROWTH) -> bool:
    """Return True if a snapshot added far more data than the ones before it usually did."""
    return len(before) >= FEWEST and new > times * max(statistics.median(before), FLOOR)
