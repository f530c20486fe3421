"""Runs what is due by policies: scheduled snapshots, verifications, test restores, and retention.

Several processes may tick at the same time. A due policy is claimed by a row lock that the others skip. The claim, the
run, the snapshot and its job are written in one transaction, so a killed process leaves all of them or none. The
caller passes the current time.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core import schedules
from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.models import Database
from headwater.features.databases.service import databases, readiness
from headwater.features.policies import repository
from headwater.features.policies.models import SnapshotPolicy
from headwater.features.policies.repository import Due
from headwater.features.policies.service import (
    alerts,
    damage,
    failing_databases,
    restorability,
    retention,
    rules,
    run_results,
)
from headwater.features.snapshots.service import snapshots, summaries
from headwater.features.snapshots.service.restore import restores
from headwater.features.snapshots.service.verify import scrub
from headwater.kit.clock import now
from headwater.kit.errors import HeadwaterError
from headwater.kit.settings import Settings
from headwater.store.context import Context

log = structlog.get_logger()
RUNS_KEPT = timedelta(days=400)
Work = Callable[[Context, uuid.UUID, datetime], Awaitable[object]]


async def tick(context: Context, at: datetime | None = None) -> None:
    """Run everything that is due at a point in time; an error in one policy does not stop the others."""
    at = at or now()
    ended = await run_results.settle(context.store, at)
    await damage.report(context.store, at)
    await restorability.report(context.store, at)
    await failing_databases.report(context.store, at)
    for field, work in _WORK.items():
        async with context.store.transaction() as db:
            due = await repository.due(db, field, at)
        for database_id in due:
            await _guarded(work, context, database_id, at)
    async with context.store.transaction() as db:
        to_retain = {*ended, *await repository.to_retain(db, at)}
    for database_id in to_retain:
        await _guarded(retention.apply, context, database_id, at)


async def _guarded(work: Work, context: Context, database_id: uuid.UUID, at: datetime) -> None:
    try:
        await work(context, database_id, at)
    except Exception as error:  # such as a removed time zone; the other policies must still run
        log.warning("policy.schedule_failed", database=str(database_id), error=repr(error))


async def take(context: Context, database_id: uuid.UUID, at: datetime) -> None:
    """Start a scheduled snapshot that is due, or record why it is missed or skipped."""
    async with context.store.transaction() as db:
        row = await repository.claim(db, database_id, "due_at", at)
        if row is None or row.next_at is None or row.due_at is None:
            return
        database = await databases.find(db, SYSTEM, database_id)
        given = rules.of_row(row)
        assert given.schedule
        first, planned = row.next_at, schedules.latest(given.schedule, row.next_at, at)
        late = at - max(planned, row.due_at) > timedelta(seconds=given.grace_seconds)
        rules.set_next(row, max(at, planned))
        run_id = await _begin_run(db, row, "snapshot", planned)
        if run_id is None:
            return
        reason = _reason_of(first, planned, late)
        if given.misfire == "skip" and reason:
            await alerts.raise_alert(db, database, "missed", reason, at)
        if given.misfire == "skip" and late:
            await repository.change_run(db, run_id, outcome="missed", detail=reason, finished_at=at)
        elif before := await repository.running(db, database_id, "snapshot", besides=run_id):
            reason = f"The snapshot of {_clock(before.scheduled_for or before.created_at)} was still being taken."
            await repository.change_run(db, run_id, outcome="skipped", detail=reason, finished_at=at)
        else:
            await _begin_snapshot(db, database, given, run_id, reason, at)


def _reason_of(first: datetime, planned: datetime, late: bool) -> str:
    if late:
        since = f"since {_clock(first)}" if first < planned else f"at {_clock(planned)}"
        return f"Headwater was not running when snapshots were due, {since}."
    return f"Earlier runs were missed, from {_clock(first)} on." if first < planned else ""


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


async def _begin_run(db: AsyncSession, row: SnapshotPolicy, kind: str, planned: datetime) -> uuid.UUID | None:
    await repository.forget_runs(db, row.database_id, planned - RUNS_KEPT)
    return await repository.add_run(
        db,
        organization_id=row.organization_id,
        database_id=row.database_id,
        kind=kind,
        scheduled_for=planned,
        outcome="running",
        detail="",
    )


async def _begin_snapshot(
    db: AsyncSession, database: Database, given: rules.Rules, run_id: uuid.UUID, reason: str, at: datetime
) -> None:
    try:
        async with db.begin_nested():
            snapshot_view = await snapshots.begin(db, SYSTEM, database.id, given.request)
    except HeadwaterError as error:
        await repository.change_run(db, run_id, outcome="failed", detail=error.message, finished_at=at)
        await alerts.raise_alert(
            db, database, "failed", f"The scheduled snapshot could not be started: {error.message}", at
        )
    else:
        values = {"snapshot_id": snapshot_view.snapshot.id, "job_id": snapshot_view.snapshot.job_id, "detail": reason}
        await repository.change_run(db, run_id, **values)


async def verify(context: Context, database_id: uuid.UUID, at: datetime) -> None:
    """Start a verification of the snapshots of a database, or of the next share of their pages."""
    async with context.store.transaction() as db:
        row = await _checked(db, database_id, "verify_at", "verify", at)
        given = rules.of_row(row).verify if row else None
        if row is None or given is None:
            return
        planned, row.verify_at = row.verify_at or at, at + timedelta(days=given.every_days)
        if run_id := await _begin_run(db, row, "verify", planned):
            part = given.part(row.verify_part)
            row.verify_part += 1
            job = await scrub.begin(db, SYSTEM, database_id, given.kind, part)
            await repository.change_run(db, run_id, job_id=job.id)


async def drill(context: Context, database_id: uuid.UUID, at: datetime) -> None:
    """Start a test restore of the newest snapshot of a database."""
    target = None
    async with context.store.transaction() as db:
        row = await _checked(db, database_id, "drill_at", "drill", at)
        days = rules.of_row(row).drill_days if row else None
        if row is None or days is None:
            return
        planned, row.drill_at = row.drill_at or at, at + timedelta(days=days)
        if run_id := await _begin_run(db, row, "drill", planned):
            newest = (await summaries.of_database(db, SYSTEM, database_id))[0]
            target = await _begin_drill(db, context.settings, database_id, newest.id, run_id, at)
    if target:
        await readiness.notify_supervisor(context.settings, target)


async def _begin_drill(
    db: AsyncSession,
    settings: Settings,
    database_id: uuid.UUID,
    snapshot_id: uuid.UUID,
    run_id: uuid.UUID,
    at: datetime,
) -> uuid.UUID | None:
    try:
        async with db.begin_nested():
            restore = (await restores.begin_drill(db, SYSTEM, settings, snapshot_id)).restore
    except HeadwaterError as error:
        await repository.change_run(
            db, run_id, outcome="failed", detail=error.message, finished_at=at, snapshot_id=snapshot_id
        )
        database = await databases.find(db, SYSTEM, database_id)
        await alerts.raise_alert(
            db,
            database,
            "drill_failed",
            f"The test restore could not be started: {error.message}",
            at,
            snapshot_id=snapshot_id,
        )
        return None
    await repository.change_run(db, run_id, job_id=restore.job_id, snapshot_id=snapshot_id)
    return restore.target_id


async def _checked(
    db: AsyncSession, database_id: uuid.UUID, field: Due, kind: str, at: datetime
) -> SnapshotPolicy | None:
    """Claim a check that is due; it stays due while there is no snapshot, or the last check is still running."""
    row = await repository.claim(db, database_id, field, at)
    if row is None or await repository.running(db, database_id, kind):
        return None
    return row if await summaries.of_database(db, SYSTEM, database_id) else None


_WORK: dict[Due, Any] = {"due_at": take, "verify_at": verify, "drill_at": drill}
