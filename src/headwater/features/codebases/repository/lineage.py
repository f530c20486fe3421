"""SQL that reads usages: filtered, paged by number, counted by column.

Usages and columns are read as rows: a page has hundreds, and objects of the ORM would take as long as the queries.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, any_, case, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.codebases.filters import UsageFilter
from headwater.features.codebases.models import ScanColumn, ScanFile, ScanMiss, ScanUsage
from headwater.features.codebases.repository.reached_code import reached_by

_USAGES, _COLUMNS = select(*ScanUsage.__table__.c), select(*ScanColumn.__table__.c)


def conditions(scan_id: uuid.UUID, wanted: UsageFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of a filter whose names have been resolved."""
    clauses: list[ColumnElement[bool]] = [ScanUsage.scan_id == scan_id, *_in_code(scan_id, wanted)]
    if wanted.column_ids is not None:
        clauses.append(ScanUsage.column_id.in_(wanted.column_ids))
    if wanted.usage_types:
        clauses.append(ScanUsage.usage_type.in_(wanted.usage_types))
    if wanted.tiers:
        clauses.append(ScanUsage.tier.in_(wanted.tiers))
    if wanted.language is not None:
        clauses.append(ScanUsage.language == wanted.language)
    if wanted.q:
        pattern = f"%{escaped(wanted.q)}%"
        columns = (
            ScanUsage.table_name,
            ScanUsage.column_name,
            ScanUsage.file_path,
            ScanUsage.symbol,
            ScanUsage.code_snippet,
        )
        clauses.append(or_(*(column.ilike(pattern, escape="\\") for column in columns)))
    return clauses


def _in_code(scan_id: uuid.UUID, wanted: UsageFilter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if wanted.file is not None:
        clauses.append(ScanUsage.file_path == wanted.file)
    if wanted.symbol is not None:
        clauses.append(ScanUsage.symbol == wanted.symbol)
    if wanted.folder is not None:
        clauses.append(ScanUsage.file_path.startswith(f"{wanted.folder.rstrip('/')}/", autoescape=True))
    if wanted.files is not None:
        clauses.append(ScanUsage.file_path == any_(literal(list(wanted.files), ARRAY(TEXT))))
    if wanted.endpoint_n is not None:
        clauses.append(reached_by(scan_id, wanted.endpoint_n))
    return clauses


def escaped(text: str) -> str:
    """Return a text for LIKE that stands for itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def usages(
    db: AsyncSession, scan_id: uuid.UUID, wanted: UsageFilter, after: int, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return usages after a number, in order."""
    query = _USAGES.where(*conditions(scan_id, wanted), ScanUsage.n > after)
    return (await db.execute(query.order_by(ScanUsage.n).limit(limit + 1))).all()


async def every_usage(db: AsyncSession, scan_id: uuid.UUID, after: int, limit: int) -> Sequence[ScanUsage]:
    """Return a page of all usages, for exports."""
    query = select(ScanUsage).where(ScanUsage.scan_id == scan_id, ScanUsage.n > after)
    return (await db.execute(query.order_by(ScanUsage.n).limit(limit))).scalars().all()


async def usages_of_tables(
    db: AsyncSession, scan_id: uuid.UUID, tables: Iterable[str]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return all usages of these tables, whose names are not case-sensitive."""
    names = sorted({table.lower() for table in tables})
    query = _USAGES.where(ScanUsage.scan_id == scan_id, func.lower(ScanUsage.table_name).in_(names))
    return (await db.execute(query.order_by(ScanUsage.n))).all()


async def columns(db: AsyncSession, scan_id: uuid.UUID, wanted: UsageFilter) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the columns that a filter selects, in the order of the schema."""
    query = _COLUMNS.where(*_named(scan_id, wanted))
    return (await db.execute(query.order_by(ScanColumn.ordinal))).all()


async def column_ids(db: AsyncSession, scan_id: uuid.UUID, wanted: UsageFilter) -> list[uuid.UUID]:
    """Return the ids of the columns that a filter selects; names are not case-sensitive."""
    query = select(ScanColumn.id).where(*_named(scan_id, wanted))
    return list((await db.execute(query)).scalars())


def _named(scan_id: uuid.UUID, wanted: UsageFilter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = [ScanColumn.scan_id == scan_id]
    if wanted.table is not None:
        clauses.append(func.lower(ScanColumn.table_name) == wanted.table.lower())
    if wanted.column is not None:
        clauses.append(func.lower(ScanColumn.column_name) == wanted.column.lower())
    return clauses


async def sums(db: AsyncSession, scan_id: uuid.UUID, wanted: UsageFilter) -> Sequence[Row[*tuple[Any, ...]]]:
    """Count usages by column and kind: (column_id, usage_type, number, files, languages)."""
    query = (
        select(
            ScanUsage.column_id,
            ScanUsage.usage_type,
            func.count().label("number"),
            func.array_agg(ScanUsage.file_path.distinct()).label("files"),
            func.array_agg(ScanUsage.language.distinct()).label("languages"),
        )
        .where(*conditions(scan_id, wanted))
        .group_by(ScanUsage.column_id, ScanUsage.usage_type)
    )
    return (await db.execute(query)).all()


async def used_files(db: AsyncSession, scan_id: uuid.UUID) -> Sequence[str]:
    """Return the paths of the files that use a column."""
    query = select(ScanFile.path).where(ScanFile.scan_id == scan_id, ScanFile.usage_count > 0)
    return (await db.execute(query)).scalars().all()


async def manifests(db: AsyncSession, scan_id: uuid.UUID, pattern: str) -> Sequence[str]:
    """Return the paths of the files of a scan, read or not, whose name matches a regular expression."""
    query = select(ScanFile.path).where(ScanFile.scan_id == scan_id, ScanFile.path.regexp_match(pattern))
    return (await db.execute(query)).scalars().all()


async def counts_by_role(
    db: AsyncSession, scan_id: uuid.UUID, roles: Mapping[str, Sequence[str]], otherwise: str
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Count usages: (table_name, column_name, usage_type, via, role, number).

    Args:
        db: the caller's transaction.
        scan_id: the scan.
        roles: the paths of the files of each role.
        otherwise: the role of all other files.
    """
    whens = [(ScanUsage.file_path == any_(literal(list(paths), ARRAY(TEXT))), role) for role, paths in roles.items()]
    role = case(*whens, else_=otherwise).label("role")
    keys = (ScanUsage.table_name, ScanUsage.column_name, ScanUsage.usage_type, ScanUsage.via)
    query = select(*keys, role, func.count().label("number")).where(ScanUsage.scan_id == scan_id)
    return (await db.execute(query.group_by(*keys, role))).all()


async def uneven_usages(
    db: AsyncSession, before: uuid.UUID, after: uuid.UUID, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the usages that two scans have in different numbers, by names, kind, symbol and code."""
    code = func.md5(ScanUsage.code_snippet)
    keys = (ScanUsage.table_name, ScanUsage.column_name, ScanUsage.usage_type, ScanUsage.symbol, code)
    balance = func.sum(case((ScanUsage.scan_id == after, 1), else_=-1))
    scans = ScanUsage.scan_id.in_((before, after))
    uneven = select(*keys).where(scans).group_by(*keys).having(balance != 0)
    return (await db.execute(_USAGES.where(scans, tuple_(*keys).in_(uneven)).limit(limit + 1))).all()


async def counts_by_file(
    db: AsyncSession, scan_id: uuid.UUID, column_ids: Sequence[uuid.UUID]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Count the usages of some columns: (table_name, column_name, usage_type, file_path, number)."""
    keys = (ScanUsage.table_name, ScanUsage.column_name, ScanUsage.usage_type, ScanUsage.file_path)
    query = select(*keys, func.count().label("number")).where(
        ScanUsage.scan_id == scan_id, ScanUsage.column_id.in_(column_ids)
    )
    return (await db.execute(query.group_by(*keys))).all()


async def usages_of_file(
    db: AsyncSession, scan_id: uuid.UUID, path: str, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the usages of a file, by line."""
    query = _USAGES.where(ScanUsage.scan_id == scan_id, ScanUsage.file_path == path)
    ordered = query.order_by(ScanUsage.line_number, ScanUsage.start_column, ScanUsage.n)
    return (await db.execute(ordered.limit(limit))).all()


async def misses(db: AsyncSession, scan_id: uuid.UUID, after: int, limit: int) -> Sequence[ScanMiss]:
    """Return what could not be parsed, after a number."""
    query = select(ScanMiss).where(ScanMiss.scan_id == scan_id, ScanMiss.n > after)
    return (await db.execute(query.order_by(ScanMiss.n).limit(limit + 1))).scalars().all()
