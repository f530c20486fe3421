"""What a snapshot is compared with: the parent that it builds on, and how much those before it added."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from headwater.engines import SnapshotTable
from headwater.features.snapshots.models import Snapshot
from headwater.vault.errors import Damaged
from headwater.vault.manifest import Manifest
from headwater.vault.vault import Vault

# A snapshot that adds so many times as much as those before it usually do is worth a look, beyond a few pages.
GROWTH, HISTORY, FEWEST, FLOOR = 5, 10, 3, 256 * 1024
# So many snapshots in a row may be told from what has changed; then all is read once, whatever the engine says.
MOST_FOLLOWED = 20


def choose_parent(
    vault: Vault, parents: Sequence[Snapshot], tables: Sequence[SnapshotTable], warn: Callable[[str], None]
) -> tuple[Manifest | None, bool]:
    """Return the snapshot to build on, and whether only what has changed since may be read.

    It is the newest of `parents` that has the most of `tables`. After `MOST_FOLLOWED` snapshots in a row that were
    told from changes, everything is read once. `warn` is called for each that cannot be read.
    """
    wanted = {(table.schema, table.name) for table in tables}

    def missing(row: Snapshot) -> int:
        return len(wanted - {(table["schema"], table["name"]) for table in row.contents.get("tables", ())})

    for row in sorted(parents, key=missing):
        try:
            return vault.manifest(str(row.id)), row.contents.get("followed", 0) < MOST_FOLLOWED
        except Damaged as error:
            warn(f"Snapshot {row.id} cannot be built on: {error.message}")
    return None, False


def followed_count(parents: Sequence[Snapshot], manifest: Manifest) -> int:
    """Return how many snapshots, up to this one, came after the last one that read everything."""
    before = next((parent for parent in parents if str(parent.id) == manifest.parent), None)
    so_far = before.contents.get("followed", 0) if before else MOST_FOLLOWED
    return so_far + 1 if so_far < MOST_FOLLOWED else 0


def growth_of(new: int, before: Sequence[int], times: float = GROWTH) -> bool:
    """Say whether a snapshot added far more than those before it usually did."""
    return len(before) >= FEWEST and new > times * max(statistics.median(before), FLOOR)
