"""The model of the visual query builder: a SELECT as parts that can be edited, parsed from SQL and rendered to SQL.

`parse` returns a `Query`, or says which clause is not supported; `render` writes a Query in an engine's dialect. Two
laws hold: SQL rendered from a parsed text returns the same rows, and a rendered Query is parsed to itself.
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
