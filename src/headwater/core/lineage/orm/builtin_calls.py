"""Lists, mappings, built-in functions and `setattr`: everything that carries values between queries."""

from __future__ import annotations

from collections.abc import Callable as Fn
from typing import Any

from headwater.catalog import facts as f
from headwater.catalog.usages import UsageType
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.attributes import attribute
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import Effect
from headwater.core.lineage.orm.queries import QueryArguments, name_column, rows
from headwater.core.lineage.orm.values import (
    Dict,
    EntryValue,
    InstanceValue,
    Keyed,
    KeyOf,
    Library,
    ListValue,
    Literal,
    Object,
    Parameter,
    QueryValue,
    Row,
    Super,
    Union,
    Value,
    Variable,
    each,
    union,
)

# `Promise.all([…])`, `$transaction([…])`: all results, in order.
_TOGETHER = frozenset({"all", "allSettled", "$transaction", "transaction"})
_CALLERS = frozenset({"map", "filter", "sorted", "max", "min"})
_ITERATORS = frozenset(
    {"map", "filter", "forEach", "find", "some", "every", "flatMap", "findIndex", "findLast", "sort", "toSorted"}
    | {"reduce"}
)
_LISTS = frozenset({"list", "sorted", "set", "tuple", "frozenset", "reversed", "iter", "filter", "unique", "deque"})
_FIRSTS = frozenset({"next", "max", "min", "copy", "deepcopy", "anext"})
_ADDERS = {"append": 0, "add": 0, "insert": 1, "extend": 0, "update": 0, "appendleft": 0, "push": 0, "unshift": 0}
_SPREADERS = frozenset({"extend", "update"})
_TAKERS = frozenset({"pop", "popleft", "find", "at", "shift"})
_KEEPERS = frozenset({"copy", "filter", "slice", "concat", "reverse", "sort", "toSorted", "union", "difference"})


def element(value: Value) -> Value:
    """Return the value of an iteration over a value."""
    if isinstance(value, Union):
        return union(*(element(item) for item in value.items))
    if isinstance(value, ListValue):
        return value.item
    if isinstance(value, QueryValue):
        return rows("one", value)
    if isinstance(value, Row):
        return union(*value.items)
    if isinstance(value, (Dict, Parameter)):
        return KeyOf(value)
    return None


def keyed(value: ListValue) -> Value:
    """Return the value of a key in a mapping built by a comprehension, or else an item."""
    item = value.item
    return item.items[1] if isinstance(item, Row) and len(item.items) == 2 and not item.names else item


def builtin(frame: Frame, func: f.Name, expr: f.Call, args: QueryArguments) -> Value:
    """Evaluate a call of a built-in function of the language."""
    name, first = func.id, args.first
    if name in _CALLERS and args.values:
        function = next((k.value for k in expr.keywords if k.name == "key"), expr.args[0] if expr.args else None)
        over = args.values[-1][0] if name in ("map", "filter") else first
        result = with_each(frame, function, element(over))
        if name == "map":
            return ListValue(result)
    if name in _LISTS:
        return ListValue(element(args.values[-1][0] if name == "filter" and args.values else first))
    if name in _FIRSTS:
        return element(first)
    handler = _BUILTINS.get(name)
    return handler(frame, expr, args) if handler else None


def _super(frame: Frame) -> Value:
    own = frame.own
    bound = frame.env.get("cls", own)
    if isinstance(own, InstanceValue):
        path, _, name = own.model.rpartition(":")
        return Super(bound, path, name)
    return Super(bound, own.path, own.name) if isinstance(own, Object) else None


def _zip(frame: Frame, expr: f.Call, args: QueryArguments) -> Value:
    return ListValue(Row(tuple(element(value) for value, _ in args.values)))


def _setattr(frame: Frame, expr: f.Call, args: QueryArguments) -> Value:
    if len(expr.args) >= 2:
        assign_named(frame, args.first, args.values[1][0], expr.args[0])
    return None


def with_each(frame: Frame, function: f.Expr | None, *values: Value) -> Value:
    """Return the value that an anonymous function returns for these arguments."""
    if not isinstance(function, f.Lambda):
        return None
    inner = frame.inner()
    for param, value in zip(function.params, values, strict=False):
        if param.pattern is not None:
            frame.bind(inner, param.pattern, value)
        else:
            inner.env[param.name] = value
    inner.run(inner, function.body)
    return union(*inner.returns)


def library(frame: Frame, function: Library, args: QueryArguments) -> Value:
    """Evaluate a call of something outside the code base that only passes values on."""
    last = function.name.rsplit(".", 1)[-1]
    if last in _LISTS or last == "chain":
        return ListValue(union(*(element(value) for value, _ in args.values)))
    if last in _FIRSTS:
        return args.first
    handler = _LIBRARY.get(last)
    return handler(function, args) if handler else Library(function.name, True)


def _cast(function: Library, args: QueryArguments) -> Value:
    known = types.instance_of(args.first)
    return known if known is not None or len(args.values) < 2 else args.values[1][0]


def method(frame: Frame, receiver: Value, func: f.Attr, expr: f.Call, args: QueryArguments) -> Value:
    """Evaluate a method of a list, a mapping, or an unknown value."""
    name = func.name
    if name in _ITERATORS and expr.args and isinstance(receiver, (ListValue, Row)):
        item = element(receiver)
        result = with_each(frame, expr.args[0], *((None, item) if name == "reduce" else (item,)))
        return {"map": ListValue(result), "flatMap": ListValue(element(result)), "find": item}.get(name, receiver)
    if name in _ADDERS and isinstance(func.value, f.Name) and not isinstance(receiver, (Dict, InstanceValue)):
        _add(frame, receiver, func.value.id, name, args)
        return None
    if receiver is None:
        return args.first if name in _TOGETHER and isinstance(args.first, (Row, ListValue)) else None
    handler = _METHODS.get(type(receiver))
    return handler(receiver, name, args) if handler else None


def _of_list(receiver: ListValue, name: str, args: QueryArguments) -> Value:
    if name in _TAKERS:
        return receiver.item
    taken = {
        "get": keyed(receiver),
        "setdefault": keyed(receiver),
        "values": ListValue(keyed(receiver)),
        "items": receiver,
    }
    return receiver if name in _KEEPERS else taken.get(name)


def _of_keyed(receiver: Keyed, name: str, args: QueryArguments) -> Value:
    taken = {"values": ListValue(receiver.value), "items": ListValue(Row((None, receiver.value)))}
    return receiver.value if name in ("get", "pop", "setdefault") else taken.get(name)


def _add(frame: Frame, receiver: Value, variable: str, name: str, args: QueryArguments) -> None:
    position = _ADDERS[name]
    if len(args.values) <= position:
        return
    added = args.values[position][0]
    if name in _SPREADERS:
        added = element(added)
    if added is None or (name == "update" and receiver is None):
        return
    before = element(receiver) if isinstance(receiver, (ListValue, Row)) else None
    frame.env[variable] = ListValue(union(before, added))


def _of_parameter(receiver: Parameter | Dict, name: str, args: QueryArguments) -> Value:
    return {"items": ListValue(Row((KeyOf(receiver), None))), "keys": ListValue(KeyOf(receiver))}.get(name)


def _of_mapping(receiver: Dict, name: str, args: QueryArguments) -> Value:
    key = args.first.text if isinstance(args.first, Literal) else None
    if name == "update":
        for value, _ in args.values:
            receiver.entries.extend(value.entries if isinstance(value, Dict) else ())
        receiver.entries.extend(EntryValue(k, span, value) for k, value, span in args.named if k)
        return None
    if name == "setdefault" and isinstance(args.first, Literal):
        receiver.entries.append(EntryValue(args.first.text, args.first.span))
    if name in ("get", "pop", "setdefault"):
        return union(*(entry.value for entry in receiver.entries if entry.key == key))
    if name == "values":
        return ListValue(union(*(entry.value for entry in receiver.entries)))
    return receiver if name == "copy" else _of_parameter(receiver, name, args)


def _dict(args: QueryArguments) -> Value:
    entries = [EntryValue(name, span, value) for name, value, span in args.named if name]
    spread = [value for value, _ in args.values] + [value for name, value, _ in args.named if name is None]
    parameter: str | None = None
    for value in spread:
        if isinstance(value, Dict):
            entries.extend(value.entries)
            parameter = parameter or value.parameter
        elif isinstance(value, Parameter):
            parameter = value.name
    return Dict(entries, parameter) if entries or spread else Dict()


def _getattr(frame: Frame, args: QueryArguments) -> Value:
    if len(args.values) < 2:
        return None
    name = args.values[1][0]
    return attribute(frame, args.first, name.text, name.span) if isinstance(name, Literal) else None


def assign_named(frame: Frame, target: Value, name: Value, expr: f.Expr) -> None:
    """Set an attribute by name: a literal, each key of a mapping, or a name given by the caller."""
    models = tuple(item.model for item in each(target) if isinstance(item, InstanceValue))
    usage: UsageType = "write" if any(isinstance(i, InstanceValue) and i.new for i in each(target)) else "update"
    for item in each(name):
        if isinstance(item, Literal):
            name_column(frame, models, item.text, item.span, usage)
        elif isinstance(item, KeyOf):
            _assign_keys(frame, models, item.mapping, target, usage, expr)


def _assign_keys(
    frame: Frame, models: tuple[str, ...], mapping: Value, target: Value, usage: UsageType, expr: f.Expr
) -> None:
    parameter = mapping.name if isinstance(mapping, Parameter) else None
    if isinstance(mapping, Dict):
        parameter = mapping.parameter
        for entry in mapping.entries:
            if entry.key:
                name_column(frame, models, entry.key, entry.span, usage)
    if parameter is None:
        return
    if isinstance(expr, f.Name) and expr.id in frame.parameters:
        frame.effects.append(Effect(expr.id, parameter, usage))
    elif isinstance(target, Variable):
        frame.effects.append(Effect(f"type {target.name}", parameter, usage))
    else:
        frame.effects.extend(Effect(f"model {model}", parameter, usage) for model in models)


_BUILTINS: dict[str, Fn[[Frame, f.Call, QueryArguments], Value]] = {
    "enumerate": lambda frame, expr, args: ListValue(Row((None, element(args.first)))),
    "zip": _zip,
    "getattr": lambda frame, expr, args: _getattr(frame, args),
    "setattr": _setattr,
    "dict": lambda frame, expr, args: _dict(args),
    "super": lambda frame, expr, args: _super(frame),
    "type": lambda frame, expr, args: types.type_of(args.first),
}
_LIBRARY: dict[str, Fn[[Library, QueryArguments], Value]] = {
    "cast": _cast,
    "groupby": lambda function, args: ListValue(Row((None, ListValue(element(args.first))))),
    "gather": lambda function, args: Row(tuple(value for value, _ in args.values)),
}
_METHODS: dict[type, Fn[[Any, str, QueryArguments], Value]] = {
    ListValue: _of_list,
    Keyed: _of_keyed,
    Dict: _of_mapping,
    Parameter: _of_parameter,
}
