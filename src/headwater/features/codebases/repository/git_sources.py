"""SQL of the git repositories of codebases."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.codebases.models import Codebase, GitSource, Scan

AT_ONCE = 500


async def get(db: AsyncSession, codebase_id: uuid.UUID, *, lock: bool = False) -> GitSource | None:
    """Return the repository of a codebase; with `lock`, locked until the end of the transaction."""
    query = select(GitSource).where(GitSource.codebase_id == codebase_id).execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def due(db: AsyncSession, at: datetime) -> Sequence[uuid.UUID]:
    """Return the codebases whose schedule is due, or whose scan was requested, longest overdue first."""
    query = select(GitSource.codebase_id).where(or_(GitSource.next_at <= at, GitSource.requested_at <= at))
    return (await db.execute(query.order_by(GitSource.next_at).limit(AT_ONCE))).scalars().all()


async def claim(db: AsyncSession, codebase_id: uuid.UUID, at: datetime) -> GitSource | None:
    """Lock and return a repository that is still due; None if another process holds it or has already done it."""
    query = select(GitSource).where(
        GitSource.codebase_id == codebase_id, or_(GitSource.next_at <= at, GitSource.requested_at <= at)
    )
    query = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return (await db.execute(query)).scalar_one_or_none()


async def change(db: AsyncSession, codebase_id: uuid.UUID, **values: Any) -> None:
    """Set values of the repository of a codebase, if it still has one."""
    await db.execute(update(GitSource).where(GitSource.codebase_id == codebase_id).values(**values))


async def scanned_commit(db: AsyncSession, codebase_id: uuid.UUID) -> dict[str, Any] | None:
    """Return the commit that the newest complete scan has read."""
    query = select(Scan.commit).where(Scan.codebase_id == codebase_id)
    return (await db.execute(query)).scalar_one_or_none()


async def lock_secrets(db: AsyncSession) -> None:
    """Wait for the transactions that write secrets, and keep others from writing until the end of this one."""
    await db.execute(text("LOCK TABLE git_sources IN SHARE ROW EXCLUSIVE MODE"))


async def every_source(db: AsyncSession) -> Sequence[Row[Codebase, GitSource]]:
    """Return all repositories with their codebases."""
    query = select(Codebase, GitSource).join(GitSource, GitSource.codebase_id == Codebase.id)
    return (await db.execute(query.order_by(Codebase.id))).all()
