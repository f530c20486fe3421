"""Query builders that statements change: what is added to a query stays in its variable, also after branches."""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.values import QueryValue, Value, each, union


def keep(frame: Frame, expr: f.Expr, query: Value) -> None:
    """Keep what a statement adds to the query in a variable: `$builder->leftJoin('u.team', 't');`."""
    while isinstance(expr, (f.Call, f.Attr)):
        expr = expr.func if isinstance(expr, f.Call) else expr.value
    known = frame.env.get(expr.id) if isinstance(expr, f.Name) else None
    if isinstance(expr, f.Name) and _sources(known) and _sources(known) <= _sources(query):
        frame.env[expr.id] = query


def _sources(value: Value) -> set[str]:
    return {source for item in each(value) if isinstance(item, QueryValue) for source in item.sources}


def either(before: Value, after: Value) -> Value:
    """Return one of two values; of a query and the same with more joins, the longer one: its names are known then."""
    if isinstance(before, QueryValue) and isinstance(after, QueryValue):
        first, second = set(before.sources), set(after.sources)
        if first and (first <= second or second <= first) and before.items == after.items:
            return after if first <= second else before
    return union(before, after)
