"""Columns that are used by their bare names: keyword arguments, and keys of mappings."""

from __future__ import annotations

from headwater.catalog.usages import UsageType
from headwater.core.lineage.orm import nested_names, texts
from headwater.core.lineage.orm.arguments import QueryArguments
from headwater.core.lineage.orm.frame import Frame, resolve_pending
from headwater.core.lineage.orm.joins import join_relation
from headwater.core.lineage.orm.signatures import Effect
from headwater.core.lineage.orm.values import (
    CallOf,
    Dict,
    Entity,
    InstanceValue,
    ListValue,
    Literal,
    Parameter,
    QueryValue,
    RelationValue,
    Row,
    Shaped,
    Union,
    Value,
    each,
)
from headwater.readers import Operation

Span = tuple[int, int]


def parts(value: Value) -> tuple[Value, ...]:
    """Return the single values in an argument: a list or tuple stands for its items, a choice for its alternatives."""
    if isinstance(value, Union):
        return tuple(part for item in value.items for part in parts(item))
    if isinstance(value, Row):
        return tuple(part for item in value.items for part in each(item))
    if isinstance(value, ListValue):
        return each(value.item)
    return (value,)


def apply_names(frame: Frame, operation: Operation, receiver: Value, args: QueryArguments) -> None:
    """Use the names of keyword arguments, or the keys of mappings in their place, as columns."""
    if operation.texts == "relation":
        return
    usage: UsageType = operation.named if operation.named in ("filter", "write") else "update"
    owners = owners_of(frame, receiver, args)
    if isinstance(receiver, QueryValue) and receiver.kind == "update":
        usage = "update"
    for name, value, span in args.named:
        if name in operation.keywords:
            for part in parts(value):
                name_keys(frame, owners, part, "write" if operation.keywords[name] == "write" else "update")
            continue
        if name and (
            name_column(frame, owners, name, span, usage) or nested_names.use(frame, owners, (name, span), value, usage)
        ):
            resolve_pending(value, "projection")
            continue
        name_keys(frame, owners, value, usage)
    for position, (value, span) in enumerate(args.values):
        if operation.only in (None, position):
            for part in parts(value):
                if isinstance(receiver, QueryValue) and frame.words.names_tables:
                    _qualified_keys(frame, receiver, part, usage)
                name_keys(frame, owners, part, usage)
                if isinstance(part, InstanceValue) and part.new:
                    recast(frame, span, usage)


def recast(frame: Frame, span: Span, usage: UsageType) -> None:
    """Change the columns of a row that is constructed in an argument from written to what the argument is for."""
    for draft in frame.pending:
        if draft.usage_type == "write" and span[0] <= draft.start and draft.end <= span[1]:
            draft.usage_type = usage


def owners_of(frame: Frame, receiver: Value, args: QueryArguments) -> tuple[str, ...]:
    """Return the models that a bare column name may belong to, the likeliest first."""
    if isinstance(receiver, QueryValue):
        return texts.likeliest(frame, receiver)
    if isinstance(receiver, (RelationValue, InstanceValue)):
        return (receiver.model,)
    first = args.first
    if isinstance(first, Entity):
        return (first.model,)
    return first.sources if isinstance(first, QueryValue) else ()


def name_column(frame: Frame, owners: tuple[str, ...], name: str, span: Span, usage: UsageType) -> bool:
    """Record a column that is used by its bare name."""
    for owner in owners:
        separator = frame.index.words_of(owner).separator
        if separator and separator in name:
            return texts.lookup(frame, owner, name.split(separator), span, usage)
        column = frame.index.named_column(owner, name)
        if column:
            model = frame.index.models[owner].name
            frame.record_usage(owner, column, span, usage, f"{name} is named as a column of {model}.")
            return True
        if name_relation(frame, owner, name, span, usage):
            return True
    return False


def _qualified_keys(frame: Frame, query: QueryValue, value: Value, usage: UsageType) -> None:
    """Record the keys of a mapping that name a column with its table or an alias of it."""
    for entry in value.entries if isinstance(value, Dict) else ():
        if "." in entry.key:
            texts.columns(frame, query, Literal(entry.key, entry.span), usage)


def _hand_on(frame: Frame, owner: str, value: Value, usage: UsageType) -> None:
    """Record that a mapping comes from a function or from the caller, whose keys are columns, too."""
    if isinstance(value, CallOf):
        frame.shapes.append((value, Shaped(owner, usage)))
    name = value.name if isinstance(value, Parameter) else value.parameter if isinstance(value, Dict) else None
    if name:
        frame.effects.append(Effect(f"model {owner}", name, usage))


def name_relation(frame: Frame, owner: str, name: str, span: Span, usage: UsageType) -> bool:
    """Record the foreign key of a relationship that is used by its name."""
    index = frame.index
    field = index.fields[owner].get(name)
    if field is None or not field.local or not index.words_of(owner).separator:
        return False
    why = f"{name} is named as a relationship of {index.models[owner].name}."
    if field.target in index.models and not index.refers(owner, field):
        join_relation(frame, RelationValue(owner, name, span), "join")
        return True
    for column in field.local:
        place = index.owner_of(owner, column)
        if place:
            frame.record_usage(owner, place, span, usage, why)
    return True


def set_relation(frame: Frame, model: str, name: str, span: Span, usage: UsageType) -> None:
    """Record the foreign key of a relationship that is set by its name."""
    field = frame.index.fields[model].get(name)
    if field is None or field.target is None or field.many or not frame.index.refers(model, field):
        return
    for local in field.local:
        place = frame.index.owner_of(model, local)
        if place:
            frame.record_usage(model, place, span, usage, f"{name} sets the foreign key {place[1]}.")


def name_keys(frame: Frame, owners: tuple[str, ...], value: Value, usage: UsageType) -> None:
    """Record the columns that are keys of a mapping."""
    if frame.words.names_tables and owners:
        _hand_on(frame, owners[0], value, usage)
    if not isinstance(value, Dict):
        return
    for entry in value.entries:
        resolve_pending(entry.column, usage)
        resolve_pending(entry.value, "projection")
        if entry.key and not name_column(frame, owners, entry.key, entry.span, usage):
            nested_names.use(frame, owners, (entry.key, entry.span), entry.value, usage)
