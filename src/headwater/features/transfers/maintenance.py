"""What the room does now and then: files of old transfers are removed."""

from __future__ import annotations

import asyncio

from headwater.features.transfers import file_store
from headwater.kit.settings import Settings
from headwater.store.session import Database


async def run_maintenance(database: Database, settings: Settings) -> None:
    """Remove what nobody fetches any more."""
    await asyncio.to_thread(file_store.remove_old, settings)
