"""What the code bases need done now and then: uploads that belong to nothing any more are removed."""

from __future__ import annotations

import asyncio

from headwater.features.codebases import uploads
from headwater.features.codebases.service import codebases
from headwater.store.context import Context


async def run_maintenance(context: Context) -> None:
    """Remove orphaned uploads and facts that no scan has asked for in a month."""
    old = await asyncio.to_thread(uploads.abandoned, context.settings)
    async with context.store.transaction() as db:
        orphans = await codebases.orphans(db, old)
    for orphan in orphans:
        uploads.remove(context.settings, orphan)
