"""Records how the runs of policies ended, and opens or resolves their alerts."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.models import Database
from headwater.features.databases.service import databases
from headwater.features.jobs.models import Job
from headwater.features.jobs.service import queue
from headwater.features.policies import repository
from headwater.features.policies.models import PolicyRun
from headwater.features.policies.service import alerts
from headwater.features.policies.service.alerts import Kind
from headwater.features.snapshots.service import summaries
from headwater.kit.errors import NotFound
from headwater.store.session import Store

log = structlog.get_logger()
_FAILED: dict[str, tuple[Kind, str]] = {
    "snapshot": ("failed", "The scheduled snapshot failed."),
    "verify": ("verify_failed", "The snapshots could not be verified."),
    "drill": ("drill_failed", "The test restore of the newest snapshot failed."),
}


@dataclass(frozen=True, slots=True)
class _Ended:
    """A run whose job has ended."""

    run: PolicyRun
    job: Job | None
    database: Database
    at: datetime


async def settle(store: Store, at: datetime) -> set[uuid.UUID]:
    """Record the results of runs whose jobs have ended; return the databases that have a new snapshot."""
    async with store.transaction() as db:
        running = await repository.all_running(db)
    taken = set()
    for run_id in running:
        try:
            async with store.transaction() as db:
                run = await repository.hold_run(db, run_id)
                if run and await settle_one(db, run, at) and run.kind == "snapshot":
                    taken.add(run.database_id)
        except Exception as error:  # an error in one run must not stop the others
            log.warning("policy.result_failed", run=str(run_id), error=repr(error))
    return taken


async def settle_one(db: AsyncSession, run: PolicyRun, at: datetime) -> bool:
    """Record the result of a locked run if its job has ended; return True if it succeeded."""
    job = (await queue.get_many(db, [run.job_id])).get(run.job_id) if run.job_id else None
    if job is not None and job.state not in queue.DONE:
        return False
    run.finished_at = (job and job.finished_at) or at
    try:
        database = await databases.find(db, SYSTEM, run.database_id)
    except NotFound:
        run.outcome, run.detail = "cancelled", "The database was deleted."
        return False
    ended = _Ended(run, job, database, at)
    if job is None or job.state == "failed":
        await _failed(db, ended)
        return False
    if job.state == "cancelled":
        run.outcome, run.detail = "cancelled", "Its job was cancelled."
        return False
    run.outcome = "complete"
    await _COMPLETE[run.kind](db, ended)
    return True


async def _failed(db: AsyncSession, ended: _Ended) -> None:
    run = ended.run
    kind, sentence = _FAILED[run.kind]
    run.outcome, run.detail = "failed", (ended.job and ended.job.error) or "Its job was deleted."
    await alerts.raise_alert(
        db, ended.database, kind, f"{sentence} {run.detail}", ended.at, snapshot_id=run.snapshot_id, job_id=run.job_id
    )


async def _snapshot(db: AsyncSession, ended: _Ended) -> None:
    run = ended.run
    await alerts.resolve(db, run.database_id, ended.at, "failed", "missed")
    policy = await repository.get(db, run.database_id)
    every = await summaries.of_database(db, SYSTEM, run.database_id)
    snapshot_summary = next((snapshot for snapshot in every if snapshot.id == run.snapshot_id), None)
    if snapshot_summary and snapshot_summary.grew and policy and policy.growth:
        sentence = (
            f"The snapshot of {snapshot_summary.taken_at:%Y-%m-%d %H:%M} UTC added {snapshot_summary.new_bytes:,} bytes"
        )
        message = f"{sentence}, more than {policy.growth:g} times as much as usual."
        await alerts.raise_alert(
            db, ended.database, "grew", message, ended.at, snapshot_id=snapshot_summary.id, job_id=run.job_id
        )


async def _verify(db: AsyncSession, ended: _Ended) -> None:
    run = ended.run
    await alerts.resolve(db, run.database_id, ended.at, "verify_failed")
    every = await summaries.of_database(db, SYSTEM, run.database_id)
    broken = [
        snapshot
        for snapshot in every
        if not snapshot.sound and snapshot.verified_at and snapshot.verified_at >= run.created_at
    ]
    if broken:
        run.outcome = "damaged"
        run.detail = f"{len(broken)} of {len(every)} snapshots are damaged. See the log of the job for details."
        await alerts.raise_alert(
            db, ended.database, "damaged", run.detail, ended.at, snapshot_id=broken[0].id, job_id=run.job_id
        )


async def _drill(db: AsyncSession, ended: _Ended) -> None:
    run = ended.run
    refused = await summaries.refused_by_drill(db, run.snapshot_id) if run.snapshot_id else ()
    if not refused:
        await alerts.resolve(db, run.database_id, ended.at, "drill_failed")
        return
    count = len(refused)
    run.outcome = "failed"
    run.detail = f"All rows were restored, but {count} object{'' if count == 1 else 's'} not. {refused[0]}."
    message = f"The test restore of the newest snapshot is incomplete. {run.detail}"
    await alerts.raise_alert(
        db, ended.database, "drill_failed", message, ended.at, snapshot_id=run.snapshot_id, job_id=run.job_id
    )


_COMPLETE: dict[str, Callable[[AsyncSession, _Ended], Coroutine[Any, Any, None]]] = {
    "snapshot": _snapshot,
    "verify": _verify,
    "drill": _drill,
}
