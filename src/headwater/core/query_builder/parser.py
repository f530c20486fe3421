"""Parses SQL to a query of the builder, or reports the clause that is not supported; nothing is dropped silently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as SqlglotDialect
from sqlglot.errors import ParseError, SqlglotError

from headwater.catalog.model import Schema
from headwater.core.query_builder.expressions import grouped_terms
from headwater.core.query_builder.model import (
    NO_LIMIT,
    BuilderRefusal,
    Group,
    Join,
    JoinKind,
    Pick,
    Query,
    QueryDrawing,
    QueryTable,
    Sort,
    SqlStyle,
    Term,
)
from headwater.core.query_builder.names import CannotDraw, NameScope, spelling
from headwater.core.query_builder.terms import aggregated, group_of, term_of

# The supported parts of a SELECT; any other part is refused, by the name that users know.
_READ = frozenset(
    {
        "expressions",
        "from_",
        "joins",
        "where",
        "group",
        "having",
        "order",
        "limit",
        "offset",
        "distinct",
        "kind",
        "hint",
        "operation_modifiers",
    }
)
_OUTER: tuple[JoinKind, ...] = ("left", "right", "full")
_CLAUSES: Mapping[str, str] = {
    "with_": "WITH",
    "windows": "WINDOW",
    "qualify": "QUALIFY",
    "laterals": "LATERAL",
    "pivots": "PIVOT",
    "locks": "FOR UPDATE",
    "into": "INTO",
    "sample": "TABLESAMPLE",
    "cluster": "CLUSTER BY",
    "sort": "SORT BY",
    "connect": "CONNECT BY",
    "match": "MATCH_RECOGNIZE",
    "prewhere": "PREWHERE",
    "hint": "a hint",
}


def parse(text: str, style: SqlStyle, schema: Schema | None = None) -> QueryDrawing:
    """Return the query of a text, or why it is not supported.

    Args:
        text: one statement; a semicolon at its end does not matter.
        style: the SQL syntax of the engine.
        schema: the tables of the database, to resolve unqualified columns.
    """
    try:
        trees = [tree for tree in sqlglot.parse(text, read=style.sqlglot) if tree is not None]
    except ParseError as error:
        where = error.errors[0] if error.errors else {}
        position = f" near {where['highlight']!r} in line {where['line']}" if where.get("highlight") else ""
        return BuilderRefusal("", f"The statement cannot be read{position}.")
    except (SqlglotError, RecursionError, ValueError, AttributeError, TypeError, IndexError):
        return BuilderRefusal("", "The statement cannot be read.")
    if len(trees) != 1:
        return BuilderRefusal("", "There is no statement." if not trees else "There is more than one statement.")
    try:
        return _Reader(trees[0], style, schema).query()
    except CannotDraw as error:
        return BuilderRefusal(error.clause, error.message)
    except RecursionError:
        return BuilderRefusal("", "The statement is nested too deeply.")


class _Reader:
    def __init__(self, tree: exp.Expr, style: SqlStyle, schema: Schema | None) -> None:
        if isinstance(tree, exp.SetOperation):
            raise CannotDraw(tree.key.upper(), "The query builder does not support UNION, INTERSECT and EXCEPT.")
        if not isinstance(tree, exp.Select):
            raise CannotDraw("", "Only a SELECT can be drawn.")
        self.tree, self.style, self.schema = tree, style, schema
        self._check_clauses()

    def _check_clauses(self) -> None:
        for name, value in self.tree.args.items():
            if value and (name not in _READ or name in {"hint", "operation_modifiers", "kind"}):
                clause = _CLAUSES.get(name, name.strip("_").replace("_", " ").upper())
                raise CannotDraw(clause, f"The query builder does not support {clause}.")
        distinct = self.tree.args.get("distinct")
        if distinct is not None and distinct.args.get("on"):
            raise CannotDraw("DISTINCT ON", "The query builder does not support DISTINCT ON.")

    def query(self) -> Query:
        """Return the whole query."""
        table, joined = self._tables()
        scope = NameScope((table, *(joined_table for joined_table, _ in joined)), self.style, self.schema)
        joins = tuple(self._join(joined_table, node, scope) for joined_table, node in joined)
        picks = self._picks(scope)
        named = scope.with_picks(picks)
        having = self.tree.args.get("having")
        where = self.tree.args.get("where")
        query = Query(
            table,
            joins,
            picks,
            where=group_of(where.this, scope, "WHERE") if where else Group(),
            having=group_of(having.this, named, "HAVING") if having else Group(),
            sort=self._sort(named),
            limit=self._limit(),
            offset=self._number("offset"),
            distinct=self.tree.args.get("distinct") is not None,
        )
        return self._grouped(query, named)

    def _tables(self) -> tuple[QueryTable, list[tuple[QueryTable, exp.Join]]]:
        source = self.tree.args.get("from_")
        if source is None:
            raise CannotDraw("FROM", "The query has no table.")
        nodes = list(self.tree.args.get("joins") or ())
        tables = [self._table(node.this) for node in (source, *nodes)]
        aliases = [table.alias for table in tables]
        if len(set(aliases)) < len(aliases):
            raise CannotDraw("FROM", "Two tables have the same name.")
        return tables[0], list(zip(tables[1:], nodes, strict=True))

    def _table(self, node: exp.Expr) -> QueryTable:
        if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
            what = (
                "a subquery" if isinstance(node, exp.Query) or node.find(exp.Query) else "something other than a table"
            )
            raise CannotDraw("FROM", f"The query reads from {what}.")
        alias = node.args.get("alias")
        extra = [name for name, value in node.args.items() if value and name not in {"this", "db", "alias"}]
        if extra or (alias is not None and alias.args.get("columns")):
            raise CannotDraw("FROM", f"The query builder does not support the way in which {node.name} is read.")
        name = spelling(node.this, self.style)
        schema = spelling(node.args["db"], self.style) if node.args.get("db") else None
        return QueryTable(name, spelling(alias.this, self.style) if alias is not None else name, schema)

    def _join(self, table: QueryTable, node: exp.Join, scope: NameScope) -> Join:
        extra = [name for name, value in node.args.items() if value and name not in {"this", "side", "kind", "on"}]
        words = f"{node.side} {node.kind}".replace("OUTER", "").split()
        if extra or len(words) > 1 or set(words) - {"LEFT", "RIGHT", "FULL", "INNER", "CROSS"}:
            clause = "USING" if "using" in extra else "NATURAL" if "method" in extra else "JOIN"
            raise CannotDraw(
                clause, f"The query builder does not support this join of {table.alias}: write the condition with ON."
            )
        on = node.args.get("on")
        if on is None:
            if words and words != ["CROSS"]:
                raise CannotDraw("JOIN", f"The join of {table.alias} has no condition.")
            return Join(table, "cross")
        kind: JoinKind = "inner"
        for known in _OUTER:
            kind = known if known.upper() in words else kind
        return Join(table, kind, group_of(on, scope, "JOIN"))

    def _picks(self, scope: NameScope) -> tuple[Pick, ...]:
        nodes = self.tree.expressions
        if len(nodes) == 1 and type(nodes[0]) is exp.Star and not any(nodes[0].args.values()):
            return ()
        return tuple(self._pick(node, scope) for node in nodes)

    def _pick(self, node: exp.Expr, scope: NameScope) -> Pick:
        alias = ""
        if isinstance(node, exp.Alias):
            alias = spelling(node.args["alias"], self.style)
            node = node.this
        elif isinstance(node, exp.Aliases):
            raise CannotDraw("SELECT", "The query builder does not support an expression with several aliases.")
        term, aggregate = aggregated(node, scope, "SELECT")
        return Pick(term, aggregate, alias)

    def _limit(self) -> int | None:
        limit = self._number("limit")
        return None if limit == NO_LIMIT and self.tree.args.get("offset") else limit

    def _number(self, clause: str) -> int | None:
        node = self.tree.args.get(clause)
        if node is None:
            return None
        value = node.args.get("expression")
        extra = [name for name, value in node.args.items() if value and name != "expression"]
        if isinstance(node, exp.Fetch) or extra or not isinstance(value, exp.Literal) or not value.name.isdigit():
            raise CannotDraw(clause.upper(), f"The query builder supports {clause.upper()} only with a plain number.")
        return int(value.name)

    def _sort(self, scope: NameScope) -> tuple[Sort, ...]:
        order = self.tree.args.get("order")
        return tuple(self._sorted(node, scope) for node in order.expressions) if order else ()

    def _sorted(self, node: exp.Expr, scope: NameScope) -> Sort:
        if not isinstance(node, exp.Ordered) or node.args.get("with_fill"):
            raise CannotDraw("ORDER BY", "The query builder does not support this ORDER BY.")
        descending = bool(node.args.get("desc"))
        first = bool(node.args.get("nulls_first"))
        nulls: Literal["", "first", "last"] = (
            "" if first == self._nulls_come_first(descending) else "first" if first else "last"
        )
        picked = scope.picked(node.this)
        if picked is not None:
            return Sort(
                Term("alias", picked.alias) if picked.alias else picked.term,
                "" if picked.alias else picked.aggregate,
                descending,
                nulls,
            )
        term, aggregate = aggregated(node.this, scope, "ORDER BY")
        return Sort(term, aggregate, descending, nulls)

    def _nulls_come_first(self, descending: bool) -> bool:
        how = SqlglotDialect.get_or_raise(self.style.sqlglot).NULL_ORDERING
        return how != "nulls_are_last" and descending == (how == "nulls_are_large")

    def _grouped(self, query: Query, scope: NameScope) -> Query:
        """Check that the text groups as the query implies; grouping without aggregates is DISTINCT."""
        group = self.tree.args.get("group")
        stated = self._group_terms(group, scope) if group else ()
        implied = grouped_terms(query, self.style.sqlglot)
        if implied is None and group and {pick.term for pick in query.picks} == set(stated):
            return replace(query, distinct=True)
        if set(stated) != set(implied or ()):
            raise CannotDraw("GROUP BY", "The rows are not grouped by the selected columns.")
        return query

    def _group_terms(self, group: exp.Group, scope: NameScope) -> Sequence[Term]:
        if any(value for name, value in group.args.items() if name != "expressions"):
            raise CannotDraw("GROUP BY", "The query builder does not support ROLLUP, CUBE, GROUPING SETS and ALL.")
        terms = []
        for node in group.expressions:
            picked = scope.picked(node, columns_first=True)
            terms.append(picked.term if picked is not None else term_of(node, scope, "GROUP BY"))
        return terms
