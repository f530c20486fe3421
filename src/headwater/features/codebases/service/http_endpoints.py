"""The HTTP endpoints of a scan: listed, and asked which columns they use."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.lineage.endpoints.model import ChainStep, HttpEndpoint, ReachedCode, ReachIndex
from headwater.features.accounts.rights import Actor
from headwater.features.codebases.filters import EndpointFilter, UsageFilter
from headwater.features.codebases.models import ScanEndpoint
from headwater.features.codebases.repository import http_endpoints as repository
from headwater.features.codebases.service import codebases, lineage
from headwater.features.codebases.service.results import column_id
from headwater.kit.errors import NotFound
from headwater.kit.paging import Page, cut, decode_cursor

_MAX_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class EndpointColumn:
    """A column that an endpoint uses; the place and the chain are those of the nearest usage."""

    column_id: uuid.UUID
    table_name: str
    column_name: str
    usage_types: Sequence[str]
    usages: int
    file_path: str
    line_number: int
    chain: Sequence[Any]


async def list_endpoints(
    db: AsyncSession, actor: Actor, codebase_id: uuid.UUID, wanted: EndpointFilter, *, cursor: str | None, limit: int
) -> Page[ScanEndpoint]:
    """Return the endpoints that a filter selects, by path and method."""
    _, scan = await codebases.scan_of(db, actor, codebase_id)
    if wanted.table is not None or wanted.column is not None:
        usages = await lineage.resolved(db, codebase_id, scan.id, _with_rows(wanted))
        wanted = replace(wanted, column_ids=usages.column_ids)
        if wanted.table is not None and wanted.column is not None:
            whole_rows = column_id(codebase_id, wanted.table, "*")
            wanted = replace(wanted, column_ids=(*(wanted.column_ids or ()), whole_rows))
    rows = await repository.endpoints(db, scan.id, wanted, _after(cursor), limit)
    return cut(rows, limit, lambda row: (row.n,))


def _with_rows(wanted: EndpointFilter) -> UsageFilter:
    return UsageFilter(table=wanted.table, column=wanted.column)


async def get_endpoint(
    db: AsyncSession, actor: Actor, codebase_id: uuid.UUID, endpoint_id: uuid.UUID
) -> tuple[ScanEndpoint, list[EndpointColumn]]:
    """Return an endpoint and the columns that it uses.

    Raises:
        NotFound: the newest scan has no such endpoint.
    """
    _, scan = await codebases.scan_of(db, actor, codebase_id)
    row = await repository.endpoint(db, scan.id, endpoint_id)
    if row is None:
        raise NotFound("The newest scan has no such endpoint.", hint="List the endpoints of the codebase.")
    rows = await repository.uses(db, scan.id, row.n)
    grouped = groupby(rows, key=lambda use: (use.column_id, use.table_name, use.column_name))
    return row, [_column(key, list(uses)) for key, uses in grouped]


def _column(key: tuple[uuid.UUID, str, str], uses: Sequence[Any]) -> EndpointColumn:
    kinds = sorted({use.usage_type for use in uses})
    places = {(use.file_path, use.line_number, use.usage_type) for use in uses}
    nearest = uses[0]
    return EndpointColumn(*key, kinds, len(places), nearest.file_path, nearest.line_number, nearest.chain)


async def of_usage(
    db: AsyncSession, actor: Actor, codebase_id: uuid.UUID, usage_id: str, *, cursor: str | None, limit: int
) -> Page[Any]:
    """Return the endpoints that reach a usage, each with the chain of functions that leads there.

    Raises:
        NotFound: the newest scan has no such usage.
    """
    _, scan = await codebases.scan_of(db, actor, codebase_id)
    number = int(usage_id) if usage_id.isascii() and usage_id.isdigit() and len(usage_id) < 11 else -1
    if number > _MAX_NUMBER or not await repository.has_usage(db, scan.id, number):
        raise NotFound("The newest scan has no such usage.", hint="List the usages of the codebase.")
    rows = await repository.of_usage(db, scan.id, number, _after(cursor), limit)
    return cut(rows, limit, lambda row: (row[0].n,))


async def reach_of_files(db: AsyncSession, scan_id: uuid.UUID, files: Sequence[str]) -> ReachIndex | None:
    """Return which endpoints reach the code in these files; None if the code has no endpoints."""
    if not await repository.has_endpoints(db, scan_id):
        return None
    endpoints: dict[int, tuple[ScanEndpoint, list[ReachedCode]]] = {}
    for endpoint, reach in await repository.reaches(db, scan_id, files):
        chain = tuple(ChainStep(**step) for step in reach.chain)
        code = ReachedCode(reach.file_path, reach.symbol, chain, reach.first_line, reach.last_line)
        endpoints.setdefault(endpoint.n, (endpoint, []))[1].append(code)
    return ReachIndex(
        HttpEndpoint(e.method, e.path, e.framework, e.handler, e.file_path, e.line_number, tuple(reaches))
        for e, reaches in endpoints.values()
    )


def _after(cursor: str | None) -> int:
    return min(int(decode_cursor(cursor, int)[0]), _MAX_NUMBER) if cursor else -1
