"""What the room does now and then: files of old transfers are removed."""

from __future__ import annotations

import asyncio

from headwater.features.transfers import file_store
from headwater.store.context import Context


async def run_maintenance(context: Context) -> None:
    """Remove what nobody fetches any more."""
    await asyncio.to_thread(file_store.remove_old, context.settings)
