"""What the names in a SQL statement can refer to: the sources of its FROM clauses, outer queries, CTEs and aliases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from headwater.catalog.model import Relation


@dataclass(frozen=True, slots=True)
class SqlSource:
    """An item of FROM: a table of the Schema, or (relation None) a subquery with its output names, if known."""

    alias: str
    relation: Relation | None
    outputs: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class SqlScope:
    """What a name can refer to: sources, columns that joins merged, outer queries, CTEs, aliases of the SELECT list."""

    sources: tuple[SqlSource, ...] = ()
    outer: SqlScope | None = None
    ctes: dict[str, frozenset[str] | None] = field(default_factory=dict)
    aliases: Mapping[str, exp.Column | None] = field(default_factory=dict)
    merged: frozenset[str] = frozenset()

    def owners(self, name: str) -> list[SqlSource]:
        """Return the tables of the FROM clause that have a column of this name."""
        return [source for source in self.sources if source.relation and source.relation.column(name)]


class FromClause:
    """The scope of a FROM clause while its tables and joins are added in order."""

    def __init__(self, scope: SqlScope, source: Callable[[exp.Expr, SqlScope], SqlSource]) -> None:
        self.scope = scope
        self.tables: list[exp.Expr] = []
        self.joins: list[tuple[exp.Join, SqlScope, int]] = []
        self._source = source

    def add(self, item: exp.Expr) -> None:
        """Add a table, a join, or a group of joins in parentheses."""
        join = item if isinstance(item, exp.Join) else None
        table: exp.Expr = join.this if join else item
        before = len(self.scope.sources)
        if _is_group(table):
            self.add(table.this)
        else:
            self.tables.append(table)
            self.scope = replace(self.scope, sources=(*self.scope.sources, self._source(table, self.scope)))
        for inner in table.args.get("joins") or []:
            self.add(inner)
        if join:
            brought = len(self.scope.sources) - before
            names = {name.name.casefold() for name in join.args.get("using") or []}
            names |= common_columns(self.scope.sources, brought) if join.method == "NATURAL" else set()
            self.scope = replace(self.scope, merged=self.scope.merged | names)
            self.joins.append((join, self.scope, brought))


def _is_group(table: exp.Expr) -> bool:
    """Return True for joins in parentheses, `(a JOIN b ON …)`, which are no subquery: their tables stay visible."""
    if not isinstance(table, exp.Subquery) or table.alias:
        return False
    inner = table.this
    return isinstance(inner, exp.Table) or bool(inner.args.get("joins") and inner.this) or _is_group(inner)


def common_columns(sources: tuple[SqlSource, ...], brought: int) -> set[str]:
    """Return the names of columns that the last sources, `brought` in number, share with those before them."""

    def names(part: tuple[SqlSource, ...]) -> set[str]:
        return {column.name.casefold() for source in part if source.relation for column in source.relation.columns}

    at = len(sources) - brought
    return names(sources[:at]) & names(sources[at:])


def output_names(query: exp.Expr) -> frozenset[str] | None:
    """Return the output names of a CTE or subquery, or None if a star hides them."""
    alias = query.args.get("alias")
    if isinstance(alias, exp.TableAlias) and alias.columns:
        return frozenset(column.name.casefold() for column in alias.columns)
    inner = query.this if isinstance(query, (exp.CTE, exp.Subquery)) else query
    if not isinstance(inner, exp.Query):
        return None
    if any(item.is_star for item in inner.selects):
        return None
    return frozenset(item.alias_or_name.casefold() for item in inner.selects)


def aliased(scope: SqlScope | None, alias: str) -> list[SqlSource]:
    """Return the sources of this alias in the innermost scope that has some."""
    while scope is not None:
        sources = [source for source in scope.sources if source.alias == alias.casefold()]
        if sources:
            return sources
        scope = scope.outer
    return []
