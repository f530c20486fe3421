"""All SQL of jobs. Every write of an attempt is fenced by its token; times come from the store's clock."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Row, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from headwater.features.accounts.repository.reaches import within
from headwater.features.accounts.rights import Reach
from headwater.features.jobs.filters import JobFilter
from headwater.features.jobs.models import ClaimableRow, Job, JobLog, RowOfJob, Worker
from headwater.features.jobs.names import QUEUE, TASK
from headwater.kit import memory

DEFER = text("""
    SELECT (procrastinate_defer_jobs_v1(ARRAY[
        ROW(:queue, :task, CAST(:priority AS integer), NULL, NULL, CAST(:args AS jsonb), CAST(:at AS timestamptz))
    ]::procrastinate_job_to_defer_v1[]))[1]
""")
# Messages that a dead worker had taken; `lost_jobs` returns the jobs themselves.
DROP_STALLED_MESSAGES = text("""
    DELETE FROM procrastinate_jobs WHERE status = 'doing' AND (worker_id IS NULL OR worker_id IN (
        SELECT id FROM procrastinate_workers WHERE last_heartbeat < now() - make_interval(secs => :seconds)))
""")
UNCALLED_JOBS = text("""
    SELECT j.id FROM jobs j WHERE j.state = 'pending' AND j.queued_at < now() - make_interval(secs => :seconds)
    AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs p WHERE p.id = j.message_id AND p.status = 'todo')
    ORDER BY j.id LIMIT 100 FOR UPDATE OF j SKIP LOCKED
""")
DEPTHS = text("""
    SELECT kind, state, count(*) AS number,
           coalesce(extract(epoch FROM now() - min(queued_at)), 0)::float AS oldest_seconds
    FROM jobs WHERE state IN ('pending', 'running', 'failed') GROUP BY kind, state
""")


async def defer(db: AsyncSession, job: Job, *, at: datetime | None = None, priority: int = 0) -> None:
    """Send the message that wakes a worker for a job, in the transaction that writes the job."""
    values = {
        "queue": QUEUE,
        "task": TASK,
        "priority": priority,
        "at": at,
        "args": json.dumps({"job_id": str(job.id)}),
    }
    job.message_id = (await db.execute(DEFER, values)).scalar_one()
    job.queued_at = at or func.now()


async def get(db: AsyncSession, job_id: uuid.UUID, *, lock: bool = False) -> Job | None:
    """Return a job; with `lock`, locked until the end of the transaction."""
    query = select(Job).where(Job.id == job_id).execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def get_many(db: AsyncSession, job_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Job]:
    """Return jobs by id."""
    rows = (await db.execute(select(Job).where(Job.id.in_(job_ids)))).scalars()
    return {row.id: row for row in rows}


async def reload(db: AsyncSession, kind: type[RowOfJob], ids: Sequence[uuid.UUID]) -> None:
    """Read rows that jobs write to again."""
    await db.execute(select(kind).where(kind.id.in_(ids)).execution_options(populate_existing=True))


async def page(
    db: AsyncSession,
    reach: Reach,
    wanted: JobFilter,
    *,
    before: uuid.UUID | None,
    limit: int,
) -> Sequence[Job]:
    """Return the jobs within reach, newest first."""
    query = select(Job).where(within(reach, Job.organization_id, project=Job.project_id, database=Job.database_id))
    equal = ((Job.state, wanted.state), (Job.kind, wanted.kind), (Job.project_id, wanted.project_id))
    for column, value in equal:
        if value is not None:
            query = query.where(column == value)
    if before:
        query = query.where(Job.id < before)
    return (await db.execute(query.order_by(Job.id.desc()).limit(limit + 1))).scalars().all()


async def log_lines(db: AsyncSession, job_id: uuid.UUID, after: int, limit: int) -> Sequence[JobLog]:
    """Return the log of a job after a line."""
    query = select(JobLog).where(JobLog.job_id == job_id, JobLog.id > after).order_by(JobLog.id)
    return (await db.execute(query.limit(limit + 1))).scalars().all()


async def changed_since(db: AsyncSession, seen: Mapping[uuid.UUID, tuple[int, int]]) -> Sequence[uuid.UUID]:
    """Return the jobs that have a newer version, a later line of their log, or are gone; `seen` is (version, line)."""
    statement = text(
        "SELECT seen.id FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS bigint[]), CAST(:lines AS bigint[]))"
        " AS seen (id, version, line) LEFT JOIN jobs ON jobs.id = seen.id"
        " WHERE jobs.id IS NULL OR jobs.version > seen.version"
        " OR EXISTS (SELECT FROM job_logs WHERE job_id = seen.id AND job_logs.id > seen.line)"
    )
    values = list(seen.values())
    bound = {"ids": list(seen), "versions": [value[0] for value in values], "lines": [value[1] for value in values]}
    return (await db.execute(statement, bound)).scalars().all() if seen else []


async def unfinished_of_codebase(db: AsyncSession, codebase_id: uuid.UUID) -> Sequence[Job]:
    """Return the pending and running jobs of a codebase, locked."""
    query = select(Job).where(Job.codebase_id == codebase_id, Job.state.in_(["pending", "running"]))
    return (await db.execute(query.with_for_update())).scalars().all()


async def claim(db: AsyncSession, job_id: uuid.UUID, worker_id: uuid.UUID, token: uuid.UUID) -> Job | None:
    """Claim a pending job for an attempt; return None if it is not pending any more."""
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.state == "pending")
        .values(
            state="running",
            attempts=Job.attempts + 1,
            attempt_token=token,
            worker_id=worker_id,
            error=None,
            heartbeat_at=func.now(),
            started_at=func.coalesce(Job.started_at, func.now()),
            version=Job.version + 1,
        )
        .returning(Job)
    )
    return (await db.execute(statement)).scalar_one_or_none()


async def pulse(db: AsyncSession, job_id: uuid.UUID, token: uuid.UUID, progress: dict[str, Any] | None) -> bool | None:
    """Store heartbeat and progress of an attempt; return whether to stop it, or None if it no longer has the job."""
    values: dict[str, Any] = {"heartbeat_at": func.now()}
    if progress is not None:
        values |= {"progress": progress, "version": Job.version + 1}
    statement = update(Job).where(Job.id == job_id, Job.attempt_token == token, Job.state == "running")
    return (await db.execute(statement.values(**values).returning(Job.cancel_requested))).scalar_one_or_none()


async def end_attempt(db: AsyncSession, job_id: uuid.UUID, token: uuid.UUID, **values: Any) -> Job | None:
    """Change the state of a job at the end of an attempt; return None if the attempt no longer has the job."""
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.attempt_token == token, Job.state == "running")
        .values(attempt_token=None, worker_id=None, version=Job.version + 1, **values)
        .returning(Job)
        .execution_options(populate_existing=True)
    )
    return (await db.execute(statement)).scalar_one_or_none()


async def update_claimed(
    db: AsyncSession, model: type[ClaimableRow], row_id: uuid.UUID, token: uuid.UUID, **values: Any
) -> bool:
    """Set values of a row that attempts claim; False when another attempt has claimed it, or it is gone."""
    statement = update(model).where(model.id == row_id, model.attempt == token)
    return bool((await db.execute(statement.values(attempt=token, **values).returning(model.id))).first())


async def lost_jobs(db: AsyncSession, seconds: float) -> Sequence[Job]:
    """Return running jobs without a heartbeat, locked; those that another process has locked are skipped."""
    stale = func.now() - timedelta(seconds=seconds)
    query = select(Job).where(Job.state == "running", Job.heartbeat_at < stale)
    return (await db.execute(query.limit(100).with_for_update(skip_locked=True))).scalars().all()


async def jobs_of_worker(db: AsyncSession, worker_id: uuid.UUID) -> Sequence[Job]:
    """Return the running jobs of a worker, locked."""
    query = select(Job).where(Job.state == "running", Job.worker_id == worker_id)
    return (await db.execute(query.with_for_update())).scalars().all()


async def uncalled_jobs(db: AsyncSession, seconds: float) -> Sequence[Job]:
    """Return pending jobs for which no message is waiting, locked."""
    ids = (await db.execute(UNCALLED_JOBS, {"seconds": seconds})).scalars().all()
    return (await db.execute(select(Job).where(Job.id.in_(ids)))).scalars().all()


async def drop_stalled_messages(db: AsyncSession, seconds: float) -> None:
    """Delete the messages that dead workers had taken."""
    await db.execute(DROP_STALLED_MESSAGES, {"seconds": seconds})


async def beat_worker(db: AsyncSession, worker: Worker) -> None:
    """Store the heartbeat of a worker."""
    used = memory.usage()
    values = {"resident_bytes": used.resident_bytes, "cpu_seconds": used.cpu_seconds}
    statement = update(Worker).where(Worker.id == worker.id).values(heartbeat_at=func.now(), **values)
    if cast("CursorResult[Any]", await db.execute(statement)).rowcount == 0:
        db.add(Worker(id=worker.id, host=worker.host, pid=worker.pid, **values))


async def remove_worker(db: AsyncSession, worker_id: uuid.UUID) -> None:
    """Delete the row of a worker."""
    await db.execute(delete(Worker).where(Worker.id == worker_id))


async def worker_of_process(db: AsyncSession, host: str, pid: int) -> Worker | None:
    """Return the worker with this process id on a host."""
    query = select(Worker).where(Worker.host == host, Worker.pid == pid)
    return (await db.execute(query.order_by(Worker.started_at.desc()).limit(1))).scalar_one_or_none()


async def remove_dead_workers(db: AsyncSession, seconds: float) -> None:
    """Delete the rows of workers whose heartbeat has stopped."""
    await db.execute(delete(Worker).where(Worker.heartbeat_at < func.now() - timedelta(seconds=seconds)))


async def live_workers(db: AsyncSession | AsyncConnection, seconds: float) -> int:
    """Count the workers with a heartbeat in the last seconds."""
    query = select(func.count()).select_from(Worker)
    alive = query.where(Worker.heartbeat_at > func.now() - timedelta(seconds=seconds))
    return int((await db.execute(alive)).scalar_one())


async def hosts_of_other_workers(db: AsyncSession, seconds: float, job_id: uuid.UUID) -> Sequence[str]:
    """Return the host of each worker with a heartbeat in the last seconds, but for the one that runs a job."""
    own = select(Job.worker_id).where(Job.id == job_id, Job.worker_id.is_not(None))
    alive = Worker.heartbeat_at > func.now() - timedelta(seconds=seconds)
    return (await db.execute(select(Worker.host).where(alive, Worker.id.not_in(own)))).scalars().all()


async def another_waits(db: AsyncSession, seconds: float, but: str) -> bool:
    """Return True if a job of any kind but one has waited for a worker for some seconds."""
    waited = Job.queued_at < func.now() - timedelta(seconds=seconds)
    query = select(Job.id).where(Job.state == "pending", Job.kind != but, waited)
    return (await db.execute(query.limit(1))).first() is not None


async def depths(db: AsyncSession) -> Sequence[Row[*tuple[Any, ...]]]:
    """Count unfinished and failed jobs by kind and state, with the age of the oldest."""
    return (await db.execute(DEPTHS)).all()


async def worker_usage(db: AsyncSession, seconds: float) -> tuple[int, int, float]:
    """Return how many workers have a heartbeat in the last seconds, and their memory and processor time together."""
    sums = func.coalesce(func.sum(Worker.resident_bytes), 0), func.coalesce(func.sum(Worker.cpu_seconds), 0)
    alive = Worker.heartbeat_at > func.now() - timedelta(seconds=seconds)
    row = (await db.execute(select(func.count(), *sums).where(alive))).one()
    return int(row[0]), int(row[1]), float(row[2])
