"""Scans of git repositories that are due by a schedule, or were requested while another one was running.

Several processes may tick at the same time: a repository that is due is claimed by a row lock that the others skip.
"""

from __future__ import annotations

import asyncio
import shutil
import uuid
from datetime import datetime

import structlog

from headwater.features.accounts.rights import SYSTEM
from headwater.features.codebases.repository import codebases as codebase_repository
from headwater.features.codebases.repository import git_sources as repository
from headwater.features.codebases.service import codebases, git_scans
from headwater.features.codebases.service.git_sources import set_next
from headwater.features.jobs.service import queue
from headwater.kit.clock import now
from headwater.store.context import Context

log = structlog.get_logger()


async def tick(context: Context, at: datetime | None = None) -> None:
    """Start every scan that is due at a point in time; an error about one codebase does not stop the others."""
    at = at or now()
    async with context.store.transaction() as db:
        due = await repository.due(db, at)
    for codebase_id in due:
        try:
            await _start(context, codebase_id, at)
        except Exception as error:  # such as a time zone that was removed
            log.warning("codebase.schedule_failed", codebase=str(codebase_id), error=repr(error))


async def _start(context: Context, codebase_id: uuid.UUID, at: datetime) -> None:
    """Start a scan that is due; a codebase that is being scanned is left to its request, or to its next time."""
    async with context.store.transaction() as db:
        codebase = await codebase_repository.get(db, codebase_id, lock=True)
        source = await repository.claim(db, codebase_id, at)
        if codebase is None or source is None:
            return
        requested = source.requested_at is not None
        if source.next_at is not None and source.next_at <= at:
            set_next(source, at)
        if await queue.codebase_is_busy(db, codebase_id):
            return
        source.requested_at = None
        await codebases.enqueue(db, SYSTEM, codebase, "webhook" if requested else "schedule")


async def delete_left_folders(context: Context) -> None:
    """Delete the folders of fetches whose job has ended: their worker was killed."""
    by_job = await asyncio.to_thread(git_scans.folders_by_job, context.settings)
    if not by_job:
        return
    async with context.store.transaction() as db:
        jobs = await queue.get_many(db, list(by_job))
        running = {job_id for job_id, job in jobs.items() if job.state == "running"}
    for job_id, folders in by_job.items():
        if job_id not in running:
            for path in folders:
                await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
