"""What the room does again and again: what is due by the policies of all databases."""

from __future__ import annotations

from headwater.features.policies.service import scheduler
from headwater.kit.settings import Settings
from headwater.store.session import Database

EVERY_SECONDS = 15.0


async def run_maintenance(database: Database, settings: Settings) -> None:
    """Do what is due."""
    await scheduler.tick(settings, database)
