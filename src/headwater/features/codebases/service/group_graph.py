"""The graph of a whole codebase: which parts of the code use which tables, with counts by kind."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Actor
from headwater.features.codebases.filters import UsageFilter
from headwater.features.codebases.repository import graph as graph_repository
from headwater.features.codebases.repository import group_graph as repository
from headwater.features.codebases.service import code_groups, codebases
from headwater.features.codebases.service.code_groups import CodeGroup, GroupBy
from headwater.features.codebases.service.lineage import resolved

# A drawing of more is drawn slowly and read by nobody; the rest is counted in `hidden`.
MAX_GROUPS, MAX_TABLES = 60, 500


@dataclass(frozen=True, slots=True)
class GroupSum:
    """A part of the code with the numbers of its files and usages."""

    group: CodeGroup
    files: int
    languages: Sequence[str]
    total: int


@dataclass(frozen=True, slots=True)
class TableSum:
    """A table with the number of its usages."""

    name: str
    kind: str
    total: int


@dataclass(frozen=True, slots=True)
class GroupEdge:
    """The usages of a table in a part of the code, by kind."""

    table: str
    group: str
    counts: Mapping[str, int]

    @property
    def count(self) -> int:
        """The number of all usages."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class GroupGraph:
    """Parts of the code and tables, the most used first; `relations` are pairs of tables that a foreign key joins."""

    by: GroupBy
    groups: Sequence[GroupSum]
    tables: Sequence[TableSum]
    edges: Sequence[GroupEdge]
    relations: Sequence[tuple[str, str]]
    totals: Sequence[Any]
    hidden: dict[str, int]


async def draw(db: AsyncSession, actor: Actor, codebase_id: uuid.UUID, wanted: UsageFilter, by: GroupBy) -> GroupGraph:
    """Return which parts of the code use which tables; a folder in the filter is divided into what is below it."""
    _, scan = await codebases.scan_of(db, actor, codebase_id)
    wanted = await resolved(db, codebase_id, scan.id, wanted)
    groups = await code_groups.of_scan(db, scan.id, by, wanted.folder)
    names = {path: group.name for path, group in groups.items()}
    edges = _edges(await repository.edges(db, scan.id, wanted, names))
    kinds = {group.name: group for group in groups.values()}
    sums = _groups(await repository.files(db, scan.id, wanted, names), kinds, edges)
    tables = _tables(await repository.tables(db, scan.id), edges)
    drawn = _drawn(edges, sums[:MAX_GROUPS], tables[:MAX_TABLES])
    hidden = {
        "tables": len(tables[MAX_TABLES:]),
        "groups": len(sums[MAX_GROUPS:]),
        "usages": sum(edge.count for edge in edges) - sum(edge.count for edge in drawn),
    }
    relations = _relations(await graph_repository.references(db, scan.id), tables[:MAX_TABLES])
    every_kind = replace(wanted, usage_types=(), tiers=(), language=None)
    totals = await graph_repository.counts(db, scan.id, every_kind, [])
    return GroupGraph(by, sums[:MAX_GROUPS], tables[:MAX_TABLES], drawn, relations, totals, hidden)


def _edges(rows: Sequence[Any]) -> list[GroupEdge]:
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts[row.table_name, row.group][row.usage_type] += row.number
    edges = [GroupEdge(table, group, dict(kinds)) for (table, group), kinds in counts.items()]
    return sorted(edges, key=lambda edge: (-edge.count, edge.table, edge.group))


def _groups(rows: Sequence[Any], kinds: Mapping[str, CodeGroup], edges: Sequence[GroupEdge]) -> list[GroupSum]:
    totals: Counter[str] = Counter()
    for edge in edges:
        totals[edge.group] += edge.count
    sums = [GroupSum(kinds[row.group], row.files, row.languages, totals[row.group]) for row in rows]
    return sorted(sums, key=lambda item: (-item.total, item.group.name))


def _tables(kinds: Mapping[str, str], edges: Sequence[GroupEdge]) -> list[TableSum]:
    totals: Counter[str] = Counter()
    for edge in edges:
        totals[edge.table] += edge.count
    tables = [TableSum(name, kinds.get(name, "table"), total) for name, total in totals.items()]
    return sorted(tables, key=lambda table: (-table.total, table.name))


def _drawn(edges: Sequence[GroupEdge], groups: Sequence[GroupSum], tables: Sequence[TableSum]) -> list[GroupEdge]:
    group_names, table_names = {item.group.name for item in groups}, {table.name for table in tables}
    return [edge for edge in edges if edge.group in group_names and edge.table in table_names]


def _relations(references: Sequence[Any], tables: Sequence[TableSum]) -> list[tuple[str, str]]:
    names = {table.name.lower(): table.name for table in tables}
    pairs = ((names.get(row.table_name.lower()), names.get(row.ref_table.lower())) for row in references)
    return sorted({(source, target) for source, target in pairs if source and target and source != target})
