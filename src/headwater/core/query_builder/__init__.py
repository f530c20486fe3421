"""The visual query builder's other half: a SELECT as parts that can be drawn, and SQL from and to them.

`parse` gives a `Query`, or says which clause cannot be drawn; `render` writes a Query in an engine's dialect. The law
between them: what is rendered from a parsed text gives the same rows, and a rendered Query is parsed as itself.
"""

from __future__ import annotations

from headwater.core.query_builder.model import (
    Aggregate,
    BuilderRefusal,
    Condition,
    Group,
    Join,
    Pick,
    Query,
    QueryTable,
    Sort,
    SqlStyle,
    Term,
)
from headwater.core.query_builder.parser import parse
from headwater.core.query_builder.render import render

__all__ = [
    "Aggregate",
    "BuilderRefusal",
    "Condition",
    "Group",
    "Join",
    "Pick",
    "Query",
    "QueryTable",
    "Sort",
    "SqlStyle",
    "Term",
    "parse",
    "render",
]
