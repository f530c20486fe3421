"""SQL of the graph: usages counted by column, file, function and kind."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.codebases.filters import UsageFilter
from headwater.features.codebases.models import ScanColumn, ScanUsage
from headwater.features.codebases.repository.lineage import conditions


@dataclass(frozen=True, slots=True)
class Edge:
    """The usages of one kind of one column in one function; `line_number` is the first, `tier` the best of them."""

    column_id: uuid.UUID
    table_name: str
    column_name: str
    file_path: str
    symbol: str
    usage_type: str
    language: str
    count: int
    line_number: int
    tier: str


async def edges(
    db: AsyncSession, scan_id: uuid.UUID, wanted: UsageFilter, extra: Sequence[ColumnElement[bool]], limit: int
) -> Sequence[Edge]:
    """Return the selected usages counted by column, function and kind, most frequent first."""
    keys = (
        ScanUsage.column_id,
        ScanUsage.table_name,
        ScanUsage.column_name,
        ScanUsage.file_path,
        ScanUsage.symbol,
        ScanUsage.usage_type,
        ScanUsage.language,
    )
    query = (
        select(
            *keys,
            func.count().label("count"),
            func.min(ScanUsage.line_number).label("line_number"),
            func.min(ScanUsage.tier).label("tier"),
        )
        .where(*conditions(scan_id, wanted), *extra)
        .group_by(*keys)
        .order_by(func.count().desc(), *keys)
    )
    return [Edge(**dict(row._mapping)) for row in await db.execute(query.limit(limit))]


async def functions(db: AsyncSession, scan_id: uuid.UUID, wanted: UsageFilter, limit: int) -> list[tuple[str, str]]:
    """Return the (file, function) pairs with the selected usages, most frequent first."""
    keys = (ScanUsage.file_path, ScanUsage.symbol)
    query = select(*keys).where(*conditions(scan_id, wanted)).group_by(*keys)
    rows = await db.execute(query.order_by(func.count().desc(), *keys).limit(limit))
    return [(row.file_path, row.symbol) for row in rows]


def in_functions(pairs: Sequence[tuple[str, str]]) -> ColumnElement[bool]:
    """Return the condition that a usage is in one of these functions."""
    return tuple_(ScanUsage.file_path, ScanUsage.symbol).in_(pairs)


def on_columns(column_ids: Sequence[uuid.UUID]) -> ColumnElement[bool]:
    """Return the condition that a usage is of one of these columns."""
    return ScanUsage.column_id.in_(column_ids)


async def totals(
    db: AsyncSession, scan_id: uuid.UUID, wanted: UsageFilter, extra: Sequence[ColumnElement[bool]]
) -> tuple[int, int, int]:
    """Return the total numbers of tables, files and usages that match."""
    query = select(
        func.count(ScanUsage.table_name.distinct()), func.count(ScanUsage.file_path.distinct()), func.count()
    ).where(*conditions(scan_id, wanted), *extra)
    tables, files, usages = (await db.execute(query)).one()
    return int(tables), int(files), int(usages)


async def busiest_tables(db: AsyncSession, scan_id: uuid.UUID, limit: int) -> list[str]:
    """Return the names of the tables with the most usages."""
    query = select(ScanUsage.table_name).where(ScanUsage.scan_id == scan_id).group_by(ScanUsage.table_name)
    rows = await db.execute(query.order_by(func.count().desc(), ScanUsage.table_name).limit(limit))
    return list(rows.scalars())


async def columns_of(db: AsyncSession, scan_id: uuid.UUID, tables: Sequence[str]) -> Sequence[ScanColumn]:
    """Return all columns of some tables, in the order of the schema."""
    query = select(ScanColumn).where(ScanColumn.scan_id == scan_id, ScanColumn.table_name.in_(tables))
    return (await db.execute(query.order_by(ScanColumn.ordinal))).scalars().all()


def of_tables(tables: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a usage is of one of these tables."""
    return ScanUsage.table_name.in_(tables)
