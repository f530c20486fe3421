"""What an expression means without regard to parentheses, by its syntax tree.

Apart from `catalog/spellings.py`, which every process loads: a parser is loaded only where schemas are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from headwater.catalog.spellings import without_parentheses


@lru_cache(maxsize=65536)
def structure(text: str, dialect: str) -> object:
    """Return what an expression means without regard to parentheses that change nothing; its text if it cannot be read.

    Args:
        text: the expression.
        dialect: its name in sqlglot.
    """
    try:
        return _structure(sqlglot.parse_one(text, dialect=dialect))
    except (SqlglotError, RecursionError):
        return re.sub(r"[()\s]", "", without_parentheses(text))


def _structure(node: exp.Expr) -> object:
    """Return a node with its parts; conditions that are joined by one AND or OR are one list."""
    inner = node.unnest()
    if isinstance(inner, (exp.And, exp.Or)):
        return type(inner).__name__, tuple(_structure(part) for part in _joined(inner, type(inner)))
    parts = [(name, _part(value)) for name, value in inner.args.items() if value not in (None, [], False)]
    return type(inner).__name__, tuple(sorted(parts, key=lambda pair: pair[0]))


def _joined(node: exp.Expr, kind: type[exp.Expr]) -> Iterator[exp.Expr]:
    inner = node.unnest()
    if not isinstance(inner, kind):
        yield inner
        return
    yield from _joined(inner.this, kind)
    yield from _joined(inner.expression, kind)


def _part(value: object) -> object:
    if isinstance(value, exp.Expr):
        return _structure(value)
    return tuple(map(_part, value)) if isinstance(value, list) else str(value)
