"""Converts trees of the parser to terms, aggregates and groups of conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlglot import exp

from headwater.core.query_builder.expressions import foreign, written
from headwater.core.query_builder.model import Aggregate, Condition, Group, Operator, Term
from headwater.core.query_builder.names import CannotDraw, NameScope

_AGGREGATES: Mapping[type[exp.Expr], Aggregate] = {
    exp.Count: "count",
    exp.Sum: "sum",
    exp.Avg: "avg",
    exp.Min: "min",
    exp.Max: "max",
}
_OPERATORS: Mapping[type[exp.Expr], Operator] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.Like: "like",
    exp.ILike: "ilike",
}
_NEGATED: Mapping[Operator, Operator] = {
    "like": "not like",
    "ilike": "not ilike",
    "in": "not in",
    "between": "not between",
    "is null": "is not null",
}


def term_of(node: exp.Expr, scope: NameScope, clause: str) -> Term:
    """Return a tree as a term; anything but a column or constant stays an expression."""
    node = node.unnest()
    match node:
        case exp.Column(this=exp.Star()):
            return Term("star", table=_table_of_star(node, scope, clause))
        case exp.Column() if isinstance(node.this, exp.Identifier) and not node.args.get("db"):
            table, name = scope.column(node, clause)
            return Term("column", name, table)
        case exp.Boolean():
            return Term("boolean", "true" if node.this else "false")
        case exp.Literal():
            return Term("text" if node.is_string else "number", node.name)
        case exp.Neg(this=exp.Literal(is_string=False) as number):
            return Term("number", f"-{number.name}")
    if isinstance(node, exp.Star):
        return Term("star")
    if problem := foreign(node):
        raise CannotDraw(clause, f"{clause} contains {problem}, which the query builder does not support.")
    return Term("expression", written(node, scope.style.sqlglot))


def _table_of_star(node: exp.Column, scope: NameScope, clause: str) -> str:
    if any(node.this.args.values()):
        raise CannotDraw(clause, "The query builder does not support * with exceptions.")
    wanted = node.table
    for table in scope.tables:
        if wanted.lower() == table.alias.lower():
            return table.alias
    raise CannotDraw(clause, f"There is no table {wanted} in FROM.")


def aggregated(node: exp.Expr, scope: NameScope, clause: str) -> tuple[Term, Aggregate]:
    """Return a tree as a term, with one of the known aggregates or without one."""
    node = node.unnest()
    picked = scope.picked(node, columns_first=True) if isinstance(node, exp.Column) else None
    if picked is not None:
        return picked.term, picked.aggregate
    how = _AGGREGATES.get(type(node))
    extra = [name for name, value in node.args.items() if value and name not in {"this", "big_int"}]
    if how is None or extra or not isinstance(node.this, exp.Expr):
        return term_of(node, scope, clause), ""
    inner = node.this
    if isinstance(inner, exp.Distinct):
        if how != "count" or len(inner.expressions) != 1 or inner.args.get("on"):
            return term_of(node, scope, clause), ""
        inner, how = inner.expressions[0], "count_distinct"
    return term_of(inner, scope, clause), how


def group_of(node: exp.Expr, scope: NameScope, clause: str) -> Group:
    """Return a condition as a group; nested groups of the same kind are merged."""
    item = _item(node, scope, clause)
    return item if isinstance(item, Group) else Group(True, (item,))


def _item(node: exp.Expr, scope: NameScope, clause: str) -> Condition | Group:
    node = node.unnest()
    if isinstance(node, exp.And | exp.Or):
        every = isinstance(node, exp.And)
        items: list[Condition | Group] = []
        for part in node.flatten(unnest=False):
            item = _item(part, scope, clause)
            items.extend(item.items if isinstance(item, Group) and item.all == every else (item,))
        return Group(every, tuple(items))
    return _condition(node, scope, clause)


def _condition(node: exp.Expr, scope: NameScope, clause: str) -> Condition:
    negated = isinstance(node, exp.Not)
    inner = node.this.unnest() if negated else node
    plain = _plain(inner, scope, clause)
    # The parser has two spellings of NOT: around a comparison, and within it.
    if plain is not None and negated != bool(inner.args.get("negate")):
        operator = _NEGATED.get(plain.operator)
        plain = replace(plain, operator=operator) if operator else None
    if plain is not None:
        return plain
    term, aggregate = aggregated(node, scope, clause)
    return Condition(term, "holds", (), aggregate)


def _plain(node: exp.Expr, scope: NameScope, clause: str) -> Condition | None:
    """Return a comparison that has an operator of its own, or None; negation is ignored."""
    operator = _OPERATORS.get(type(node))
    values: tuple[exp.Expr, ...] = ()
    if operator is not None and not _extra(node, "expression"):
        values = (node.args["expression"],)
    elif isinstance(node, exp.Between) and not _extra(node, "low", "high"):
        operator, values = "between", (node.args["low"], node.args["high"])
    elif isinstance(node, exp.In) and node.expressions and not _extra(node, "expressions"):
        operator, values = "in", tuple(node.expressions)
    elif isinstance(node, exp.Is) and isinstance(node.expression, exp.Null) and not _extra(node, "expression"):
        operator = "is null"
    else:
        return None
    term, aggregate = aggregated(node.this, scope, clause)
    return Condition(term, operator, tuple(term_of(value, scope, clause) for value in values), aggregate)


def _extra(node: exp.Expr, *known: str) -> bool:
    return any(value for name, value in node.args.items() if name not in {"this", "negate", *known})
