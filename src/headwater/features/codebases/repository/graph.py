"""SQL of the graph: usages counted by column, file, function and kind, and the endpoints that reach the functions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.codebases.filters import UsageFilter
from headwater.features.codebases.models import ScanColumn, ScanEndpoint, ScanReach, ScanUsage
from headwater.features.codebases.repository.lineage import conditions
from headwater.features.codebases.repository.reached_code import REACHED


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


async def counts(
    db: AsyncSession, scan_id: uuid.UUID, wanted: UsageFilter, extra: Sequence[ColumnElement[bool]]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Count the selected usages: (usage_type, tier, language, count)."""
    keys = (ScanUsage.usage_type, ScanUsage.tier, ScanUsage.language)
    query = select(*keys, func.count().label("count")).where(*conditions(scan_id, wanted), *extra)
    return (await db.execute(query.group_by(*keys).order_by(*keys))).all()


async def busiest_tables(db: AsyncSession, scan_id: uuid.UUID, wanted: UsageFilter, limit: int) -> list[str]:
    """Return the names of the tables with most of the selected usages."""
    query = select(ScanUsage.table_name).where(*conditions(scan_id, wanted)).group_by(ScanUsage.table_name)
    rows = await db.execute(query.order_by(func.count().desc(), ScanUsage.table_name).limit(limit))
    return list(rows.scalars())


async def busiest_files(
    db: AsyncSession, scan_id: uuid.UUID, wanted: UsageFilter, tables: Sequence[str], limit: int
) -> list[str]:
    """Return the paths of the files with most of the selected usages of some tables."""
    query = select(ScanUsage.file_path).where(*conditions(scan_id, wanted), of_tables(tables))
    ordered = query.group_by(ScanUsage.file_path).order_by(func.count().desc(), ScanUsage.file_path)
    return list((await db.execute(ordered.limit(limit))).scalars())


async def columns_of(db: AsyncSession, scan_id: uuid.UUID, tables: Sequence[str]) -> Sequence[ScanColumn]:
    """Return all columns of some tables, in the order of the schema."""
    query = select(ScanColumn).where(ScanColumn.scan_id == scan_id, ScanColumn.table_name.in_(tables))
    return (await db.execute(query.order_by(ScanColumn.ordinal))).scalars().all()


async def references(db: AsyncSession, scan_id: uuid.UUID) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the columns that refer to other ones: (id, table_name, column_name, ref_table, ref_column)."""
    query = select(
        ScanColumn.id, ScanColumn.table_name, ScanColumn.column_name, ScanColumn.ref_table, ScanColumn.ref_column
    )
    chosen = query.where(ScanColumn.scan_id == scan_id, ScanColumn.ref_table.is_not(None))
    return (await db.execute(chosen.order_by(ScanColumn.ordinal))).all()


async def endpoints(
    db: AsyncSession, scan_id: uuid.UUID, wanted: UsageFilter, pairs: Sequence[tuple[str, str]], limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return (endpoint, file_path, symbol, total) for the endpoints that reach most of these functions.

    Args:
        db: the caller's transaction.
        scan_id: the scan.
        wanted: the usages in these functions that have to be reached.
        pairs: the functions, each with its file.
        limit: the greatest number of endpoints; `total` is the number of all of them.
    """
    # A graph that starts from an endpoint is about that one.
    ends = [] if wanted.endpoint_n is None else [ScanReach.endpoint_n == wanted.endpoint_n]
    reached = (
        select(ScanReach.endpoint_n, ScanUsage.file_path, ScanUsage.symbol)
        .join(ScanUsage, REACHED)
        .where(ScanReach.scan_id == scan_id, *ends, *conditions(scan_id, wanted), in_functions(pairs))
        .distinct()
        .cte("reached")
    )
    ranked = (
        select(reached.c.endpoint_n, func.count().over().label("total"))
        .group_by(reached.c.endpoint_n)
        .order_by(func.count().desc(), reached.c.endpoint_n)
        .limit(limit)
        .cte("ranked")
    )
    query = (
        select(ScanEndpoint, reached.c.file_path, reached.c.symbol, ranked.c.total)
        .join(ranked, ranked.c.endpoint_n == ScanEndpoint.n)
        .join(reached, reached.c.endpoint_n == ScanEndpoint.n)
        .where(ScanEndpoint.scan_id == scan_id)
    )
    return (await db.execute(query.order_by(ScanEndpoint.n, reached.c.file_path, reached.c.symbol))).all()


def of_tables(tables: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a usage is of one of these tables."""
    return ScanUsage.table_name.in_(tables)


def in_files(paths: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a usage is in one of these files."""
    return ScanUsage.file_path.in_(paths)
