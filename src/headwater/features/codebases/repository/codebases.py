"""SQL of codebases and their newest scans."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TypeAlias

from sqlalchemy import Row, Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.repository.reaches import within
from headwater.features.accounts.rights import Reach
from headwater.features.codebases.models import CachedFacts, Codebase, Scan

WithScan: TypeAlias = Row[Codebase, Scan | None]


def _joined() -> Select[Codebase, Scan]:
    return select(Codebase, Scan).outerjoin(Scan, Scan.codebase_id == Codebase.id)


async def get(db: AsyncSession, codebase_id: uuid.UUID, *, lock: bool = False) -> Codebase | None:
    """Return a codebase; with `lock`, locked until the end of the transaction."""
    query = select(Codebase).where(Codebase.id == codebase_id).execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def with_scan(db: AsyncSession, codebase_id: uuid.UUID) -> WithScan | None:
    """Return a codebase with its newest scan."""
    return (await db.execute(_joined().where(Codebase.id == codebase_id))).one_or_none()


async def of_project(
    db: AsyncSession, project_id: uuid.UUID, reach: Reach, before: uuid.UUID | None, limit: int
) -> Sequence[WithScan]:
    """Return the codebases of a project within reach with their newest scans, newest first."""
    query = _joined().where(Codebase.project_id == project_id, within(reach, project=Codebase.project_id))
    if before:
        query = query.where(Codebase.id < before)
    return (await db.execute(query.order_by(Codebase.id.desc()).limit(limit + 1))).all()


async def scanned_in(
    db: AsyncSession, organization_id: uuid.UUID, reach: Reach, limit: int
) -> Sequence[Row[Codebase, Scan]]:
    """Return the codebases of an organization within reach that have a scan, with it, newest first."""
    query = select(Codebase, Scan).join(Scan, Scan.codebase_id == Codebase.id)
    query = query.where(
        Codebase.organization_id == organization_id,
        within(reach, Codebase.organization_id, project=Codebase.project_id),
    )
    return (await db.execute(query.order_by(Codebase.id.desc()).limit(limit))).all()


async def scan(db: AsyncSession, scan_id: uuid.UUID) -> Row[Codebase, Scan] | None:
    """Return a scan with its codebase."""
    query = select(Codebase, Scan).join(Scan, Scan.codebase_id == Codebase.id)
    return (await db.execute(query.where(Scan.id == scan_id))).one_or_none()


async def models_of(db: AsyncSession, scan_id: uuid.UUID) -> bytes | None:
    """Return the stored models of a scan."""
    return (await db.execute(select(Scan.models_json).where(Scan.id == scan_id))).scalar_one_or_none()


async def halves_of(db: AsyncSession, scan_id: uuid.UUID) -> bytes | None:
    """Return the stored Schemas of the two halves of a scan."""
    return (await db.execute(select(Scan.halves_json).where(Scan.id == scan_id))).scalar_one_or_none()


async def delete_scan(db: AsyncSession, codebase_id: uuid.UUID) -> None:
    """Delete the scan of a codebase with all its results."""
    await db.execute(delete(Scan).where(Scan.codebase_id == codebase_id))


async def counts(db: AsyncSession, project_id: uuid.UUID) -> dict[str, int]:
    """Return the numbers of codebases, tables, columns and usages of a project."""
    query = (
        select(
            func.count(Codebase.id),
            func.coalesce(func.sum(Scan.tables), 0),
            func.coalesce(func.sum(Scan.columns), 0),
            func.coalesce(func.sum(Scan.usages), 0),
        )
        .select_from(Codebase)
        .outerjoin(Scan, Scan.codebase_id == Codebase.id)
        .where(Codebase.project_id == project_id)
    )
    sums = (await db.execute(query)).one()
    return dict(zip(("codebase", "table", "column", "usage"), map(int, sums), strict=True))


async def existing(db: AsyncSession, codebase_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Return the ids of those codebases that exist."""
    return set((await db.execute(select(Codebase.id).where(Codebase.id.in_(codebase_ids)))).scalars())


async def forget_old_facts(db: AsyncSession, days: int) -> None:
    """Delete cached facts that no scan has used for that many days."""
    await db.execute(delete(CachedFacts).where(CachedFacts.used_at < func.now() - func.make_interval(0, 0, 0, days)))
