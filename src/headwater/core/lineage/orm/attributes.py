"""Evaluates `value.name`: columns and relationships of models, members of classes, names in modules."""

from __future__ import annotations

from collections.abc import Callable as Fn
from typing import Any

from headwater.catalog import facts as f
from headwater.catalog.usages import Tier
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import ClassInfo, CodeIndex, class_of
from headwater.core.lineage.orm.joins import join_relation, relation_columns
from headwater.core.lineage.orm.values import (
    Callable,
    Cell,
    ClassValue,
    ColumnValue,
    Dict,
    Entity,
    InstanceValue,
    Library,
    ListValue,
    Namespace,
    Object,
    QueryValue,
    RelationValue,
    Row,
    Super,
    TypeOf,
    Union,
    Value,
    Variable,
    each,
    union,
)
from headwater.core.lineage.symbols import External, Found, Package, Symbol
from headwater.readers import Field

# Decorators of Python, common libraries and JavaScript that turn a method into an attribute; ORMs add their own.
_PROPERTIES = frozenset({"property", "cached_property", "computed_field", "classproperty", "reify", "get"})
Span = tuple[int, int]


def attribute(frame: Frame, value: Value, name: str, span: Span) -> Value:
    """Return the value of an attribute, and record the column that it reads."""
    handler = _BY_TYPE.get(type(value))
    return handler(frame, value, name, span) if handler else None


def _of_union(frame: Frame, value: Union, name: str, span: Span) -> Value:
    return union(*(attribute(frame, item, name, span) for item in _of_many(value.items)))


def _of_namespace(frame: Frame, value: Namespace, name: str, span: Span) -> Value:
    symbols = frame.index.symbols
    return of_symbol(frame.index, symbols.lookup(value.path, name) or symbols.submodule(value.path, name))


def _of_type(frame: Frame, value: TypeOf, name: str, span: Span) -> Value:
    """Return an attribute of a class that is only known as a type: a mixin's `cls`, a repository's `model`."""
    own = frame.own
    is_own = isinstance(value.item, Variable) and value.item.name == "Self" and isinstance(own, Object)
    result = member(frame.index, ClassValue(own.path, own.name), name) if is_own and isinstance(own, Object) else None
    if result is None and name in frame.index.language.query_attributes:
        return QueryValue((value.item,), at=span)
    return result


def _of_variable(frame: Frame, value: Variable, name: str, span: Span) -> Value:
    own = frame.own
    return member(frame.index, own, name) if value.name == "Self" and isinstance(own, Object) else None


def _of_super(frame: Frame, value: Super, name: str, span: Span) -> Value:
    index = frame.index
    for info in index.lineage(value.path, value.name)[1:]:
        stmt = info.members.get(name)
        if isinstance(stmt, f.Function):
            return Callable(info.path, f"{info.name}.{name}", value.owner)
    return None


def _of_dict(frame: Frame, value: Dict, name: str, span: Span) -> Value:
    named = [entry.value for entry in value.entries if entry.key == name]
    return union(*named) if named else attribute(frame, value.rest, name, span)


def _of_many(items: tuple[Value, ...]) -> tuple[Value, ...]:
    """Lower the certainty of usages when a value can be rows of several models."""
    if sum(isinstance(item, (InstanceValue, Entity)) for item in items) < 2:
        return items
    return tuple(_doubtful(item) for item in items)


def _doubtful(item: Value) -> Value:
    if isinstance(item, InstanceValue):
        return InstanceValue(item.model, item.why, False, item.new)
    return Entity(item.model, False) if isinstance(item, Entity) else item


def _of_instance(frame: Frame, value: InstanceValue, name: str, span: Span) -> Value:
    index = frame.index
    column = index.column_of(value.model, name)
    if column is not None:
        tier: Tier = "A" if value.sure else "B"
        frame.record_usage(value.model, column, span, "read", value.why, tier=tier, via="attribute")
        return None
    field = index.fields[value.model].get(name)
    if field is not None and field.proxy:
        return _proxied(frame, value, field.proxy, span)
    if field is not None:
        return _related(frame, value, field, span)
    owner = class_of(index, value.model)
    return member(index, Object(owner.path, owner.name), name, value) if owner else None


def _related(frame: Frame, value: InstanceValue, field: Field, span: Span) -> Value:
    if field.target is None or field.target not in frame.index.models:
        return None
    for column in relation_columns(frame.index, value.model, field):
        frame.record_usage(value.model, column, span, "join", value.why, tier="B", via="attribute", sub_type="lazy")
    target = frame.index.models[field.target].name
    instance_value = InstanceValue(field.target, f"{field.name} is a relationship to {target}.", value.sure)
    return ListValue(instance_value) if field.many else instance_value


def _proxied(frame: Frame, value: InstanceValue, proxy: tuple[str, str], span: Span) -> Value:
    """Read an attribute of the rows that a relationship leads to."""
    related = _of_instance(frame, value, proxy[0], span)
    items = tuple(
        attribute(frame, item, proxy[1], span)
        for item in each(related.item if isinstance(related, ListValue) else related)
    )
    return ListValue(union(*items)) if isinstance(related, ListValue) else union(*items)


def _proxied_column(frame: Frame, value: Entity, proxy: tuple[str, str], span: Span) -> Value:
    """Return the column of the model that a relationship leads to; SQL over it joins that model's table."""
    relation = frame.index.fields[value.model].get(proxy[0])
    if relation is None or relation.target is None or relation.target not in frame.index.models:
        return None
    join_relation(frame, RelationValue(value.model, proxy[0], span), "join")
    return _of_entity(frame, Entity(relation.target, value.sure), proxy[1], span)


def _of_entity(frame: Frame, value: Entity, name: str, span: Span) -> Value:
    index = frame.index
    column = index.column_of(value.model, name)
    if column is not None:
        model = index.models[value.model].name
        tier: Tier = "A" if value.sure else "B"
        draft = frame.record_usage(
            value.model, column, span, "read", f"{name} is a column of {model}.", tier=tier, settled=False
        )
        return ColumnValue((value.model,), name, None, (draft,))
    field = index.fields[value.model].get(name)
    if field is not None and field.proxy:
        return _proxied_column(frame, value, field.proxy, span)
    if field is not None:
        return RelationValue(value.model, name, span) if field.target in index.models else None
    words = index.language
    owner = class_of(index, value.model)
    defined = member(index, ClassValue(owner.path, owner.name), name, value) if owner else None
    if defined is not None:
        return defined
    if name in words.query_attributes:
        whole_row(frame, value.model, span)
        return QueryValue((InstanceValue(value.model, "It comes from a query."),), sources=(value.model,), at=span)
    return value if name in words.column_attributes else None


def whole_row(frame: Frame, model: str, span: Span) -> None:
    """Record that all columns of a model are loaded without being named."""
    table = frame.index.models[model].table
    frame.record_usage(model, (table, "*"), span, "projection", "All columns are loaded.", sub_type="implicit")


def _of_row(frame: Frame, value: Row, name: str, span: Span) -> Value:
    for item, label in zip(value.items, value.names, strict=False):
        if label != name:
            continue
        if isinstance(item, Cell):
            column = frame.index.column_of(item.model, item.attribute)
            if column and item.attribute == name:
                frame.record_usage(
                    item.model, column, span, "read", "The row was loaded by column.", tier="B", via="attribute"
                )
            return None
        return item
    return None


def member(index: CodeIndex, value: Object | ClassValue, name: str, bound: Value = None) -> Value:
    """Return the member of a class of the code base; `bound` is the model that it is used for, if any."""
    key = (f"{value.path}:{value.name}", name, type(bound or value).__name__)
    is_plain = not value.args and not isinstance(bound, InstanceValue)
    if is_plain and key in index.attributes:
        return index.attributes[key]
    if is_plain:
        index.attributes[key] = None
    result = _member(index, value, name, bound or value)
    if is_plain:
        index.attributes[key] = result
    return result


def _member(index: CodeIndex, value: Object | ClassValue, name: str, bound: Value) -> Value:
    where = index.member(value.path, value.name, name)
    if where is None:
        return _assigned_in_constructor(index, value, name)
    info, stmt = where
    bindings = types.bindings_of(index, value, info)
    if isinstance(stmt, f.Function):
        method = Callable(info.path, f"{info.name}.{name}", bound)
        properties = _PROPERTIES | index.language.properties
        is_value = any(_last(decorator) in properties for decorator in stmt.decorators)
        return returned(index, method, stmt) if is_value and not isinstance(bound, (Entity, ClassValue)) else method
    if isinstance(stmt, f.Assign):
        declared = types.read(index, info.path, stmt.annotation, bindings, bound)
        if declared is None or isinstance(declared, (Variable, TypeOf)):
            declared = of_expression(index, info.path, stmt.value) or declared
        return declared
    return of_symbol(index, Found(info.path, f"{info.name}.{name}", stmt)) if isinstance(stmt, f.Class) else None


def _assigned_in_constructor(index: CodeIndex, value: Object | ClassValue, name: str) -> Value:
    """Find `self.name = …` in the constructor: a parameter's type, or a plain expression."""
    for info in index.lineage(value.path, value.name):
        init = info.members.get("__init__") or info.members.get("constructor")
        if not isinstance(init, f.Function):
            continue
        bindings = types.bindings_of(index, value, info)
        for stmt in init.body:
            if isinstance(stmt, f.Assign) and any(isinstance(t, f.Attr) and t.name == name for t in stmt.targets):
                return _constructor_value(index, info, init, stmt, bindings)
    return None


def _constructor_value(
    index: CodeIndex, info: ClassInfo, init: f.Function, stmt: f.Assign, bindings: dict[str, Value]
) -> Value:
    if stmt.annotation is not None:
        return types.read(index, info.path, stmt.annotation, bindings)
    if isinstance(stmt.value, f.Name):
        for param in init.params:
            if param.name == stmt.value.id:
                declared = types.read(index, info.path, param.annotation, bindings)
                return declared or types.injected(index, info.path, param.default)
    return of_expression(index, info.path, stmt.value)


def returned(index: CodeIndex, method: Callable, stmt: f.Function, bindings: dict[str, Value] | None = None) -> Value:
    """Return the value that a function returns: by its annotation, or else by its summary."""
    own = method.owner
    scope = dict(bindings or {})
    if own is not None:
        scope["Self"] = types.instance_of(own) or own
    declared = types.substitute(types.signature(index, method.path, method.name, stmt).returns, scope)
    if declared is None or isinstance(declared, Variable):
        summary = index.summaries.get((method.path, method.name))
        inferred = types.substitute(summary.returns, scope) if summary else None
        declared = _less_sure(inferred) if inferred is not None else declared
    return _named_by(declared, method.name.rsplit(".", 1)[-1])


def _less_sure(value: Value) -> Value:
    if isinstance(value, InstanceValue):
        return InstanceValue(value.model, value.why, False)
    if isinstance(value, ListValue):
        return ListValue(_less_sure(value.item))
    return value


def _named_by(value: Value, name: str) -> Value:
    if isinstance(value, InstanceValue):
        return InstanceValue(value.model, f"{name} returns it.", value.sure)
    return value


def of_symbol(index: CodeIndex, symbol: Symbol | None) -> Value:
    """Return the value of a name at the top level of a file."""
    if isinstance(symbol, External):
        last = symbol.name.rsplit(".", 1)[-1]
        if symbol.name in index.language.current:
            return _current_user(index, index.language.current[symbol.name])
        model = types.index_by_name(index, last) if index.is_library(symbol.name) else None
        return Entity(model) if model else Library(symbol.name)
    if isinstance(symbol, Package):
        return Namespace(symbol.path)
    return _defined(index, symbol) if isinstance(symbol, Found) else None


def _current_user(index: CodeIndex, loader: str) -> Value:
    """Return the signed-in user: the value that its loader returns, or a row of the one model marked as user."""
    user = index.current_user(loader)
    stmt = index.symbols.files[user[0]].names[user[1]] if user else None
    loaded = returned(index, Callable(*user), stmt) if user and isinstance(stmt, f.Function) else None
    if loaded is not None and not isinstance(loaded, (Variable, Library)):
        return loaded
    users = [key for key in index.models if (owner := class_of(index, key)) and _is_user(index, owner)]
    return InstanceValue(users[0], "It is the signed-in user.", False) if len(users) == 1 else None


def _is_user(index: CodeIndex, owner: ClassValue) -> bool:
    lineage = index.lineage(owner.path, owner.name)
    return any(name.rsplit(".", 1)[-1] in index.language.user_mixins for info in lineage for name in info.outside)


def _defined(index: CodeIndex, symbol: Found) -> Value:
    key = (symbol.path, symbol.name)
    if f"{symbol.path}:{symbol.name}" in index.models:
        return Entity(f"{symbol.path}:{symbol.name}")
    if isinstance(symbol.stmt, f.Assign):
        if key not in index.values:
            index.values[key] = None
            declared = types.read(index, symbol.path, symbol.stmt.annotation, {})
            index.values[key] = (
                declared if declared is not None else of_expression(index, symbol.path, symbol.stmt.value)
            )
        return index.values[key]
    return ClassValue(*key) if isinstance(symbol.stmt, f.Class) else Callable(*key)


def of_expression(index: CodeIndex, path: str, expr: f.Expr | None) -> Value:
    """Return the value of an expression outside any function, as far as no interpretation is needed."""
    if isinstance(expr, f.Name):
        return of_symbol(index, index.symbols.lookup(path, expr.id))
    if isinstance(expr, f.Attr):
        return _plain_member(index, of_expression(index, path, expr.value), expr.name)
    if isinstance(expr, f.Call):
        return _made(index, of_expression(index, path, expr.func))
    if isinstance(expr, f.Cast):
        return types.read(index, path, expr.type, {}) or of_expression(index, path, expr.value)
    if isinstance(expr, f.Binary) and expr.op in ("or", "||", "??"):
        return union(of_expression(index, path, expr.left), of_expression(index, path, expr.right))
    return None


def _plain_member(index: CodeIndex, base: Value, name: str) -> Value:
    if isinstance(base, (Object, ClassValue)):
        return member(index, base, name)
    if isinstance(base, Library):
        return Library(f"{base.name}.{name}", base.instantiated)
    return of_symbol(index, index.symbols.lookup(base.path, name)) if isinstance(base, Namespace) else None


def _made(index: CodeIndex, function: Value) -> Value:
    """Return the value of a call at the top level of a file."""
    if isinstance(function, ClassValue):
        return Object(function.path, function.name, function.args)
    if isinstance(function, Entity):
        return InstanceValue(function.model, "It is constructed.")
    if isinstance(function, Library):
        return Library(function.name, True)
    symbol = index.symbols.lookup(function.path, function.name) if isinstance(function, Callable) else None
    if isinstance(function, Callable) and isinstance(symbol, Found) and isinstance(symbol.stmt, f.Function):
        return returned(index, function, symbol.stmt)
    return None


def _last(expr: f.Expr) -> str:
    expr = expr.func if isinstance(expr, f.Call) else expr
    return expr.name if isinstance(expr, f.Attr) else expr.id if isinstance(expr, f.Name) else ""


_BY_TYPE: dict[type, Fn[[Frame, Any, str, Span], Value]] = {
    Union: _of_union,
    InstanceValue: _of_instance,
    Entity: _of_entity,
    Library: lambda frame, value, name, span: Library(f"{value.name}.{name}", value.instantiated),
    Object: lambda frame, value, name, span: member(frame.index, value, name),
    ClassValue: lambda frame, value, name, span: member(frame.index, value, name),
    Namespace: _of_namespace,
    Row: _of_row,
    ListValue: lambda frame, value, name, span: value if name in ("items", "data", "results") else None,
    Dict: _of_dict,
    QueryValue: lambda frame, value, name, span: value if name in ("statement", "stmt") else None,
    ColumnValue: lambda frame, value, name, span: value,
    TypeOf: _of_type,
    Super: _of_super,
    Variable: _of_variable,
}
