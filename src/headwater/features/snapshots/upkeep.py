"""What the room does now and then: what ended in the middle, and nobody goes on with, is brought to an end."""

from __future__ import annotations

from headwater.features.snapshots.service import looking_after
from headwater.kit.settings import Settings
from headwater.store.session import Database


async def upkeep(database: Database, settings: Settings) -> None:
    """Finish what somebody began."""
    await looking_after.finish_deletions(settings, database)
    await looking_after.take_away_abandoned(settings, database)
    await looking_after.collect(settings, database)
