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
from headwater.catalog.fact_queries import dotted_name
from headwater.core.lineage.file_names import flat
from headwater.core.lineage.orm.assignments import bind
from headwater.core.lineage.orm.expressions import evaluate
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import CodeIndex, own_of
from headwater.core.lineage.orm.name_heuristics import by_name
from headwater.core.lineage.orm.signatures import Summary
from headwater.core.lineage.orm.statements import enter, run
from headwater.core.lineage.orm.templates import SHARED
from headwater.core.lineage.orm.values import (
    Callable,
    Cell,
    ClassValue,
    Entity,
    InstanceValue,
    Keyed,
    ListValue,
    Object,
    Parameter,
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
from headwater.readers import Vocabulary

ROUNDS = 2
Key = tuple[str, str]
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "Any", "TypedDict", "object"})
_ANYTHING = frozenset({"any", "unknown"})
_HANDED = (InstanceValue, Entity, Object, ClassValue, ListValue, QueryValue, Row, Union)


class _Callers(NamedTuple):
    """What callers say of functions: the arguments without a declared type, and what they use the results as."""

    arguments: dict[Key, dict[str, Value]]
    results: dict[Key, dict[Value, None]]
    members: dict[Key, Value]


def summarise(index: CodeIndex, modules: Mapping[str, f.Module]) -> CodeIndex:
    """Return the index with summaries of the functions of these modules."""
    paths = sorted(path for path, module in modules.items() if module.language in index.languages)
    every = [entry for path in paths for entry in _functions(index, path, modules[path])]
    opened = [entry for entry in every if _is_open(entry[2], index.words(entry[0]))]
    # If most signatures have no types, the callers' arguments justify examining every function.
    in_texts = any(words.opens for words in index.vocabularies.values())  # rows have no types where tables are texts
    todo = every if in_texts or len(opened) > len(every) / 2 else opened
    for _ in range(ROUNDS):
        callers = _Callers({}, {}, {})
        summaries = {(path, name): _summary(index, path, name, stmt, own, callers) for path, name, stmt, own in todo}
        for key, parameters in callers.arguments.items():
            summaries[key] = msgspec.structs.replace(summaries.get(key, Summary()), parameters=parameters)
        for key, member in callers.members.items():
            summaries[key] = Summary(member)
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
    own = own_of(index, path, name)
    for inner in flat(stmt.body):
        if isinstance(inner, f.Function):
            yield path, f"{name}.{inner.name}", inner, own
        elif isinstance(inner, f.Class):
            yield from _methods(index, path, inner, f"{name}.{inner.name}")


def _is_open(stmt: f.Function, words: Vocabulary) -> bool:
    """Return True if a signature does not say enough about a function: no type, or one that only says "several"."""
    if stmt.returns is None or dotted_name(stmt.returns) in _MAPPINGS or dotted_name(stmt.returns) in words.types:
        return not (stmt.name.startswith("test_") or stmt.name == "__init__")
    if stmt.name in words.model_methods:
        return True
    return any(param.kind == "**" or _is_mapping(param.annotation) for param in stmt.params)


def _is_mapping(annotation: f.Expr | None) -> bool:
    if isinstance(annotation, f.Binary):
        return _is_mapping(annotation.left) or _is_mapping(annotation.right)
    head = annotation.value if isinstance(annotation, f.Subscript) else annotation
    return dotted_name(head).rsplit(".", 1)[-1] in _MAPPINGS


def _summary(index: CodeIndex, path: str, name: str, stmt: f.Function, own: Value, callers: _Callers) -> Summary:
    frame = Frame(index, path, evaluate, run, bind)
    frame.calls = []
    try:
        enter(frame, stmt, own, name)
    except Exception:  # the pass that examines the whole file meets it again, and reports the file
        return Summary()
    for function, params, values in frame.calls:
        open_params = tuple(param for param in params if _is_weak(param, frame.words))
        _hand_in(function, open_params, values, callers.arguments)
    for result, shape in frame.shapes:
        callers.results.setdefault((result.path, result.name), {})[shape] = None
    says = dotted_name(stmt.returns) if stmt.returns is not None else "Any"
    is_said = says not in _MAPPINGS and says not in frame.words.types and stmt.name not in frame.words.model_methods
    returns = None if is_said else union(*frame.returns)
    passed = _passed_on(stmt)
    if passed and frame.words.queries_models and not is_said:
        returns = Parameter(passed)
    if isinstance(own, Object):
        returns = union(*(Variable("Self") if item == own else item for item in each(returns)))
    if frame.words.queries_models:
        _note_members(frame, own, callers.members)
    effects = tuple(dict.fromkeys(effect for effect in frame.effects if effect.target))
    return Summary(lasting(returns), effects)


def _passed_on(stmt: f.Function) -> str:
    """Return the parameter that a function returns in all of its returns, or ""."""
    names = {param.name for param in stmt.params if param.annotation is None}
    values = [inner.value for inner in flat(stmt.body) if isinstance(inner, f.Return)]
    returned = {value.id if isinstance(value, f.Name) else "" for value in values}
    return returned.pop() if len(returned) == 1 and returned <= names else ""


def _note_members(frame: Frame, own: Value, members: dict[Key, Value]) -> None:
    """Record what a method assigns to attributes of its object, and what it hands to views."""
    for name, value in frame.env.items():
        receiver, _, attribute = name.partition(".")
        if isinstance(own, Object) and attribute and receiver in ("self", "this"):
            key = (own.path, f"{own.name}@{attribute}")
            if isinstance(value, Parameter):
                value = _row_by_name(frame.index, own, attribute) or value
            members[key] = union(members.get(key), _doubtful(lasting(value)))
    for name, value in frame.shared:
        key = ("", SHARED + name)
        members[key] = union(members.get(key), _doubtful(lasting(value)))


def _row_by_name(index: CodeIndex, own: Object, name: str) -> Value:
    """Return the row that an attribute stands for whose value callers pass: by its name, and its use in the class."""
    info = index.class_info(own.path, own.name)
    return by_name(index, own.path, name, info.stmt.body) if info else None


def _is_weak(param: f.Param, words: Vocabulary) -> bool:
    """Return True if a parameter's type does not say of which model its rows are."""
    return _is_untyped(param.annotation) or words.types.get(dotted_name(param.annotation).rpartition(".")[2]) == "query"


def _hand_in(
    function: Callable, params: tuple[f.Param, ...], values: dict[str, Value], given: dict[Key, dict[str, Value]]
) -> None:
    """Record the arguments of a call for parameters without a type."""
    for param in params:
        if not param.kind and isinstance(values.get(param.name), _HANDED):
            known = given.setdefault((function.path, function.name), {})
            known[param.name] = union(known.get(param.name), _doubtful(lasting(values[param.name])))


def _is_untyped(annotation: f.Expr | None) -> bool:
    """Return True if a parameter has no type, or one that can be anything: `any`, `any[]`."""
    inner = annotation.index if isinstance(annotation, f.Subscript) else annotation
    return inner is None or (isinstance(inner, f.Name) and inner.id in _ANYTHING)


def _doubtful(value: Value) -> Value:
    if isinstance(value, InstanceValue):
        return InstanceValue(value.model, value.why, False)
    if isinstance(value, ListValue):
        return ListValue(_doubtful(value.item))
    return union(*(_doubtful(item) for item in value.items)) if isinstance(value, Union) else value


def lasting(value: Value) -> Value:
    """Return a value without the parts that belong to one function: pending usages, spans, mutable mappings."""
    keep = _LASTING.get(type(value))
    return keep(value) if keep else None


def _lasting_query(value: QueryValue) -> QueryValue:
    items = tuple(map(lasting, value.items))
    return msgspec.structs.replace(value, items=items, at=(0, 0), deferred=())


_LASTING: dict[type, Fn[[Any], Value]] = {
    **{kind: lambda value: value for kind in (Entity, Cell, Object, ClassValue, TypeOf, Variable, ResultOf, Parameter)},
    InstanceValue: lambda value: InstanceValue(value.model, value.why, value.sure),
    ListValue: lambda value: ListValue(lasting(value.item)),
    Keyed: lambda value: Keyed(lasting(value.value)),
    Row: lambda value: Row(tuple(map(lasting, value.items)), value.names),
    QueryValue: _lasting_query,
    Union: lambda value: union(*map(lasting, value.items)),
}
