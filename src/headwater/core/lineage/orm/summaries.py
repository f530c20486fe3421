"""Learns what functions without type annotations return, and what they do with mapping arguments.

It runs twice: the second round uses the results of the first. Only functions with incomplete signatures are examined,
so typed code costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable as Fn
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from headwater.catalog import facts as f
from headwater.core.lineage.orm.expressions import bind, evaluate
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import CodeIndex, Summary, class_of, dotted
from headwater.core.lineage.orm.statements import enter, run
from headwater.core.lineage.orm.values import (
    Callable,
    Cell,
    ClassValue,
    Entity,
    InstanceValue,
    Keyed,
    ListValue,
    Object,
    QueryValue,
    ResultOf,
    Row,
    TypeOf,
    Union,
    Value,
    Variable,
    each,
    union,
)
from headwater.core.lineage.symbols import flat

ROUNDS = 2
Key = tuple[str, str]
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "Any", "TypedDict", "object"})
_HANDED = (InstanceValue, Entity, Object, ClassValue, ListValue, QueryValue, Union)


class _Callers(NamedTuple):
    """What callers say of functions: the arguments without a declared type, and what they use the results as."""

    arguments: dict[Key, dict[str, Value]]
    results: dict[Key, dict[Value, None]]


def summarise(index: CodeIndex, modules: Mapping[str, f.Module]) -> CodeIndex:
    """Return the index with summaries of the functions of these modules."""
    paths = sorted(path for path, module in modules.items() if module.language in index.language.languages)
    every = [entry for path in paths for entry in _functions(index, path, modules[path])]
    opened = [entry for entry in every if _is_open(entry[2])]
    # If most signatures have no types, the callers' arguments justify examining every function.
    todo = every if len(opened) > len(every) / 2 else opened
    for _ in range(ROUNDS):
        callers = _Callers({}, {})
        summaries = {(path, name): _summary(index, path, name, stmt, own, callers) for path, name, stmt, own in todo}
        for key, parameters in callers.arguments.items():
            summaries[key] = msgspec.structs.replace(summaries.get(key, Summary()), parameters=parameters)
        for key, shapes in callers.results.items():
            summaries[key] = msgspec.structs.replace(summaries.get(key, Summary()), shapes=tuple(shapes))
        index = index.with_summaries({key: summary for key, summary in summaries.items() if summary != Summary()})
    return index


def _functions(index: CodeIndex, path: str, module: f.Module) -> Iterator[tuple[str, str, f.Function, Value]]:
    for stmt in flat(module.body):
        if isinstance(stmt, f.Function):
            yield path, stmt.name, stmt, None
        elif isinstance(stmt, f.Class):
            yield from _methods(index, path, stmt, stmt.name)


def _methods(index: CodeIndex, path: str, stmt: f.Class, name: str) -> Iterator[tuple[str, str, f.Function, Value]]:
    key = f"{path}:{name}"
    own: Value = Object(path, name)
    if key in index.models and class_of(index, key):
        own = InstanceValue(key, f"It is a method of {stmt.name}.")
    for inner in flat(stmt.body):
        if isinstance(inner, f.Function):
            yield path, f"{name}.{inner.name}", inner, own
        elif isinstance(inner, f.Class):
            yield from _methods(index, path, inner, f"{name}.{inner.name}")


def _is_open(stmt: f.Function) -> bool:
    """Return True if a signature does not say enough about a function."""
    if stmt.returns is None or dotted(stmt.returns) in _MAPPINGS:
        return not (stmt.name.startswith("test_") or stmt.name == "__init__")
    return any(param.kind == "**" or _is_mapping(param.annotation) for param in stmt.params)


def _is_mapping(annotation: f.Expr | None) -> bool:
    if isinstance(annotation, f.Binary):
        return _is_mapping(annotation.left) or _is_mapping(annotation.right)
    head = annotation.value if isinstance(annotation, f.Subscript) else annotation
    return dotted(head).rsplit(".", 1)[-1] in _MAPPINGS


def _summary(index: CodeIndex, path: str, name: str, stmt: f.Function, own: Value, callers: _Callers) -> Summary:
    frame = Frame(index, path, evaluate, run, bind)
    frame.calls = []
    try:
        enter(frame, stmt, own, name)
    except RecursionError:
        return Summary()
    for function, params, values in frame.calls:
        _hand_in(function, params, values, callers.arguments)
    for result, shape in frame.shapes:
        callers.results.setdefault((result.path, result.name), {})[shape] = None
    returns = None if stmt.returns is not None and dotted(stmt.returns) not in _MAPPINGS else union(*frame.returns)
    if isinstance(own, Object):
        returns = union(*(Variable("Self") if item == own else item for item in each(returns)))
    effects = tuple(dict.fromkeys(effect for effect in frame.effects if effect.target))
    return Summary(lasting(returns), effects)


def _hand_in(
    function: Callable, params: tuple[f.Param, ...], values: dict[str, Value], given: dict[Key, dict[str, Value]]
) -> None:
    """Record the arguments of a call for parameters without a type."""
    for param in params:
        if param.annotation is None and not param.kind and isinstance(values.get(param.name), _HANDED):
            known = given.setdefault((function.path, function.name), {})
            known[param.name] = union(known.get(param.name), _doubtful(lasting(values[param.name])))


def _doubtful(value: Value) -> Value:
    if isinstance(value, InstanceValue):
        return InstanceValue(value.model, value.why, False)
    if isinstance(value, ListValue):
        return ListValue(_doubtful(value.item))
    return Union(tuple(_doubtful(item) for item in value.items)) if isinstance(value, Union) else value


def lasting(value: Value) -> Value:
    """Return a value without the parts that belong to one function: pending usages, spans, mutable mappings."""
    keep = _LASTING.get(type(value))
    return keep(value) if keep else None


def _lasting_query(value: QueryValue) -> QueryValue:
    return QueryValue(tuple(map(lasting, value.items)), value.names, value.sources, value.plain, value.kind)


_LASTING: dict[type, Fn[[Any], Value]] = {
    **{kind: lambda value: value for kind in (Entity, Cell, Object, ClassValue, TypeOf, Variable, ResultOf)},
    InstanceValue: lambda value: InstanceValue(value.model, value.why, value.sure),
    ListValue: lambda value: ListValue(lasting(value.item)),
    Keyed: lambda value: Keyed(lasting(value.value)),
    Row: lambda value: Row(tuple(map(lasting, value.items)), value.names),
    QueryValue: _lasting_query,
    Union: lambda value: union(*map(lasting, value.items)),
}
