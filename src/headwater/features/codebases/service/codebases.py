"""Codebases: adds them with the job that scans them, lists, scans again and deletes them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.lineage.result import HalfSchema
from headwater.features.accounts.rights import Action, Actor, authorize, missing, reach
from headwater.features.accounts.service import audit, projects
from headwater.features.codebases.models import Codebase, Scan
from headwater.features.codebases.repository import codebases as repository
from headwater.features.jobs.models import Job
from headwater.features.jobs.service import queue
from headwater.kit.errors import Conflict, NotFound
from headwater.kit.paging import Page, cut
from headwater.readers import Half

KIND = "codebase.scan"


@dataclass(frozen=True, slots=True)
class ProjectOf:
    """The project of a codebase, as the owner of its jobs."""

    id: uuid.UUID
    organization_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class CodebaseView:
    """A codebase with its newest job and its newest complete scan."""

    codebase: Codebase
    job: Job | None
    scan: Scan | None

    @property
    def state(self) -> str:
        """The state of the newest job; without one, `completed` if there is a scan, `pending` if none was started."""
        if self.job:
            return self.job.state
        return "completed" if self.scan else "failed" if self.codebase.job_id else "pending"


@dataclass(frozen=True, slots=True)
class CodebaseSpec:
    """A codebase to add; its files are stored under its id already. `origin` is `upload`, `git` or `sample`.

    `commit` is what is known about the commit of an upload. With `scans` false, no job is started yet.
    """

    id: uuid.UUID
    name: str
    filename: str
    size_bytes: int
    origin: str
    commit: dict[str, Any] | None = None
    scans: bool = True


async def add(db: AsyncSession, actor: Actor, project_id: uuid.UUID, spec: CodebaseSpec) -> CodebaseView:
    """Add a codebase to a project, with the job that scans it."""
    project = await projects.get(db, actor, project_id, "codebase:write", lock=True)
    codebase = Codebase(
        id=spec.id,
        project_id=project.id,
        organization_id=project.organization_id,
        name=spec.name,
        filename=spec.filename,
        size_bytes=spec.size_bytes,
        origin=spec.origin,
        commit=spec.commit,
        created_by=actor.user_id,
    )
    db.add(codebase)
    await db.flush()
    job = await enqueue(db, actor, codebase) if spec.scans else None
    await _count(db, project.id)
    record(db, actor, "codebase.create", codebase, filename=spec.filename, size_bytes=spec.size_bytes)
    await db.flush()
    await db.refresh(codebase)
    return CodebaseView(codebase, job, None)


async def check_project(db: AsyncSession, actor: Actor, project_id: uuid.UUID) -> None:
    """Raise unless the actor may add a codebase to the project."""
    await projects.get(db, actor, project_id, "codebase:write")


async def find(
    db: AsyncSession, actor: Actor, codebase_id: uuid.UUID, action: Action = "codebase:read", *, lock: bool = False
) -> Codebase:
    """Return a codebase to which the actor may do the action."""
    codebase = await repository.get(db, codebase_id, lock=lock)
    if codebase is None or codebase.organization_id not in actor.roles:
        raise missing(codebase, "There is no such codebase.")
    authorize(actor, action, codebase)
    return codebase


async def view(db: AsyncSession, actor: Actor, codebase_id: uuid.UUID) -> CodebaseView:
    """Return a codebase with its job and scan."""
    await find(db, actor, codebase_id)
    row = await repository.with_scan(db, codebase_id)
    assert row is not None
    jobs = await queue.get_many(db, [row[0].job_id] if row[0].job_id else [])
    return CodebaseView(row[0], next(iter(jobs.values()), None), row[1])


async def scan_of(db: AsyncSession, actor: Actor, codebase_id: uuid.UUID) -> tuple[Codebase, Scan]:
    """Return a codebase with its newest complete scan, or raise NotFound if there is none yet."""
    await find(db, actor, codebase_id)
    row = await repository.with_scan(db, codebase_id)
    if row is None or row[1] is None:
        raise NotFound("This codebase has no complete scan yet.", hint="Wait for its job, or retry it.")
    return row[0], row[1]


async def halves_of(db: AsyncSession, scan: Scan) -> dict[Half, HalfSchema]:
    """Return what models and what migrations declare on their own in a scan.

    Raises:
        Conflict: the scan was made by a version that did not store it.
    """
    stored = await repository.halves_of(db, scan.id)
    if stored is None:
        raise Conflict("This scan does not tell models from migrations.", hint="Scan the codebase again.")
    return msgspec.json.decode(stored, type=dict[Half, HalfSchema])


async def scan_by_id(db: AsyncSession, actor: Actor, scan_id: uuid.UUID) -> tuple[Codebase, Scan]:
    """Return a scan with its codebase."""
    row = await repository.scan(db, scan_id)
    if row is None or row[0].organization_id not in actor.roles:
        raise missing(row, "There is no such schema.")
    authorize(actor, "codebase:read", row[0])
    return row[0], row[1]


async def list_of_project(
    db: AsyncSession, actor: Actor, project_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[CodebaseView]:
    """Return the codebases of a project, newest first."""
    project = await projects.get(db, actor, project_id, "codebase:read")
    rows = await repository.of_project(db, project.id, reach(actor, "codebase:read"), audit.before_id(cursor), limit)
    jobs = await queue.get_many(db, [row[0].job_id for row in rows if row[0].job_id])
    views = [CodebaseView(row[0], jobs.get(row[0].job_id) if row[0].job_id else None, row[1]) for row in rows]
    return cut(views, limit, lambda row: (str(row.codebase.id),))


async def rescan(db: AsyncSession, actor: Actor, codebase_id: uuid.UUID) -> CodebaseView:
    """Scan a codebase again; the current results stay until the new ones are complete."""
    codebase = await find(db, actor, codebase_id, "codebase:write", lock=True)
    await _check_idle(db, codebase)
    await enqueue(db, actor, codebase)
    record(db, actor, "codebase.rescan", codebase)
    await db.flush()
    return await view(db, actor, codebase_id)


async def check_replaceable(db: AsyncSession, actor: Actor, codebase_id: uuid.UUID) -> None:
    """Raise unless the actor may upload a new version of a codebase now.

    Raises:
        Conflict: it is no upload, or it is being scanned.
    """
    codebase = await find(db, actor, codebase_id, "codebase:write")
    if codebase.origin != "upload":
        raise Conflict("This codebase was not uploaded.", hint="Upload the code as a codebase of its own.")
    await _check_idle(db, codebase)


async def replace(db: AsyncSession, actor: Actor, spec: CodebaseSpec) -> CodebaseView:
    """Start the scan of a new version of an uploaded codebase; the caller puts its file in place before the commit."""
    codebase = await find(db, actor, spec.id, "codebase:write", lock=True)
    await check_replaceable(db, actor, codebase.id)
    codebase.filename, codebase.size_bytes, codebase.commit = spec.filename, spec.size_bytes, spec.commit
    await enqueue(db, actor, codebase)
    record(db, actor, "codebase.upload", codebase, filename=spec.filename, size_bytes=spec.size_bytes)
    await db.flush()
    return await view(db, actor, codebase.id)


async def _check_idle(db: AsyncSession, codebase: Codebase) -> None:
    if await queue.codebase_is_busy(db, codebase.id):
        raise Conflict("This codebase is already being scanned.", hint="Wait for the job, or cancel it.")


async def remove(db: AsyncSession, actor: Actor, codebase_id: uuid.UUID) -> None:
    """Delete a codebase and the results of its scans; its unfinished jobs are cancelled."""
    codebase = await find(db, actor, codebase_id, "codebase:write", lock=True)
    await queue.stop_codebase(db, codebase.id)
    await db.delete(codebase)
    await db.flush()
    await _count(db, codebase.project_id)
    record(db, actor, "codebase.delete", codebase)


def record(db: AsyncSession, actor: Actor, action: str, codebase: Codebase, **details: Any) -> None:
    """Record an action on a codebase in the audit log."""
    organization_id = codebase.organization_id
    audit.record(db, actor, action, "codebase", codebase.id, codebase.name, organization_id=organization_id, **details)


async def orphans(db: AsyncSession, candidates: list[uuid.UUID]) -> list[uuid.UUID]:
    """Return the ids that no codebase has; also delete old cached facts."""
    await repository.forget_old_facts(db, days=30)
    known = await repository.existing(db, candidates)
    return [candidate for candidate in candidates if candidate not in known]


async def enqueue(db: AsyncSession, actor: Actor, codebase: Codebase, trigger: str = "") -> Job:
    """Start the job that scans a codebase; `trigger` says what did so, if it was not a user."""
    job = await queue.enqueue(
        db,
        actor,
        ProjectOf(codebase.project_id, codebase.organization_id),
        kind=KIND,
        title=f"Scan {codebase.name}",
        codebase_id=codebase.id,
        args={"trigger": trigger} if trigger else None,
    )
    codebase.job_id = job.id
    return job


async def _count(db: AsyncSession, project_id: uuid.UUID) -> None:
    await projects.set_counts(db, project_id, await repository.counts(db, project_id))


async def source_of(db: AsyncSession, codebase_id: uuid.UUID) -> Codebase | None:
    """Return the codebase of a job; the right was checked when the job was queued."""
    return await repository.get(db, codebase_id)
