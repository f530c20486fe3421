"""How the columns and tables of a scan are used: unused, never read, never written, and where personal data flows."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.codec import from_json
from headwater.core.lineage.questions.column_use import ColumnUse, TableUse, UseState, columns_in_use, tables_in_use
from headwater.core.lineage.questions.counts import WHOLE_ROW, UsageCount, role_of
from headwater.core.lineage.questions.data_classes import personal_columns
from headwater.core.lineage.questions.personal_data import FileCount, PersonalDataUse, personal_data
from headwater.features.accounts.rights import Actor
from headwater.features.codebases.filters import UsageFilter
from headwater.features.codebases.models import Codebase, Scan
from headwater.features.codebases.repository import lineage as repository
from headwater.features.codebases.service import codebases
from headwater.features.codebases.service.results import column_id


@dataclass(frozen=True, slots=True)
class UsedColumn:
    """A column, a row of `scan_columns`, with how it is used."""

    row: Any
    use: ColumnUse


@dataclass(frozen=True, slots=True)
class ColumnsInUse:
    """The columns that were asked for, and the numbers of all columns of the scan by state."""

    codebase: Codebase
    columns: Sequence[UsedColumn]
    counts: Mapping[UseState, int]


@dataclass(frozen=True, slots=True)
class TablesInUse:
    """The tables that were asked for, and the numbers of all tables of the scan by state."""

    codebase: Codebase
    tables: Sequence[TableUse]
    counts: Mapping[UseState, int]


async def columns(
    db: AsyncSession, actor: Actor, codebase_id: uuid.UUID, states: Collection[UseState], table: str | None
) -> ColumnsInUse:
    """Return the columns of the newest scan in these states (empty means all), of one table if it is named."""
    codebase, scan = await codebases.scan_of(db, actor, codebase_id)
    counts = await _counts(db, scan)
    rows = await repository.columns(db, scan.id, UsageFilter())
    uses = await asyncio.to_thread(columns_in_use, from_json(scan.schema_json), counts)
    every = [UsedColumn(row, use) for row, use in zip(rows, uses, strict=True)]
    wanted = [
        column
        for column in every
        if (not states or column.use.state in states)
        and (table is None or column.use.table_name.casefold() == table.casefold())
    ]
    return ColumnsInUse(codebase, wanted, Counter(column.use.state for column in every))


async def tables(db: AsyncSession, actor: Actor, codebase_id: uuid.UUID, states: Collection[UseState]) -> TablesInUse:
    """Return the tables of the newest scan in these states (empty means all)."""
    codebase, scan = await codebases.scan_of(db, actor, codebase_id)
    every = await asyncio.to_thread(tables_in_use, from_json(scan.schema_json), await _counts(db, scan))
    wanted = [table for table in every if not states or table.state in states]
    return TablesInUse(codebase, wanted, Counter(table.state for table in every))


async def personal(
    db: AsyncSession, actor: Actor, codebase_id: uuid.UUID, classes: Collection[str]
) -> tuple[Codebase, list[PersonalDataUse]]:
    """Return the columns with personal data of these classes (empty means all), and the code that touches them."""
    codebase, scan = await codebases.scan_of(db, actor, codebase_id)
    schema = from_json(scan.schema_json)
    columns_ = await asyncio.to_thread(personal_columns, schema)
    names = {(item.table_name, name) for item in columns_ for name in (item.column_name, WHOLE_ROW)}
    ids = [column_id(codebase_id, table, column) for table, column in sorted(names)]
    counts = [FileCount(**row._mapping) for row in await repository.counts_by_file(db, scan.id, ids)]
    uses = await asyncio.to_thread(personal_data, schema, counts)
    return codebase, [use for use in uses if not classes or use.data_class in classes]


async def _counts(db: AsyncSession, scan: Scan) -> list[UsageCount]:
    """Return the usages of a scan, counted; the role of a file is decided by its path, in one way everywhere."""
    paths = await repository.used_files(db, scan.id)
    roles = {role: [path for path in paths if role_of(path) == role] for role in ("migration", "test")}
    return [UsageCount(**row._mapping) for row in await repository.counts_by_role(db, scan.id, roles, "code")]
