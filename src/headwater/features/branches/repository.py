"""All SQL on the rows of branches."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Row, Select, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from headwater.features.branches.models import DatabaseBranch
from headwater.features.databases.models import Database
from headwater.features.jobs.models import Job
from headwater.features.snapshots.models import Restore, Snapshot

# A branch, its database, its parent, its base snapshot, and whether its creation is complete.
BranchRow: TypeAlias = Row[DatabaseBranch, Database | None, Database | None, Snapshot | None, bool]
_Parent = aliased(Database)
# The database of a branch: while the branch is created, an attempt may replace it.
_DATABASE_ID = func.coalesce(Restore.target_id, DatabaseBranch.database_id)
_IS_COMPLETE = or_(Restore.id.is_(None), Restore.result != {})
_HAS_DATABASE = and_(Database.id.is_not(None), Database.deleted_at.is_(None))
# Also one whose creation failed, so that the reason can be read.
_LISTED = or_(_HAS_DATABASE, ~_IS_COMPLETE)


def _joined() -> Select[DatabaseBranch, Database, Database, Snapshot, bool]:
    """Return the query of `BranchRow`s."""
    query = select(DatabaseBranch, Database, _Parent, Snapshot, _IS_COMPLETE.label("complete"))
    query = query.outerjoin(Restore, Restore.id == DatabaseBranch.restore_id).outerjoin(
        Database, Database.id == _DATABASE_ID
    )
    query = query.outerjoin(_Parent, _Parent.id == DatabaseBranch.parent_id)
    return query.outerjoin(Snapshot, Snapshot.id == DatabaseBranch.base_id).execution_options(populate_existing=True)


async def of_database(db: AsyncSession, database_id: uuid.UUID) -> BranchRow | None:
    """Return the branch that a database is."""
    return (await db.execute(_joined().where(Database.id == database_id))).one_or_none()


async def get(db: AsyncSession, branch_id: uuid.UUID, *, lock: bool = False) -> DatabaseBranch | None:
    """Return a branch by its own id; with `lock`, its row is locked until the end of the transaction."""
    query = select(DatabaseBranch).where(DatabaseBranch.id == branch_id).execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def of_parent(
    db: AsyncSession, parent_id: uuid.UUID, before: uuid.UUID | None, limit: int
) -> Sequence[BranchRow]:
    """Return the branches of a database, newest first."""
    query = _joined().where(DatabaseBranch.parent_id == parent_id, _LISTED)
    if before:
        query = query.where(DatabaseBranch.id < before)
    return (await db.execute(query.order_by(DatabaseBranch.id.desc()).limit(limit + 1))).all()


async def named(db: AsyncSession, parent_id: uuid.UUID, name: str) -> Sequence[BranchRow]:
    """Return the branches of a database with a name; more than one only if the creation of some has failed."""
    return (
        await db.execute(_joined().where(DatabaseBranch.parent_id == parent_id, DatabaseBranch.name == name, _LISTED))
    ).all()


async def expired(db: AsyncSession, at: datetime) -> Sequence[tuple[uuid.UUID, uuid.UUID]]:
    """Return (branch, database) of the branches whose time is over, without protected ones."""
    query = _joined().where(DatabaseBranch.expires_at <= at, _HAS_DATABASE, _IS_COMPLETE, Database.protected.is_(False))
    return [(row[0].id, row[1].id) for row in await db.execute(query)]


async def of_destroyed_databases(db: AsyncSession) -> Sequence[DatabaseBranch]:
    """Return the branches whose databases no longer exist."""
    query = _joined().where(Database.id.is_(None), _IS_COMPLETE)
    return [row[0] for row in await db.execute(query)]


async def failed_before(db: AsyncSession, moment: datetime, done: Sequence[str]) -> Sequence[DatabaseBranch]:
    """Return the branches whose creation was given up before a moment; `done` are the states of ended jobs."""
    query = _joined().outerjoin(Job, Job.id == DatabaseBranch.job_id).where(~_IS_COMPLETE, ~_HAS_DATABASE)
    query = query.where(or_(Job.id.is_(None), and_(Job.state.in_(done), Job.finished_at < moment)))
    return [row[0] for row in await db.execute(query)]


async def is_base_of_others(db: AsyncSession, branch: DatabaseBranch) -> bool:
    """Return True if the base of a branch is that of another branch, too."""
    query = (
        select(DatabaseBranch.id)
        .where(DatabaseBranch.base_id == branch.base_id, DatabaseBranch.id != branch.id)
        .limit(1)
    )
    return (await db.execute(query)).first() is not None


async def is_held_for_branches(db: AsyncSession, snapshot_id: uuid.UUID) -> bool:
    """Return True if Headwater holds a snapshot for a branch, and not a user."""
    query = select(DatabaseBranch.id).where(DatabaseBranch.base_id == snapshot_id, DatabaseBranch.holds_base).limit(1)
    return (await db.execute(query)).first() is not None


async def set_values(db: AsyncSession, branch_id: uuid.UUID, **values: Any) -> None:
    """Set columns of a branch."""
    await db.execute(update(DatabaseBranch).where(DatabaseBranch.id == branch_id).values(**values))


async def forget(db: AsyncSession, branch_id: uuid.UUID) -> None:
    """Delete the row of a branch."""
    await db.execute(delete(DatabaseBranch).where(DatabaseBranch.id == branch_id))
