"""What the room does now and then: what ended in the middle, and nobody goes on with, is brought to an end."""

from __future__ import annotations

from headwater.features.snapshots.service import orphans
from headwater.kit.settings import Settings
from headwater.store.session import Database


async def run_maintenance(database: Database, settings: Settings) -> None:
    """Finish what somebody began."""
    await orphans.finish_deletions(settings, database)
    await orphans.take_away_abandoned(settings, database)
    await orphans.collect(settings, database)
