"""What a worker runs for snapshots at intervals: it completes work that was interrupted, and frees unused space."""

from __future__ import annotations

from headwater.features.snapshots.service import orphans
from headwater.features.snapshots.service.proof import unfinished
from headwater.store.context import Context


async def run_maintenance(context: Context) -> None:
    """Complete interrupted deletions, delete the databases of abandoned restores, and collect garbage in vaults."""
    await orphans.finish_deletions(context)
    await unfinished.end(context)
    await orphans.delete_abandoned(context)
    await orphans.collect(context)
