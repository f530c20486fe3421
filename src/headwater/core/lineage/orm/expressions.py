"""Evaluates expressions to values, and records usages on the way."""

from __future__ import annotations

from collections.abc import Callable as Fn
from typing import Any

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.arguments import QueryArguments
from headwater.core.lineage.orm.assignments import bind, member_target
from headwater.core.lineage.orm.attributes import attribute, signed_in_user
from headwater.core.lineage.orm.builtin_calls import element, keyed
from headwater.core.lineage.orm.calls import call
from headwater.core.lineage.orm.declared_types import declared
from headwater.core.lineage.orm.frame import ALL_COLUMNS, AROUND, Frame, set_default_usage
from headwater.core.lineage.orm.invocations import invoke
from headwater.core.lineage.orm.joins import compared
from headwater.core.lineage.orm.members import of_symbol
from headwater.core.lineage.orm.name_heuristics import by_name
from headwater.core.lineage.orm.receivers import property_call
from headwater.core.lineage.orm.references import note
from headwater.core.lineage.orm.request_types import request_attribute
from headwater.core.lineage.orm.results import column_of
from headwater.core.lineage.orm.syntax import singular
from headwater.core.lineage.orm.values import (
    Callable,
    Cell,
    ClassValue,
    Closure,
    ColumnValue,
    Dict,
    Embedded,
    Entity,
    EntryValue,
    InstanceValue,
    Keyed,
    Library,
    ListValue,
    Literal,
    Namespace,
    NameText,
    Object,
    Parameter,
    QueryValue,
    RelationValue,
    Row,
    Value,
    each,
    union,
)
from headwater.core.lineage.symbols import Found

_COMPARE = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not", "===", "!=="})
_ROOTS = frozenset({"crate", "super"})
_EITHER = frozenset({"and", "or", "&&", "||", "??", "?:"})


def evaluate(frame: Frame, expr: f.Expr | None) -> Value:
    """Return the value of an expression."""
    if expr is None:
        return None
    handler = _HANDLERS.get(type(expr))
    return handler(frame, expr) if handler else None


def _name(frame: Frame, expr: f.Name) -> Value:
    name, env, values = expr.id, frame.env, frame.index.values
    if name in env or name in ("this", AROUND):
        return env.get(name)
    key = (frame.path, f"name {name}")
    if frame.has_implicit_target and name[:1].isupper() and (inner := _nested(frame, name)) is not None:
        return inner
    if key not in values:
        values[key] = of_symbol(frame.index, frame.path, frame.index.symbols.lookup(frame.path, name))
        if values[key] is None and name in frame.words.functions:
            values[key] = _starred(frame, name)
    known = values[key]
    if isinstance(known, Cell):  # an imported column
        return attribute(frame, Entity(known.model), known.attribute, (expr.start, expr.end))
    if known is None and (named := _unbound(frame, expr)) is not None:
        return named
    note(frame, known, expr.start)
    if known is None and frame.own is not None and frame.has_implicit_receiver:
        at = (expr.start, expr.end)
        result = _attr(frame, f.Attr(*at, f.Name(expr.start, expr.start, "this"), name))
        if result is None and AROUND in frame.env:
            result = _attr(frame, f.Attr(*at, f.Name(expr.start, expr.start, AROUND), name))
        return result
    return known


def _nested(frame: Frame, name: str) -> Value:
    """Return the class of this name inside of the class around, which comes before those of the package."""
    around = frame.env.get("class")
    if not isinstance(around, ClassValue):
        return None
    where = frame.index.member(around.path, around.name, name)
    if where is None or not isinstance(where[1], f.Class):
        return None
    return of_symbol(frame.index, frame.path, Found(where[0].path, f"{where[0].name}.{name}", where[1]))


def _starred(frame: Frame, name: str) -> Value:
    """Return a function of the ORM that may come from a star import of one of its packages."""
    stars = frame.index.symbols.files[frame.path].stars
    package = next((star for star in stars if star.startswith(frame.words.packages)), None)
    return Library(f"{package}.{name}") if package else None


def _unbound(frame: Frame, expr: f.Name) -> Value:
    """Return the value of a name that a file neither defines nor imports: a column, a crate, the root module."""
    for item in each(frame.env.get(ALL_COLUMNS)):
        if isinstance(item, Entity):
            if frame.index.column_of(item.model, expr.id):
                return attribute(frame, item, expr.id, (expr.start, expr.end))
            if frame.index.models[item.model].name == expr.id:
                return item
    if frame.words.registry and expr.id in frame.index.registered:
        stmt = frame.index.symbols.files[frame.path].names.get(expr.id)
        if isinstance(stmt, f.Import):  # from an object that holds all models
            return Entity(frame.index.registered[expr.id])
    if expr.id in _ROOTS:
        path = frame.index.symbols.module(frame.path, expr.id)
        return Namespace(path) if path else None
    return Library(expr.id) if expr.id in frame.words.packages else None


def _attr(frame: Frame, expr: f.Attr) -> Value:
    value = evaluate(frame, expr.value)
    if value is None and expr.name[:1].isupper() and _may_be_qualified(frame, expr.value):
        return _registered(frame, expr.name) or _qualified(frame, expr)
    result = attribute(frame, value, expr.name, (expr.start, expr.end)) if value is not None else None
    known = frame.env.get(f"{expr.value.id}.{expr.name}") if isinstance(expr.value, f.Name) else None
    is_open = value is None or (result is None and isinstance(value, Namespace))
    if is_open and known is None and (model := _registered(frame, expr.name)) is not None:
        return model
    if (result is None or isinstance(result, Library)) and known is None and frame.words.user_attributes:
        return signed_in_user(frame, expr) or result
    if known is None and isinstance(result, Callable) and frame.has_bare_calls:
        return invoke(frame, result, QueryArguments(), f.Call(expr.start, expr.end, expr))
    if (result is None or isinstance(result, Library)) and known is None:
        result = request_attribute(frame, expr) or result
    if result is None and known is None and frame.words.queries_models:
        return property_call(frame, value, expr)
    return result if known is None else known


def _registered(frame: Frame, name: str) -> Entity | None:
    """Return the model that an object which holds all models has under this name."""
    model = frame.index.registered.get(name) if frame.words.registry else None
    return Entity(model) if model is not None else None


def _may_be_qualified(frame: Frame, expr: f.Expr) -> bool:
    """Return True if an attribute of this can be a class that is written with its namespace."""
    if frame.words.queries_models:
        return True
    name = expr.name if isinstance(expr, f.Attr) else expr.id if isinstance(expr, f.Name) else ""
    return frame.has_implicit_target and name[:1].isupper()


def _qualified(frame: Frame, expr: f.Attr) -> Value:
    """Return the class of a name that is written with its namespace."""
    name = dotted_name(expr)
    key = (frame.path, f"name {name}")
    values = frame.index.values
    if name and key not in values:
        values[key] = of_symbol(frame.index, frame.path, frame.index.symbols.lookup(frame.path, name))
        if frame.words.queries_models and (values[key] is None or isinstance(values[key], (Library, ClassValue))):
            values[key] = _of_library(frame, name) or values[key]
    return values.get(key)


def _of_library(frame: Frame, name: str) -> Value:
    """Return the model of a library whose table is called after it: `Delayed::Job` has `delayed_jobs`."""
    model = frame.index.by_words.get(singular(name.replace(".", "_")))
    return Entity(model) if model and frame.index.models[model].name == frame.index.models[model].table else None


def _index(frame: Frame, expr: f.Subscript) -> Value:
    value = evaluate(frame, expr.value)
    index = expr.index
    at = evaluate(frame, index)
    if value is None:
        return None
    return union(*(_item(frame, item, index, at) for item in each(value)))


def _item(frame: Frame, value: Value, index: f.Expr, at: Value) -> Value:
    handler = _ITEMS.get(type(value))
    return handler(frame, value, index, at) if handler else None


def _of_row(frame: Frame, value: Row, index: f.Expr, at: Value) -> Value:
    if isinstance(index, f.Const) and index.text.isdigit() and int(index.text) < len(value.items):
        item = value.items[int(index.text)]
        return None if isinstance(item, Cell) else item
    return _of_named(frame, value, index, at)


def _of_named(frame: Frame, value: Value, index: f.Expr, at: Value) -> Value:
    return union(*(attribute(frame, value, key.text, key.span) for key in each(at) if isinstance(key, Literal)))


def _of_many(frame: Frame, value: ListValue, index: f.Expr, at: Value) -> Value:
    if isinstance(index, f.SequenceExpr):
        return value
    return union(value.item, keyed(value)) if isinstance(index, f.Const) else keyed(value)


def _of_class(frame: Frame, value: ClassValue, index: f.Expr, at: Value) -> Value:
    inner = types.read(frame.index, frame.path, index, {})
    return ClassValue(value.path, value.name, inner.items if isinstance(inner, Row) else (inner,))


_ITEMS: dict[type, Fn[[Frame, Any, f.Expr, Value], Value]] = {
    ColumnValue: lambda frame, value, index, at: ColumnValue(value.models, None, None, value.drafts),
    Row: _of_row,
    ListValue: _of_many,
    Keyed: lambda frame, value, index, at: value.value,
    Dict: _of_named,
    InstanceValue: _of_named,
    Object: _of_named,
    QueryValue: lambda frame, value, index, at: value if isinstance(index, f.SequenceExpr) else element(value),
    Entity: _of_named,
    Embedded: lambda frame, value, index, at: (
        value if isinstance(index, f.Const) else _of_named(frame, value, index, at)
    ),
    ClassValue: _of_class,
}


def _text(frame: Frame, expr: f.Text) -> Value:
    parts = expr.parts
    if len(parts) == 1 and isinstance(parts[0], f.Chunk):
        return Literal(parts[0].text, (expr.start, expr.end))
    values = [evaluate(frame, part) for part in parts if not isinstance(part, f.Chunk)]
    columns = [value for value in values if isinstance(value, ColumnValue)]
    return column_of(*columns) if columns else None


def _binary(frame: Frame, expr: f.Binary) -> Value:
    left, right = evaluate(frame, expr.left), evaluate(frame, expr.right)
    op = expr.op
    if op in _COMPARE:
        left, right = (compared(frame, side) if isinstance(side, RelationValue) else side for side in (left, right))
    if isinstance(left, NameText) or isinstance(right, NameText):
        return NameText(tuple(name for side in (left, right) if isinstance(side, NameText) for name in side.names))
    if op in _EITHER:
        if isinstance(left, ColumnValue) or isinstance(right, ColumnValue):
            return column_of(left, right)
        return union(left, right)
    if isinstance(left, ColumnValue) or isinstance(right, ColumnValue):
        whole = column_of(*(side for side in (left, right) if isinstance(side, (ColumnValue, Row))))
        if op in _COMPARE:
            set_default_usage(whole.drafts, "filter")
        return whole
    if op == "+" and isinstance(left, (ListValue, Row)) and isinstance(right, (ListValue, Row)):
        return ListValue(union(element(left), element(right)))
    if op == "+" and isinstance(left, Dict) and not isinstance(right, Dict):  # PHP: the union of two arrays
        return left
    if op in ("|", "&", "-") and isinstance(left, (ListValue, QueryValue)) and frame.has_bare_calls:
        return left
    if op in ("|", "&", "+") and isinstance(left, Dict) and isinstance(right, Dict):
        return Dict([*left.entries, *right.entries], left.parameter or right.parameter)
    return None


def _unary(frame: Frame, expr: f.Unary) -> Value:
    value = evaluate(frame, expr.operand)
    if isinstance(value, (NameText, Dict)) and expr.op in ("~", "-"):
        return value
    if isinstance(value, ColumnValue):
        if expr.op == "~":
            set_default_usage(value.drafts, "filter")
        return ColumnValue(value.models, None, None, value.drafts)
    return None


def _sequence(frame: Frame, expr: f.SequenceExpr) -> Value:
    items: list[Value] = []
    spread = False
    for item in expr.items:
        if isinstance(item, f.Spread):
            value = evaluate(frame, item.value)
            spread = spread or not isinstance(value, Row)
            items.extend(value.items if isinstance(value, Row) else (element(value),))
        else:
            items.append(evaluate(frame, item))
    return ListValue(union(*items)) if spread else Row(tuple(items))


def _mapping(frame: Frame, expr: f.Mapping) -> Value:
    mapping = Dict()
    for entry in expr.entries:
        value = evaluate(frame, entry.value)
        if entry.key is None:
            _spread_into(mapping, value)
            continue
        key = evaluate(frame, entry.key)
        if isinstance(key, Literal):
            mapping.entries.append(EntryValue(key.text, key.span, value))
        elif isinstance(key, ColumnValue):
            mapping.entries.append(EntryValue("", (entry.start, entry.end), value, key))
        elif isinstance(key, Library):  # an operator of the ORM: `[Op.or]: […]`
            mapping.entries.append(EntryValue(key.name.rsplit(".", 1)[-1], (entry.start, entry.end), value))
    return mapping


def _spread_into(mapping: Dict, value: Value) -> None:
    for item in each(value):
        if isinstance(item, Dict):
            mapping.entries.extend(item.entries)
            mapping.parameter = mapping.parameter or item.parameter
            mapping.rest = union(mapping.rest, item.rest)
        elif isinstance(item, Parameter):
            mapping.parameter = item.name
        else:
            mapping.rest = union(mapping.rest, item)


def _lambda(frame: Frame, expr: f.Lambda) -> Value:
    inner = frame.inner()
    for param in expr.params:
        value = types.read(frame.index, frame.path, param.annotation, {})
        if value is None and frame.words.queries_models and param.name and not param.kind:
            value = by_name(frame.index, frame.path, param.name, expr.body, is_block=True)
        # A parameter that is not written (`it`) may be that of a function around.
        if value is not None or param.end > param.start or param.name not in inner.env:
            inner.env[param.name] = value
    inner.run(inner, expr.body)
    return Closure(union(*inner.returns), expr)


def _comprehension(frame: Frame, expr: f.Comprehension) -> Value:
    inner = frame.inner()
    for clause in expr.clauses:
        bind(inner, clause.target, element(evaluate(inner, clause.iterable)))
        for condition in clause.conditions:
            evaluate(inner, condition)
    return ListValue(evaluate(inner, expr.element))


def _choice(frame: Frame, expr: f.Choice) -> Value:
    evaluate(frame, expr.test)
    return union(evaluate(frame, expr.then), evaluate(frame, expr.otherwise))


def _spread(frame: Frame, expr: f.Spread) -> Value:
    return evaluate(frame, expr.value)


def _cast(frame: Frame, expr: f.Cast) -> Value:
    value = evaluate(frame, expr.value)
    return declared(frame, value, types.read(frame.index, frame.path, expr.type, {}))


def _bind(frame: Frame, expr: f.Bind) -> Value:
    value = evaluate(frame, expr.value)
    bind(frame, member_target(frame, expr.target), value)
    return value


_HANDLERS: dict[type, Fn[[Frame, Any], Value]] = {
    f.Name: _name,
    f.Attr: _attr,
    f.Call: call,
    f.Subscript: _index,
    f.Text: _text,
    f.Binary: _binary,
    f.Unary: _unary,
    f.SequenceExpr: _sequence,
    f.Mapping: _mapping,
    f.Lambda: _lambda,
    f.Comprehension: _comprehension,
    f.Choice: _choice,
    f.Spread: _spread,
    f.Cast: _cast,
    f.Bind: _bind,
}
