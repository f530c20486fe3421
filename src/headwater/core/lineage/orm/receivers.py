"""Evaluates methods by their receiver: queries, models, rows, columns, relationships."""

from __future__ import annotations

from collections.abc import Callable as Fn
from typing import Any

import msgspec

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name
from headwater.core.lineage.orm import (
    accessors,
    builtin_calls,
    derived_names,
    paths,
    queries,
    repositories,
    results,
    sessions,
    shapes,
)
from headwater.core.lineage.orm.arguments import QueryArguments
from headwater.core.lineage.orm.attributes import attribute
from headwater.core.lineage.orm.builtin_calls import element
from headwater.core.lineage.orm.closures import with_each
from headwater.core.lineage.orm.collection_methods import ITERATORS
from headwater.core.lineage.orm.frame import Frame, made_at, set_default_usage
from headwater.core.lineage.orm.index import class_of
from headwater.core.lineage.orm.invocations import invoke, of_unknown
from headwater.core.lineage.orm.joins import join_relation
from headwater.core.lineage.orm.members import current_user, member
from headwater.core.lineage.orm.named_columns import recast
from headwater.core.lineage.orm.references import note_member
from headwater.core.lineage.orm.values import (
    Callable,
    Closure,
    ColumnValue,
    Embedded,
    Entity,
    InstanceValue,
    Library,
    ListValue,
    Literal,
    Loader,
    Object,
    QueryValue,
    RelationValue,
    SqlText,
    Union,
    Value,
    each,
    union,
)
from headwater.readers import Operation

Span = tuple[int, int]


_CHAIN = Operation()
# Methods of the rows of a query that is awaited without a call: `await knex("users")`.
_OF_ROWS = ITERATORS | {"then"}


def method(frame: Frame, receiver: Value, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    """Evaluate a method call."""
    note_member(frame, receiver, func.name, func.start)
    handler = _METHODS.get(type(receiver))
    if handler is not None:
        return handler(frame, receiver, func, args, expr)
    return _of_other(frame, receiver, func, args, expr)


def _of_union(frame: Frame, receiver: Union, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    return union(*(method(frame, item, func, args, expr) for item in receiver.items))


def _of_nothing(frame: Frame, receiver: None, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    words = frame.words
    name = func.name
    if name in words.signed_in and not args.values:
        return signed_in(frame)
    if name in words.flushes:
        frame.flush()
    if name in words.session or words.opens:
        handled, value = sessions.method(frame, receiver, func, args)
        if handled:
            return value
    known = builtin_calls.method(frame, receiver, func, expr, args)
    return of_unknown(frame, func, args) if known is None else known


def _of_query(frame: Frame, receiver: QueryValue, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    at = (func.start, func.end)
    words = frame.index.words_of(receiver.sources[0]) if receiver.sources else frame.words
    if func.name in words.flushes:
        frame.flush()
    operation = words.query.get(func.name)
    is_list = func.name in _OF_ROWS and (operation is None or isinstance(args.first, Closure))
    if is_list and words.awaited and receiver.kind != "derived":
        return _of_many(frame, ListValue(element(receiver)), func, args, expr)
    if operation is None and receiver.sources and frame.has_bare_calls:
        result = _of_class_method(frame, receiver.sources[0], func.name, args, expr)
        if result is not None:
            return result
    if operation is not None and operation.lambdas == "element" and not args.exprs:
        operation = msgspec.structs.replace(operation, lambdas="")
    if operation is None and receiver.sources and words.derived:
        own = repositories.own_method(frame.index, receiver.sources[0], func.name)
        if own is not None:
            return invoke(frame, own, args, expr)
    if operation is None and receiver.sources:
        operation = derived_names.use(frame, receiver.sources[0], func.name, at)
    if operation is None and words.otherwise and any(isinstance(value, Closure) for value, _ in args.values):
        operation = words.otherwise
    return shapes.apply(frame, operation or _CHAIN, receiver, args, at)


def _of_class_method(frame: Frame, model: str, name: str, args: QueryArguments, expr: f.Call) -> Value:
    """Return the rows or the query that a method of a model's class returns: queries of the model have it, too."""
    owner = class_of(frame.index, model)
    where = frame.index.member(owner.path, owner.name, name) if owner else None
    if where is None or not isinstance(where[1], f.Function):
        return None
    result = invoke(frame, Callable(where[0].path, f"{where[0].name}.{name}", Entity(model)), args, expr)
    is_known = (isinstance(item, (InstanceValue, ListValue, QueryValue)) for item in each(result))
    return result if result is not None and all(is_known) else None


def _of_loader(frame: Frame, receiver: Loader, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    words = frame.words
    operation = words.functions.get(func.name) or words.query.get(func.name) or Operation("projection")
    return queries.apply(frame, operation, receiver, args, (func.start, func.end))


def _of_many(frame: Frame, receiver: ListValue, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    """Evaluate a method of a result, a list, or a relationship that is itself a query."""
    words = frame.words
    name, at = func.name, (func.start, func.end)
    if name in words.rows:
        return queries.apply(frame, words.rows[name], receiver, args, at)
    if isinstance(receiver.item, InstanceValue) and name in words.query and not words.loads_lists:
        query = QueryValue((receiver.item,), sources=(receiver.item.model,), at=at)
        return queries.apply(frame, words.query[name], query, args, at)
    result = builtin_calls.method(frame, receiver, func, expr, args)
    if result is None and isinstance(receiver.item, InstanceValue) and words.queries_models:
        model = receiver.item.model
        if frame.has_bare_calls and (own := _of_class_method(frame, model, name, args, expr)) is not None:
            return own
        return receiver
    return result


def _of_entity(frame: Frame, receiver: Entity, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    words = frame.index.words_of(receiver.model)
    if words.holders and func.name in words.helpers:
        return queries.apply(frame, words.helpers[func.name], None, args, (func.start, func.end))
    owner = class_of(frame.index, receiver.model)
    is_plain = words.query.get(func.name) == _CHAIN  # one that is defined again returns the query, too
    if words.queries_models and (is_plain or not (owner and frame.index.member(owner.path, owner.name, func.name))):
        query = query_of(receiver.model, (func.value.start, func.value.end))
        if func.name in words.query or derived_names.operation_of(words, func.name):
            return _of_query(frame, query, func, args, expr)
        if owner is None or not frame.index.member(owner.path, owner.name, "new"):
            result = _of_other(frame, receiver, func, args, expr)
            return query if result is None else result
    if func.name in words.class_methods and not (owner and frame.index.member(owner.path, owner.name, func.name)):
        return _of_query(frame, query_of(receiver.model, (func.value.start, func.value.end)), func, args, expr)
    grouped = words.relation.get(func.name)
    if grouped is not None and grouped.lambdas and any(isinstance(value, Closure) for value, _ in args.values):
        at = (func.start, func.end)
        return queries.apply(frame, grouped, query_of(receiver.model, at), args, at)
    if func.name in words.builders and not (owner and frame.index.member(owner.path, owner.name, func.name)):
        return InstanceValue(receiver.model, "It is built here.", new=True)
    getter = accessors.attribute_of(frame.index, receiver.model, func.name) if words.accessors else None
    if getter is not None and getter[1] == "read" and not args.values:  # of a row in a query: `it.getName()`
        return attribute(frame, receiver, getter[0], (func.start, func.end))
    operation = words.table.get(func.name)
    if operation is None or owner is not None:
        return _of_other(frame, receiver, func, args, expr)
    span = (func.value.start, func.value.end)
    if operation.args == "join":
        return queries.apply(frame, operation, QueryValue(sources=(receiver.model,), at=span), args, span)
    whole = QueryArguments(((receiver, span), *args.values), args.named)
    return queries.apply(frame, operation, None, whole, span)


def _of_instance(frame: Frame, receiver: InstanceValue, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    words, at = frame.index.words_of(receiver.model), (func.start, func.end)
    operation = words.instance.get(func.name)
    if operation is not None:
        for block in args.exprs if operation.lambdas == "element" else ():
            with_each(frame, block, receiver)
        if receiver.new and operation.named == "update" and isinstance(func.value, f.Name):
            made = frame.env.get(made_at(func.value.id))
            recast(frame, made.span if isinstance(made, Literal) else (0, 0), "update")
        return shapes.apply(frame, operation, receiver, args, at)
    if frame.has_bare_calls and not expr.args and frame.index.column_of(receiver.model, func.name):
        return attribute(frame, receiver, func.name, at)
    if receiver.new and words.builders and len(args.values) == 1 and func.name in frame.index.fields[receiver.model]:
        accessors.set_attribute(frame, receiver, func.name, at)
        return receiver
    if words.queries_models:
        asked = _asked(frame, receiver, func.name, at)
        if asked or (asked := _related_query(frame, receiver, func.name, at)):
            return asked.value
        owner = class_of(frame.index, receiver.model)
        if func.name in words.query and not (owner and frame.index.member(owner.path, owner.name, func.name)):
            return _of_query(frame, query_of(receiver.model, at), func, args, expr)
    accessed = accessors.use(frame, receiver, func.name, args, at) if words.accessors else None
    return accessed.value if accessed else _of_other(frame, receiver, func, args, expr)


def _of_embedded(frame: Frame, receiver: Embedded, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    accessed = paths.access(frame, receiver, func.name, (func.start, func.end))
    return accessed.value if accessed else builtin_calls.method(frame, receiver, func, expr, args)


def _asked(frame: Frame, receiver: InstanceValue, name: str, at: Span) -> accessors.Accessed | None:
    """Evaluate a method that asks for a column by an ending of its name: `admin?`."""
    for ending, usage in frame.index.words_of(receiver.model).endings.items():
        stem = name.removesuffix(ending)
        if stem == name or frame.index.column_of(receiver.model, stem) is None:
            continue
        owner = class_of(frame.index, receiver.model)
        if owner and frame.index.member(owner.path, owner.name, name):
            return None
        if usage == "update":
            accessors.set_attribute(frame, receiver, stem, at)
        else:
            attribute(frame, receiver, stem, at)
        return accessors.Accessed(None)
    return None


def _related_query(frame: Frame, receiver: InstanceValue, name: str, at: Span) -> accessors.Accessed | None:
    """Evaluate a relationship that is called: a query of the rows that it leads to."""
    field = frame.index.fields[receiver.model].get(name)
    if field is None or field.column or field.target not in frame.index.models:
        return None
    value = attribute(frame, receiver, name, at)
    if frame.has_bare_calls:  # Ruby: a call without parentheses is the value
        return accessors.Accessed(value)
    return accessors.Accessed(query_of(field.target or "", at))


def signed_in(frame: Frame) -> Value:
    """Return the signed-in user: a row of the one model of users."""
    return current_user(frame.index)


def query_of(model: str, at: Span) -> QueryValue:
    """Return the query of all rows of a model."""
    return QueryValue((InstanceValue(model, "It comes from a query."),), sources=(model,), at=at)


def property_call(frame: Frame, receiver: Value, expr: f.Attr) -> Value:
    """Evaluate a method that is called without parentheses, as Ruby allows."""
    if isinstance(receiver, Union):
        return union(*(property_call(frame, item, expr) for item in each(receiver)))
    if not isinstance(receiver, (Entity, InstanceValue, QueryValue, ListValue, ColumnValue)):
        return None
    return method(frame, receiver, expr, QueryArguments(), f.Call(expr.start, expr.end, expr))


def _of_column(frame: Frame, receiver: ColumnValue, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    operation = frame.words.column.get(func.name)
    label = getattr(args.first, "text", None) if func.name == "label" else None
    if func.name == "label" and receiver.attribute:
        return ColumnValue(receiver.models, receiver.attribute, label or "", receiver.drafts)
    whole = results.column_of(receiver, *(value for value, _ in args.values))
    if operation is not None and operation.args != "value":
        set_default_usage(whole.drafts, operation.args)
    return ColumnValue(whole.models, None, label, whole.drafts)


def _of_relation(frame: Frame, receiver: RelationValue, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    operation = frame.words.relation.get(func.name)
    if operation is None:
        return None
    target = frame.index.fields[receiver.model][receiver.attribute].target
    if operation.lambdas and target:
        join_relation(frame, receiver, "join")
        query = QueryValue((InstanceValue(target),), sources=(target,))
        return queries.apply(frame, operation, query, args, (func.start, func.end))
    if operation.args == "filter" and func.name != "and_":
        join_relation(frame, receiver, "join")
    owner = RelationValue(target or receiver.model, receiver.attribute, receiver.span)
    result = queries.apply(frame, operation, owner, args, (func.start, func.end))
    return receiver if operation.result == "same" else result


def _of_other(frame: Frame, receiver: Value, func: f.Attr, args: QueryArguments, expr: f.Call) -> Value:
    """Evaluate a member of a class or module, a session's method, or one that passes values on."""
    name = func.name
    if name in frame.words.flushes:
        frame.flush()
    if name in frame.words.signed_in and not args.values and isinstance(receiver, Library):
        return signed_in(frame)
    if frame.words.model_methods and isinstance(receiver, Object):
        query = repositories.named_model_query(frame.index, receiver, frame.words.model_methods)
        if query and (name in frame.words.query or _returns_query(frame, receiver, name)):
            own = frame.words.query.get(name, _CHAIN)
            return queries.apply(frame, own, query, args, (func.start, func.end))
    result = _own_method(frame, receiver, name) or attribute(frame, receiver, name, (func.start, func.end))
    if result is not None and not (isinstance(result, Library) and _is_session_call(frame, result, name)):
        return invoke(frame, result, args, expr)
    query = repositories.repository_query(frame.index, receiver) if isinstance(receiver, Object) else None
    if query is not None:
        return _of_query(frame, query, func, args, expr)
    if frame.words.accessors and isinstance(receiver, (InstanceValue, Object)):
        held = accessors.of_member(frame, receiver, name, args, (func.start, func.end))
        if held is not None:
            return held
    if name in frame.words.unwraps:
        return receiver
    handled, value = sessions.method(frame, receiver, func, args)
    if not handled and name in frame.words.signed_in and not args.values:
        return signed_in(frame)
    if not handled and name in frame.words.helpers and not isinstance(receiver, (Entity, InstanceValue)):
        return queries.apply(frame, frame.words.helpers[name], None, args, (func.start, func.end))
    return value if handled else builtin_calls.method(frame, receiver, func, expr, args)


def _own_method(frame: Frame, receiver: Value, name: str) -> Value:
    """Return the method of a model that is named like one of its columns, where calls and attributes look different."""
    if not isinstance(receiver, InstanceValue) or frame.has_bare_calls or not frame.words.queries_models:
        return None
    if frame.index.column_of(receiver.model, name) is None or (owner := class_of(frame.index, receiver.model)) is None:
        return None
    method_value = member(frame.index, Object(owner.path, owner.name), name, receiver)
    return method_value if isinstance(method_value, Callable) else None


def _returns_query(frame: Frame, receiver: Object, name: str) -> bool:
    """Return True if a method of a repository declares that it returns a query or rows of any model."""
    where = frame.index.member(receiver.path, receiver.name, name)
    if where is None or not isinstance(where[1], f.Function):
        return False
    says = dotted_name(where[1].returns).rpartition(".")[2]
    return says == "Model" or frame.words.types.get(says) in ("query", "many")


def _is_session_call(frame: Frame, library: Library, name: str) -> bool:
    words = frame.words
    if name in words.managers or (words.opens and name in words.query):
        return True
    return name in words.session and (name not in words.functions or ".session" in library.name)


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
    Embedded: _of_embedded,
    SqlText: lambda frame, receiver, func, args, expr: receiver,
}
