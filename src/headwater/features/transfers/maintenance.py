"""Periodic maintenance: deletes the files of old transfers."""

from __future__ import annotations

import asyncio

from headwater.features.transfers import file_store
from headwater.store.context import Context


async def run_maintenance(context: Context) -> None:
    """Delete the files of old transfers."""
    await asyncio.to_thread(file_store.remove_old, context.settings)
