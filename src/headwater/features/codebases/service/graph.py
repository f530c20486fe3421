"""The graph from columns to code to HTTP endpoints: what uses the selected columns, and what else that code uses."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Actor
from headwater.features.codebases.filters import UsageFilter
from headwater.features.codebases.models import ScanColumn, ScanEndpoint
from headwater.features.codebases.repository import graph as repository
from headwater.features.codebases.repository.graph import Edge
from headwater.features.codebases.service import codebases
from headwater.features.codebases.service.lineage import resolved

# What a person can still read; the rest is counted in `hidden`.
MAX_EDGES, MAX_FUNCTIONS, MAX_ENDPOINTS, MAX_NEIGHBORS = 400, 60, 40, 12
# Without a focus.
BUSIEST_TABLES, BUSIEST_FILES = 8, 16


@dataclass(frozen=True, slots=True)
class Symbol:
    """A function with the numbers of its usages by kind."""

    symbol: str
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """The number of all usages."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A file with those of its functions that are in the graph."""

    file_path: str
    language: str
    symbols: Sequence[Symbol]

    @property
    def total(self) -> int:
        """The number of all usages."""
        return sum(symbol.total for symbol in self.symbols)


@dataclass(frozen=True, slots=True)
class LineageGraph:
    """Tables and code with the edges between them, and the endpoints that reach the code.

    `reaches` are (endpoint, file, function); `totals` rows of (usage_type, tier, language, count).
    """

    columns: Sequence[ScanColumn]
    code: Sequence[CodeFile]
    edges: Sequence[Edge]
    relations: Sequence[tuple[uuid.UUID, uuid.UUID, str]]
    endpoints: Sequence[ScanEndpoint]
    reaches: Sequence[tuple[uuid.UUID, str, str]]
    totals: Sequence[Any]
    hidden: dict[str, int]


async def draw(db: AsyncSession, actor: Actor, codebase_id: uuid.UUID, focus: UsageFilter, depth: int) -> LineageGraph:
    """Return the graph around a focus; without one, around the most used tables.

    Args:
        db: the caller's transaction.
        actor: the user.
        codebase_id: the codebase.
        focus: the usages to start from.
        depth: 1 for the usages of the focus, 2 for every column that those functions use, 3 for one more step.
    """
    _, scan = await codebases.scan_of(db, actor, codebase_id)
    focus = await resolved(db, codebase_id, scan.id, focus)
    wanted, extra = await _reach(db, scan.id, focus, depth)
    edges = await repository.edges(db, scan.id, wanted, extra, MAX_EDGES)
    columns, relations, neighbors = await _columns(db, scan.id, focus, edges)
    endpoints, reaches, all_endpoints = await _endpoints(db, scan.id, wanted, edges)
    # Without a focus, the busiest tables stand for the whole codebase: what is not drawn is counted there, too.
    scope = extra if focus.is_focused else []
    hidden = _hidden(await repository.totals(db, scan.id, wanted, scope), edges)
    hidden |= {"endpoints": all_endpoints - len(endpoints), "neighbors": neighbors}
    every_kind = replace(wanted, usage_types=(), tiers=(), language=None)
    totals = await repository.counts(db, scan.id, every_kind, scope)
    return LineageGraph(columns, _code(edges), edges, relations, endpoints, reaches, totals, hidden)


def _filters_of(focus: UsageFilter) -> UsageFilter:
    """Return the kinds, tiers, language and part of the code, without what the graph starts from."""
    return replace(focus, table=None, column=None, column_ids=None, file=None, symbol=None, q=None, endpoint_n=None)


async def _reach(
    db: AsyncSession, scan_id: uuid.UUID, focus: UsageFilter, depth: int
) -> tuple[UsageFilter, list[ColumnElement[bool]]]:
    """Return the filter and the conditions of the edges in the graph."""
    filters = _filters_of(focus)
    if not focus.is_focused:
        tables = await repository.busiest_tables(db, scan_id, filters, BUSIEST_TABLES)
        files = await repository.busiest_files(db, scan_id, filters, tables, BUSIEST_FILES)
        return filters, [repository.of_tables(tables), repository.in_files(files)]
    if depth == 1:
        return focus, []
    functions = await repository.functions(db, scan_id, focus, MAX_FUNCTIONS)
    near = [repository.in_functions(functions)]
    if depth == 2:
        return filters, near
    edges = await repository.edges(db, scan_id, filters, near, MAX_EDGES)
    return filters, [repository.on_columns(sorted({edge.column_id for edge in edges}))]


def _code(edges: Sequence[Edge]) -> list[CodeFile]:
    groups: dict[tuple[str, str], dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for edge in edges:
        groups[edge.file_path, edge.language][edge.symbol][edge.usage_type] += edge.count
    files = [
        CodeFile(path, language, [Symbol(name, dict(counts)) for name, counts in sorted(symbols.items())])
        for (path, language), symbols in groups.items()
    ]
    return sorted(files, key=lambda file: (-file.total, file.file_path))


async def _columns(
    db: AsyncSession, scan_id: uuid.UUID, focus: UsageFilter, edges: Sequence[Edge]
) -> tuple[Sequence[ScanColumn], list[tuple[uuid.UUID, uuid.UUID, str]], int]:
    """Return the columns of the tables in the graph, their foreign keys, and the number of neighbors left out."""
    references = await repository.references(db, scan_id)
    neighbors = _neighbors(focus, references)
    named = [focus.table, focus.table.lower()] if focus.table else []
    tables = {edge.table_name for edge in edges}.union(named, neighbors[:MAX_NEIGHBORS])
    columns = await repository.columns_of(db, scan_id, sorted(tables))
    return columns, _relations(columns), max(0, len(set(neighbors) - tables))


def _neighbors(focus: UsageFilter, references: Sequence[Any]) -> list[str]:
    """Return the tables that a foreign key joins to the table or column from which the graph starts."""
    if focus.table is None:
        return []
    table, column = focus.table.lower(), focus.column.lower() if focus.column else None
    names: dict[str, None] = {}
    for row in references:
        if row.table_name.lower() == table and column in {None, row.column_name.lower()}:
            names[row.ref_table] = None
        elif row.ref_table.lower() == table and column in {None, (row.ref_column or "").lower()}:
            names[row.table_name] = None
    return [name for name in names if name.lower() != table]


async def _endpoints(
    db: AsyncSession, scan_id: uuid.UUID, wanted: UsageFilter, edges: Sequence[Edge]
) -> tuple[Sequence[ScanEndpoint], list[tuple[uuid.UUID, str, str]], int]:
    """Return endpoints that reach the code in the graph, which of it each one reaches, and the number of all."""
    functions = sorted({(edge.file_path, edge.symbol) for edge in edges})
    if not functions:
        return [], [], 0
    rows = await repository.endpoints(db, scan_id, wanted, functions, MAX_ENDPOINTS)
    endpoints = {row.ScanEndpoint.id: row.ScanEndpoint for row in rows}
    reaches = [(row.ScanEndpoint.id, row.file_path, row.symbol) for row in rows]
    return list(endpoints.values()), reaches, rows[0].total if rows else 0


def _relations(columns: Sequence[ScanColumn]) -> list[tuple[uuid.UUID, uuid.UUID, str]]:
    by_name = {(row.table_name.lower(), row.column_name.lower()): row.id for row in columns}
    relations = []
    for row in columns:
        target = by_name.get(((row.ref_table or "").lower(), (row.ref_column or "").lower()))
        if target is not None:
            relations.append((row.id, target, "foreign_key"))
    return relations


def _hidden(every: tuple[int, int, int], edges: Sequence[Edge]) -> dict[str, int]:
    included = (
        len({edge.table_name for edge in edges}),
        len({edge.file_path for edge in edges}),
        sum(edge.count for edge in edges),
    )
    names = ("tables", "files", "usages")
    return {name: max(0, all_ - drawn) for name, all_, drawn in zip(names, every, included, strict=True)}
