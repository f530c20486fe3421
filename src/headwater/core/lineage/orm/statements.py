"""Runs statements in order: values of names follow assignments; the results of branches are merged."""

from __future__ import annotations

from collections.abc import Callable as Fn
from collections.abc import Iterable
from typing import Any

from headwater.catalog import facts as f
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.attributes import of_symbol
from headwater.core.lineage.orm.builtin_calls import element
from headwater.core.lineage.orm.expressions import bind, declared, evaluate
from headwater.core.lineage.orm.frame import Frame, resolve_pending
from headwater.core.lineage.orm.index import CodeIndex, Summary, class_of, parameters_of
from headwater.core.lineage.orm.name_heuristics import by_name
from headwater.core.lineage.orm.shapes import use
from headwater.core.lineage.orm.type_guards import narrow
from headwater.core.lineage.orm.values import (
    ClassValue,
    Closure,
    InstanceValue,
    Keyed,
    ListValue,
    Object,
    Parameter,
    Row,
    TypeOf,
    Union,
    Value,
    Variable,
    each,
    union,
)

_AUGMENTED_LISTS = frozenset({"+="})


def run(frame: Frame, body: Iterable[f.Stmt]) -> None:
    """Run statements."""
    for stmt in body:
        handler = _HANDLERS.get(type(stmt))
        if handler:
            handler(frame, stmt)


def _assign(frame: Frame, stmt: f.Assign) -> None:
    value = evaluate(frame, stmt.value)
    if stmt.annotation is not None:
        kind = types.read(frame.index, frame.path, stmt.annotation, {}, types.instance_of(frame.own))
        if value is None or not isinstance(kind, ListValue):
            value = declared(frame, value, kind)
    if stmt.op != "=":
        _augment(frame, stmt, value)
        return
    for target in stmt.targets:
        # At the top level the symbol table knows more than the value: a Table, a declared type.
        known = frame.top or (stmt.value is None and isinstance(target, f.Name) and target.id in frame.env)
        if value is None and known and isinstance(target, f.Name):
            continue
        bind(frame, target, value)


def _augment(frame: Frame, stmt: f.Assign, value: Value) -> None:
    for target in stmt.targets:
        before = evaluate(frame, target)
        if isinstance(target, f.Name):
            if stmt.op in _AUGMENTED_LISTS and isinstance(before, (ListValue, Row)) and value is not None:
                frame.env[target.id] = ListValue(union(element(before), element(value)))
        else:
            bind(frame, target, None)


def _do(frame: Frame, stmt: f.Do) -> None:
    evaluate(frame, stmt.value)
    if stmt.word == "assert":
        narrow(frame, stmt.value, True)


def _return(frame: Frame, stmt: f.Return) -> None:
    value = evaluate(frame, stmt.value)
    if value is not None:
        frame.returns.append(ListValue(value) if stmt.word == "yield" else value)


def _branch(frame: Frame, stmt: f.Branch) -> None:
    evaluate(frame, stmt.test)
    before = frame.env
    frame.env = dict(before)
    narrow(frame, stmt.test, True)
    run(frame, stmt.body)
    after, frame.env = frame.env, before
    if stmt.otherwise or _ends(stmt.body):
        frame.env = dict(before)
        narrow(frame, stmt.test, False)
        run(frame, stmt.otherwise)
    # A branch that returns or raises does not affect what follows.
    if _ends(stmt.body):
        return
    if stmt.otherwise and _ends(stmt.otherwise):
        frame.env = after
        return
    other = frame.env
    for name, value in after.items():
        if name not in other:
            other[name] = value
        elif other[name] is not value:
            other[name] = union(other[name], value)


def _ends(body: tuple[f.Stmt, ...]) -> bool:
    if not body:
        return False
    last = body[-1]
    return (isinstance(last, f.Return) and last.word == "return") or (
        isinstance(last, f.Do) and last.word in ("raise", "throw")
    )


def _loop(frame: Frame, stmt: f.Loop) -> None:
    value = evaluate(frame, stmt.iterable)
    if stmt.target is not None:
        bind(frame, stmt.target, element(value))
    run(frame, stmt.body)


def _scope(frame: Frame, stmt: f.Scope) -> None:
    for item in stmt.items:
        if isinstance(item, f.Binary) and item.op == "as":
            value = evaluate(frame, item.left)
            bind(frame, item.right, value.item if isinstance(value, ListValue) else value)
        else:
            evaluate(frame, item)
    run(frame, stmt.body)


def _function(frame: Frame, stmt: f.Function) -> None:
    for decorator in stmt.decorators:
        resolve_pending(evaluate(frame, decorator), "filter")
    inner = frame.inner()
    inner.run = frame.run
    enter(inner, stmt, frame.own, stmt.name if not frame.parameters else "")
    if frame.parameters or frame.own is not None or stmt.name in frame.env:
        frame.env[stmt.name] = Closure(union(*inner.returns))


def enter(frame: Frame, stmt: f.Function, own: Value, name: str) -> None:
    """Bind a function's parameters and run its body; `name` is its dotted name in the file."""
    frame.own = own
    index, path = frame.index, frame.path
    bindings = _class_bindings(frame, own)
    frame.parameters = {}
    summary = index.summaries.get((path, name))
    callers = summary.parameters if summary else {}
    for position, param in enumerate(stmt.params):
        if position == 0 and own is not None and param.name in ("self", "cls", "this", "mcs"):
            value = own if param.name != "cls" and not _is_class_method(stmt) else _class_of_own(index, own)
        else:
            value = _parameter(index, path, param, bindings, own)
            if isinstance(value, Parameter) and callers.get(param.name) is not None:
                value = _because(callers[param.name], f"Callers pass it as {param.name}.")
            elif isinstance(value, Parameter) and not param.kind:
                value = by_name(index, param, stmt.body) or value
        if param.pattern is not None:
            bind(frame, param.pattern, value)
            continue
        frame.env[param.name] = value
        frame.parameters[param.name] = value
    frame.run(frame, stmt.body)
    if index.delegates:
        _use_returns(frame, stmt, name, summary)


def _use_returns(frame: Frame, stmt: f.Function, name: str, summary: Summary | None) -> None:
    """Use what a function returns as its type says, or as its callers use it."""
    declared_as = types.signature(frame.index, frame.path, name, stmt).returns if name else None
    kinds = [kind.item if isinstance(kind, ListValue) else kind for kind in each(declared_as)]
    for value in frame.returns:
        for kind in (*kinds, *(summary.shapes if summary else ())):
            use(frame, value, kind)


def _class_of_own(index: CodeIndex, own: Value) -> Value:
    """Return the value of `cls`: in a mixin of models, the class of the model that uses it."""
    if isinstance(own, Object) and (own.path, own.name) in index.mixins:
        return TypeOf(Variable("Self"))
    return types.type_of(own)


def _parameter(index: CodeIndex, path: str, param: f.Param, bindings: dict[str, Value], own: Value) -> Value:
    value = types.read(index, path, param.annotation, bindings, own)
    if value is None:
        value = types.injected(index, path, param.default)
    if param.kind == "**" or value is None or isinstance(value, Keyed):
        return Parameter(param.name) if param.kind != "*" and param.pattern is None else None
    if param.kind == "*":
        return ListValue(value)
    return _because(value, f"The parameter {param.name} is declared so.")


def _because(value: Value, why: str) -> Value:
    if isinstance(value, InstanceValue):
        return InstanceValue(value.model, why, value.sure)
    if isinstance(value, ListValue) and isinstance(value.item, InstanceValue):
        return ListValue(InstanceValue(value.item.model, why, value.item.sure))
    if isinstance(value, Union):
        return Union(tuple(_because(item, why) for item in value.items))
    return value


def _class_bindings(frame: Frame, own: Value) -> dict[str, Value]:
    if isinstance(own, Object):
        info = frame.index.class_info(own.path, own.name)
        return parameters_of(info, ()) if info else {}
    return {}


def _is_class_method(stmt: f.Function) -> bool:
    return any(isinstance(d, f.Name) and d.id == "classmethod" for d in stmt.decorators)


def _class(frame: Frame, stmt: f.Class) -> None:
    """Run a class body: its methods, with `self` an instance of it."""
    outer = frame.env.get("class")
    name = f"{outer.name}.{stmt.name}" if isinstance(outer, ClassValue) else stmt.name
    key = f"{frame.path}:{name}"
    model = key if key in frame.index.models and class_of(frame.index, key) else None
    own: Value = InstanceValue(model, f"It is a method of {stmt.name}.") if model else Object(frame.path, name)
    for inner in stmt.body:
        scope = frame.inner()
        scope.env["class"] = ClassValue(frame.path, name)
        scope.env["this"] = own
        if isinstance(inner, f.Function):
            for decorator in inner.decorators:
                evaluate(scope, decorator)
            enter(scope, inner, own, f"{name}.{inner.name}")
        elif isinstance(inner, f.Class) or not model:
            run(scope, (inner,))
        elif isinstance(inner, f.Assign):
            evaluate(scope, inner.value)


def _import(frame: Frame, stmt: f.Import) -> None:
    """Bind a name that is imported inside a function; the symbol table has those of the top level."""
    if not frame.top:
        frame.env[stmt.alias] = of_symbol(frame.index, frame.index.symbols.imported(frame.path, stmt))


_HANDLERS: dict[type, Fn[[Frame, Any], None]] = {
    f.Import: _import,
    f.Assign: _assign,
    f.Do: _do,
    f.Return: _return,
    f.Branch: _branch,
    f.Loop: _loop,
    f.Scope: _scope,
    f.Function: _function,
    f.Class: _class,
}
