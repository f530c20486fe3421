"""Deletes branches whose time is over, and the rows of those whose databases are gone."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from headwater.features.accounts.rights import SYSTEM
from headwater.features.branches import repository
from headwater.features.branches.service import bases
from headwater.features.databases.service import databases, pool, readiness
from headwater.features.jobs.service import queue
from headwater.kit.clock import now
from headwater.kit.errors import HeadwaterError
from headwater.store.context import Context

log = structlog.get_logger()
# A branch whose creation failed is listed for this long.
SHOWN = timedelta(days=1)


async def maintain(context: Context, at: datetime | None = None) -> None:
    """Delete what is over at a point in time; an error in one branch does not stop the others."""
    at = at or now()
    async with context.store.transaction() as db:
        expired = await repository.expired(db, at)
    for branch_id, database_id in expired:
        try:
            async with context.store.transaction() as db:
                await databases.remove(db, SYSTEM, database_id)
                # Its deletion can be undone, and then it stays.
                await repository.set_values(db, branch_id, expires_at=None)
            await pool.end_sessions(context, database_id)
            await readiness.notify_supervisor(context.settings, database_id)
        except HeadwaterError as error:
            log.warning("branch.expiry_failed", database=str(database_id), error=error.message)
    async with context.store.transaction() as db:
        failed = await repository.failed_before(db, at - SHOWN, sorted(queue.DONE))
        for branch in (*await repository.of_destroyed_databases(db), *failed):
            await bases.release(db, branch)
