"""Calls: of functions and methods of the code base, constructors, library functions, and plain containers."""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.catalog.usages import UsageType
from headwater.core.lineage.orm import containers, queries, shapes
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.attributes import attribute, bindings_of, returned
from headwater.core.lineage.orm.frame import Frame, lean
from headwater.core.lineage.orm.index import Bindings, Effect, Index, class_of, dotted
from headwater.core.lineage.orm.joins import join_relation
from headwater.core.lineage.orm.queries import Args
from headwater.core.lineage.orm.values import (
    Callable,
    Class,
    Closure,
    Column,
    Dict,
    Entity,
    Entry,
    Instance,
    Library,
    Loader,
    Many,
    Object,
    Parameter,
    Query,
    Relation,
    Shaped,
    TypeOf,
    Union,
    Value,
    Variable,
    drafts,
    each,
    union,
)
from headwater.core.lineage.symbols import Found
from headwater.readers import Operation

_COLUMN = Operation(result="column")
_DEFINITIONS = frozenset(
    {"Column", "ForeignKey", "ForeignKeyConstraint", "UniqueConstraint", "Index", "CheckConstraint", "Table"}
    | {"PrimaryKeyConstraint", "mapped_column", "column_property", "ExcludeConstraint"}
)


def call(frame: Frame, expr: f.Call) -> Value:
    """Interpret a call."""
    func = expr.func
    if isinstance(func, f.Attr):
        receiver = frame.evaluate(frame, func.value)
        args = arguments(frame, expr)
        handled, value = shapes.client_call(frame, func, args)
        if handled:
            return value
        return method(frame, receiver, func, args, expr)
    function = frame.evaluate(frame, func)
    args = arguments(frame, expr)
    if function is None and isinstance(func, f.Name):
        return containers.builtin(frame, func, expr, args)
    if isinstance(function, Union):
        return union(*(invoke(frame, item, args, expr) for item in function.items))
    return invoke(frame, function, args, expr)


def arguments(frame: Frame, expr: f.Call) -> Args:
    """Evaluate the arguments of a call."""
    evaluate = frame.evaluate
    values: list[tuple[Value, tuple[int, int]]] = []
    for arg in expr.args:
        inner = arg.value if isinstance(arg, f.Spread) else arg
        values.append((evaluate(frame, inner), (inner.start, inner.end)))
    named = [(k.name, evaluate(frame, k.value), (k.start, k.end)) for k in expr.keywords]
    return Args(tuple(values), tuple(named))


def method(frame: Frame, receiver: Value, func: f.Attr, args: Args, expr: f.Call) -> Value:
    """Call a method of a value."""
    if isinstance(receiver, Union):
        return union(*(method(frame, item, func, args, expr) for item in receiver.items))
    name, at = func.name, (func.start, func.end)
    words = frame.index.language
    if isinstance(receiver, Query):
        return queries.apply(frame, words.query.get(name, Operation()), receiver, args, at)
    if isinstance(receiver, Column):
        return _of_column(frame, receiver, name, args, at)
    if isinstance(receiver, Relation):
        return _of_relation(frame, receiver, name, args, at)
    if isinstance(receiver, Loader):
        operation = words.functions.get(name) or words.query.get(name) or Operation("projection")
        return queries.apply(frame, operation, receiver, args, at)
    if isinstance(receiver, Many) and name in words.rows:
        return queries.apply(frame, words.rows[name], receiver, args, at)
    if isinstance(receiver, Many) and isinstance(receiver.item, Instance) and name in words.query:
        query = Query((receiver.item,), sources=(receiver.item.model,), at=at)
        return queries.apply(frame, words.query[name], query, args, at)
    if isinstance(receiver, Entity) and name in words.table and class_of(frame.index, receiver.model) is None:
        return _of_table(frame, receiver, words.table[name], func, args)
    if name in words.flushes:
        frame.flush()
    found = attribute(frame, receiver, name, at)
    if found is not None and not (isinstance(found, Library) and _is_session_call(frame, found, name)):
        return union(*(invoke(frame, item, args, expr) for item in each(found)))
    if isinstance(receiver, Instance) and name in words.instance:
        return queries.apply(frame, words.instance[name], receiver, args, at)
    handled, value = _of_session(frame, receiver, func, args, at)
    return value if handled else containers.method(frame, receiver, func, expr, args)


def _of_table(frame: Frame, receiver: Entity, operation: Operation, func: f.Attr, args: Args) -> Value:
    span = (func.value.start, func.value.end)
    if operation.args == "join":
        return queries.apply(frame, operation, Query(sources=(receiver.model,), at=span), args, span)
    whole = Args(((receiver, span), *args.values), args.named)
    return queries.apply(frame, operation, None, whole, span)


def _is_session_call(frame: Frame, found: Library, name: str) -> bool:
    words = frame.index.language
    return name in words.session and (name not in words.functions or ".session" in found.name)


def _of_column(frame: Frame, receiver: Column, name: str, args: Args, at: tuple[int, int]) -> Value:
    operation = frame.index.language.column.get(name)
    if name == "label" and receiver.attribute:
        text = getattr(args.first, "text", None)
        return Column(receiver.models, receiver.attribute, text or "", receiver.drafts)
    whole = queries.column_of(receiver, *(value for value, _ in args.values))
    if operation is not None and operation.args != "value":
        lean(whole.drafts, operation.args)
    label = getattr(args.first, "text", None) if name == "label" else None
    return Column(whole.models, None, label, whole.drafts)


def _of_relation(frame: Frame, receiver: Relation, name: str, args: Args, at: tuple[int, int]) -> Value:
    operation = frame.index.language.relation.get(name)
    if operation is None:
        return None
    target = frame.index.fields[receiver.model][receiver.attribute].target
    if operation.args == "filter" and name != "and_":
        join_relation(frame, receiver, "join")
    owner = Relation(target or receiver.model, receiver.attribute, receiver.span)
    found = queries.apply(frame, operation, owner, args, at)
    return receiver if operation.result == "same" else found


def _of_session(frame: Frame, receiver: Value, func: f.Attr, args: Args, at: tuple[int, int]) -> tuple[bool, Value]:
    """Call a method of what is, or by its use and name must be, a database session."""
    operation = frame.index.language.session.get(func.name)
    if operation is None or not isinstance(receiver, (Library, Object, Parameter, Variable, type(None))):
        return False, None
    first = args.first
    fits = any(isinstance(item, (Query, Entity, Column, TypeOf)) for item in each(first))
    if operation.row == "delete" or (operation.result == "same" and not fits):
        fits = any(isinstance(item, Instance) for item in each(first)) and _is_session(frame, receiver, func.value)
    if not fits:
        return False, None
    if operation.named and isinstance(first, Entity):
        return True, queries.apply(frame, operation, None, args, at)
    if isinstance(first, Query) and first.kind in ("insert", "update") and len(args.values) > 1:
        usage: UsageType = "write" if first.kind == "insert" else "update"
        for value, _ in args.values[1:]:
            for part in queries.parts(value):
                queries.name_keys(frame, first.sources, part, usage)
    receiver = receiver if receiver is not None else Library("", True)
    source = union(*(item for item in each(first) if isinstance(item, (Query, Entity, Instance, TypeOf))))
    if operation.result == "same":
        return True, first
    if operation.result in ("query", "none"):
        return True, queries.apply(frame, operation, receiver, args, at)
    return True, union(*(queries.rows(operation.result, item) for item in each(source)))


def _is_session(frame: Frame, receiver: Value, expr: f.Expr) -> bool:
    if isinstance(receiver, Object):
        return frame.index.is_session(receiver.path, receiver.name)
    if isinstance(receiver, Library):
        last = receiver.name.rsplit(".", 1)[-1]
        if last == "session" or frame.index.language.types.get(last) == "session":
            return True
    word = dotted(expr.func if isinstance(expr, f.Call) else expr).rsplit(".", 1)[-1].casefold()
    return "session" in word or word in ("db", "s", "sess", "conn", "connection", "tx", "uow", "store", "dbs")


def invoke(frame: Frame, function: Value, args: Args, expr: f.Call) -> Value:
    """Call a value that is a function or class."""
    if isinstance(function, Callable):
        return _call_project(frame, function, args, expr)
    if isinstance(function, Entity):
        return construct(frame, function, args)
    if isinstance(function, Class):
        return _construct_object(frame, function, args)
    if isinstance(function, Library):
        return _call_library(frame, function, args, expr)
    if isinstance(function, Closure):
        return function.returns
    if isinstance(function, TypeOf):
        _note_effects(frame, function, args)
        return function.item
    # A session's factory, and a scoped session, are called to give the session.
    return function if isinstance(function, Object) and frame.index.is_session(function.path, function.name) else None


def construct(frame: Frame, entity: Entity, args: Args) -> Instance:
    """Make a row of a model: the names of its keyword arguments are written."""
    model = frame.index.models[entity.model].name
    for name, value, span in args.named:
        if name is None:
            queries.name_keys(frame, (entity.model,), value, "write")
        else:
            queries.name_column(frame, (entity.model,), name, span, "write")
    _note_effects(frame, entity, args)
    return Instance(entity.model, f"{model} is constructed here.", new=True)


def _note_effects(frame: Frame, target: Value, args: Args) -> None:
    """Remember that this function makes a row of what its caller hands it."""
    for name, value, _ in args.named:
        mapping = value.name if isinstance(value, Parameter) else value.parameter if isinstance(value, Dict) else None
        if name is None and mapping:
            frame.effects.append(Effect(_target_name(target), mapping, "write"))


def _target_name(target: Value) -> str:
    if isinstance(target, (Entity, Instance)):
        return f"model {target.model}"
    inner = target.item if isinstance(target, TypeOf) else target
    return f"type {inner.name}" if isinstance(inner, Variable) else ""


def _construct_object(frame: Frame, function: Class, args: Args) -> Value:
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


def matched(params: tuple[f.Param, ...], args: Args) -> dict[str, Value]:
    """Pair the arguments of a call with the parameters' names; what is left over goes to `**`."""
    found: dict[str, Value] = {}
    plain = [param for param in params if not param.kind and param.name]
    for param, (value, _) in zip(plain, args.values, strict=False):
        found[param.name] = value
    names = {param.name for param in plain}
    rest: list[Entry] = []
    for name, value, span in args.named:
        if name in names:
            found[name] = value
        elif name is not None:
            rest.append(Entry(name, span, value))
        elif isinstance(value, Dict):
            rest.extend(value.entries)
        elif isinstance(value, Parameter):
            found.update({p.name: value for p in params if p.kind == "**"})
    if rest:
        found.update({param.name: Dict(rest) for param in params if param.kind == "**"})
    return found


def definition(index: Index, function: Callable) -> f.Function | None:
    """Return the statement that defines a function or method."""
    owner, _, name = function.name.rpartition(".")
    if owner:
        info = index.class_info(function.path, owner)
        stmt = info.members.get(name) if info else None
    else:
        symbol = index.symbols.lookup(function.path, name)
        stmt = symbol.stmt if isinstance(symbol, Found) else None
    return stmt if isinstance(stmt, f.Function) else None


def _call_project(frame: Frame, function: Callable, args: Args, expr: f.Call) -> Value:
    index = frame.index
    stmt = definition(index, function)
    if stmt is None:
        return None
    owner = function.owner
    bindings: Bindings = {}
    params = stmt.params
    if owner is not None and params and params[0].name in ("self", "cls"):
        params = params[1:]
    if isinstance(owner, (Object, Class)):
        info = index.class_info(function.path, function.name.rpartition(".")[0])
        bindings = dict(bindings_of(index, owner, info)) if info else {}
    signature = types.signature(index, function.path, function.name, stmt)
    patterns, shaped = signature.patterns, signature.shaped
    summary = index.summaries.get((function.path, function.name))
    given: dict[str, Value] = {}
    if patterns or shaped or frame.calls is not None or (summary and summary.effects):
        given = matched(params, args)
        _unify(patterns, given, bindings)
        for name, shape in shaped:
            shapes.use(frame, given.get(name), shape)
    if frame.calls is not None:
        frame.calls.append((function, params, given))
    if summary and summary.effects:
        for effect in summary.effects:
            _apply_effect(frame, effect, given, owner, bindings, expr, params)
    bindings = {name: value for name, value in bindings.items() if not isinstance(value, Variable)}
    return returned(index, function, stmt, bindings)


def _apply_effect(
    frame: Frame,
    effect: Effect,
    given: dict[str, Value],
    owner: Value,
    bindings: Bindings,
    expr: f.Call,
    params: tuple[f.Param, ...],
) -> None:
    """Use the keys of a mapping that the caller hands over as the function uses them."""
    kind, _, name = effect.target.rpartition(" ")
    target = given.get(name) if not kind else bindings.get(name) if kind == "type" else Instance(name)
    if not kind and name in ("self", "cls"):
        target = owner
    mapping = given.get(effect.mapping)
    models = tuple(item.model for item in each(target) if isinstance(item, (Instance, Entity)))
    new = any(getattr(item, "new", False) for item in each(target))
    for model in models:
        if frame.index.is_shaped(model):
            shapes.use(frame, mapping, Shaped(model, effect.role))
        elif isinstance(mapping, Dict):
            queries.name_keys(frame, (model,), mapping, "write" if new or effect.role == "write" else "update")
    passed = mapping.name if isinstance(mapping, Parameter) else getattr(mapping, "parameter", None)
    if passed:
        outer = _outer_target(frame, kind, name, target, expr, params)
        if outer:
            frame.effects.append(Effect(outer, passed, effect.role))


def _outer_target(frame: Frame, kind: str, name: str, target: Value, expr: f.Call, params: tuple[f.Param, ...]) -> str:
    """Say in the words of this function's own parameters what a function that it calls changes."""
    if isinstance(target, (Instance, Entity)):
        return f"model {target.model}"
    if isinstance(target, Variable):
        return f"type {target.name}"
    if kind:
        return ""
    position = next((i for i, param in enumerate(params) if param.name == name), -1)
    argument = next((k.value for k in expr.keywords if k.name == name), None)
    if argument is None and 0 <= position < len(expr.args):
        argument = expr.args[position]
    return argument.id if isinstance(argument, f.Name) and argument.id in frame.parameters else ""


def _call_library(frame: Frame, function: Library, args: Args, expr: f.Call) -> Value:
    words = frame.index.language
    root, *rest = function.name.split(".")
    last = rest[-1] if rest else root
    at = (expr.func.start, expr.func.end)
    if root in words.packages or function.name.startswith(words.packages):
        if "func" in rest[:-1]:
            return queries.apply(frame, _COLUMN, None, args, at)
        if last in _DEFINITIONS:
            for value in (*(v for v, _ in args.values), *(v for _, v, _ in args.named)):
                _forget(frame, value)
            return None
        operation = words.functions.get(last)
        if operation is not None:
            return queries.apply(frame, operation, None, args, at)
    return containers.library(frame, function, args)


def _forget(frame: Frame, value: Value) -> None:
    """Drop the columns that a definition names: a foreign key is declared, not used."""
    gone = {id(draft) for draft in drafts(value)}
    frame.found[:] = [draft for draft in frame.found if id(draft) not in gone]
