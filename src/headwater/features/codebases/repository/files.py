"""SQL of the files of a scan."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.codebases.models import ScanFile

LISTED = (
    ScanFile.path,
    ScanFile.language,
    ScanFile.lines,
    ScanFile.size_bytes,
    ScanFile.usage_count,
    ScanFile.status,
    ScanFile.reason,
)


async def page(
    db: AsyncSession,
    scan_id: uuid.UUID,
    *,
    prefix: str | None = None,
    language: str | None = None,
    q: str | None = None,
    status: str | None = None,
    reason: str | None = None,
    after: str,
    limit: int,
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return files after a path, in order of path, without their content."""
    query = select(*LISTED).where(ScanFile.scan_id == scan_id, ScanFile.path > after)
    if prefix:
        query = query.where(func.starts_with(ScanFile.path, prefix))
    if language is not None:
        query = query.where(ScanFile.language == language)
    if q:
        query = query.where(func.strpos(func.lower(ScanFile.path), q.lower()) > 0)
    if status is not None:
        query = query.where(ScanFile.status == status)
    if reason is not None:
        query = query.where(ScanFile.reason == reason)
    return (await db.execute(query.order_by(ScanFile.path).limit(limit + 1))).all()


async def get(db: AsyncSession, scan_id: uuid.UUID, path: str) -> ScanFile | None:
    """Return a file with its content."""
    return await db.get(ScanFile, (scan_id, path))


async def names_like(db: AsyncSession, scan_id: uuid.UUID, name: str) -> Sequence[str]:
    """Return paths that contain this name, as suggestions for a wrong path."""
    query = select(ScanFile.path).where(
        ScanFile.scan_id == scan_id, func.strpos(func.lower(ScanFile.path), name.lower()) > 0
    )
    return (await db.execute(query.order_by(ScanFile.path).limit(20))).scalars().all()
