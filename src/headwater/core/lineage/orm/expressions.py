"""Evaluates expressions to values, and records usages on the way."""

from __future__ import annotations

from collections.abc import Callable as Fn
from typing import Any

from headwater.catalog import facts as f
from headwater.catalog.usages import UsageType
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.attributes import attribute, of_symbol
from headwater.core.lineage.orm.builtin_calls import element, keyed
from headwater.core.lineage.orm.calls import call
from headwater.core.lineage.orm.frame import Frame, set_default_usage
from headwater.core.lineage.orm.queries import column_of
from headwater.core.lineage.orm.shapes import use
from headwater.core.lineage.orm.values import (
    Cell,
    ClassValue,
    Closure,
    ColumnValue,
    Dict,
    Entity,
    EntryValue,
    InstanceValue,
    Keyed,
    ListValue,
    Literal,
    Object,
    Parameter,
    QueryValue,
    Row,
    Shaped,
    Union,
    Value,
    Variable,
    each,
    union,
)

_COMPARE = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not", "===", "!=="})
_EITHER = frozenset({"and", "or", "&&", "||", "??"})


def evaluate(frame: Frame, expr: f.Expr | None) -> Value:
    """Return the value of an expression."""
    if expr is None:
        return None
    handler = _HANDLERS.get(type(expr))
    return handler(frame, expr) if handler else None


def _name(frame: Frame, expr: f.Name) -> Value:
    name = expr.id
    if name in frame.env:
        return frame.env[name]
    key = (frame.path, f"name {name}")
    values = frame.index.values
    if key not in values:
        values[key] = of_symbol(frame.index, frame.index.symbols.lookup(frame.path, name))
    return values[key]


def _attr(frame: Frame, expr: f.Attr) -> Value:
    value = evaluate(frame, expr.value)
    result = attribute(frame, value, expr.name, (expr.start, expr.end)) if value is not None else None
    known = frame.env.get(f"{expr.value.id}.{expr.name}") if isinstance(expr.value, f.Name) else None
    return result if known is None else known


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
    return attribute(frame, value, at.text, at.span) if isinstance(at, Literal) else None


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
    ClassValue: _of_class,
}


def _text(frame: Frame, expr: f.Text) -> Value:
    parts = expr.parts
    if len(parts) == 1 and isinstance(parts[0], f.Chunk):
        return Literal(parts[0].text, (expr.start, expr.end))
    for part in parts:
        if not isinstance(part, f.Chunk):
            evaluate(frame, part)
    return None


def _binary(frame: Frame, expr: f.Binary) -> Value:
    left, right = evaluate(frame, expr.left), evaluate(frame, expr.right)
    op = expr.op
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
    if op == "|" and isinstance(left, Dict) and isinstance(right, Dict):
        return Dict([*left.entries, *right.entries], left.parameter or right.parameter)
    return None


def _unary(frame: Frame, expr: f.Unary) -> Value:
    value = evaluate(frame, expr.operand)
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
        inner.env[param.name] = types.read(frame.index, frame.path, param.annotation, {})
    inner.run(inner, expr.body)
    return Closure(union(*inner.returns))


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


def declared(frame: Frame, value: Value, kind: Value) -> Value:
    """Return the value of an expression whose type is declared; the keys of a mapping are used as the type says."""
    if kind is None or (value is not None and isinstance(kind, (Variable, Keyed))):
        return value
    if isinstance(kind, Shaped):
        use(frame, value, kind)
        return kind if value is None else value
    if isinstance(kind, (Row, Object)) and any(isinstance(item, (Dict, InstanceValue)) for item in each(value)):
        if isinstance(value, Dict):
            value.rest = union(value.rest, kind)
        return value
    return kind


def _bind(frame: Frame, expr: f.Bind) -> Value:
    value = evaluate(frame, expr.value)
    bind(frame, expr.target, value)
    return value


def bind(frame: Frame, target: f.Expr, value: Value) -> None:
    """Assign values to the names in a target, and record the columns that assignments to attributes change."""
    if isinstance(target, f.Name):
        frame.env[target.id] = value
    elif isinstance(target, f.Attr):
        _bind_attribute(frame, target, value)
    elif isinstance(target, f.SequenceExpr):
        _unpack(frame, target, value)
    elif isinstance(target, f.Subscript):
        _bind_item(frame, target, value)
    elif isinstance(target, f.Mapping):
        _take_apart(frame, target, value)
    elif isinstance(target, f.Spread):
        bind(frame, target.value, ListValue(value))


def _take_apart(frame: Frame, target: f.Mapping, value: Value) -> None:
    """Read attributes by name, as `const {id, owner: {email}} = row` does."""
    for entry in target.entries:
        key = evaluate(frame, entry.key)
        if isinstance(key, Literal):
            item = _property(frame, value, key.text, (entry.start, entry.end)) if value is not None else None
            bind(frame, entry.value, item)
        else:
            bind(frame, entry.value, value)


def _property(frame: Frame, value: Value, name: str, span: tuple[int, int]) -> Value:
    return attribute(frame, value, name, span)


def _unpack(frame: Frame, target: f.SequenceExpr, value: Value) -> None:
    row = next((item for item in each(value) if isinstance(item, Row)), None)
    for position, item in enumerate(target.items):
        if row is not None:
            found = row.items[position] if position < len(row.items) else None
        else:
            found = element(value) if isinstance(value, (ListValue, QueryValue)) else None
        bind(frame, item, None if isinstance(found, Cell) else found)


def _bind_attribute(frame: Frame, target: f.Attr, value: Value) -> None:
    receiver = evaluate(frame, target.value)
    name, span = target.name, (target.start, target.end)
    if isinstance(target.value, f.Name) and value is not None:
        frame.env[f"{target.value.id}.{name}"] = value
    for item in each(receiver):
        if isinstance(item, Dict):
            item.entries.append(EntryValue(name, span, value))
        if isinstance(item, InstanceValue):
            column = frame.index.column_of(item.model, name)
            if column:
                sure = item.sure and not isinstance(receiver, Union)
                usage: UsageType = "write" if item.new else "update"
                frame.record_usage(
                    item.model, column, span, usage, item.why, tier="A" if sure else "B", via="attribute"
                )


def _bind_item(frame: Frame, target: f.Subscript, value: Value) -> None:
    """Add a literal key to a mapping, as `mapping["key"] = value` does."""
    receiver = evaluate(frame, target.value)
    key = evaluate(frame, target.index)
    if not isinstance(key, Literal):
        return
    if receiver is None and isinstance(target.value, f.Name):
        receiver = frame.env[target.value.id] = Dict()
    elif isinstance(receiver, Parameter) and isinstance(target.value, f.Name):
        receiver = frame.env[target.value.id] = Dict(parameter=receiver.name)
    if isinstance(receiver, Dict):
        receiver.entries.append(EntryValue(key.text, key.span, value))


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
