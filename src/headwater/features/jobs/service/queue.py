"""What users do with jobs: enqueue, list, cancel and retry."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Action, Actor, authorize, missing, reach
from headwater.features.accounts.service import audit
from headwater.features.jobs import origins, repository
from headwater.features.jobs.filters import JobFilter
from headwater.features.jobs.models import Job, JobLog, RowOfJob
from headwater.kit.clock import now
from headwater.kit.errors import Conflict
from headwater.kit.paging import Page, cut, decode_cursor

Row = TypeVar("Row", bound=RowOfJob)
DONE = frozenset({"completed", "failed", "cancelled"})
# The argument of a helper that names the job which it helps with.
ASSISTED = "assists"


class ProjectLike(Protocol):
    """What a job needs to know of its project."""

    @property
    def id(self) -> uuid.UUID | None:
        """The id of the project; None for a job of no project."""
        ...

    @property
    def organization_id(self) -> uuid.UUID:
        """The organization that owns it."""
        ...


@dataclass(frozen=True, slots=True)
class ForDatabase:
    """A project, as that of a job about one of its databases."""

    project: ProjectLike
    database_id: uuid.UUID

    @property
    def id(self) -> uuid.UUID | None:
        """The id of the project."""
        return self.project.id

    @property
    def organization_id(self) -> uuid.UUID:
        """The organization that owns it."""
        return self.project.organization_id


async def enqueue(
    db: AsyncSession,
    actor: Actor,
    project: ProjectLike,
    *,
    kind: str,
    title: str,
    codebase_id: uuid.UUID | None = None,
    args: dict[str, Any] | None = None,
    priority: int = 0,
) -> Job:
    """Put a job into the queue, in the caller's transaction."""
    job = Job(
        organization_id=project.organization_id,
        project_id=project.id,
        codebase_id=codebase_id,
        database_id=project.database_id if isinstance(project, ForDatabase) else None,
        created_by=actor.user_id,
        kind=kind,
        title=title,
        args=args or {},
        origin=origins.origin_of(actor),
        progress={},
    )
    db.add(job)
    await db.flush()
    await repository.defer(db, job, priority=priority)
    await db.flush()
    await db.refresh(job)
    return job


async def get(
    db: AsyncSession, actor: Actor, job_id: uuid.UUID, action: Action = "job:read", *, lock: bool = False
) -> Job:
    """Return a job to which the actor may do the action."""
    job = await repository.get(db, job_id, lock=lock)
    if job is None or job.organization_id not in actor.roles:
        raise missing(job, "There is no such job.")
    authorize(actor, action, job)
    return job


async def get_many(db: AsyncSession, job_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Job]:
    """Return jobs by id, without a check of rights: the caller has checked them."""
    return await repository.get_many(db, job_ids)


async def with_jobs(db: AsyncSession, rows: Sequence[Row]) -> list[tuple[Row, Job | None]]:
    """Return rows with their jobs; of a job that has ended, the row has the result.

    The result is committed together with the state of the job, perhaps after the row was read: then it is read again.
    """
    jobs = await get_many(db, [row.job_id for row in rows if row.job_id])
    pairs = [(row, jobs.get(row.job_id) if row.job_id else None) for row in rows]
    if ended := [row.id for row, job in pairs if job and job.state in DONE]:
        await repository.reload(db, type(rows[0]), ended)
    return pairs


async def list_jobs(db: AsyncSession, actor: Actor, wanted: JobFilter, *, cursor: str | None, limit: int) -> Page[Job]:
    """Return the jobs that the actor can see, newest first."""
    rows = await repository.page(db, reach(actor, "job:read"), wanted, before=audit.before_id(cursor), limit=limit)
    return cut(rows, limit, lambda row: (str(row.id),))


async def log_page(
    db: AsyncSession, actor: Actor, job_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[JobLog]:
    """Return the log of a job, oldest line first."""
    await get(db, actor, job_id)
    after = int(decode_cursor(cursor, int)[0]) if cursor else 0
    rows = await repository.log_lines(db, job_id, min(after, 2**62), limit)
    return cut(rows, limit, lambda row: (row.id,))


async def cancel(db: AsyncSession, actor: Actor, job_id: uuid.UUID) -> Job:
    """Cancel a job: a pending one at once, a running one as soon as its worker notices."""
    job = await get(db, actor, job_id, "job:write", lock=True)
    if job.state in DONE:
        raise Conflict(f"The job is already {job.state}.")
    stop(db, job)
    audit.record(db, actor, "job.cancel", "job", job.id, job.title, organization_id=job.organization_id)
    await db.flush()
    return job


def stop(db: AsyncSession, job: Job) -> None:
    """Cancel an unfinished, locked job."""
    job.cancel_requested = True
    job.version += 1
    if job.state == "pending":
        job.state, job.finished_at = "cancelled", now()
        db.add(JobLog(job_id=job.id, level="info", message="Cancelled before it started."))


async def stop_codebase(db: AsyncSession, codebase_id: uuid.UUID) -> None:
    """Cancel the unfinished jobs of a codebase."""
    for job in await repository.unfinished_of_codebase(db, codebase_id):
        stop(db, job)


async def codebase_is_busy(db: AsyncSession, codebase_id: uuid.UUID) -> bool:
    """Return True if a job of a codebase is pending or running; a helper of another job does not count."""
    return any(ASSISTED not in job.args for job in await repository.unfinished_of_codebase(db, codebase_id))


async def helpers_of(db: AsyncSession, codebase_id: uuid.UUID, job_id: uuid.UUID) -> list[Job]:
    """Return the unfinished helpers of a job of a codebase, locked."""
    jobs = await repository.unfinished_of_codebase(db, codebase_id)
    return [job for job in jobs if job.args.get(ASSISTED) == str(job_id)]


async def another_waits(db: AsyncSession, seconds: float, *, but: str) -> bool:
    """Return True if a job of any kind but one has waited for a worker for some seconds."""
    return await repository.another_waits(db, seconds, but)


async def retry(db: AsyncSession, actor: Actor, job_id: uuid.UUID) -> Job:
    """Retry a failed or cancelled job, with its full number of attempts."""
    job = await get(db, actor, job_id, "job:write", lock=True)
    if job.state not in {"failed", "cancelled"}:
        raise Conflict(f"The job is {job.state}.", hint="Only a failed or cancelled job can be retried.")
    if ASSISTED in job.args:
        raise Conflict("This job helps with another one, which starts it.", hint="Retry the job that it helped with.")
    job.state, job.error, job.cancel_requested = "pending", None, False
    job.attempts, job.losses, job.progress = 0, 0, {}
    job.started_at = job.finished_at = None
    job.version += 1
    await repository.defer(db, job)
    db.add(JobLog(job_id=job.id, level="info", message=f"{actor.email} retried the job."))
    audit.record(db, actor, "job.retry", "job", job.id, job.title, organization_id=job.organization_id)
    await db.flush()
    await db.refresh(job)
    return job
