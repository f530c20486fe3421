"""The usage of each column in a SQL statement: its role from the position in the tree, its table by scope.

sqlglot's own qualifier ignores UPDATE and DELETE, and it does not treat INSERT targets as columns, so names are
resolved here: by alias, then by the only table of the scope that has such a column. A column of a CTE or subquery is
not a column of a table and is ignored.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace

import msgspec
from sqlglot import exp

from headwater.catalog.model import Relation, Schema
from headwater.catalog.usages import SubType, Tier, UsageType


class ColumnRole(msgspec.Struct, frozen=True):
    """A column of a table, its characters in the statement, and its usage kind."""

    table: str
    column: str
    start: int
    end: int
    usage_type: UsageType
    sub_type: SubType | None
    tier: Tier
    why: str


@dataclass(frozen=True, slots=True)
class _Source:
    """An item of FROM: a table of the Schema, or (relation None) a subquery with its output names, if known."""

    alias: str
    relation: Relation | None
    outputs: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class _Scope:
    """The sources that a name can refer to, the outer queries, the CTEs, and the aliases of the SELECT list."""

    sources: tuple[_Source, ...] = ()
    outer: _Scope | None = None
    ctes: dict[str, frozenset[str] | None] = field(default_factory=dict)
    aliases: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Role:
    usage_type: UsageType
    sub_type: SubType | None = None


_PROJECTION, _FILTER, _JOIN = _Role("projection"), _Role("filter"), _Role("join")
_READ, _UPDATE, _WRITE, _DELETE = _Role("read"), _Role("update"), _Role("write"), _Role("delete")
_SORT, _GROUP = _Role("filter", "sort"), _Role("filter", "group")
_CLAUSES: tuple[tuple[str, _Role], ...] = (
    ("distinct", _PROJECTION),
    ("expressions", _PROJECTION),
    ("where", _FILTER),
    ("prewhere", _FILTER),
    ("group", _GROUP),
    ("having", _FILTER),
    ("qualify", _FILTER),
    ("windows", _PROJECTION),
    ("order", _SORT),
)
_QUERIES = (exp.Select, exp.SetOperation, exp.Subquery)


def roles(tree: exp.Expr, schema: Schema) -> list[ColumnRole]:
    """Return the usages of columns of known tables in a statement."""
    return list(_Walker(schema).statement(tree))


class _Walker:
    """Walks one statement, with the scope at each position."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def statement(self, tree: exp.Expr) -> Iterator[ColumnRole]:
        if isinstance(tree, _QUERIES):
            yield from self._query(tree, _Scope())
        elif isinstance(tree, exp.Insert):
            yield from self._insert(tree)
        elif isinstance(tree, exp.Update):
            yield from self._update(tree)
        elif isinstance(tree, exp.Delete):
            yield from self._delete(tree)
        elif isinstance(tree, exp.Merge):
            yield from self._merge(tree)
        elif isinstance(tree, exp.Create) and isinstance(tree.expression, exp.Query):
            yield from self._query(tree.expression, _Scope())

    # ------------------------------------------------------------ queries

    def _query(self, tree: exp.Expr, outer: _Scope) -> Iterator[ColumnRole]:
        if isinstance(tree, exp.Subquery):
            yield from self._query(tree.this, outer)
            return
        outer = yield from self._with(tree, outer)
        if isinstance(tree, exp.SetOperation):
            yield from self._query(tree.left, outer)
            yield from self._query(tree.right, outer)
        elif isinstance(tree, exp.Select):
            yield from self._select(tree, outer)

    def _with(self, tree: exp.Expr, outer: _Scope) -> Generator[ColumnRole, None, _Scope]:
        """Walk the CTEs and return a scope that includes them."""
        ctes = dict(outer.ctes)
        clause = tree.args.get("with_")
        recursive = clause is not None and clause.args.get("recursive")
        for cte in clause.expressions if clause else ():
            known = replace(outer, ctes=dict(ctes))
            if recursive:
                known.ctes[cte.alias.casefold()] = None
            yield from self._any(cte.this, known, _PROJECTION)
            ctes[cte.alias.casefold()] = _outputs(cte)
        return replace(outer, ctes=ctes)

    def _select(self, tree: exp.Select, outer: _Scope) -> Iterator[ColumnRole]:
        origins = [tree.args["from_"].this] if tree.args.get("from_") else []
        joins = tree.args.get("joins") or []
        laterals = tree.args.get("laterals") or []
        scope = yield from self._enter([*origins, *(join.this for join in joins), *laterals], outer)
        aliases = frozenset(item.alias.casefold() for item in tree.selects if isinstance(item, exp.Alias))
        for join in joins:
            yield from self._join(join, scope)
        for key, role in _CLAUSES:
            inside = replace(scope, aliases=aliases) if key in ("group", "order", "having") else scope
            for part in _parts(tree.args.get(key)):
                yield from self._any(part, inside, role)

    def _enter(self, tables: list[exp.Expr], outer: _Scope) -> Generator[ColumnRole, None, _Scope]:
        """Walk the FROM clause and return the scope that it opens."""
        scope = _Scope((), outer, outer.ctes)
        for table in tables:
            scope = replace(scope, sources=(*scope.sources, self._source(table, scope)))
            for join in table.args.get("joins") or []:
                scope = replace(scope, sources=(*scope.sources, self._source(join.this, scope)))
        for table in tables:
            yield from self._inside_source(table, scope)
            for join in table.args.get("joins") or []:
                yield from self._inside_source(join.this, scope)
                yield from self._join(join, scope)
        return scope

    def _source(self, table: exp.Expr, scope: _Scope) -> _Source:
        alias = table.alias_or_name.casefold()
        if isinstance(table, exp.Table) and isinstance(table.this, exp.Identifier):
            name = table.name.casefold()
            if not table.db and name in scope.ctes:
                return _Source(alias, None, scope.ctes[name])
            relation = self._schema.relation(table.name, table.db or None)
            return _Source(alias, relation, frozenset() if relation else None)
        if isinstance(table, exp.Subquery):
            return _Source(alias, None, _outputs(table))
        return _Source(alias, None, None)

    def _inside_source(self, table: exp.Expr, scope: _Scope) -> Iterator[ColumnRole]:
        if isinstance(table, exp.Subquery):
            yield from self._query(table, replace(scope, sources=()))
        elif isinstance(table, exp.Lateral):
            yield from self._any(table.this, scope, _PROJECTION)
        elif not isinstance(table, exp.Table):
            yield from self._any(table, scope, _PROJECTION)

    def _join(self, join: exp.Join, scope: _Scope) -> Iterator[ColumnRole]:
        if on := join.args.get("on"):
            yield from self._any(on, scope, _JOIN)
        for name in join.args.get("using") or []:
            for source in scope.sources:
                yield from _role_of(source, name.name, name, _JOIN, "A")

    # ------------------------------------------------------ changes of rows

    def _insert(self, tree: exp.Insert) -> Iterator[ColumnRole]:
        outer = yield from self._with(tree, _Scope())
        target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        if not isinstance(target, exp.Table):
            return
        source = self._source(target, outer)
        scope = _Scope((source,), outer, outer.ctes)
        named = tree.this.expressions if isinstance(tree.this, exp.Schema) else []
        for name in named:
            yield from _role_of(source, name.name, _identifier(name), _WRITE, "A")
        if not named and source.relation:
            yield from _row(source, target, _Role("write", "implicit"))
        if isinstance(tree.expression, exp.Expr):
            yield from self._any(tree.expression, outer, _READ)
        if conflict := tree.args.get("conflict"):
            yield from self._conflict(conflict, scope)
        yield from self._returning(tree, scope)

    def _conflict(self, conflict: exp.Expr, scope: _Scope) -> Iterator[ColumnRole]:
        for key in conflict.args.get("conflict_keys") or []:
            yield from self._any(key, scope, _FILTER)
        for assignment in conflict.expressions:
            yield from self._assignment(assignment, scope)
        if where := conflict.args.get("where"):
            yield from self._any(where, scope, _FILTER)

    def _assignment(self, assignment: exp.Expr, scope: _Scope) -> Iterator[ColumnRole]:
        if not isinstance(assignment, exp.EQ):
            yield from self._any(assignment, scope, _READ)
            return
        targets = assignment.this.expressions if isinstance(assignment.this, exp.Tuple) else [assignment.this]
        for target in targets:
            inner = replace(
                scope,
                outer=None,
                sources=scope.sources if target.find(exp.Column) and target.table else scope.sources[:1],
            )
            yield from self._any(target, inner, _UPDATE)
        yield from self._any(assignment.expression, scope, _READ)

    def _update(self, tree: exp.Update) -> Iterator[ColumnRole]:
        outer = yield from self._with(tree, _Scope())
        origin = tree.args.get("from_")
        from_tables = [origin.this] if origin else []
        scope = yield from self._enter([tree.this, *from_tables], outer)
        if isinstance(tree.this, exp.Table) and scope.sources[0].relation is None:
            scope = _by_alias_first(scope, tree.this)
        for assignment in tree.expressions:
            yield from self._assignment(assignment, scope)
        if where := tree.args.get("where"):
            yield from self._any(where, scope, _FILTER)
        yield from self._returning(tree, scope)

    def _delete(self, tree: exp.Delete) -> Iterator[ColumnRole]:
        outer = yield from self._with(tree, _Scope())
        using = tree.args.get("using") or []
        scope = yield from self._enter([tree.this, *using], outer)
        targets = tree.args.get("tables") or [tree.this]
        for target in targets:
            source = next((s for s in scope.sources if s.alias == target.alias_or_name.casefold()), None)
            if source and source.relation and isinstance(target, exp.Table):
                yield from _row(source, target, _DELETE)
        if where := tree.args.get("where"):
            yield from self._any(where, scope, _FILTER)
        yield from self._returning(tree, scope)

    def _merge(self, tree: exp.Merge) -> Iterator[ColumnRole]:
        outer = yield from self._with(tree, _Scope())
        scope = yield from self._enter([tree.this, tree.args["using"]], outer)
        yield from self._any(tree.args["on"], scope, _JOIN)
        whens = tree.args.get("whens")
        for when in whens.expressions if whens else ():
            if condition := when.args.get("condition"):
                yield from self._any(condition, scope, _FILTER)
            yield from self._merge_branch(when.args.get("then"), scope)

    def _merge_branch(self, then: exp.Expr | None, scope: _Scope) -> Iterator[ColumnRole]:
        if isinstance(then, exp.Update):
            for assignment in then.expressions:
                yield from self._assignment(assignment, scope)
        elif isinstance(then, exp.Insert):
            for name in then.this.expressions if then.this else ():
                yield from _role_of(scope.sources[0], name.name, _identifier(name), _WRITE, "A")
            if isinstance(then.expression, exp.Expr):
                yield from self._any(then.expression, scope, _READ)

    def _returning(self, tree: exp.Expr, scope: _Scope) -> Iterator[ColumnRole]:
        if returning := tree.args.get("returning"):
            for item in returning.expressions:
                yield from self._any(item, scope, _PROJECTION)

    # -------------------------------------------------------------- names

    def _any(self, node: exp.Expr, scope: _Scope, role: _Role) -> Iterator[ColumnRole]:
        """Walk any expression; a query inside it sees the scope around it."""
        if isinstance(node, _QUERIES):
            yield from self._query(node, scope)
        elif isinstance(node, (exp.Insert, exp.Update, exp.Delete)):
            yield from self.statement(node)
        elif isinstance(node, exp.Column):
            yield from self._column(node, scope, role)
        elif isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
            for source in scope.sources:
                yield from _row(source, node, _Role("projection", "implicit"))
        else:
            for child in node.iter_expressions():
                yield from self._any(child, scope, role)

    def _column(self, node: exp.Column, scope: _Scope, role: _Role) -> Iterator[ColumnRole]:
        if isinstance(node.this, exp.Star):
            if not isinstance(node.parent, exp.Count):
                for source in _aliased(scope, node.table):
                    yield from _row(source, node.this, _Role("projection", "implicit"))
        elif node.table:
            for source in _aliased(scope, node.table)[:1]:
                yield from _role_of(source, node.name, node.this, role, "A")
        else:
            yield from _unqualified(node, scope, role)


def _parts(value: object) -> list[exp.Expr]:
    return [value] if isinstance(value, exp.Expr) else list(value) if isinstance(value, list) else []


def _outputs(query: exp.Expr) -> frozenset[str] | None:
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


def _aliased(scope: _Scope | None, alias: str) -> list[_Source]:
    while scope is not None:
        sources = [source for source in scope.sources if source.alias == alias.casefold()]
        if sources:
            return sources
        scope = scope.outer
    return []


def _by_alias_first(scope: _Scope, target: exp.Table) -> _Scope:
    """Return the target of T-SQL's `UPDATE u SET … FROM users u`: the alias of a later source."""
    named = [source for source in scope.sources[1:] if source.alias == target.name.casefold()]
    return replace(scope, sources=(*named, *(s for s in scope.sources[1:] if s not in named))) if named else scope


def _unqualified(node: exp.Column, scope: _Scope | None, role: _Role) -> Iterator[ColumnRole]:
    name = node.name.casefold()
    if scope is not None and name in scope.aliases:
        return
    while scope is not None:
        owners = [source for source in scope.sources if source.relation and source.relation.column(node.name)]
        hidden = [source for source in scope.sources if source.outputs and name in source.outputs]
        unknown = any(source.relation is None and source.outputs is None for source in scope.sources)
        if len(owners) == 1 and not hidden:
            sure = len(scope.sources) == 1 or not unknown
            yield from _role_of(owners[0], node.name, node.this, role, "A" if sure else "B")
        if owners or hidden:
            return
        scope = scope.outer


def _identifier(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, exp.Column) else node


def _role_of(source: _Source, name: str, identifier: exp.Expr, role: _Role, tier: Tier) -> Iterator[ColumnRole]:
    column = source.relation.column(name) if source.relation else None
    where = identifier.meta
    if source.relation is None or column is None or "start" not in where:
        return
    why = f"{name} is a column of {source.relation.name}"
    if source.alias and source.alias != source.relation.name.casefold():
        why += f", which the statement calls {source.alias}"
    start, end = where["start"], where["end"] + 1
    if identifier.args.get("quoted"):
        start, end = start + 1, end - 1
    yield ColumnRole(source.relation.name, column.name, start, end, role.usage_type, role.sub_type, tier, why)


def _row(source: _Source, node: exp.Expr, role: _Role) -> Iterator[ColumnRole]:
    """Yield the whole row as column `*`: for deleted rows, or for all columns at once."""
    where = node.this.meta if isinstance(node, exp.Table) else node.meta
    if source.relation is None or "start" not in where:
        return
    table = source.relation.name
    why = f"rows of {table} are deleted" if role.usage_type == "delete" else f"all columns of {table} are meant"
    yield ColumnRole(table, "*", where["start"], where["end"] + 1, role.usage_type, role.sub_type, "A", why)
