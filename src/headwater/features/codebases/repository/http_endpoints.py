"""SQL that reads HTTP endpoints: filtered by the columns that they use, with the code that each one reaches."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.codebases.filters import EndpointFilter
from headwater.features.codebases.models import ScanEndpoint, ScanReach, ScanUsage
from headwater.features.codebases.repository.lineage import escaped
from headwater.features.codebases.repository.reached_code import REACHED

_EXPLICIT = ScanUsage.sub_type.is_distinct_from("implicit")


async def endpoints(
    db: AsyncSession, scan_id: uuid.UUID, wanted: EndpointFilter, after: int, limit: int
) -> Sequence[ScanEndpoint]:
    """Return the endpoints after a number that a filter selects, in order."""
    query = select(ScanEndpoint).where(*_conditions(scan_id, wanted), ScanEndpoint.n > after)
    return (await db.execute(query.order_by(ScanEndpoint.n).limit(limit + 1))).scalars().all()


def _conditions(scan_id: uuid.UUID, wanted: EndpointFilter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = [ScanEndpoint.scan_id == scan_id]
    if wanted.column_ids is not None:
        users = (
            select(ScanReach.endpoint_n)
            .join(ScanUsage, REACHED)
            .where(ScanReach.scan_id == scan_id, ScanUsage.column_id.in_(wanted.column_ids), _EXPLICIT)
        )
        clauses.append(ScanEndpoint.n.in_(users))
    if wanted.q:
        name = func.concat(ScanEndpoint.method, " ", ScanEndpoint.path)
        columns = (name, ScanEndpoint.handler, ScanEndpoint.file_path)
        clauses.append(or_(*(column.ilike(f"%{escaped(wanted.q)}%", escape="\\") for column in columns)))
    return clauses


async def endpoint(db: AsyncSession, scan_id: uuid.UUID, endpoint_id: uuid.UUID) -> ScanEndpoint | None:
    """Return an endpoint by its id."""
    query = select(ScanEndpoint).where(ScanEndpoint.scan_id == scan_id, ScanEndpoint.id == endpoint_id)
    return (await db.execute(query)).scalar_one_or_none()


async def uses(db: AsyncSession, scan_id: uuid.UUID, endpoint_n: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the usages that an endpoint reaches, by column, those with the shortest chain first."""
    query = (
        select(
            ScanUsage.column_id,
            ScanUsage.table_name,
            ScanUsage.column_name,
            ScanUsage.usage_type,
            ScanUsage.file_path,
            ScanUsage.line_number,
            ScanReach.chain,
        )
        .join(ScanReach, REACHED)
        .where(ScanReach.scan_id == scan_id, ScanReach.endpoint_n == endpoint_n, _EXPLICIT)
        .order_by(ScanUsage.table_name, ScanUsage.column_name, func.jsonb_array_length(ScanReach.chain), ScanUsage.n)
    )
    return (await db.execute(query)).all()


async def of_usage(
    db: AsyncSession, scan_id: uuid.UUID, usage_n: int, after: int, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return (endpoint, chain) of the endpoints after a number that reach a usage, each with its shortest chain."""
    ways: Select[*tuple[Any, ...]] = (
        select(ScanEndpoint, ScanReach.chain)
        .ext(distinct_on(ScanEndpoint.n))
        .join(ScanReach, and_(ScanReach.scan_id == ScanEndpoint.scan_id, ScanReach.endpoint_n == ScanEndpoint.n))
        .join(ScanUsage, REACHED)
        .where(ScanEndpoint.scan_id == scan_id, ScanUsage.n == usage_n, ScanEndpoint.n > after)
        .order_by(ScanEndpoint.n, func.jsonb_array_length(ScanReach.chain))
    )
    return (await db.execute(ways.limit(limit + 1))).all()


async def reaches(db: AsyncSession, scan_id: uuid.UUID, files: Sequence[str]) -> Sequence[Row[ScanEndpoint, ScanReach]]:
    """Return (endpoint, reach) of the endpoints that reach code in these files, in order."""
    joined = and_(ScanReach.scan_id == ScanEndpoint.scan_id, ScanReach.endpoint_n == ScanEndpoint.n)
    query = select(ScanEndpoint, ScanReach).join(ScanReach, joined)
    chosen = query.where(ScanEndpoint.scan_id == scan_id, ScanReach.file_path.in_(files))
    return (await db.execute(chosen.order_by(ScanReach.n))).all()


async def has_endpoints(db: AsyncSession, scan_id: uuid.UUID) -> bool:
    """Return True if a scan has any endpoints."""
    query = select(ScanEndpoint.n).where(ScanEndpoint.scan_id == scan_id)
    return (await db.execute(query.limit(1))).first() is not None


async def has_usage(db: AsyncSession, scan_id: uuid.UUID, usage_n: int) -> bool:
    """Return True if a scan has a usage of this number."""
    query = select(ScanUsage.n).where(ScanUsage.scan_id == scan_id, ScanUsage.n == usage_n)
    return (await db.execute(query)).first() is not None
