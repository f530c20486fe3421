"""Evaluates calls by the value that is called, and methods by their receiver."""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name, items
from headwater.core.lineage.orm import (
    builtin_calls,
    queries,
    sessions,
    shapes,
    view_data,
)
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.arguments import QueryArguments
from headwater.core.lineage.orm.closures import with_each
from headwater.core.lineage.orm.frame import AROUND, Frame
from headwater.core.lineage.orm.invocations import invoke, of_columns
from headwater.core.lineage.orm.members import of_symbol
from headwater.core.lineage.orm.receivers import method, signed_in
from headwater.core.lineage.orm.values import (
    Callable,
    ClassValue,
    Dict,
    Entity,
    InstanceValue,
    Keyed,
    Library,
    ListValue,
    Object,
    Parameter,
    QueryValue,
    TypeOf,
    Value,
    Variable,
)

Span = tuple[int, int]


def call(frame: Frame, expr: f.Call) -> Value:
    """Evaluate a call."""
    func = expr.func
    if isinstance(func, f.Attr):
        return _method(frame, func, expr)
    if isinstance(func, f.Lambda):  # a function that is called where it is written
        return with_each(frame, func, *(value for value, _ in arguments(frame, expr).values))
    if isinstance(func, f.Subscript) and isinstance(func.index, f.Const):
        return invoke(frame, _element_type(frame, func), arguments(frame, expr), expr)
    if isinstance(func, f.Subscript) and (query := _query_of_type(frame, func)) is not None:
        arguments(frame, expr)
        return query
    if isinstance(func, f.Subscript) and isinstance(func.value, f.Attr):
        return _with_type_arguments(frame, func.value, func, expr)
    if isinstance(func, f.Subscript) and frame.words.computed:
        receiver = frame.evaluate(frame, func.value)
        if isinstance(receiver, QueryValue):
            at = (func.start, func.end)
            return queries.apply(frame, frame.words.computed, receiver, arguments(frame, expr), at)
    function = _function(frame, func)
    args = arguments(frame, expr)
    if frame.words.opens and (opened := sessions.opened(frame, function, func, args)):
        return opened
    if isinstance(func, f.Name) and func.id in frame.words.view_data:
        view_data.note(frame, None, args, expr)
    if isinstance(function, (InstanceValue, ListValue, QueryValue)) and not expr.args and not expr.keywords:
        return function  # a variable that another file sets: a name alone is a call
    if function is not None:
        return _wrapped_functions(function, args) or invoke(frame, function, args, expr)
    return _named_call(frame, func, args, expr) if isinstance(func, f.Name) else of_columns(args)


def _wrapped_functions(function: Value, args: QueryArguments) -> Dict | None:
    """Return the object of functions that a function of a library gets: it returns it with arguments bound, say."""
    first = args.first if isinstance(function, Library) else None
    is_wrapped = isinstance(first, Dict) and first.entries and all(isinstance(e.value, Callable) for e in first.entries)
    return first if is_wrapped and isinstance(first, Dict) else None


def _element_type(frame: Frame, func: f.Subscript) -> Value:
    """Return the model whose rows a named list or mapping type holds: `type Users []User`."""
    kind = types.read(frame.index, frame.path, func.value, {})
    item = kind.item if isinstance(kind, ListValue) else kind.value if isinstance(kind, Keyed) else None
    return Entity(item.model) if isinstance(item, InstanceValue) else None


def _method(frame: Frame, func: f.Attr, expr: f.Call) -> Value:
    """Evaluate a call of a method, or of a class that is named with its namespace."""
    receiver = frame.evaluate(frame, func.value)
    args = arguments(frame, expr)
    if func.name in frame.words.view_data:
        view_data.note(frame, receiver, args, expr)
    if receiver is None and (named := _named_class(frame, func)) is not None:
        return invoke(frame, named, args, expr)
    if frame.words.opens and (opened := sessions.opened(frame, receiver, func, args)):
        return opened
    if func.name in frame.words.picks and isinstance(receiver, builtin_calls.UNKNOWN):
        return builtin_calls.picked(args)
    if frame.index.delegates:
        handled, value = shapes.client_call(frame, func, args)
        if handled:
            return value
    return method(frame, receiver, func, args, expr)


def _named_class(frame: Frame, func: f.Attr) -> Entity | ClassValue | None:
    """Return the class that is called by a name with its namespace, or with the class around: `new Data.User()`."""
    is_plain = isinstance(func.value, (f.Name, f.Attr)) and func.name[:1].isupper()
    if not frame.has_implicit_target or not is_plain or not dotted_name(func.value)[:1].isupper():
        return None
    named = frame.evaluate(frame, func)
    return named if isinstance(named, (Entity, ClassValue)) else None


def _query_of_type(frame: Frame, func: f.Subscript) -> QueryValue | None:
    """Return the query that an object of this type stands for, by its type argument: `new QueryWrapper<User>()`."""
    name = func.value.id if isinstance(func.value, f.Name) else ""
    if frame.words.types.get(name) != "repository":
        return None
    query = types.read(frame.index, frame.path, func, {})
    return query if isinstance(query, QueryValue) and query.sources else None


def _named_call(frame: Frame, func: f.Name, args: QueryArguments, expr: f.Call) -> Value:
    """Evaluate a call of a name that is not defined: a method of the object, a helper of the ORM, a built-in."""
    name, at = func.id, (func.start, func.end)
    if name in frame.words.signed_in and not expr.args:
        return signed_in(frame)
    if frame.own is not None and frame.has_implicit_receiver:
        own = _object_with(frame, name)
        return method(frame, own, f.Attr(*at, f.Name(func.start, func.start, "this"), name), args, expr)
    if name in frame.words.helpers:
        return queries.apply(frame, frame.words.helpers[name], None, args, at)
    value = builtin_calls.builtin(frame, func, expr, args)
    return of_columns(args) if value is None else value


def _object_with(frame: Frame, name: str) -> Value:
    """Return the object whose method a name alone means: this one, or the one around a method that extends a class."""
    own, around = frame.env.get("this", frame.own), frame.env.get(AROUND)
    if isinstance(around, Object) and frame.index.member(around.path, around.name, name) is not None:
        return around
    return own


def _with_type_arguments(frame: Frame, func: f.Attr, generic: f.Subscript, expr: f.Call) -> Value:
    """Evaluate a method with type arguments, `db.Set<User>()`: for a session they are the first arguments."""
    receiver = frame.evaluate(frame, func.value)
    args = arguments(frame, expr)
    if frame.words.opens and (opened := sessions.opened(frame, receiver, func, args)):
        return opened
    if func.name in frame.words.session and isinstance(receiver, (Object, Library, Parameter, Variable, type(None))):
        listed = items(generic.index)
        given = tuple((frame.evaluate(frame, item), (item.start, item.end)) for item in listed)
        if any(isinstance(value, (Entity, TypeOf)) for value, _ in given):
            args = QueryArguments(
                (*given, *args.values), args.named, (*items(generic.index), *args.exprs), args.keywords
            )
            handled, value = sessions.method(frame, receiver, func, args)
            if handled:  # also if the code base wraps it in a method of the same name
                return value
    return method(frame, receiver, func, args, expr)


def _function(frame: Frame, func: f.Expr) -> Value:
    """Return what is called; a name that is no variable and not defined is left to the object of the method."""
    if isinstance(func, f.Subscript):  # type arguments: sql<Date>`…`
        generic = frame.evaluate(frame, func.value)
        return generic if isinstance(generic, (Library, QueryValue)) else frame.evaluate(frame, func)
    if not isinstance(func, f.Name) or func.id in frame.env or frame.own is None or not frame.has_implicit_receiver:
        return frame.evaluate(frame, func)
    if frame.has_implicit_target and func.id[:1].isupper():
        named = frame.evaluate(frame, func)
        if isinstance(named, (Entity, ClassValue)):
            return named
    return of_symbol(frame.index, frame.path, frame.index.symbols.lookup(frame.path, func.id))


def arguments(frame: Frame, expr: f.Call) -> QueryArguments:
    """Evaluate the arguments of a call."""
    evaluate = frame.evaluate
    values: list[tuple[Value, Span]] = []
    for arg in expr.args:
        inner = arg.value if isinstance(arg, f.Spread) else arg
        values.append((evaluate(frame, inner), (inner.start, inner.end)))
    named = [(k.name, evaluate(frame, k.value), (k.start, k.end)) for k in expr.keywords]
    return QueryArguments(tuple(values), tuple(named), expr.args, expr.keywords)
