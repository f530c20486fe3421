"""What a worker runs for personal data at intervals: it deletes accounts that are due, and old exports."""

from __future__ import annotations

import asyncio

from headwater.features.personal_data.service import export_files, removal
from headwater.store.context import Context


async def run_maintenance(context: Context) -> None:
    """Continue the deletion of accounts, and delete old files."""
    await removal.remove_due(context)
    await asyncio.to_thread(export_files.remove_old, context.settings)
