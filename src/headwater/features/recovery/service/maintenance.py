"""Starts base backups that are due, deletes data older than the retention, and ends abandoned recoveries."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.service import databases, readiness
from headwater.features.jobs.service import queue
from headwater.features.recovery import repository
from headwater.features.recovery.models import Archive, ArchiveBase, ArchiveLog
from headwater.features.recovery.service import archives, targets, vault_layout
from headwater.features.recovery.service.archives import BaseView
from headwater.features.recovery.service.timeline import ContinuousRange
from headwater.features.recovery.service.wal_archiver import marked
from headwater.features.snapshots.service.storage import vault_locations
from headwater.features.snapshots.service.storage.vault_locations import VaultLocation
from headwater.kit.clock import now
from headwater.kit.errors import HeadwaterError
from headwater.store.context import Context
from headwater.vault.errors import Missing

log = structlog.get_logger()
# Wait this long before a failed base backup is tried again.
PATIENCE = timedelta(minutes=10)
# A failed base backup is listed for this long, then it and what it left in the vault are deleted.
SHOWN = timedelta(days=1)


async def maintain_archives(context: Context) -> None:
    """Do what is due for each archive; an error in one does not stop the others."""
    async with context.store.transaction() as db:
        every = list(await repository.archives(db))
    for archive in every:
        try:
            await _maintain_archive(context, archive)
        except HeadwaterError as error:
            log.warning("recovery.maintenance_failed", archive=str(archive.id), error=error.message)


async def _maintain_archive(context: Context, archive: Archive) -> None:
    async with context.store.transaction() as db:
        if archive.database_id is None:
            await _drop_all(db, archive)
        else:
            await _due(db, archive, now())
    await finish_deletions(context, archive)


async def _due(db: AsyncSession, archive: Archive, moment: datetime) -> None:
    assert archive.database_id
    database = await databases.find(db, SYSTEM, archive.database_id, deleted=True)
    # Locked until the end of the transaction, so that two workers do not both start a base backup.
    locked = await repository.of_database(db, archive.database_id, lock=True)
    view = await archives.seen(db, database)
    if locked is None:
        return
    failed = [base.base.id for base in view.bases if base.status == "failed" and moment - base.base.created_at > SHOWN]
    since = moment - timedelta(days=locked.window_days)
    old_bases, old_logs = outdated(view.ranges, [base.base for base in view.bases], since, ended=not locked.enabled)
    await repository.drop(db, [*failed, *(base.id for base in old_bases)], [log_row.name for log_row in old_logs])
    starts = [log.first for log_range in view.ranges for log in log_range.logs if log not in old_logs]
    if starts:
        await repository.forget_points(db, locked.id, min(starts))
    if locked.enabled:
        await archives.use_current_vault(db, locked)
    wanted = locked.enabled and database.deleted_at is None and database.desired != "stopped"
    if wanted and base_is_due(locked, view.bases, view.ranges, moment):
        await archives.begin_base(db, SYSTEM, database, locked)


def base_is_due(
    archive: Archive, bases: Sequence[BaseView], ranges: Sequence[ContinuousRange], moment: datetime
) -> bool:
    """Return True if a base backup must be created: none in the current vault covers the newest log, or it is too old.

    A base backup is not too old as long as nothing has changed since.
    """
    if any(base.status == "taking" for base in bases):
        return False
    if any(base.status == "failed" and moment - base.base.created_at < PATIENCE for base in bases):
        return False
    usable = [base.base for base in bases if base.base.status == "complete"]
    if ranges and ranges[-1].bases:
        usable = [base for base in ranges[-1].bases if base.vault_id == archive.vault_id]
    elif ranges and usable and max(base.ends or 0 for base in usable) < ranges[-1].first:
        return True  # there is a gap between the last base and the newest part of the log
    if not usable:
        return True
    last = max(usable, key=lambda base: base.finished_at or base.created_at)
    age = moment - (last.finished_at or last.created_at)
    return age >= timedelta(days=archive.base_days) and not _unchanged_since(archive, last)


def _unchanged_since(archive: Archive, base: ArchiveBase) -> bool:
    """Return True if nothing has changed since a base backup was started."""
    if not archive.seen:
        return False
    last = marked(archive.seen)
    return last.quiet and last.changes == base.changes


def outdated(
    ranges: Sequence[ContinuousRange], bases: Sequence[ArchiveBase], since: datetime, *, ended: bool = False
) -> tuple[list[ArchiveBase], list[ArchiveLog]]:
    """Return the base backups and log segments that are not needed to restore any moment after `since`.

    The newest base backup before `since` is still needed, and the log from the oldest remaining base backup on. With
    `ended`, nothing more will be archived, so even the newest range is deleted when it is older than `since`.
    """
    old_bases, old_logs = [], []
    for log_range in ranges:
        over = ended or log_range is not ranges[-1]
        if over and log_range.reaches and log_range.reaches < since:
            old_bases += log_range.bases
            old_logs += log_range.logs
            continue
        older = [base for base in log_range.bases if base.finished_at and base.finished_at <= since]
        old_bases += older[:-1]
        left = [base.first for base in log_range.bases if base not in old_bases and base.first is not None]
        old_logs += [log_row for log_row in log_range.logs if left and log_row.ends <= min(left)]
    carried = {base.id for log_range in ranges for base in log_range.bases}
    adrift = [base for base in bases if base.status == "complete" and base.id not in carried]
    # The log that a recent base backup needs may still be shipped; for one this old, it never will be.
    old_bases += [base for base in adrift if base.finished_at and base.finished_at < since]
    return old_bases, old_logs


async def _drop_all(db: AsyncSession, archive: Archive) -> None:
    """Mark everything in the archive of a destroyed database as being deleted."""
    bases, logs = await repository.bases(db, archive.id), await repository.logs(db, archive.id)
    await repository.drop(db, [base.id for base in bases], [log_row.name for log_row in logs])


async def finish_deletions(context: Context, archive: Archive) -> None:
    """Delete what is marked from the vault, then its rows; delete the archive of a destroyed database."""
    async with context.store.transaction() as db:
        dropped = await repository.dropped(db, archive.id)
    for vault_id, names in dropped.names(vault_layout.base_name).items():
        async with context.store.transaction() as db:
            location = await vault_locations.load(db, context.settings, vault_id)
        if location.opened:
            with contextlib.suppress(Missing):  # the vault no longer exists
                await asyncio.to_thread(_delete, location, names)
    async with context.store.transaction() as db:
        await repository.forget_dropped(db, dropped)
        if archive.database_id is None:
            await repository.forget(db, archive.id)


def _delete(location: VaultLocation, names: Sequence[str]) -> None:
    vault = location.open()
    for name in names:
        vault.delete(name)


async def delete_abandoned(context: Context) -> None:
    """Delete the new databases of recoveries that were cancelled or failed while no worker ran them."""
    async with context.store.transaction() as db:
        rows = await repository.unfinished(db)
        jobs = await queue.get_many(db, [row.job_id for row in rows if row.job_id])
        over = [row for row in rows if row.job_id in jobs and jobs[row.job_id].state in queue.DONE]
        taken: list[uuid.UUID] = [target_id for row in over if (target_id := await targets.abandon(db, row))]
    for target_id in taken:
        await readiness.notify_supervisor(context.settings, target_id)
