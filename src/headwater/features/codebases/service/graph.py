"""The graph from tables and columns to code: what uses the selected columns, and what else that code uses."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Actor
from headwater.features.codebases.filters import UsageFilter
from headwater.features.codebases.models import ScanColumn
from headwater.features.codebases.repository import graph as repository
from headwater.features.codebases.repository.graph import Edge
from headwater.features.codebases.service import codebases
from headwater.features.codebases.service.lineage import resolved

# What a person can still read; the rest is counted in `hidden`.
MAX_EDGES, MAX_FUNCTIONS, BUSIEST_TABLES = 400, 60, 8


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
    """Tables and code with the edges between them."""

    columns: Sequence[ScanColumn]
    code: Sequence[CodeFile]
    edges: Sequence[Edge]
    relations: Sequence[tuple[uuid.UUID, uuid.UUID, str]]
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
    named = [focus.table] if focus.table else []
    tables = sorted({edge.table_name for edge in edges}.union(named))
    columns = await repository.columns_of(db, scan.id, tables)
    if not columns and focus.table:
        columns = await repository.columns_of(db, scan.id, [focus.table.lower()])
    # Without a focus, the busiest tables stand for the whole codebase: what is not drawn is counted there, too.
    every = await repository.totals(db, scan.id, wanted, [] if _is_unfocused(focus) else extra)
    return LineageGraph(columns, _code(edges), edges, _relations(columns), _hidden(every, edges))


def _kinds_of(focus: UsageFilter) -> UsageFilter:
    return UsageFilter(usage_types=focus.usage_types, tiers=focus.tiers)


def _is_unfocused(focus: UsageFilter) -> bool:
    return focus == _kinds_of(focus)


async def _reach(
    db: AsyncSession, scan_id: uuid.UUID, focus: UsageFilter, depth: int
) -> tuple[UsageFilter, list[ColumnElement[bool]]]:
    """Return the filter and the conditions of the edges in the graph."""
    kinds = _kinds_of(focus)
    if _is_unfocused(focus):
        return kinds, [repository.of_tables(await repository.busiest_tables(db, scan_id, BUSIEST_TABLES))]
    if depth == 1:
        return focus, []
    functions = await repository.functions(db, scan_id, focus, MAX_FUNCTIONS)
    near = [repository.in_functions(functions)]
    if depth == 2:
        return kinds, near
    edges = await repository.edges(db, scan_id, kinds, near, MAX_EDGES)
    return kinds, [repository.on_columns(sorted({edge.column_id for edge in edges}))]


def _code(edges: Sequence[Edge]) -> list[CodeFile]:
    groups: dict[tuple[str, str], dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for edge in edges:
        groups[edge.file_path, edge.language][edge.symbol][edge.usage_type] += edge.count
    files = [
        CodeFile(path, language, [Symbol(name, dict(counts)) for name, counts in sorted(symbols.items())])
        for (path, language), symbols in groups.items()
    ]
    return sorted(files, key=lambda file: (-file.total, file.file_path))


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
