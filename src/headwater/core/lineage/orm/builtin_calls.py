"""Lists, mappings, built-in functions and `setattr`: everything that carries values between queries."""

from __future__ import annotations

from collections.abc import Callable as Fn
from collections.abc import Iterator
from typing import Any

from headwater.catalog import facts as f
from headwater.catalog.usages import UsageType
from headwater.core.lineage.orm import collection_methods as methods
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.arguments import QueryArguments
from headwater.core.lineage.orm.attributes import attribute
from headwater.core.lineage.orm.closures import with_each
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.functions import applied
from headwater.core.lineage.orm.named_columns import name_column
from headwater.core.lineage.orm.results import rows
from headwater.core.lineage.orm.signatures import Effect
from headwater.core.lineage.orm.values import (
    CallOf,
    Closure,
    Dict,
    Embedded,
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
# `DB::transaction(fn)`, `Cache::remember(key, ttl, fn)`, `Rails.cache.fetch(key) { … }`: what the function returns.
_PASSES_ON = frozenset(
    {"transaction", "remember", "rememberForever", "sear", "flexible", "retry", "rescue", "fetch", "get_or_set"}
    | {
        "withoutEvents",
        "withoutTimestamps",
        "unguarded",
        "synchronize",
        "with_lock",
        "block",
        "uncached",
        "$transaction",
    }
)
_CALLERS = frozenset({"map", "filter", "sorted", "max", "min"})
UNKNOWN = (CallOf, Parameter, Library, type(None))
_OVER_LISTS = methods.ITERATORS | {"each", "eachSeries", "mapSeries", "forOwn", "sortBy", "keyBy", "groupBy", "orderBy"}
_MAPPERS = frozenset({"map", "flatMap", "collect"})
_LISTS = frozenset({"list", "sorted", "set", "tuple", "frozenset", "reversed", "iter", "filter", "unique", "deque"})
_FIRSTS = frozenset({"next", "max", "min", "copy", "deepcopy", "anext"})
_ADDERS = {"append": 0, "add": 0, "insert": 1, "extend": 0, "update": 0, "appendleft": 0, "push": 0, "unshift": 0}
_SPREADERS = frozenset({"extend", "update"})


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
    return value if isinstance(value, Embedded) else None  # a list of objects inside of a row


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


def library(frame: Frame, function: Library, args: QueryArguments) -> Value:
    """Evaluate a call of something outside the code base that only passes values on."""
    last = function.name.rsplit(".", 1)[-1]
    if last in _PASSES_ON and (passed := _passed_on(args)) is not None:
        return passed
    if last in _LISTS or last == "chain":
        return ListValue(union(*(element(value) for value, _ in args.values)))
    if last in _FIRSTS:
        return args.first
    handler = _LIBRARY.get(last)
    return handler(function, args) if handler else Library(function.name, True)


def _passed_on(args: QueryArguments) -> Value:
    """Return what the functions among the arguments return."""
    values = (*(value for value, _ in args.values), *(value for _, value, _ in args.named))
    return union(*(value.returns for value in values if isinstance(value, Closure)))


def _cast(function: Library, args: QueryArguments) -> Value:
    known = types.instance_of(args.first)
    return known if known is not None or len(args.values) < 2 else args.values[1][0]


def method(frame: Frame, receiver: Value, func: f.Attr, expr: f.Call, args: QueryArguments) -> Value:
    """Evaluate a method of a list, a mapping, or an unknown value."""
    name = func.name
    if name == "then" and expr.args:  # of a promise: what is awaited has no wrapper in facts
        return applied(frame, expr.args[0], receiver)
    if name in methods.ITERATORS and expr.args and isinstance(receiver, (ListValue, Row, Embedded)):
        return _iterated(frame, receiver, name, expr)
    if isinstance(receiver, InstanceValue):
        return _of_optional(frame, receiver, name, expr)
    # A parameter stays what the caller passes: a list, or a session (`session.add(user)`).
    is_list = not isinstance(receiver, (Dict, InstanceValue, Parameter))
    if name in _ADDERS and isinstance(func.value, f.Name) and is_list:
        _add(frame, receiver, func.value.id, name, args)
        return None
    if isinstance(receiver, UNKNOWN) and (taken := over_list(frame, name, args, expr)) is not None:
        return taken
    if isinstance(receiver, UNKNOWN) and name in _MAPPERS and expr.args and isinstance(expr.args[-1], f.Lambda):
        return ListValue(with_each(frame, expr.args[-1], None))
    if name in _PASSES_ON and isinstance(receiver, UNKNOWN) and (passed := _passed_on(args)) is not None:
        return passed
    if receiver is None:
        return args.first if name in _TOGETHER and isinstance(args.first, (Row, ListValue)) else None
    handler = _METHODS.get(type(receiver))
    return handler(receiver, name, args) if handler else None


def _iterated(frame: Frame, receiver: Value, name: str, expr: f.Call) -> Value:
    """Evaluate a method of a list that calls functions with its items."""
    item = element(receiver)
    for arg in expr.args:
        for inner in _lambdas_in(arg):
            with_each(frame, inner, item)
    if name == "reduce":
        return applied(frame, expr.args[0], item if len(expr.args) == 1 else None, item)
    results = [applied(frame, arg, item) for arg in expr.args]
    if name in methods.MAPS:
        return ListValue(results[0])
    if name in methods.FLATS:
        return ListValue(element(results[0]))
    if name in methods.FIRSTS:
        return item
    if name in methods.KEYED:
        return Keyed(item)
    return Keyed(ListValue(item)) if name in methods.GROUPED else receiver


def over_list(frame: Frame, name: str, args: QueryArguments, expr: f.Call) -> Value:
    """Evaluate a function of a library that calls another with each item: `_.filter(rows, …)`."""
    if name not in _OVER_LISTS or len(expr.args) < 2 or not isinstance(args.first, (ListValue, Row)):
        return None
    return _iterated(frame, args.first, name, f.Call(expr.start, expr.end, expr.func, expr.args[1:]))


def _lambdas_in(expr: f.Expr) -> Iterator[f.Lambda]:
    """Yield the functions in a call that is an argument: `compareBy { it.name }`, `comparing(User::name)`."""
    if isinstance(expr, f.Call):
        receiver = expr.func.value if isinstance(expr.func, f.Attr) else None
        yield from _lambdas_in(receiver) if receiver is not None else ()
        for arg in expr.args:
            if isinstance(arg, f.Lambda):
                yield arg
            else:
                yield from _lambdas_in(arg)


def _of_optional(frame: Frame, receiver: InstanceValue, name: str, expr: f.Call) -> Value:
    """Evaluate a method of one row that may be missing (`Optional`), or that is still to come."""
    if name in methods.CALLED_WITH_ROW and expr.args:
        result = with_each(frame, expr.args[0], receiver)
        return result if name in ("map", "flatMap", "thenApply", "thenCompose") else receiver
    return receiver if name in methods.UNWRAPPERS else None


def _of_list(receiver: ListValue, name: str, args: QueryArguments) -> Value:
    if name in methods.TAKERS:
        return receiver.item
    taken = {
        "get": keyed(receiver),
        "setdefault": keyed(receiver),
        "values": ListValue(keyed(receiver)),
        "items": receiver,
    }
    return receiver if name in methods.KEEPERS else taken.get(name)


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
    if name in ("merge", "merge!", "reverse_merge", "deep_merge"):
        given = [entry for value, _ in args.values if isinstance(value, Dict) for entry in value.entries]
        given += [EntryValue(k, span, value) for k, value, span in args.named if k]
        return Dict([*receiver.entries, *given], receiver.parameter)
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


def _merged(args: QueryArguments) -> Value:
    """Return the mapping that several together make, as PHP's `array_merge` does."""
    mappings = [value for value, _ in args.values if isinstance(value, Dict)]
    return Dict([entry for mapping in mappings for entry in mapping.entries]) if mappings else None


def _compact(frame: Frame, args: QueryArguments) -> Value:
    """Return the mapping of the variables with these names, as PHP's `compact` does."""
    names = (value for value, _ in args.values if isinstance(value, Literal))
    return Dict([EntryValue(name.text, name.span, frame.env.get(name.text)) for name in names])


def picked(args: QueryArguments) -> Value:
    """Return the mapping of the keys that are given, one by one, in a list, or with rules: `permit(:name, :email)`."""
    keys = [key for value, _ in args.values for key in _keys_of(value)]
    keys += [EntryValue(name, span) for name, _, span in args.named if name]
    return Dict(keys) if keys else None


def _keys_of(value: Value) -> Iterator[EntryValue]:
    for item in each(value):
        if isinstance(item, Literal):
            yield EntryValue(item.text, item.span)
        elif isinstance(item, Dict):
            yield from (EntryValue(entry.key, entry.span) for entry in item.entries if entry.key)
        elif isinstance(item, (Row, ListValue)):
            for inner in item.items if isinstance(item, Row) else (item.item,):
                yield from _keys_of(inner)


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
    "array_merge": lambda frame, expr, args: _merged(args),
    "compact": lambda frame, expr, args: _compact(frame, args),
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
