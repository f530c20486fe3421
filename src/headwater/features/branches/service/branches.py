"""Requests, finds, lists and resets branches; `creation_job` creates them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.engines import engine
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit, projects
from headwater.features.branches import repository
from headwater.features.branches.models import DatabaseBranch
from headwater.features.branches.repository import BranchRow
from headwater.features.branches.service import bases
from headwater.features.databases.api_models import NAME_PATTERN
from headwater.features.databases.models import Database
from headwater.features.databases.service import databases
from headwater.features.jobs.models import Job
from headwater.features.jobs.service import queue
from headwater.features.jobs.service.queue import ForDatabase
from headwater.features.snapshots.models import Snapshot
from headwater.features.snapshots.service.engines import check_made_here, snapshots_of
from headwater.features.snapshots.service.restore import restores
from headwater.features.snapshots.service.restore.restores import RestoreOptions
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, Invalid, NotFound
from headwater.kit.ids import new_id
from headwater.kit.paging import Page, cut
from headwater.kit.settings import Settings
from headwater.store.context import Context

State = Literal["creating", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class BranchRequest:
    """The branch to create: its name, the snapshot to create it from (None: of the parent now), and its lifetime.

    `database_name` is the name of its database, by default that of the parent and of the branch with `-` between them.
    """

    name: str
    snapshot_id: uuid.UUID | None = None
    ttl: timedelta | None = None
    database_name: str | None = None


@dataclass(frozen=True, slots=True)
class BranchView:
    """A branch with its database, parent and base snapshot, as far as they exist, and the job that creates it."""

    branch: DatabaseBranch
    database: Database | None
    parent: Database | None
    base: Snapshot | None
    complete: bool
    job: Job | None

    @property
    def state(self) -> State:
        """Whether it can be used."""
        if self.complete:
            return "ready"
        # A job that completed has done so after the row was read.
        return "failed" if self.job is None or self.job.state in {"failed", "cancelled"} else "creating"


async def create(context: Context, actor: Actor, parent_id: uuid.UUID, request: BranchRequest) -> BranchView:
    """Enqueue the creation of a branch; its database is requested in the same transaction.

    Raises:
        BadInput: Headwater cannot take snapshots of such databases, or not create them.
        Conflict: the name is taken, or the parent or the snapshot cannot be used.
    """
    async with context.store.transaction() as db:
        parent = await databases.find(db, actor, parent_id, "database:write", lock=True)
        return await _begin(db, actor, context.settings, parent, request, "branch.create")


async def reset(context: Context, actor: Actor, database_id: uuid.UUID) -> BranchView:
    """Delete the database of a branch, and create the branch anew from its parent as it is now.

    The name and the lifetime stay; the database is another one, with another password.

    Raises:
        Conflict: its parent was deleted, it is still being created, or it is protected.
    """
    async with context.store.transaction() as db:
        old = await find(db, actor, database_id, admin=True)
        if old.parent is None or old.parent.deleted_at or old.branch.parent_id is None:
            raise Conflict(f"The parent of {old.branch.name} was deleted.", hint="The branch itself can still be used.")
        parent = await databases.find(db, actor, old.branch.parent_id, "database:write", lock=True)
        # Read again: another request may have reset it while this one waited.
        old = await find(db, actor, database_id, admin=True)
        if old.state == "creating":
            raise Conflict(f"{old.branch.name} is being created.", hint="Wait until it is ready, or cancel its job.")
        removed = await databases.remove(db, actor, database_id)
        row = old.branch
        ttl = row.expires_at - row.created_at if row.expires_at else None
        request = BranchRequest(row.name, ttl=ttl, database_name=removed.name)
        return await _begin(db, actor, context.settings, parent, request, "branch.reset")


async def _begin(
    db: AsyncSession, actor: Actor, settings: Settings, parent: Database, request: BranchRequest, action: str
) -> BranchView:
    """Insert the rows of a branch, its base, its database and the restore between them, and enqueue the job."""
    await _check(db, parent, request.name)
    base, holds = await bases.base_of(db, actor, parent, request.snapshot_id, f"Branch {request.name}")
    name = request.database_name or _database_name(parent, request.name)
    target = await restores.create_target(db, actor, settings, base, name, parent.project_id)
    restore = await restores.add(db, actor, base, target, RestoreOptions(name), fresh=True)
    row = DatabaseBranch(
        id=new_id(),
        organization_id=parent.organization_id,
        database_id=target.id,
        parent_id=parent.id,
        parent_name=parent.name,
        name=request.name,
        base_id=base.id,
        restore_id=restore.id,
        holds_base=holds,
        created_by=actor.user_id,
        expires_at=now() + request.ttl if request.ttl else None,
    )
    db.add(row)
    await db.flush()
    job = await _enqueue(db, actor, parent, row)
    row.job_id = restore.job_id = job.id
    if base.status == "taking":
        base.job_id = job.id
    databases.record(db, actor, action, parent, branch=row.name, target=target.name, snapshot_id=str(base.id))
    await db.flush()
    return await find(db, actor, target.id)


async def _enqueue(db: AsyncSession, actor: Actor, parent: Database, row: DatabaseBranch) -> Job:
    assert parent.project_id
    project = await projects.get(db, actor, parent.project_id, "database:read")
    # The restore job reads the id of the restore from the same arguments.
    return await queue.enqueue(
        db,
        actor,
        ForDatabase(project, parent.id),
        kind="branch.create",
        args={"branch_id": str(row.id), "snapshot_id": str(row.base_id), "restore_id": str(row.restore_id)},
        title=f"Create the branch {parent.name}@{row.name}",
    )


async def _check(db: AsyncSession, parent: Database, name: str) -> None:
    """Raise an error if a database cannot have a branch of this name; forget failed ones of that name."""
    if parent.project_id is None:
        raise Conflict(f"The project of {parent.name} was deleted.")
    snapshots_of(engine(parent.engine))
    check_made_here(engine(parent.engine))
    own = await repository.of_database(db, parent.id)
    if own is not None and not own.complete:
        raise Conflict(f"{parent.name} is being created.", hint="Wait until it is ready.")
    for other in await _with_jobs(db, await repository.named(db, parent.id, name)):
        if other.state != "failed":
            raise Conflict(f"{parent.name} already has a branch {name}.", hint="Choose another name, or reset it.")
        await bases.release(db, other.branch)


def _database_name(parent: Database, name: str) -> str:
    joined = f"{parent.name}-{name}"
    if not re.fullmatch(NAME_PATTERN, joined):
        raise Invalid({"name": f"The database would be named {joined}, which is too long."}, hint="Use a shorter name.")
    return joined


async def find(db: AsyncSession, actor: Actor, database_id: uuid.UUID, *, admin: bool = False) -> BranchView:
    """Return the branch that a database is, which the actor may read; with `admin`, one that it may delete."""
    database = await databases.find(db, actor, database_id, "database:admin" if admin else "database:read")
    row = await repository.of_database(db, database_id)
    if row is None:
        raise NotFound(f"{database.name} is not a branch.", hint="It was not created from another database.")
    return (await _with_jobs(db, [row]))[0]


async def list_of_parent(
    db: AsyncSession, actor: Actor, parent_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[BranchView]:
    """Return the branches of a database, newest first."""
    await databases.find(db, actor, parent_id)
    rows = await repository.of_parent(db, parent_id, audit.before_id(cursor), limit)
    return cut(await _with_jobs(db, rows), limit, lambda item: (str(item.branch.id),))


async def _with_jobs(db: AsyncSession, rows: Sequence[BranchRow]) -> list[BranchView]:
    jobs = dict(await queue.with_jobs(db, [row[0] for row in rows]))
    return [_view(row, jobs.get(row[0])) for row in rows]


def _view(row: BranchRow, job: Job | None) -> BranchView:
    branch, database, parent, base, complete = row
    return BranchView(branch, database, parent, base, bool(complete), job)
