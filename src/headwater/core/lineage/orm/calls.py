"""Evaluates calls by the value that is called, and methods by their receiver."""

from __future__ import annotations

from collections.abc import Callable as Fn
from typing import Any

from headwater.catalog import facts as f
from headwater.core.lineage.orm import builtin_calls, functions, queries, sessions, shapes
from headwater.core.lineage.orm.attributes import attribute
from headwater.core.lineage.orm.frame import Frame, set_default_usage
from headwater.core.lineage.orm.index import class_of
from headwater.core.lineage.orm.joins import join_relation
from headwater.core.lineage.orm.queries import QueryArguments
from headwater.core.lineage.orm.values import (
    Callable,
    ClassValue,
    Closure,
    ColumnValue,
    Entity,
    InstanceValue,
    Library,
    ListValue,
    Loader,
    Object,
    Parameter,
    QueryValue,
    RelationValue,
    ResultOf,
    TypeOf,
    Union,
    Value,
    drafts,
    each,
    union,
)
from headwater.readers import Operation

_COLUMN = Operation(result="column")
_CHAIN = Operation()
Span = tuple[int, int]


def call(frame: Frame, expr: f.Call) -> Value:
    """Evaluate a call."""
    func = expr.func
    if isinstance(func, f.Attr):
        receiver = frame.evaluate(frame, func.value)
        args = arguments(frame, expr)
        if frame.index.delegates:
            handled, value = shapes.client_call(frame, func, args)
            if handled:
                return value
        return method(frame, receiver, func, args, expr)
    function = frame.evaluate(frame, func)
    args = arguments(frame, expr)
    if function is None:
        return builtin_calls.builtin(frame, func, expr, args) if isinstance(func, f.Name) else None
    return invoke(frame, function, args, expr)


def arguments(frame: Frame, expr: f.Call) -> QueryArguments:
    """Evaluate the arguments of a call."""
    evaluate = frame.evaluate
    values: list[tuple[Value, Span]] = []
    for arg in expr.args:
        inner = arg.value if isinstance(arg, f.Spread) else arg
        values.append((evaluate(frame, inner), (inner.start, inner.end)))
    named = [(k.name, evaluate(frame, k.value), (k.start, k.end)) for k in expr.keywords]
    return QueryArguments(tuple(values), tuple(named))


def method(frame: Frame, receiver: Value, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    """Evaluate a method call."""
    handler = _METHODS.get(type(receiver))
    if handler is not None:
        return handler(frame, receiver, func, args, expr)
    return _of_other(frame, receiver, func, args, expr)


def _of_union(frame: Frame, receiver: Union, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    return union(*(method(frame, item, func, args, expr) for item in receiver.items))


def _of_nothing(frame: Frame, receiver: None, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    words = frame.index.language
    name = func.name
    if name in words.flushes:
        frame.flush()
    if name in words.session:
        handled, value = sessions.method(frame, receiver, func, args)
        if handled:
            return value
    return builtin_calls.method(frame, receiver, func, expr, args)


def _of_query(frame: Frame, receiver: QueryValue, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    operation = frame.index.language.query.get(func.name, _CHAIN)
    return queries.apply(frame, operation, receiver, args, (func.start, func.end))


def _of_loader(frame: Frame, receiver: Loader, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    words = frame.index.language
    operation = words.functions.get(func.name) or words.query.get(func.name) or Operation("projection")
    return queries.apply(frame, operation, receiver, args, (func.start, func.end))


def _of_many(frame: Frame, receiver: ListValue, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    """Evaluate a method of a result, a list, or a relationship that is itself a query."""
    words = frame.index.language
    name, at = func.name, (func.start, func.end)
    if name in words.rows:
        return queries.apply(frame, words.rows[name], receiver, args, at)
    if isinstance(receiver.item, InstanceValue) and name in words.query:
        query = QueryValue((receiver.item,), sources=(receiver.item.model,), at=at)
        return queries.apply(frame, words.query[name], query, args, at)
    return builtin_calls.method(frame, receiver, func, expr, args)


def _of_entity(frame: Frame, receiver: Entity, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    operation = frame.index.language.table.get(func.name)
    if operation is None or class_of(frame.index, receiver.model) is not None:
        return _of_other(frame, receiver, func, args, expr)
    span = (func.value.start, func.value.end)
    if operation.args == "join":
        return queries.apply(frame, operation, QueryValue(sources=(receiver.model,), at=span), args, span)
    whole = QueryArguments(((receiver, span), *args.values), args.named)
    return queries.apply(frame, operation, None, whole, span)


def _of_instance(frame: Frame, receiver: InstanceValue, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    operation = frame.index.language.instance.get(func.name)
    if operation is not None:
        return queries.apply(frame, operation, receiver, args, (func.start, func.end))
    return _of_other(frame, receiver, func, args, expr)


def _of_column(frame: Frame, receiver: ColumnValue, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    operation = frame.index.language.column.get(func.name)
    label = getattr(args.first, "text", None) if func.name == "label" else None
    if func.name == "label" and receiver.attribute:
        return ColumnValue(receiver.models, receiver.attribute, label or "", receiver.drafts)
    whole = queries.column_of(receiver, *(value for value, _ in args.values))
    if operation is not None and operation.args != "value":
        set_default_usage(whole.drafts, operation.args)
    return ColumnValue(whole.models, None, label, whole.drafts)


def _of_relation(frame: Frame, receiver: RelationValue, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    operation = frame.index.language.relation.get(func.name)
    if operation is None:
        return None
    target = frame.index.fields[receiver.model][receiver.attribute].target
    if operation.args == "filter" and func.name != "and_":
        join_relation(frame, receiver, "join")
    owner = RelationValue(target or receiver.model, receiver.attribute, receiver.span)
    result = queries.apply(frame, operation, owner, args, (func.start, func.end))
    return receiver if operation.result == "same" else result


def _of_other(frame: Frame, receiver: Value, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    """Evaluate a member of a class or module, a session's method, or one that passes values on."""
    name = func.name
    if name in frame.index.language.flushes:
        frame.flush()
    result = attribute(frame, receiver, name, (func.start, func.end))
    if result is not None and not (isinstance(result, Library) and _is_session_call(frame, result, name)):
        return invoke(frame, result, args, expr)
    handled, value = sessions.method(frame, receiver, func, args)
    return value if handled else builtin_calls.method(frame, receiver, func, expr, args)


def _is_session_call(frame: Frame, library: Library, name: str) -> bool:
    words = frame.index.language
    return name in words.session and (name not in words.functions or ".session" in library.name)


def invoke(frame: Frame, function: Value, args: QueryArguments, expr: f.Call) -> Value:
    """Call a value that is a function or class."""
    handler = _INVOKED.get(type(function))
    return handler(frame, function, args, expr) if handler else None


def _one_of(frame: Frame, function: Union, args: QueryArguments, expr: f.Call) -> Value:
    return union(*(invoke(frame, item, args, expr) for item in each(function)))


def _type_of(frame: Frame, function: TypeOf, args: QueryArguments, expr: f.Call) -> Value:
    functions.note_effects(frame, function, args)
    return function.item


def _session_factory(frame: Frame, function: Object, args: QueryArguments, expr: f.Call) -> Value:
    """Evaluate a call of a session factory or a scoped session, which returns the session."""
    return function if frame.index.is_session(function.path, function.name) else None


def _of_library(frame: Frame, function: Library, args: QueryArguments, expr: f.Call) -> Value:
    if not function.name.startswith(frame.index.language.packages):
        return builtin_calls.library(frame, function, args)
    _, *rest = function.name.split(".")
    last = rest[-1] if rest else ""
    at = (expr.func.start, expr.func.end)
    if "func" in rest[:-1]:
        return queries.apply(frame, _COLUMN, None, args, at)
    if last in frame.index.language.declarations:  # their arguments are declarations, not usages
        for value in (*(v for v, _ in args.values), *(v for _, v, _ in args.named)):
            _forget(frame, value)
        return None
    operation = frame.index.language.functions.get(last)
    if operation is not None:
        return queries.apply(frame, operation, None, args, at)
    return builtin_calls.library(frame, function, args)


def _forget(frame: Frame, value: Value) -> None:
    """Drop the columns in a definition: a foreign key declares them and does not use them."""
    gone = {id(draft) for draft in drafts(value)}
    if gone:
        frame.pending[:] = [draft for draft in frame.pending if id(draft) not in gone]


_METHODS: dict[type, Fn[[Frame, Any, f.Attr, QueryArguments, f.Call], Value]] = {
    Union: _of_union,
    type(None): _of_nothing,
    QueryValue: _of_query,
    Loader: _of_loader,
    ListValue: _of_many,
    Entity: _of_entity,
    InstanceValue: _of_instance,
    ColumnValue: _of_column,
    RelationValue: _of_relation,
}
_INVOKED: dict[type, Fn[[Frame, Any, QueryArguments, f.Call], Value]] = {
    Union: _one_of,
    Callable: lambda frame, function, args, expr: functions.call_project(frame, function, args, expr),
    Entity: lambda frame, function, args, expr: functions.construct(frame, function, args),
    ClassValue: lambda frame, function, args, expr: functions.construct_object(frame, function, args),
    Library: _of_library,
    ColumnValue: lambda frame, function, args, expr: queries.column_of(function, *(value for value, _ in args.values)),
    Closure: lambda frame, function, args, expr: function.returns,
    TypeOf: _type_of,
    Parameter: lambda frame, function, args, expr: ResultOf(function.name),
    Object: _session_factory,
}
