"""Parts of SQL statements in arguments: `where("users.email = ?", …)`, `order("created_at desc")`, JPQL.

A part is completed to a statement over the tables of the query, so that names without a table are resolved as the
server would. In texts over entities and attributes, names are those of the code; `entity_sql` resolves them.
"""

from __future__ import annotations

import re

from msgspec.structs import replace
from sqlglot import exp

from headwater.catalog import facts as f
from headwater.catalog import sqltext
from headwater.catalog.usages import UsageType
from headwater.core.lineage.orm import entity_sql, sql_tables
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.values import QueryValue
from headwater.core.lineage.ropes import Flat
from headwater.core.lineage.sqlroles import ColumnRole, roles
from headwater.readers import Operation

_WHOLE = re.compile(r"\s*(?:select|from|update|delete|insert|with)\b", re.IGNORECASE)
# PostgreSQL's operators `?`, `?|` and `?&`, escaped for drivers whose placeholder is a question mark.
_ESCAPED = re.compile(r"\\\?[|&]?")
_JOINS = re.compile(r"\bjoin\b", re.IGNORECASE)
# What stands before and after a part, by its role; `FROM` is where the tables go.
_AROUND = {
    "filter": ("SELECT 1 FROM {tables} WHERE (", ")"),
    "sort": ("SELECT 1 FROM {tables} ORDER BY ", ""),
    "group": ("SELECT 1 FROM {tables} GROUP BY ", ""),
    "projection": ("SELECT ", " FROM {tables}"),
    "update": ("UPDATE {tables} SET ", ""),
    "join": ("SELECT 1 FROM {tables} ", ""),
}


def use(frame: Frame, expr: f.Expr, operation: Operation, query: QueryValue, usage: UsageType | None = None) -> None:
    """Record the columns that the SQL in an argument names, as `usage` if that is given."""
    if isinstance(expr, f.SequenceExpr):
        for item in expr.items:
            use(frame, item, operation, query, usage)
        return
    used = len(frame.pending)
    value = frame.evaluate(frame, expr) if isinstance(expr, (f.Attr, f.Name)) else None
    del frame.pending[used:]  # the arguments of the call were evaluated once, and recorded
    flat = sql_tables.text_of(frame, value, expr)
    if flat is None:
        return
    if operation.texts == "entities":
        _entities(frame, flat, operation, query, usage)
        return
    around = _AROUND.get(operation.args)
    if around is None or not query.sources:
        return
    if operation.args == "join" and not _JOINS.search(flat.text):
        around = ("SELECT 1 FROM {tables} JOIN (SELECT 1) AS joined ON (", ")")
    tables = _tables(frame, query)
    if operation.args != "join" or around[1]:
        tables += "".join(f', "{name}"' for name in sql_tables.mentioned(frame, query, flat.text))
    head, tail = (part.format(tables=tables) for part in around)
    for role in _roles(frame, head, flat.text, tail):
        _record(frame, flat, role, len(head))


def statement(frame: Frame, expr: f.Expr) -> None:
    """Record the columns that a whole SQL statement names."""
    flat = sql_tables.text_of(frame, None, expr)
    if flat is not None and _WHOLE.match(flat.text):
        for role in _roles(frame, "", flat.text, ""):
            _record(frame, flat, role, 0)


def constant_text(frame: Frame, expr: f.Expr) -> tuple[str, tuple[int, int]]:
    """Return the text of an expression of constants, and where it stands."""
    flat = sql_tables.text_of(frame, None, expr)
    return (flat.text if flat is not None else ""), (expr.start, expr.end)


def _tables(frame: Frame, query: QueryValue) -> str:
    models = frame.index.models
    return ", ".join(
        f'"{models[model].table}"' + (f' AS "{alias}"' if alias else "") for model, alias in _sources(query)
    )


def _sources(query: QueryValue) -> list[tuple[str, str]]:
    """Return the models of a query with their aliases; one that is joined twice has two."""
    aliased = [(model, alias) for alias, model in reversed(query.aliases)]
    named = {model for model, _ in aliased}
    return [*((model, "") for model in query.sources if model not in named), *aliased]


def _roles(frame: Frame, head: str, text: str, tail: str) -> list[ColumnRole]:
    text = _ESCAPED.sub(lambda match: "=".ljust(len(match[0])), text)
    trees, _ = sqltext.parse(sqltext.mask(head + text + tail))
    schema = frame.index.schema
    statements = (tree for tree in trees if not isinstance(tree, exp.Command))
    return [role for tree in statements for role in roles(tree, schema) if role.column != "*"]


def _record(frame: Frame, flat: Flat, role: ColumnRole, offset: int) -> None:
    first, last = role.start - offset, role.end - offset
    span = flat.span(first, last) if 0 <= first < last <= len(flat.text) else None
    if span is not None:
        frame.record_text(role, span)


def _entities(frame: Frame, flat: Flat, operation: Operation, query: QueryValue, usage: UsageType | None) -> None:
    around = ("", "")
    if not _WHOLE.match(flat.text):
        head, tail = _AROUND.get(operation.args, ("", ""))
        around = (head.format(tables=_names(frame, query)), tail.format(tables=_names(frame, query)))
    for role in entity_sql.roles(frame.index, around[0] + flat.text + around[1]):
        _record(frame, flat, replace(role, usage_type=usage) if usage else role, len(around[0]))


def _names(frame: Frame, query: QueryValue) -> str:
    models = frame.index.models
    return ", ".join(f"{models[model].name} {alias or models[model].name}" for model, alias in _sources(query))
