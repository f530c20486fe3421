"""Assigns values to names, attributes, items and patterns, and records the columns that this changes."""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.core.lineage.orm.accessors import set_attribute
from headwater.core.lineage.orm.attributes import attribute
from headwater.core.lineage.orm.builtin_calls import element
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.values import (
    Cell,
    Closure,
    Dict,
    Embedded,
    Entity,
    EntryValue,
    InstanceValue,
    ListValue,
    Literal,
    Parameter,
    QueryValue,
    Row,
    Union,
    Value,
    each,
)


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


def member_target(frame: Frame, target: f.Expr) -> f.Expr:
    """Return an assigned name that is not declared, but a member of the row whose method this is, as `this.name`."""
    if not frame.has_implicit_target or not isinstance(target, f.Name) or target.id in frame.env:
        return target
    own = frame.env.get("this", frame.own)
    if not isinstance(own, InstanceValue):
        return target
    known = target.id in frame.index.fields[own.model] or target.id in frame.index.models[own.model].inherited
    at = (target.start, target.end)
    return f.Attr(*at, f.Name(target.start, target.start, "this"), target.id) if known else target


def _take_apart(frame: Frame, target: f.Mapping, value: Value) -> None:
    """Read attributes by name, as `const {id, owner: {email}} = row` does."""
    for entry in target.entries:
        key = frame.evaluate(frame, entry.key)
        if isinstance(key, Literal):
            item = _property(frame, value, key.text, (entry.start, entry.end)) if value is not None else None
            if item is None and value is None and frame.words.registry and key.text in frame.index.registered:
                item = Entity(frame.index.registered[key.text])
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
    receiver = frame.evaluate(frame, target.value)
    name, span = target.name, (target.start, target.end)
    if isinstance(target.value, f.Name) and value is not None:
        frame.env[f"{target.value.id}.{name}"] = value
    for item in each(receiver):
        if isinstance(item, Dict):
            _put(item, EntryValue(name, span, value))
        if isinstance(item, Embedded) and isinstance(item.row, InstanceValue):
            set_attribute(frame, item.row, f"{item.path}.{name}", span)
        if isinstance(item, InstanceValue):
            sure = item.sure and not isinstance(receiver, Union)
            set_attribute(frame, InstanceValue(item.model, item.why, sure, item.new), name, span)


def _bind_item(frame: Frame, target: f.Subscript, value: Value) -> None:
    """Add literal keys to a mapping, as `mapping["key"] = value` does; a condition can choose between several."""
    receiver = frame.evaluate(frame, target.value)
    for key in each(frame.evaluate(frame, target.index)):
        if isinstance(key, Literal):
            _bind_key(frame, target, receiver, key, value)


def _bind_key(frame: Frame, target: f.Subscript, receiver: Value, key: Literal, value: Value) -> None:
    if receiver is None and isinstance(target.value, f.Name):
        receiver = frame.env[target.value.id] = Dict()
    elif isinstance(receiver, Parameter) and isinstance(target.value, f.Name):
        receiver = frame.env[target.value.id] = Dict(parameter=receiver.name)
    if isinstance(receiver, Dict):
        _put(receiver, EntryValue(key.text, key.span, value))
    if isinstance(receiver, InstanceValue) and frame.index.words_of(receiver.model).queries_models:
        set_attribute(frame, receiver, key.text, key.span)


def _put(mapping: Dict, entry: EntryValue) -> None:
    """Add an entry to a mapping; a value that contains the mapping itself is left out, so that it ends."""
    is_endless = _holds(entry.value, mapping)
    mapping.entries.append(EntryValue(entry.key, entry.span) if is_endless else entry)


def _holds(value: Value, wanted: Dict) -> bool:
    stack = [value]
    while stack:
        item = stack.pop()
        if item is wanted:
            return True
        if isinstance(item, (Row, Union)):
            stack.extend(item.items)
        elif isinstance(item, ListValue):
            stack.append(item.item)
        elif isinstance(item, Closure):
            stack.append(item.returns)
        elif isinstance(item, Dict):
            stack.extend(entry.value for entry in item.entries)
    return False
