"""Evaluates calls of values that are functions or classes."""

from __future__ import annotations

from collections.abc import Callable as Fn
from typing import Any

from headwater.catalog import facts as f
from headwater.core.lineage.orm import (
    builtin_calls,
    functions,
    queries,
    results,
)
from headwater.core.lineage.orm.arguments import QueryArguments
from headwater.core.lineage.orm.closures import with_each
from headwater.core.lineage.orm.frame import Frame, set_default_usage
from headwater.core.lineage.orm.references import note_called
from headwater.core.lineage.orm.values import (
    Callable,
    ClassValue,
    Closure,
    ColumnValue,
    Entity,
    Library,
    Object,
    Parameter,
    QueryValue,
    ResultOf,
    SqlText,
    TypeOf,
    Union,
    Value,
    drafts,
    each,
    union,
)
from headwater.readers import Operation

_COLUMN = Operation(result="column")


def of_columns(args: QueryArguments) -> Value:
    """Return what an unknown function makes of columns: some expression of them."""
    values = [value for value, _ in args.values]
    return results.column_of(*values) if any(isinstance(value, ColumnValue) for value in values) else None


def of_unknown(frame: Frame, func: f.Attr, args: QueryArguments) -> Value:
    """Evaluate a method of an unknown query or expression whose arguments are columns."""
    if not any(drafts(value) for value, _ in args.values):
        return None
    operation = frame.words.column.get(func.name)
    if operation is not None:
        whole = results.column_of(*(value for value, _ in args.values))
        if operation.args != "value":
            set_default_usage(whole.drafts, operation.args)
        return whole
    operation = frame.words.query.get(func.name)
    if operation is None or operation.args == "value" or operation.into:
        return None
    return queries.apply(frame, operation, QueryValue(), args, (func.start, func.end))


def invoke(frame: Frame, function: Value, args: QueryArguments, expr: f.Call) -> Value:
    """Call a value that is a function or class."""
    note_called(frame, function, expr.func.start)
    handler = _INVOKED.get(type(function))
    return handler(frame, function, args, expr) if handler else None


def _one_of(frame: Frame, function: Union, args: QueryArguments, expr: f.Call) -> Value:
    return union(*(invoke(frame, item, args, expr) for item in each(function)))


def _closure(frame: Frame, function: Closure, args: QueryArguments) -> Value:
    """Call a function of this function; one that goes on with a query is evaluated again."""
    if not any(isinstance(value, QueryValue) for value, _ in args.values):
        return function.returns
    return with_each(frame, function.function, *(value for value, _ in args.values)) or function.returns


def _type_of(frame: Frame, function: TypeOf, args: QueryArguments, expr: f.Call) -> Value:
    functions.note_effects(frame, function, args)
    return function.item


def _session_factory(frame: Frame, function: Object, args: QueryArguments, expr: f.Call) -> Value:
    """Evaluate a call of a session factory or a scoped session, which returns the session."""
    return function if frame.index.is_session(function.path, function.name) else None


def _of_library(frame: Frame, function: Library, args: QueryArguments, expr: f.Call) -> Value:
    if not function.name.startswith(frame.words.packages):
        taken = builtin_calls.over_list(frame, function.name.rpartition(".")[2], args, expr)
        return taken or of_columns(args) or builtin_calls.library(frame, function, args)
    _, *rest = function.name.split(".")
    last = rest[-1] if rest else ""
    at = (expr.func.start, expr.func.end)
    if "func" in rest[:-1]:
        return queries.apply(frame, _COLUMN, None, args, at)
    if last in frame.words.declarations:  # their arguments are declarations, not usages
        _forget(frame, expr)
        return None
    operation = frame.words.functions.get(last)
    if operation is not None and operation.texts == "sql" and operation.result == "column" and expr.args:
        return SqlText(expr.args[0])
    if operation is not None:
        return queries.apply(frame, operation, None, args, at)
    known = of_unknown(frame, expr.func, args) if isinstance(expr.func, f.Attr) else None
    return builtin_calls.library(frame, function, args) if known is None else known


def _called_query(frame: Frame, query: QueryValue, args: QueryArguments, expr: f.Call) -> Value:
    """Evaluate a call of a query itself: an expression builder."""
    operation = frame.words.calls
    return queries.apply(frame, operation, query, args, (expr.start, expr.end)) if operation else None


def _forget(frame: Frame, expr: f.Call) -> None:
    """Drop the columns in a definition: a foreign key declares them and does not use them."""
    frame.pending[:] = [draft for draft in frame.pending if not expr.start <= draft.start < expr.end]


_INVOKED: dict[type, Fn[[Frame, Any, QueryArguments, f.Call], Value]] = {
    Union: _one_of,
    Callable: lambda frame, function, args, expr: functions.call_project(frame, function, args, expr),
    Entity: lambda frame, function, args, expr: functions.construct(frame, function, args),
    ClassValue: lambda frame, function, args, expr: functions.construct_object(frame, function, args),
    Library: _of_library,
    ColumnValue: lambda frame, function, args, expr: results.column_of(function, *(value for value, _ in args.values)),
    Closure: lambda frame, function, args, expr: _closure(frame, function, args),
    TypeOf: _type_of,
    Parameter: lambda frame, function, args, expr: ResultOf(function.name),
    QueryValue: _called_query,
    Object: _session_factory,
}
