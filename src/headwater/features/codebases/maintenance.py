"""Periodic maintenance: deletes uploads without a codebase, and old cached facts."""

from __future__ import annotations

import asyncio

from headwater.features.codebases import uploads
from headwater.features.codebases.service import codebases
from headwater.store.context import Context


async def run_maintenance(context: Context) -> None:
    """Delete orphaned uploads, and facts that no scan has used for a month."""
    old = await asyncio.to_thread(uploads.abandoned, context.settings)
    async with context.store.transaction() as db:
        orphans = await codebases.orphans(db, old)
    for orphan in orphans:
        uploads.remove(context.settings, orphan)
