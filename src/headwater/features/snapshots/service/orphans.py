"""Completes work whose process was killed, and runs garbage collection."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from headwater.features.databases.service import readiness
from headwater.features.jobs.service import queue
from headwater.features.snapshots import repository
from headwater.features.snapshots.service import snapshots
from headwater.features.snapshots.service.restore import targets
from headwater.features.snapshots.service.storage import vault_locations
from headwater.kit.errors import HeadwaterError
from headwater.store.context import Context
from headwater.vault.garbage_collection import GcResult
from headwater.vault.garbage_collection import collect as pass_over

log = structlog.get_logger()
COLLECT_EVERY = timedelta(hours=6)


async def finish_deletions(context: Context) -> None:
    """Complete interrupted deletions of snapshots."""
    async with context.store.transaction() as db:
        rows = await repository.being_deleted(db)
    for row in rows:
        try:
            await snapshots.finish_removal(context, row)
        except HeadwaterError as error:
            log.warning("snapshot.delete_failed", snapshot=str(row.id), error=error.message)


async def delete_abandoned(context: Context) -> None:
    """Delete the new databases of restores that were cancelled or failed while no worker ran them."""
    async with context.store.transaction() as db:
        rows = await repository.unfinished_restores(db)
        jobs = await queue.get_many(db, [row.job_id for row in rows if row.job_id])
        over = [row for row in rows if row.job_id in jobs and jobs[row.job_id].state in queue.DONE]
        taken = [target_id for row in over if (target_id := await targets.abandon(db, row))]
    for target_id in taken:
        await readiness.notify_supervisor(context.settings, target_id)


async def collect(context: Context) -> None:
    """Run garbage collection in the vaults where it is due."""
    async with context.store.transaction() as db:
        due = [
            vault_locations.location_of(context.settings, row) for row in await repository.to_collect(db, COLLECT_EVERY)
        ]
    for location_due in due:

        def work(location: vault_locations.VaultLocation = location_due) -> GcResult:
            return pass_over(location.open())

        try:
            gc_result = await asyncio.to_thread(work)
            log.info("vault.gc", vault=str(location_due.id), deleted=gc_result.deleted, freed=gc_result.freed)
        except HeadwaterError as error:
            log.warning("vault.gc_failed", vault=str(location_due.id), error=error.message)
