"""Periodic maintenance: starts scans that are due, and deletes what nobody needs any more."""

from __future__ import annotations

import asyncio

from headwater.features.codebases import uploads
from headwater.features.codebases.service import codebases, git_schedules
from headwater.store.context import Context

EVERY_SECONDS = 15.0


async def run_maintenance(context: Context) -> None:
    """Start scans of repositories; delete orphaned uploads and folders, and facts that no scan used for a month."""
    await git_schedules.tick(context)
    await git_schedules.delete_left_folders(context)
    old = await asyncio.to_thread(uploads.abandoned, context.settings)
    async with context.store.transaction() as db:
        orphans = await codebases.orphans(db, old)
    for orphan in orphans:
        uploads.remove(context.settings, orphan)
