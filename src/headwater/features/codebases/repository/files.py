"""SQL of the files of a scan."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.codebases.filters import FileFilter
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
    wanted: FileFilter,
    *,
    after: str,
    limit: int,
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return files after a path, in order of path, without their content."""
    query = select(*LISTED).where(ScanFile.scan_id == scan_id, ScanFile.path > after)
    if wanted.prefix:
        query = query.where(func.starts_with(ScanFile.path, wanted.prefix))
    if wanted.q:
        query = query.where(func.strpos(func.lower(ScanFile.path), wanted.q.lower()) > 0)
    equal = ((ScanFile.language, wanted.language), (ScanFile.status, wanted.status), (ScanFile.reason, wanted.reason))
    for column, value in equal:
        if value is not None:
            query = query.where(column == value)
    return (await db.execute(query.order_by(ScanFile.path).limit(limit + 1))).all()


async def get(db: AsyncSession, scan_id: uuid.UUID, path: str) -> ScanFile | None:
    """Return a file with its content."""
    return await db.get(ScanFile, (scan_id, path))


async def contents(db: AsyncSession, scan_id: uuid.UUID, after: str, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return (path, content) of the files with a text after a path, in order of path."""
    query = select(ScanFile.path, ScanFile.content).where(ScanFile.scan_id == scan_id, ScanFile.content.is_not(None))
    return (await db.execute(query.where(ScanFile.path > after).order_by(ScanFile.path).limit(limit))).all()


async def contents_of(db: AsyncSession, scan_id: uuid.UUID, paths: Sequence[str]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return (path, content) of these files."""
    query = select(ScanFile.path, ScanFile.content).where(ScanFile.scan_id == scan_id, ScanFile.path.in_(paths))
    return (await db.execute(query)).all()


async def names_like(db: AsyncSession, scan_id: uuid.UUID, name: str) -> Sequence[str]:
    """Return paths that contain this name, as suggestions for a wrong path."""
    query = select(ScanFile.path).where(
        ScanFile.scan_id == scan_id, func.strpos(func.lower(ScanFile.path), name.lower()) > 0
    )
    return (await db.execute(query.order_by(ScanFile.path).limit(20))).scalars().all()
