"""Database sessions, which run queries, load by key, delete rows; recognised by type, or by use and name."""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.catalog.usages import UsageType
from headwater.core.lineage.orm import queries
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import dotted
from headwater.core.lineage.orm.queries import QueryArguments
from headwater.core.lineage.orm.values import (
    ColumnValue,
    Entity,
    InstanceValue,
    Library,
    Object,
    Parameter,
    QueryValue,
    TypeOf,
    Value,
    Variable,
    each,
    union,
)
from headwater.readers import Operation

_SESSIONS = (Library, Object, Parameter, Variable, type(None))
_NAMES = frozenset({"db", "s", "sess", "conn", "connection", "tx", "uow", "store", "dbs"})


def method(frame: Frame, receiver: Value, func: f.Attr, args: QueryArguments) -> tuple[bool, Value]:
    """Evaluate a session's method; the first result says whether it is one."""
    operation = frame.index.language.session.get(func.name)
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
    return True, union(*(queries.rows(operation.result, item) for item in source))


def _fits(frame: Frame, operation: Operation, receiver: Value, func: f.Attr, args: QueryArguments) -> bool:
    """Return True if the first argument shows that this is a session's method and not another of that name."""
    fits = any(isinstance(item, (QueryValue, Entity, ColumnValue, TypeOf)) for item in each(args.first))
    if operation.row == "delete" or (operation.result == "same" and not fits):
        return any(isinstance(item, InstanceValue) for item in each(args.first)) and _is_session(
            frame, receiver, func.value
        )
    return fits


def _name_rows(frame: Frame, query: QueryValue, args: QueryArguments) -> None:
    """Record the columns in the rows of `execute(insert(User), [{"email": …}])`."""
    usage: UsageType = "write" if query.kind == "insert" else "update"
    for value, _ in args.values[1:]:
        for part in queries.parts(value):
            queries.name_keys(frame, query.sources, part, usage)


def _is_session(frame: Frame, receiver: Value, expr: f.Expr) -> bool:
    if isinstance(receiver, Object):
        return frame.index.is_session(receiver.path, receiver.name)
    if isinstance(receiver, Library):
        last = receiver.name.rsplit(".", 1)[-1]
        if last == "session" or frame.index.language.types.get(last) == "session":
            return True
    word = dotted(expr.func if isinstance(expr, f.Call) else expr).rsplit(".", 1)[-1].casefold()
    return "session" in word or word in _NAMES
