"""The usage of each column in a SQL statement: its role from the position in the tree, its table by scope.

sqlglot's own qualifier ignores UPDATE and DELETE, and it does not treat INSERT targets as columns, so names are
resolved here: by alias, then by the only table of the scope that has such a column. A column of a CTE or subquery is
not a column of a table and is ignored.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import msgspec
from sqlglot import exp

from headwater.catalog.model import Schema
from headwater.catalog.usages import SubType, Tier, UsageType
from headwater.core.lineage.sql_scopes import FromClause, SqlScope, SqlSource, aliased, common_columns, output_names


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
class SqlRole:
    """The usage kind of the columns in a part of a statement."""

    usage_type: UsageType
    sub_type: SubType | None = None


_PROJECTION, _FILTER, _JOIN = SqlRole("projection"), SqlRole("filter"), SqlRole("join")
_READ, _UPDATE, _WRITE, _DELETE = SqlRole("read"), SqlRole("update"), SqlRole("write"), SqlRole("delete")
_SORT, _GROUP = SqlRole("filter", "sort"), SqlRole("filter", "group")
_CLAUSES: tuple[tuple[str, SqlRole], ...] = (
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
    return list(Walker(schema).statement(tree))


class Walker:
    """Walks one statement, with the scope at each position."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def statement(self, tree: exp.Expr) -> Iterator[ColumnRole]:
        """Yield the usages of columns in a statement."""
        if isinstance(tree, _QUERIES):
            yield from self._query(tree, SqlScope())
        elif isinstance(tree, exp.Insert):
            yield from self._insert(tree)
        elif isinstance(tree, exp.Update):
            yield from self._update(tree)
        elif isinstance(tree, exp.Delete):
            yield from self._delete(tree)
        elif isinstance(tree, exp.Merge):
            yield from self._merge(tree)
        elif isinstance(tree, exp.Create) and isinstance(tree.expression, exp.Query):
            outer = yield from self._with(tree, SqlScope())
            yield from self._query(tree.expression, outer)

    # ------------------------------------------------------------ queries

    def _query(self, tree: exp.Expr, outer: SqlScope) -> Iterator[ColumnRole]:
        if isinstance(tree, exp.Subquery):
            yield from self._query(tree.this, outer)
            return
        outer = yield from self._with(tree, outer)
        if isinstance(tree, exp.SetOperation):
            yield from self._query(tree.left, outer)
            yield from self._query(tree.right, outer)
        elif isinstance(tree, exp.Select):
            yield from self._select(tree, outer)

    def _with(self, tree: exp.Expr, outer: SqlScope) -> Generator[ColumnRole, None, SqlScope]:
        """Walk the CTEs and return a scope that includes them."""
        ctes = dict(outer.ctes)
        clause = tree.args.get("with_")
        recursive = clause is not None and clause.args.get("recursive")
        for cte in clause.expressions if clause else ():
            known = replace(outer, ctes=dict(ctes))
            if recursive:
                known.ctes[cte.alias.casefold()] = None
            yield from self._any(cte.this, known, _PROJECTION)
            ctes[cte.alias.casefold()] = output_names(cte)
        return replace(outer, ctes=ctes)

    def _select(self, tree: exp.Select, outer: SqlScope) -> Iterator[ColumnRole]:
        origins = [tree.args["from_"].this] if tree.args.get("from_") else []
        laterals = tree.args.get("laterals") or []
        scope = yield from self._enter([*origins, *(tree.args.get("joins") or []), *laterals], outer)
        aliases = {i.alias.casefold(): _same_column(i) for i in tree.selects if isinstance(i, exp.Alias)}
        # GROUP BY prefers a column of FROM to an alias; ORDER BY prefers the alias.
        grouped = {name: column for name, column in aliases.items() if len(scope.owners(name)) != 1}
        for key, role in _CLAUSES:
            seen = grouped if key == "group" else aliases if key in ("order", "having") else {}
            for part in _parts(tree.args.get(key)):
                yield from self._any(part, replace(scope, aliases=seen), role)

    def _enter(self, items: list[exp.Expr], outer: SqlScope) -> Generator[ColumnRole, None, SqlScope]:
        """Walk the FROM clause and return the scope that it opens; a join sees what stands before it."""
        opened = FromClause(SqlScope((), outer, outer.ctes), self._source)
        for item in items:
            opened.add(item)
        for table in opened.tables:
            yield from self._inside_source(table, opened.scope)
        for join, scope, brought in opened.joins:
            yield from self._join(join, scope, brought)
        return opened.scope

    def _source(self, table: exp.Expr, scope: SqlScope) -> SqlSource:
        alias = table.alias_or_name.casefold()
        if isinstance(table, exp.Table) and isinstance(table.this, exp.Identifier):
            name = table.name.casefold()
            if not table.db and name in scope.ctes:
                return SqlSource(alias, None, scope.ctes[name])
            relation = self._schema.relation(table.name, table.db or None)
            return SqlSource(alias, relation, frozenset() if relation else None)
        if isinstance(table, exp.Subquery):
            return SqlSource(alias, None, output_names(table))
        return SqlSource(alias, None, None)

    def _inside_source(self, table: exp.Expr, scope: SqlScope) -> Iterator[ColumnRole]:
        if isinstance(table, exp.Subquery):
            yield from self._query(table, replace(scope, sources=()))
        elif isinstance(table, exp.Lateral):
            yield from self._any(table.this, scope, _PROJECTION)
        elif not isinstance(table, exp.Table):
            yield from self._any(table, scope, _PROJECTION)

    def _join(self, join: exp.Join, scope: SqlScope, brought: int) -> Iterator[ColumnRole]:
        """Yield the columns by which the last sources of a scope, `brought` in number, are joined to those before."""
        if on := join.args.get("on"):
            yield from self._any(on, scope, _JOIN)
        for name in join.args.get("using") or []:
            for source in scope.sources:
                yield from _role_of(source, name.name, name, _JOIN, "A")
        if join.method == "NATURAL" and isinstance(join.this, exp.Table):
            for name in sorted(common_columns(scope.sources, brought)):
                for source in scope.owners(name):
                    yield from _role_of(source, name, join.this.this, SqlRole("join", "implicit"), "A")

    # ------------------------------------------------------ changes of rows

    def _insert(self, tree: exp.Insert) -> Iterator[ColumnRole]:
        outer = yield from self._with(tree, SqlScope())
        target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        if not isinstance(target, exp.Table):
            return
        source = self._source(target, outer)
        scope = SqlScope((source,), outer, outer.ctes)
        named = tree.this.expressions if isinstance(tree.this, exp.Schema) else []
        for name in named:
            yield from _role_of(source, name.name, _identifier(name), _WRITE, "A")
        if not named and source.relation:
            yield from _row(source, target, SqlRole("write", "implicit"))
        if isinstance(tree.expression, exp.Expr):
            yield from self._any(tree.expression, outer, _READ)
        if conflict := tree.args.get("conflict"):
            yield from self._conflict(conflict, scope)
        yield from self._returning(tree, scope)

    def _conflict(self, conflict: exp.Expr, scope: SqlScope) -> Iterator[ColumnRole]:
        for key in conflict.args.get("conflict_keys") or []:
            yield from self._any(key, scope, _FILTER)
        for assignment in conflict.expressions:
            yield from self._assignment(assignment, scope)
        if where := conflict.args.get("where"):
            yield from self._any(where, scope, _FILTER)

    def _assignment(self, assignment: exp.Expr, scope: SqlScope) -> Iterator[ColumnRole]:
        if not isinstance(assignment, exp.EQ):
            yield from self._any(assignment, scope, _READ)
            return
        left = assignment.this.unnest()
        targets = left.expressions if isinstance(left, exp.Tuple) else [left]
        for target in targets:
            inner = replace(
                scope,
                outer=None,
                sources=scope.sources if isinstance(target, exp.Column) and target.table else scope.sources[:1],
            )
            yield from self._any(target, inner, _UPDATE)
        yield from self._any(assignment.expression, scope, _READ)

    def _update(self, tree: exp.Update) -> Iterator[ColumnRole]:
        outer = yield from self._with(tree, SqlScope())
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
        outer = yield from self._with(tree, SqlScope())
        using = tree.args.get("using") or []
        targets = tree.args.get("tables") or [tree.this]
        first = [tree.this] if isinstance(tree.this, exp.Expr) else targets  # T-SQL can leave out FROM
        if not all(isinstance(table, exp.Expr) for table in (*first, *using)):
            return  # `(DELETE …)` in prose parses to a statement without a table
        scope = yield from self._enter([*first, *using], outer)
        for target in targets:
            source = next((s for s in scope.sources if s.alias == target.alias_or_name.casefold()), None)
            if source and source.relation and isinstance(target, exp.Table):
                yield from _row(source, target, _DELETE)
        if where := tree.args.get("where"):
            yield from self._any(where, scope, _FILTER)
        yield from self._returning(tree, scope)

    def _merge(self, tree: exp.Merge) -> Iterator[ColumnRole]:
        outer = yield from self._with(tree, SqlScope())
        scope = yield from self._enter([tree.this, tree.args["using"]], outer)
        yield from self._any(tree.args["on"], scope, _JOIN)
        whens = tree.args.get("whens")
        for when in whens.expressions if whens else ():
            if condition := when.args.get("condition"):
                yield from self._any(condition, scope, _FILTER)
            yield from self._merge_branch(when.args.get("then"), scope)

    def _merge_branch(self, then: exp.Expr | None, scope: SqlScope) -> Iterator[ColumnRole]:
        if isinstance(then, exp.Update):
            for assignment in then.expressions:
                yield from self._assignment(assignment, scope)
        elif isinstance(then, exp.Insert):
            for name in then.this.expressions if then.this else ():
                yield from _role_of(scope.sources[0], name.name, _identifier(name), _WRITE, "A")
            if isinstance(then.expression, exp.Expr):
                yield from self._any(then.expression, scope, _READ)

    def _returning(self, tree: exp.Expr, scope: SqlScope) -> Iterator[ColumnRole]:
        if returning := tree.args.get("returning"):
            for item in returning.expressions:
                yield from self._any(item, scope, _PROJECTION)

    # -------------------------------------------------------------- names

    def _any(self, node: exp.Expr, scope: SqlScope, role: SqlRole) -> Iterator[ColumnRole]:
        """Walk any expression; a query inside it sees the scope around it."""
        if isinstance(node, _QUERIES):
            yield from self._query(node, scope)
        elif isinstance(node, (exp.Insert, exp.Update, exp.Delete)):
            yield from self.statement(node)
        elif isinstance(node, exp.Column):
            yield from self._column(node, scope, role)
        elif isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
            for source in scope.sources:
                yield from _row(source, node, SqlRole("projection", "implicit"))
        else:
            for child in node.iter_expressions():
                yield from self._any(child, scope, role)

    def _column(self, node: exp.Column, scope: SqlScope, role: SqlRole) -> Iterator[ColumnRole]:
        if isinstance(node.this, exp.Star):
            if not isinstance(node.parent, exp.Count):
                for source in aliased(scope, node.table):
                    yield from _row(source, node.this, SqlRole("projection", "implicit"))
        elif node.table:
            for source in aliased(scope, node.table)[:1]:
                yield from _role_of(source, node.name, node.this, role, "A")
        else:
            yield from _unqualified(node, scope, role)


def _parts(value: object) -> list[exp.Expr]:
    return [value] if isinstance(value, exp.Expr) else list(value) if isinstance(value, list) else []


def _by_alias_first(scope: SqlScope, target: exp.Table) -> SqlScope:
    """Return the target of T-SQL's `UPDATE u SET … FROM users u`: the alias of a later source."""
    named = [source for source in scope.sources[1:] if source.alias == target.name.casefold()]
    return replace(scope, sources=(*named, *(s for s in scope.sources[1:] if s not in named))) if named else scope


def _unqualified(node: exp.Column, scope: SqlScope | None, role: SqlRole) -> Iterator[ColumnRole]:
    name = node.name.casefold()
    if scope is not None and name in scope.aliases:
        column = scope.aliases[name]
        for source in aliased(scope, column.table)[:1] if column is not None else ():
            yield from _role_of(source, node.name, node.this, role, "A")
        return
    while scope is not None:
        owners = scope.owners(node.name)
        hidden = [source for source in scope.sources if source.outputs and name in source.outputs]
        unknown = any(source.relation is None and source.outputs is None for source in scope.sources)
        if len(owners) == 1 and not hidden:
            sure = len(scope.sources) == 1 or not unknown
            yield from _role_of(owners[0], node.name, node.this, role, "A" if sure else "B")
        elif name in scope.merged:
            for source in owners:
                yield from _role_of(source, node.name, node.this, role, "A")
        if owners or hidden:
            return
        scope = scope.outer


def _same_column(item: exp.Alias) -> exp.Column | None:
    """Return the column that an alias repeats the name of (`memo.uid AS uid`): what sorts by it sorts by the column."""
    column = item.this if isinstance(item.this, exp.Column) and item.this.table else None
    return column if column is not None and column.name.casefold() == item.alias.casefold() else None


def _identifier(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, exp.Column) else node


def _role_of(source: SqlSource, name: str, identifier: exp.Expr, role: SqlRole, tier: Tier) -> Iterator[ColumnRole]:
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


def _row(source: SqlSource, node: exp.Expr, role: SqlRole) -> Iterator[ColumnRole]:
    """Yield the whole row as column `*`: for deleted rows, or for all columns at once."""
    where = node.this.meta if isinstance(node, exp.Table) else node.meta
    if source.relation is None or "start" not in where:
        return
    table = source.relation.name
    why = f"rows of {table} are deleted" if role.usage_type == "delete" else f"all columns of {table} are meant"
    yield ColumnRole(table, "*", where["start"], where["end"] + 1, role.usage_type, role.sub_type, "A", why)
