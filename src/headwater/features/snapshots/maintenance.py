"""What the room does now and then: what ended in the middle, and nobody goes on with, is brought to an end."""

from __future__ import annotations

from headwater.features.snapshots.service import orphans
from headwater.store.context import Context


async def run_maintenance(context: Context) -> None:
    """Finish what somebody began."""
    await orphans.finish_deletions(context)
    await orphans.take_away_abandoned(context)
    await orphans.collect(context)
