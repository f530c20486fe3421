"""The usages of a scan: filtered and paged, with the totals by column."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.usages import USAGE_TYPES
from headwater.features.accounts.rights import Actor
from headwater.features.codebases.filters import UsageFilter
from headwater.features.codebases.models import ScanMiss
from headwater.features.codebases.repository import http_endpoints
from headwater.features.codebases.repository import lineage as repository
from headwater.features.codebases.service import code_groups, codebases
from headwater.features.codebases.service.results import column_id
from headwater.kit.errors import NotFound
from headwater.kit.paging import Page, cut, decode_cursor


@dataclass(frozen=True, slots=True)
class ColumnSum:
    """One column, a row of `scan_columns`, with the numbers of its usages by kind."""

    column: Any
    counts: Mapping[str, int]
    files: int
    languages: Sequence[str]

    @property
    def total(self) -> int:
        """The number of all usages."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Lineage:
    """A page of usages (rows of `scan_usages`); the first one also has the totals of every column that is selected."""

    page: Page[Any]
    sums: Sequence[ColumnSum]


async def find(
    db: AsyncSession, actor: Actor, codebase_id: uuid.UUID, wanted: UsageFilter, *, cursor: str | None, limit: int
) -> Lineage:
    """Return the usages that a filter selects."""
    _, scan = await codebases.scan_of(db, actor, codebase_id)
    wanted = await resolved(db, codebase_id, scan.id, wanted)
    rows = await repository.usages(db, scan.id, wanted, _after(cursor), limit)
    sums = () if cursor else await _sums(db, scan.id, wanted)
    return Lineage(cut(rows, limit, lambda row: (row.n,)), sums)


async def misses(
    db: AsyncSession, actor: Actor, codebase_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[ScanMiss]:
    """Return what the scan could not parse."""
    _, scan = await codebases.scan_of(db, actor, codebase_id)
    rows = await repository.misses(db, scan.id, _after(cursor), limit)
    return cut(rows, limit, lambda row: (row.n,))


async def resolved(db: AsyncSession, codebase_id: uuid.UUID, scan_id: uuid.UUID, wanted: UsageFilter) -> UsageFilter:
    """Return a filter with what its names mean in a scan, so that indexes can be used.

    Raises:
        NotFound: the scan has no such endpoint.
    """
    if wanted.service is not None:
        groups = await code_groups.of_scan(db, scan_id, "service", wanted.folder)
        files = tuple(path for path, group in groups.items() if group.name == wanted.service)
        wanted = replace(wanted, files=files)
    if wanted.endpoint is not None:
        wanted = replace(wanted, endpoint_n=await _endpoint_number(db, scan_id, wanted.endpoint))
    if wanted.table is None and wanted.column is None:
        return wanted
    ids = await repository.column_ids(db, scan_id, wanted)
    if wanted.table is not None and wanted.column in {None, "*"}:
        ids.append(column_id(codebase_id, wanted.table, "*"))
    return replace(wanted, column_ids=tuple(ids))


async def _endpoint_number(db: AsyncSession, scan_id: uuid.UUID, endpoint_id: uuid.UUID) -> int:
    row = await http_endpoints.endpoint(db, scan_id, endpoint_id)
    if row is None:
        raise NotFound("The newest scan has no such endpoint.", hint="List the endpoints of the codebase.")
    return row.n


def _after(cursor: str | None) -> int:
    return min(int(decode_cursor(cursor, int)[0]), 2**31 - 1) if cursor else -1


async def _sums(db: AsyncSession, scan_id: uuid.UUID, wanted: UsageFilter) -> Sequence[ColumnSum]:
    columns = await repository.columns(db, scan_id, wanted)
    if wanted.by_column_only:
        return [ColumnSum(row, row.counts, row.files, row.languages) for row in columns]
    counts: dict[uuid.UUID, Counter[str]] = defaultdict(Counter)
    files: dict[uuid.UUID, set[str]] = defaultdict(set)
    languages: dict[uuid.UUID, set[str]] = defaultdict(set)
    for row in await repository.sums(db, scan_id, wanted):
        counts[row.column_id][row.usage_type] += row.number
        files[row.column_id].update(row.files)
        languages[row.column_id].update(row.languages)
    kinds: dict[uuid.UUID, dict[str, int]] = {
        row.id: {kind: counts[row.id][kind] for kind in USAGE_TYPES} for row in columns
    }
    return [ColumnSum(row, kinds[row.id], len(files[row.id]), sorted(languages[row.id])) for row in columns]
