"""Functions and classes of the code base: what a call returns, and what it does with its arguments."""

from __future__ import annotations

from typing import NamedTuple

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import nodes
from headwater.catalog.usages import UsageType
from headwater.core.lineage.orm import named_columns, shapes
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.arguments import QueryArguments
from headwater.core.lineage.orm.closures import with_each
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import CodeIndex
from headwater.core.lineage.orm.members import returned
from headwater.core.lineage.orm.signatures import Bindings, Effect
from headwater.core.lineage.orm.values import (
    Callable,
    CallOf,
    Cell,
    ClassValue,
    Closure,
    ColumnValue,
    Dict,
    Entity,
    EntryValue,
    InstanceValue,
    ListValue,
    Object,
    Parameter,
    QueryValue,
    ResultOf,
    Shaped,
    TypeOf,
    Value,
    Variable,
    each,
    union,
)
from headwater.core.lineage.symbols import Found

_DEPTH = 3  # helpers of queries that are followed into each other
_SMALL = 6  # statements of a function that only picks keys


def construct(frame: Frame, entity: Entity, args: QueryArguments) -> InstanceValue:
    """Evaluate the construction of a model's row: its keyword arguments are written."""
    model = frame.index.models[entity.model].name
    usage = frame.index.models[entity.model].stores
    if usage:
        _store(frame, entity, args, usage)
    note_effects(frame, entity, args)
    return InstanceValue(entity.model, f"{model} is constructed here.", new=True)


def _store(frame: Frame, entity: Entity, args: QueryArguments, usage: UsageType) -> None:
    """Record the columns that the arguments of a constructor set."""
    for name, value, span in args.named:
        if name is None:
            named_columns.name_keys(frame, (entity.model,), value, usage)
        elif not named_columns.name_column(frame, (entity.model,), name, span, usage):
            named_columns.set_relation(frame, entity.model, name, span, usage)
    for value, _ in args.values[:1]:
        if frame.index.embedded(entity.model):
            shapes.use(frame, value, Shaped(entity.model, "write"))
        else:
            named_columns.name_keys(frame, (entity.model,), value, "write")


def note_effects(frame: Frame, target: Value, args: QueryArguments) -> None:
    """Record that this function creates a row from its caller's argument."""
    for name, value, _ in args.named:
        mapping = value.name if isinstance(value, Parameter) else value.parameter if isinstance(value, Dict) else None
        if name is None and mapping:
            frame.effects.append(Effect(_target_name(target), mapping, "write"))


def _target_name(target: Value) -> str:
    if isinstance(target, (Entity, InstanceValue)):
        return f"model {target.model}"
    inner = target.item if isinstance(target, TypeOf) else target
    return f"type {inner.name}" if isinstance(inner, Variable) else ""


def construct_object(frame: Frame, function: ClassValue, args: QueryArguments) -> Value:
    """Construct an object of a class of the code base; its type arguments come from the constructor's arguments."""
    made = _construct_plain(frame, function, args)
    entries = [EntryValue(name, span, value) for name, value, span in args.named if name and _is_of_model(value)]
    if not entries:
        return made
    holder = Dict(entries)
    holder.rest = made
    return holder


def _is_of_model(value: Value) -> bool:
    """Return True if an object that holds this value holds rows, or columns of a query."""
    held = value.item if isinstance(value, ListValue) else value
    return any(isinstance(item, (Entity, ColumnValue, InstanceValue, Cell)) for item in each(held))


def _construct_plain(frame: Frame, function: ClassValue, args: QueryArguments) -> Value:
    info = frame.index.class_info(function.path, function.name)
    if info is None or function.args or not info.params:
        return Object(function.path, function.name, function.args)
    init = frame.index.member(function.path, function.name, "__init__")
    bindings: Bindings = {}
    if init and isinstance(init[1], f.Function):
        patterns = types.signature(frame.index, init[0].path, f"{init[0].name}.__init__", init[1]).patterns
        _unify(patterns, matched(init[1].params[1:], args), bindings)
    return Object(function.path, function.name, tuple(bindings.get(p) for p in info.params))


def _unify(patterns: tuple[tuple[str, Value], ...], given: dict[str, Value], bindings: Bindings) -> None:
    for name, pattern in patterns:
        if name in given:
            types.unify(pattern, given[name], bindings)


def matched(params: tuple[f.Param, ...], args: QueryArguments) -> dict[str, Value]:
    """Match the arguments of a call with the parameters' names; the rest goes to `**`."""
    arguments: dict[str, Value] = {}
    plain = [param for param in params if not param.kind and param.name]
    for param, (value, _) in zip(plain, args.values, strict=False):
        arguments[param.name] = value
    names = {param.name for param in plain}
    rest: list[EntryValue] = []
    for name, value, span in args.named:
        if name in names:
            arguments[name] = value
        elif name is not None:
            rest.append(EntryValue(name, span, value))
        elif isinstance(value, Dict):
            rest.extend(value.entries)
        elif isinstance(value, Parameter):
            arguments.update({p.name: value for p in params if p.kind == "**"})
    if rest:
        arguments.update({param.name: Dict(rest) for param in params if param.kind == "**"})
    return arguments


def definition(index: CodeIndex, function: Callable) -> f.Function | None:
    """Return the statement that defines a function or method."""
    owner, _, name = function.name.rpartition(".")
    if owner:
        infos = (info for info in index.lineage(function.path, owner) if info.path == function.path)
        stmt = next((info.members[name] for info in infos if name in info.members), None)
    else:
        symbol = index.symbols.lookup(function.path, name)
        stmt = symbol.stmt if isinstance(symbol, Found) else None
    return stmt if isinstance(stmt, f.Function) else None


def call_project(frame: Frame, function: Callable, args: QueryArguments, expr: f.Call) -> Value:
    """Evaluate a call of a function of the code base: its effects on mapping arguments, and its return value."""
    index = frame.index
    stmt = definition(index, function)
    if stmt is None:
        return None
    owner = function.owner
    bindings: Bindings = {}
    params = stmt.params
    if owner is not None and params and (params[0].name in ("self", "cls") or params[0].kind == "self"):
        params = params[1:]
    if isinstance(owner, (Object, ClassValue)):
        info = index.class_info(function.path, function.name.rpartition(".")[0])
        bindings = dict(types.bindings_of(index, owner, info)) if info else {}
    if owner is not None:
        bindings["Self"] = types.instance_of(owner) or owner
    signature = types.signature(index, function.path, function.name, stmt)
    patterns, shaped = signature.patterns, signature.shaped
    summary = index.summaries.get((function.path, function.name))
    given: dict[str, Value] = {}
    if patterns or shaped or frame.calls is not None or summary:
        given = matched(params, args)
        _unify(patterns, given, bindings)
        for name, shape in shaped:
            shapes.use(frame, given.get(name), shape)
    if frame.calls is not None:
        frame.calls.append((function, params, given))
    if summary and summary.effects:
        call = _ProjectCall(expr, params, given, owner, bindings)
        for effect in summary.effects:
            _apply_effect(frame, effect, call)
    bindings = {name: value for name, value in bindings.items() if not isinstance(value, Variable)}
    result = returned(index, function, stmt, bindings)
    if result is None:
        picked = _picked(frame, function, params, args) if frame.words.picks else None
        return picked or (CallOf(function.path, function.name) if frame.calls is not None else None)
    if isinstance(result, QueryValue) and not result.sources:
        return _passed_on(frame, function, params, args)
    return _results(frame, result, given, expr)


def applied(frame: Frame, function: f.Expr | None, *values: Value) -> Value:
    """Return what an anonymous function, or one that is named in its place, returns for these arguments."""
    if not isinstance(function, (f.Name, f.Attr)):
        return with_each(frame, function, *values)
    named = frame.evaluate(frame, function)
    if not isinstance(named, Callable):
        return None
    at = (function.start, function.end)
    return call_project(frame, named, QueryArguments(tuple((value, at) for value in values)), f.Call(*at, function))


def _passed_on(frame: Frame, function: Callable, params: tuple[f.Param, ...], args: QueryArguments) -> Value:
    """Return the query that a helper goes on with: as its body says, or else the one that is handed to it."""
    here = each(_run_here(frame, function, params, args))
    query = next((item for item in here if isinstance(item, QueryValue)), None)
    if query is not None:
        return query
    return next((value for value, _ in args.values if isinstance(value, QueryValue)), QueryValue())


def _run_here(frame: Frame, function: Callable, params: tuple[f.Param, ...], args: QueryArguments) -> Value:
    """Return what a function of this file returns for these arguments, as its body says."""
    stmt = frame.bodies.get(function.name) if function.path == frame.path and frame.depth < _DEPTH else None
    if stmt is None:
        return None
    inner = frame.inner()
    inner.env, inner.own, inner.depth = dict(matched(params, args)), function.owner, frame.depth + 1
    if stmt.params and stmt.params[0].kind == "self":
        inner.env[stmt.params[0].name] = function.owner
    inner.run(inner, stmt.body)
    return union(*inner.returns)


def _picked(frame: Frame, function: Callable, params: tuple[f.Param, ...], args: QueryArguments) -> Dict | None:
    """Return the mapping of a small function of this file that picks keys of what it is given: `user_params`."""
    stmt = frame.bodies.get(function.name)
    if stmt is None or len(stmt.body) > _SMALL or not any(_is_pick(node, frame) for node in nodes(stmt.body)):
        return None
    found = _run_here(frame, function, params, args)
    return next((item for item in each(found) if isinstance(item, Dict)), None)


def _is_pick(node: f.Node, frame: Frame) -> bool:
    return isinstance(node, f.Call) and isinstance(node.func, f.Attr) and node.func.name in frame.words.picks


def _results(frame: Frame, value: Value, given: dict[str, Value], expr: f.Call) -> Value:
    """Replace placeholders for functions passed by the caller by what these return."""
    if isinstance(value, Parameter):  # the function returns its argument
        return given.get(value.name)
    if not any(isinstance(item, ResultOf) for item in each(value)):
        return value
    return union(*(_result(frame, item, given, expr) for item in each(value)))


def _result(frame: Frame, value: Value, given: dict[str, Value], expr: f.Call) -> Value:
    if not isinstance(value, ResultOf):
        return value
    function = given.get(value.parameter)
    if isinstance(function, Callable):
        return call_project(frame, function, QueryArguments(), expr)
    return function.returns if isinstance(function, Closure) else None


class _ProjectCall(NamedTuple):
    """A call of a function of the codebase, with what its parameters and type variables stand for."""

    expr: f.Call
    params: tuple[f.Param, ...]
    given: dict[str, Value]
    owner: Value
    bindings: Bindings


def _apply_effect(frame: Frame, effect: Effect, call: _ProjectCall) -> None:
    """Use the keys of a mapping argument as the called function uses them."""
    kind, _, name = effect.target.rpartition(" ")
    target = call.given.get(name) if not kind else call.bindings.get(name) if kind == "type" else InstanceValue(name)
    if not kind and name in ("self", "cls"):
        target = call.owner
    mapping = call.given.get(effect.mapping)
    models = tuple(item.model for item in each(target) if isinstance(item, (InstanceValue, Entity)))
    new = any(getattr(item, "new", False) for item in each(target))
    for model in models:
        if frame.index.is_shaped(model):
            shapes.use(frame, mapping, Shaped(model, effect.role))
        elif isinstance(mapping, Dict):
            named_columns.name_keys(frame, (model,), mapping, "write" if new or effect.role == "write" else "update")
    passed = mapping.name if isinstance(mapping, Parameter) else getattr(mapping, "parameter", None)
    if passed:
        outer = _outer_target(frame, kind, name, target, call)
        if outer:
            frame.effects.append(Effect(outer, passed, effect.role))


def _outer_target(frame: Frame, kind: str, name: str, target: Value, call: _ProjectCall) -> str:
    """Express the effect of a called function in terms of this function's own parameters."""
    if isinstance(target, (InstanceValue, Entity)):
        return f"model {target.model}"
    if isinstance(target, Variable):
        return f"type {target.name}"
    if kind:
        return ""
    position = next((i for i, param in enumerate(call.params) if param.name == name), -1)
    argument = next((k.value for k in call.expr.keywords if k.name == name), None)
    if argument is None and 0 <= position < len(call.expr.args):
        argument = call.expr.args[position]
    return argument.id if isinstance(argument, f.Name) and argument.id in frame.parameters else ""
