"""Evaluates `value.name`: columns and relationships of models, members of classes, names in modules."""

from __future__ import annotations

from collections.abc import Callable as Fn
from typing import Any

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name
from headwater.catalog.usages import Tier
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import class_of
from headwater.core.lineage.orm.joins import join_relation, relation_columns
from headwater.core.lineage.orm.members import loaded_user, member, of_symbol
from headwater.core.lineage.orm.references import note, note_member
from headwater.core.lineage.orm.values import (
    Callable,
    Cell,
    ClassValue,
    ColumnValue,
    Dict,
    Embedded,
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
from headwater.readers import Field

Span = tuple[int, int]


def attribute(frame: Frame, value: Value, name: str, span: Span) -> Value:
    """Return the value of an attribute, and record the column that it reads."""
    handler = BY_TYPE.get(type(value))
    result = handler(frame, value, name, span) if handler else None
    if frame.references is not None:
        note_member(frame, value, name, span[0])
        note(frame, result, span[0])
    return result


def _of_union(frame: Frame, value: Union, name: str, span: Span) -> Value:
    return union(*(attribute(frame, item, name, span) for item in _of_many(value.items)))


def _of_namespace(frame: Frame, value: Namespace, name: str, span: Span) -> Value:
    known = of_symbol(frame.index, frame.path, frame.index.symbols.inside(value.path, name))
    return attribute(frame, Entity(known.model), known.attribute, span) if isinstance(known, Cell) else known


def _of_type(frame: Frame, value: TypeOf, name: str, span: Span) -> Value:
    """Return an attribute of a class that is only known as a type: a mixin's `cls`, a repository's `model`."""
    own = frame.own
    is_own = isinstance(value.item, Variable) and value.item.name == "Self" and isinstance(own, Object)
    result = member(frame.index, ClassValue(own.path, own.name), name) if is_own and isinstance(own, Object) else None
    if result is None and name in frame.words.query_attributes:
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
    if frame.accessor == name and value == frame.own:
        return None
    if column is not None:
        tier: Tier = "A" if value.sure else "B"
        frame.record_usage(value.model, column, span, "read", value.why, tier=tier, via="attribute")
        refers = index.fields[value.model].get(name)
        target = refers.refers if refers else None
        return InstanceValue(target, f"{name} can hold it.", False) if target in index.models and target else None
    field = index.fields[value.model].get(name)
    if field is not None and field.proxy:
        return _proxied(frame, value, field.proxy, span)
    if field is not None:
        return _related(frame, value, field, span)
    if name in index.embedded(value.model):
        return Embedded(value, name)
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
    if column is not None and (value.table or index.words_of(value.model).class_columns):
        model = index.models[value.model].name
        tier: Tier = "A" if value.sure else "B"
        draft = frame.record_usage(
            value.model, column, span, "read", f"{name} is a column of {model}.", tier=tier, settled=False
        )
        return ColumnValue((value.model,), name, None, (draft,))
    field = index.fields[value.model].get(name)
    if field is not None and field.proxy:
        return _proxied_column(frame, value, field.proxy, span)
    if field is not None and column is None:
        return RelationValue(value.model, name, span) if field.target in index.models else None
    if name in index.embedded(value.model):
        return Embedded(value, name)
    words = frame.words
    owner = class_of(index, value.model)
    defined = member(index, ClassValue(owner.path, owner.name), name, value) if owner else None
    if isinstance(defined, Object) and index.is_repository(defined.path, defined.name):
        return Object(defined.path, defined.name, (InstanceValue(value.model),))
    if defined is not None and not isinstance(defined, Library):
        return defined
    if name in words.query_attributes:
        whole_row(frame, value.model, span)
        return QueryValue((InstanceValue(value.model, "It comes from a query."),), sources=(value.model,), at=span)
    return value if name in words.column_attributes else None


def whole_row(frame: Frame, model: str, span: Span) -> None:
    """Record that all columns of a model are loaded without being named."""
    table = frame.index.models[model].table
    frame.record_usage(model, (table, "*"), span, "projection", "All columns are loaded.", sub_type="implicit")


def _of_query(frame: Frame, value: QueryValue, name: str, span: Span) -> Value:
    words = frame.index.words_of(value.sources[0]) if value.sources else frame.words
    return value if name in ("statement", "stmt") or name in words.query_attributes else None


def _of_object(frame: Frame, value: Object, name: str, span: Span) -> Value:
    """Return a member of an object; one that it has from a row that is part of it is a column."""
    where = frame.index.member(value.path, value.name, name)
    key = f"{where[0].path}:{where[0].name}" if where else ""
    if frame.index.column_of(key, name):
        return _of_instance(frame, InstanceValue(key, "It is a part of a larger object."), name, span)
    return member(frame.index, value, name)


def _of_row(frame: Frame, value: Row, name: str, span: Span) -> Value:
    for item, label in zip(value.items, value.names, strict=False):
        if label == "*" and item is not None and name not in value.names:
            return attribute(frame, item, name, span)
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


def signed_in_user(frame: Frame, expr: f.Attr) -> Value:
    """Return a row of the model of users for an expression such as `request.user`."""
    path = dotted_name(expr)
    if not any(path == known or path.endswith(f".{known}") for known in frame.words.user_attributes):
        return None
    user = loaded_user(frame.index, "")
    library = next((key for key, model in frame.index.models.items() if model.name == "User" and not model.path), None)
    return user or (InstanceValue(library, "It is the signed-in user.", False) if library else None)


BY_TYPE: dict[type, Fn[[Frame, Any, str, Span], Value]] = {
    Union: _of_union,
    InstanceValue: _of_instance,
    Entity: _of_entity,
    Library: lambda frame, value, name, span: Library(f"{value.name}.{name}", value.instantiated),
    Object: _of_object,
    ClassValue: lambda frame, value, name, span: member(frame.index, value, name),
    Namespace: _of_namespace,
    Row: _of_row,
    ListValue: lambda frame, value, name, span: value if name in ("items", "data", "results") else None,
    Dict: _of_dict,
    QueryValue: _of_query,
    ColumnValue: lambda frame, value, name, span: value,
    TypeOf: _of_type,
    Super: _of_super,
    Variable: _of_variable,
}
