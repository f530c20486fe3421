"""Runs statements in order: values of names follow assignments; the results of branches are merged."""

from __future__ import annotations

from collections.abc import Callable as Fn
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name
from headwater.core.lineage.file_names import flat
from headwater.core.lineage.orm import accessors, builders, derived_names, functional, repositories, texts
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.assignments import bind, member_target
from headwater.core.lineage.orm.builtin_calls import element
from headwater.core.lineage.orm.closures import with_each
from headwater.core.lineage.orm.declared_types import declared, fill
from headwater.core.lineage.orm.expressions import evaluate
from headwater.core.lineage.orm.frame import ALL_COLUMNS, AROUND, Frame, made_at, resolve_pending
from headwater.core.lineage.orm.index import CodeIndex, own_of, parameters_of
from headwater.core.lineage.orm.members import of_symbol
from headwater.core.lineage.orm.name_heuristics import by_name
from headwater.core.lineage.orm.parameters import as_declared, because, by_default
from headwater.core.lineage.orm.references import note_parameters
from headwater.core.lineage.orm.shapes import use
from headwater.core.lineage.orm.signatures import Summary
from headwater.core.lineage.orm.type_guards import narrow
from headwater.core.lineage.orm.values import (
    Cell,
    ClassValue,
    Closure,
    Entity,
    InstanceValue,
    ListValue,
    Literal,
    Object,
    Parameter,
    QueryValue,
    Row,
    TypeOf,
    Value,
    Variable,
    each,
    union,
)

_RECEIVERS = frozenset({"self", "cls", "this", "mcs"})
_MAX_ROWS = 32
_CONSTRUCTOR = "__init__"
_AUGMENTED_LISTS = frozenset({"+="})


def run(frame: Frame, body: Iterable[f.Stmt]) -> None:
    """Run statements."""
    for stmt in body:
        handler = _HANDLERS.get(type(stmt))
        if handler:
            handler(frame, stmt)


def _assign(frame: Frame, stmt: f.Assign) -> None:
    if frame.words.holders and isinstance(stmt.value, f.Lambda) and _is_method(frame, stmt.targets[0], stmt.value):
        return
    value = evaluate(frame, stmt.value)
    if stmt.annotation is not None:
        kind = types.read(frame.index, frame.path, stmt.annotation, {}, types.instance_of(frame.own))
        if value is None or not isinstance(kind, ListValue):
            value = declared(frame, value, kind)
        else:
            fill(frame, value, kind)
    targets = [target if stmt.end == target.end else member_target(frame, target) for target in stmt.targets]
    if stmt.op != "=":
        _augment(frame, stmt.op, targets, value)
        return
    for target in targets:
        # At the top level the symbol table knows more than the value: a Table, a declared type.
        known = frame.top or (stmt.value is None and isinstance(target, f.Name) and target.id in frame.env)
        if value is None and known and isinstance(target, f.Name):
            continue
        if frame.top and isinstance(target, f.Name) and f"{frame.path}:{target.id}" in frame.index.models:
            continue
        bind(frame, target, value)
        if isinstance(value, InstanceValue) and value.new and isinstance(target, f.Name) and stmt.value is not None:
            frame.env[made_at(target.id)] = Literal("", (stmt.value.start, stmt.value.end))
        text = None if frame.top else _built_text(stmt.value)
        if text is not None and isinstance(target, f.Name):
            frame.texts = {**frame.texts, target.id: texts.with_tables(frame, text)}


def _built_text(expr: f.Expr | None) -> f.Expr | None:
    """Return a text with values inserted; a plain one is a value with positions of its own."""
    inner = expr.value if isinstance(expr, f.Attr) else expr
    return expr if isinstance(inner, f.Text) and (inner is not expr or len(inner.parts) > 1) else None


def _is_method(frame: Frame, target: f.Expr, function: f.Lambda) -> bool:
    """Run a function that is assigned as a method of a model: `userSchema.methods.check = function () { … }`."""
    holder = target.value if isinstance(target, f.Attr) else None
    kind = frame.words.holders.get(holder.name) if isinstance(holder, f.Attr) else None
    owner = evaluate(frame, holder.value) if kind and isinstance(holder, f.Attr) else None
    if not isinstance(owner, Entity):
        return False
    own = InstanceValue(owner.model, "It is a method of the model.") if kind == "row" else owner
    with_each(frame, function, own=own)
    return True


def _augment(frame: Frame, op: str, targets: list[f.Expr], value: Value) -> None:
    for target in targets:
        before = evaluate(frame, target)
        if isinstance(target, f.Name):
            if op in _AUGMENTED_LISTS and isinstance(before, (ListValue, Row)) and value is not None:
                frame.env[target.id] = ListValue(union(element(before), element(value)))
        else:
            bind(frame, target, None)


def _do(frame: Frame, stmt: f.Do) -> None:
    value = evaluate(frame, stmt.value)
    if value is not None and all(isinstance(item, QueryValue) for item in each(value)):
        builders.keep(frame, stmt.value, value)
    if stmt.word == "assert":
        narrow(frame, stmt.value, True)


def _return(frame: Frame, stmt: f.Return) -> None:
    if frame.returns_type is not None and frame.words.functional:
        functional.use(frame, frame.returns_type, stmt.value)
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
            other[name] = builders.either(other[name], value)


def _ends(body: tuple[f.Stmt, ...]) -> bool:
    if not body:
        return False
    last = body[-1]
    return (isinstance(last, f.Return) and last.word == "return") or (
        isinstance(last, f.Do) and last.word in ("raise", "throw")
    )


def _loop(frame: Frame, stmt: f.Loop) -> None:
    rows = _rows_of(stmt.iterable)
    if rows and stmt.target is not None:
        _each_row(frame, stmt, rows)
        return
    value = evaluate(frame, stmt.iterable)
    if stmt.target is not None:
        bind(frame, stmt.target, element(value))
    run(frame, stmt.body)


def _rows_of(iterable: f.Expr | None) -> tuple[f.Expr, ...]:
    """Return the rows of a table in code: a literal list of lists or mappings, also if it is enumerated."""
    if isinstance(iterable, f.Call) and isinstance(iterable.func, f.Name) and iterable.func.id == "enumerate":
        iterable = iterable.args[0] if iterable.args else None
    rows = iterable.items if isinstance(iterable, f.SequenceExpr) else ()
    is_table = 1 < len(rows) <= _MAX_ROWS and all(isinstance(row, (f.SequenceExpr, f.Mapping)) for row in rows)
    return rows if is_table else ()


def _each_row(frame: Frame, stmt: f.Loop, rows: tuple[f.Expr, ...]) -> None:
    """Run a loop over the rows of a table in code for each of them: what stands in one row belongs together."""
    is_counted = isinstance(stmt.iterable, f.Call)
    for row in rows:
        value = evaluate(frame, row)
        if stmt.target is not None:
            bind(frame, stmt.target, Row((None, value)) if is_counted else value)
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
    frame.returns_type = stmt.returns
    index, path = frame.index, frame.path
    if own is not None and frame.has_implicit_receiver:
        frame.env["this"] = frame.env["self"] = _class_of_own(index, own) if _is_static(stmt) else own
    elif own is not None and "this" not in frame.env:
        frame.env["this"] = types.type_of(own) if _is_static(stmt) else own
    if isinstance(own, InstanceValue) and index.words_of(own.model).accessors:
        frame.accessor = (accessors.attribute_of(index, own.model, stmt.name) or ("",))[0]
    bindings = _class_bindings(frame, own)
    frame.parameters = {}
    note_parameters(frame, stmt)
    summary = index.summaries.get((path, name))
    callers = summary.parameters if summary else {}
    for position, param in enumerate(stmt.params):
        if position == 0 and own is not None and (param.kind == "self" or param.name in _RECEIVERS):
            value = own if param.name != "cls" and not _is_class_method(stmt) else _class_of_own(index, own)
        elif position == 0 and isinstance(own, InstanceValue) and _is_scope(index, own.model, stmt.name):
            value = QueryValue((own,), sources=(own.model,))
        else:
            value = as_declared(index, path, param, bindings, own)
            is_open = isinstance(value, Parameter) or (isinstance(value, QueryValue) and not value.sources)
            is_open = is_open or (value == ListValue() and frame.words.names_tables)
            if is_open and callers.get(param.name) is not None:
                value = because(callers[param.name], f"Callers pass it as {param.name}.")
            elif isinstance(value, Parameter) and not param.kind:
                value = by_name(index, path, param.name, stmt.body) or by_default(frame, param) or value
        if param.pattern is not None:
            bind(frame, param.pattern, value)
            continue
        frame.env[param.name] = value
        frame.parameters[param.name] = value
    frame.run(frame, stmt.body)
    if index.delegates or frame.words.names_tables:
        _use_returns(frame, stmt, name, summary)


def _use_returns(frame: Frame, stmt: f.Function, name: str, summary: Summary | None) -> None:
    """Use what a function returns as its type says, or as its callers use it."""
    declared_as = types.signature(frame.index, frame.path, name, stmt).returns if name else None
    kinds = [kind.item if isinstance(kind, ListValue) else kind for kind in each(declared_as)]
    for value in frame.returns:
        for kind in (*kinds, *(summary.shapes if summary else ())):
            use(frame, value, kind)


def _is_scope(index: CodeIndex, model: str, name: str) -> bool:
    """Return True if a method of a model is called with a query of it."""
    prefix = index.words_of(model).scopes
    return bool(prefix) and name.startswith(prefix) and name[len(prefix) : len(prefix) + 1].isupper()


def _class_of_own(index: CodeIndex, own: Value) -> Value:
    """Return the value of `cls`: in a mixin of models, the class of the model that uses it."""
    if isinstance(own, Object) and (own.path, own.name) in index.mixins:
        return TypeOf(Variable("Self"))
    return types.type_of(own)


def _class_bindings(frame: Frame, own: Value) -> dict[str, Value]:
    if isinstance(own, Object):
        info = frame.index.class_info(own.path, own.name)
        return parameters_of(info, ()) if info else {}
    return {}


def _is_class_method(stmt: f.Function) -> bool:
    return any(isinstance(d, f.Name) and d.id == "classmethod" for d in stmt.decorators)


def _is_static(stmt: f.Function) -> bool:
    return any(isinstance(d, f.Name) and d.id in ("classmethod", "staticmethod") for d in stmt.decorators)


def _class(frame: Frame, stmt: f.Class) -> None:
    """Run a class body: its methods, with `self` an instance of it."""
    for decorator in stmt.decorators:
        evaluate(frame, decorator)
    outer = frame.env.get("class")
    is_inside = isinstance(outer, ClassValue) and stmt.kind != "extension"
    name = f"{outer.name}.{stmt.name}" if is_inside and isinstance(outer, ClassValue) else stmt.name
    own = own_of(frame.index, frame.path, name)
    is_model = isinstance(own, InstanceValue)
    calls = isinstance(own, InstanceValue) and frame.index.words_of(own.model).queries_models
    query = repositories.repository_query(frame.index, own) if isinstance(own, Object) else None
    for inner in stmt.body:
        scope = frame.inner()
        scope.env["class"] = ClassValue(frame.path, name)
        scope.env["this"] = own
        if stmt.kind == "extension" and outer is not None:
            scope.env[AROUND] = frame.env.get("this")
        if isinstance(inner, f.Function):
            for decorator in inner.decorators:
                evaluate(scope, decorator)
            if _is_static(inner):
                scope.env["this"] = types.type_of(own)
            if query and query.sources and not inner.body and not _has_text(scope, inner):
                derived_names.use(scope, query.sources[0], inner.name, (inner.start, inner.end))
            is_new = inner.name == _CONSTRUCTOR and frame.has_implicit_target
            subject = replace(own, new=True) if is_new and isinstance(own, InstanceValue) else own
            enter(scope, inner, subject, f"{name}.{inner.name}")
        elif isinstance(inner, f.Class) or not is_model:
            run(scope, (inner,))
        elif isinstance(inner, f.Assign):
            evaluate(scope, inner.value)
        elif calls:
            _class_calls(scope, own, inner)


def _class_calls(frame: Frame, own: Value, stmt: f.Stmt) -> None:
    """Evaluate the calls of a statement in the body of a model's class."""
    for inner in flat((stmt,)):
        if isinstance(inner, f.Do):
            frame.own = own
            frame.env["this"] = frame.env["self"] = _subject(frame.index, own, inner.value)
            evaluate(frame, inner.value)


def _subject(index: CodeIndex, own: Value, expr: f.Expr) -> Value:
    """Return the class that a call in a class body is about: a function at a relationship queries what it leads to."""
    first = expr.args[0] if isinstance(expr, f.Call) and expr.args else None
    if isinstance(own, InstanceValue) and isinstance(first, f.Text) and isinstance(expr, f.Call):
        name = "".join(part.text for part in first.parts if isinstance(part, f.Chunk))
        field = index.fields[own.model].get(name)
        if field is not None and field.target in index.models and any(isinstance(a, f.Lambda) for a in expr.args):
            return Entity(field.target or "")
    return types.type_of(own)


def _has_text(frame: Frame, stmt: f.Function) -> bool:
    """Return True if a decorator holds the query of a method, so that its name says nothing."""
    names = (dotted_name(d.func if isinstance(d, f.Call) else d).rsplit(".", 1)[-1] for d in stmt.decorators)
    operations = (frame.words.functions.get(name) for name in names)
    return any(operation is not None and operation.texts for operation in operations)


def _import(frame: Frame, stmt: f.Import) -> None:
    """Bind a name that is imported inside a function; the symbol table has those of the top level."""
    if frame.top:
        return
    symbols = frame.index.symbols
    if stmt.name == "*":
        symbol = symbols.class_at(frame.path, stmt.module)
        value = of_symbol(frame.index, frame.path, symbol)
    else:
        value = of_symbol(frame.index, frame.path, symbols.imported(frame.path, stmt))
    if isinstance(value, Cell):
        value = Entity(value.model)
    elif stmt.name != "*":
        frame.env[stmt.alias] = value
        return
    frame.env[ALL_COLUMNS] = union(frame.env.get(ALL_COLUMNS), value)


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
