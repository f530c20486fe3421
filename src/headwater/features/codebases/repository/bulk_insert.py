"""Writes the results of a scan with COPY, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import psycopg
from psycopg import sql
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.codebases.models import ScanColumn, ScanEndpoint, ScanFile, ScanMiss, ScanReach, ScanUsage
from headwater.store.base import Base


async def copy_files(db: AsyncSession, rows: Iterable[Sequence[Any]]) -> None:
    """Store the files of a scan, as tuples in the order of the model's columns."""
    await _copy(db, ScanFile, rows)


async def copy_columns(db: AsyncSession, rows: Iterable[Sequence[Any]]) -> None:
    """Store the columns of a scan, as tuples in the order of the model's columns."""
    await _copy(db, ScanColumn, rows)


async def copy_usages(db: AsyncSession, rows: Iterable[Sequence[Any]]) -> None:
    """Store the usages of a scan, as tuples in the order of the model's columns."""
    await _copy(db, ScanUsage, rows)


async def copy_misses(db: AsyncSession, rows: Iterable[Sequence[Any]]) -> None:
    """Store what a scan could not parse, as tuples in the order of the model's columns."""
    await _copy(db, ScanMiss, rows)


async def copy_endpoints(db: AsyncSession, rows: Iterable[Sequence[Any]]) -> None:
    """Store the HTTP endpoints of a scan, as tuples in the order of the model's columns."""
    await _copy(db, ScanEndpoint, rows)


async def copy_reaches(db: AsyncSession, rows: Iterable[Sequence[Any]]) -> None:
    """Store what the endpoints of a scan reach, as tuples in the order of the model's columns."""
    await _copy(db, ScanReach, rows)


async def _copy(db: AsyncSession, model: type[Base], rows: Iterable[Sequence[Any]]) -> None:
    table = cast(Table, model.__table__)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns),
    )
    raw = (await (await db.connection()).get_raw_connection()).driver_connection
    connection = cast("psycopg.AsyncConnection[Any]", raw)
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            await copy.write_row(row)
