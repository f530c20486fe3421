"""SQL of the graph of groups: usages counted by table and part of the code."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, TableValuedAlias, column, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.codebases.filters import UsageFilter
from headwater.features.codebases.models import ScanColumn, ScanUsage
from headwater.features.codebases.repository.lineage import conditions


def _named(groups: Mapping[str, str]) -> TableValuedAlias:
    """Return the group of each file as a table, so that the store counts and only sums are sent."""
    paths, names = literal(list(groups), ARRAY(TEXT)), literal(list(groups.values()), ARRAY(TEXT))
    values = func.unnest(paths, names).table_valued(column("path", TEXT), column("name", TEXT))
    return values.render_derived(name="named")


async def edges(
    db: AsyncSession, scan_id: uuid.UUID, wanted: UsageFilter, groups: Mapping[str, str]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Count the selected usages: (group, table_name, usage_type, number); `groups` has the group of each file."""
    named = _named(groups)
    keys = (named.c.name.label("group"), ScanUsage.table_name, ScanUsage.usage_type)
    query = select(*keys, func.count().label("number")).join(named, named.c.path == ScanUsage.file_path)
    return (await db.execute(query.where(*conditions(scan_id, wanted)).group_by(*keys))).all()


async def files(
    db: AsyncSession, scan_id: uuid.UUID, wanted: UsageFilter, groups: Mapping[str, str]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Count the files with selected usages: (group, files, languages)."""
    named = _named(groups)
    query = select(
        named.c.name.label("group"),
        func.count(ScanUsage.file_path.distinct()).label("files"),
        func.array_agg(ScanUsage.language.distinct()).label("languages"),
    ).join(named, named.c.path == ScanUsage.file_path)
    return (await db.execute(query.where(*conditions(scan_id, wanted)).group_by(named.c.name))).all()


async def tables(db: AsyncSession, scan_id: uuid.UUID) -> Mapping[str, str]:
    """Return the kind of each table, by name, in the order of the schema."""
    first = func.min(ScanColumn.ordinal)
    query = select(ScanColumn.table_name, func.min(ScanColumn.table_kind).label("kind"))
    chosen = query.where(ScanColumn.scan_id == scan_id).group_by(ScanColumn.table_name).order_by(first)
    return {row.table_name: row.kind for row in await db.execute(chosen)}
