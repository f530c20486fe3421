"""Functions and classes of the code base: what a call returns, and what it does with its arguments."""

from __future__ import annotations

from typing import NamedTuple

from headwater.catalog import facts as f
from headwater.core.lineage.orm import queries, shapes
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.attributes import returned
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import Bindings, CodeIndex, Effect
from headwater.core.lineage.orm.queries import QueryArguments
from headwater.core.lineage.orm.values import (
    Callable,
    CallOf,
    ClassValue,
    Closure,
    Dict,
    Entity,
    EntryValue,
    InstanceValue,
    Object,
    Parameter,
    ResultOf,
    Shaped,
    TypeOf,
    Value,
    Variable,
    each,
    union,
)
from headwater.core.lineage.symbols import Found


def construct(frame: Frame, entity: Entity, args: QueryArguments) -> InstanceValue:
    """Evaluate the construction of a model's row: its keyword arguments are written."""
    model = frame.index.models[entity.model].name
    for name, value, span in args.named:
        if name is None:
            queries.name_keys(frame, (entity.model,), value, "write")
        else:
            queries.name_column(frame, (entity.model,), name, span, "write")
    note_effects(frame, entity, args)
    return InstanceValue(entity.model, f"{model} is constructed here.", new=True)


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
        info = index.class_info(function.path, owner)
        stmt = info.members.get(name) if info else None
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
    if owner is not None and params and params[0].name in ("self", "cls"):
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
    if result is None and frame.calls is not None:
        return CallOf(function.path, function.name)
    return _results(frame, result, given, expr)


def _results(frame: Frame, value: Value, given: dict[str, Value], expr: f.Call) -> Value:
    """Replace placeholders for functions passed by the caller by what these return."""
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
            queries.name_keys(frame, (model,), mapping, "write" if new or effect.role == "write" else "update")
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
