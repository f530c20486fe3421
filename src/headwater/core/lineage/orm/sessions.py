"""Database sessions, which run queries, load by key, delete rows; recognised by type, or by use and name."""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name, last_name
from headwater.catalog.usages import UsageType
from headwater.core.lineage.orm import named_columns, queries, results, shapes
from headwater.core.lineage.orm.arguments import QueryArguments
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.members import member
from headwater.core.lineage.orm.values import (
    ColumnValue,
    Dict,
    Entity,
    InstanceValue,
    Library,
    ListValue,
    Object,
    Parameter,
    QueryValue,
    TypeOf,
    Value,
    Variable,
    drafts,
    each,
    union,
)
from headwater.readers import Operation

_SESSIONS = (Library, Object, Parameter, Variable, type(None))
_NAMES = frozenset(
    {"db", "s", "sess", "conn", "connection", "tx", "uow", "store", "dbs", "em", "entitymanager", "objectmanager"}
)


def method(frame: Frame, receiver: Value, func: f.Attr, args: QueryArguments) -> tuple[bool, Value]:
    """Evaluate a session's method; the first result says whether it is one."""
    model = next((item.model for item in each(args.first) if isinstance(item, Entity)), None)
    if model and func.name in frame.index.words_of(model).managers and isinstance(receiver, _SESSIONS):
        managed = frame.index.words_of(model).query[func.name]
        item = InstanceValue(model, "It comes from a query.")
        rest = QueryArguments(args.values[1:], args.named, args.exprs[1:], args.keywords)
        return True, shapes.apply(frame, managed, QueryValue((item,), sources=(model,)), rest, (func.start, func.end))
    if begins_query(frame, receiver, func):
        return True, queries.apply(frame, frame.words.query[func.name], QueryValue(), args, (func.start, func.end))
    operation = frame.words.session.get(func.name)
    if operation is not None and operation.texts == "table" and isinstance(receiver, _SESSIONS):
        query = queries.apply(frame, operation, QueryValue(), args, (func.start, func.end))
        return isinstance(query, QueryValue) and bool(query.sources), query
    if operation is None or not isinstance(receiver, _SESSIONS) or not _fits(frame, operation, receiver, func, args):
        return False, None
    first, at = args.first, (func.start, func.end)
    if operation.named and isinstance(first, Entity):
        return True, queries.apply(frame, operation, None, args, at)
    if isinstance(first, QueryValue) and first.kind in ("insert", "update"):
        _name_rows(frame, first, args)
    if operation.result == "same":
        return True, first
    if operation.result in ("query", "none"):
        return True, queries.apply(frame, operation, receiver or Library("", True), args, at)
    source = (item for item in each(first) if isinstance(item, (QueryValue, Entity, InstanceValue, TypeOf)))
    return True, union(*(results.rows(operation.result, item) for item in source))


def opened(frame: Frame, around: Value, func: f.Expr, args: QueryArguments) -> QueryValue | None:
    """Return the query that a call of a session with the name of a table begins: `knex("users as u")`.

    `around` is the value that is called, or that has it as an attribute.
    """
    operation = frame.words.opens
    value = around
    if isinstance(func, f.Attr):
        value = member(frame.index, around, func.name) if isinstance(around, Object) else None
    if operation is None or len(args.values) not in (1, 2) or not _opens(frame, value, func):
        return None
    query = queries.apply(frame, operation, QueryValue(), args, (func.start, func.end))
    return query if isinstance(query, QueryValue) and query.sources else None


def begins_query(frame: Frame, receiver: Value, func: f.Attr) -> bool:
    """Return True if a method of a session begins a query whose table is named later: `knex.select("id")`."""
    words = frame.words
    return words.opens is not None and func.name in words.query and _opens(frame, receiver, func.value)


def _opens(frame: Frame, value: Value, expr: f.Expr) -> bool:
    for item in each(value):
        if isinstance(item, Library) and frame.words.types.get(item.name.rsplit(".", 1)[-1]) == "session":
            return True
        if not isinstance(item, _SESSIONS):
            return False
    return last_name(expr).casefold() in frame.words.openers


def _fits(frame: Frame, operation: Operation, receiver: Value, func: f.Attr, args: QueryArguments) -> bool:
    """Return True if the first argument shows that this is a session's method and not another of that name."""
    fits = any(isinstance(item, (QueryValue, Entity, ColumnValue, TypeOf)) for item in each(args.first))
    fits = fits or (isinstance(args.first, Dict) and bool(drafts(args.first)))
    if operation.texts in ("entities", "sql"):
        return _is_session(frame, receiver, func.value)
    if not args.values and operation.result == "query" and not operation.row:
        return True  # the model comes later, in a call on what is returned
    if operation.result == "query" and operation.row:
        return fits
    if operation.row == "delete" or (operation.result == "same" and not fits):
        return any(_has_rows(item) for item in each(args.first)) and _is_session(frame, receiver, func.value)
    return fits


def _has_rows(value: Value) -> bool:
    """Return True for a row of a model, a list of them, or a query of them."""
    row = value.item if isinstance(value, ListValue) else value
    return isinstance(row, InstanceValue) or (isinstance(row, QueryValue) and bool(row.sources))


def _name_rows(frame: Frame, query: QueryValue, args: QueryArguments) -> None:
    """Record the columns in the rows of `execute(insert(User), [{"email": …}])`."""
    usage: UsageType = "write" if query.kind == "insert" else "update"
    for value, _ in args.values[1:]:
        for part in named_columns.parts(value):
            named_columns.name_keys(frame, query.sources, part, usage)


def _is_session(frame: Frame, receiver: Value, expr: f.Expr) -> bool:
    if isinstance(receiver, Object):
        return frame.index.is_session(receiver.path, receiver.name)
    if isinstance(receiver, Library):
        last = receiver.name.rsplit(".", 1)[-1]
        if last == "session" or frame.words.types.get(last) == "session":
            return True
    word = dotted_name(expr.func if isinstance(expr, f.Call) else expr).rsplit(".", 1)[-1].casefold()
    return "session" in word or word in _NAMES or word.removeprefix("get") in _NAMES
