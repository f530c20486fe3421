"""Expressions of a query as text: parsing, normalising, and checking for aggregates."""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from headwater.core.query_builder.model import Query, Term
from headwater.kit.errors import BadInput

# What an expression must not contain: the builder does not support the first two, the others change the grouping.
FOREIGN: dict[type[exp.Expr], str] = {
    exp.Query: "a subquery",
    exp.Command: "a command",
    exp.Window: "a window function",
    exp.Star: "* within an expression",
}
# These bind weaker than the operators beside a term, so they get parentheses.
_WEAK = (exp.Binary, exp.Unary, exp.Between, exp.In, exp.Is, exp.Not, exp.Alias, exp.Interval, exp.Case)


@lru_cache(maxsize=4096)
def read(text: str, dialect: str) -> exp.Expr:
    """Return the tree of an expression.

    Raises:
        BadInput: it is not an expression.
    """
    try:
        tree = sqlglot.parse_one(f"SELECT {text}", read=dialect)
    except (SqlglotError, RecursionError, ValueError, AttributeError, TypeError, IndexError) as error:
        raise BadInput(f"{text!r} is not an expression.", hint="Write it as it would stand in SELECT.") from error
    expressions = tree.expressions if isinstance(tree, exp.Select) else []
    extra = isinstance(tree, exp.Select) and any(value for name, value in tree.args.items() if name != "expressions")
    if len(expressions) != 1 or extra or isinstance(expressions[0], exp.Alias):
        raise BadInput(f"{text!r} is not one expression.", hint="Write it as it would stand in SELECT.")
    tree_: exp.Expr = expressions[0].unnest()
    if problem := foreign(tree_):
        raise BadInput(f"{text!r} contains {problem}, which the query builder does not support.")
    return tree_


def foreign(tree: exp.Expr) -> str:
    """Return the part of an expression that is not supported, or ""."""
    for node in tree.walk():
        inside_count = isinstance(node, exp.Star) and isinstance(node.parent, exp.Count)
        for kind, name in FOREIGN.items():
            if isinstance(node, kind) and not inside_count:
                return name
    return ""


def written(tree: exp.Expr, dialect: str) -> str:
    """Return an expression in normalised spelling."""
    return tree.unnest().sql(dialect=dialect, comments=False)


def enclosed(text: str, dialect: str) -> str:
    """Return an expression in parentheses if it needs them beside an operator."""
    return f"({text})" if isinstance(read(text, dialect), _WEAK) else text


def aggregates(term: Term, dialect: str) -> bool:
    """Return True if a term is an expression over many rows."""
    return term.kind == "expression" and read(term.value, dialect).find(exp.AggFunc) is not None


def grouped_terms(query: Query, dialect: str) -> tuple[Term, ...] | None:
    """Return the terms of GROUP BY, or None if nothing is aggregated."""
    sources = [(pick.term, pick.aggregate) for pick in query.picks]
    sources += [(condition.term, condition.aggregate) for condition in query.having.conditions()]
    sources += [(sort.term, sort.aggregate) for sort in query.sort]
    if not query.having.items and not any(how or aggregates(term, dialect) for term, how in sources):
        return None
    plain = [pick.term for pick in query.picks if not pick.aggregate and not aggregates(pick.term, dialect)]
    return tuple(dict.fromkeys(term for term in plain if term.kind in {"column", "expression", "star"}))
