"""Applies the vocabulary: what a query method does with columns, rows and names, and what it returns."""

from __future__ import annotations

import msgspec

from headwater.catalog.usages import UsageType
from headwater.core.lineage.orm.attributes import whole_row
from headwater.core.lineage.orm.frame import Frame, resolve_pending
from headwater.core.lineage.orm.joins import implicit_join, join_relation
from headwater.core.lineage.orm.values import (
    Cell,
    ColumnValue,
    Dict,
    Entity,
    InstanceValue,
    ListValue,
    Literal,
    Loader,
    PendingUsage,
    QueryValue,
    RelationValue,
    Row,
    TypeOf,
    Union,
    Value,
    Variable,
    drafts,
    each,
)
from headwater.readers import Operation

Span = tuple[int, int]


class QueryArguments(msgspec.Struct, frozen=True):
    """The arguments of a call, evaluated: values with their spans, then names with theirs."""

    values: tuple[tuple[Value, Span], ...] = ()
    named: tuple[tuple[str | None, Value, Span], ...] = ()

    @property
    def first(self) -> Value:
        """The first positional argument."""
        return self.values[0][0] if self.values else None


def apply(frame: Frame, operation: Operation, receiver: Value, args: QueryArguments, at: Span) -> Value:
    """Apply an operation of the vocabulary, and return its result."""
    role = operation.args
    if role in ("join", "load") and operation.result != "none":
        receiver = _join(frame, receiver, args, role)
    else:
        for value, _ in args.values:
            resolve_pending(value, role)
        for _, value, _ in args.named:
            resolve_pending(value, role)
    if operation.named:
        _apply_names(frame, operation, receiver, args)
    if operation.row == "delete":
        _delete(frame, receiver, args, at)
    return _result(frame, operation, receiver, args, at)


def _result(frame: Frame, operation: Operation, receiver: Value, args: QueryArguments, at: Span) -> Value:
    result = operation.result
    if result == "query":
        return _query(frame, operation, receiver, args, at)
    if result == "same":
        return receiver if receiver is not None else args.first
    if result == "column":
        pending_usages = [draft for value, _ in args.values for draft in drafts(value)]
        pending_usages += [draft for _, value, _ in args.named for draft in drafts(value)]
        return column_of(receiver, *(value for value, _ in args.values), extra=pending_usages)
    if result == "entity":
        return args.first
    if result == "loader":
        return receiver if isinstance(receiver, Loader) else Loader()
    source = receiver if isinstance(receiver, (QueryValue, ListValue)) else args.first
    return rows(result, source)


def rows(result: str, source: Value) -> Value:
    """Return the value of the rows of a query or result."""
    if isinstance(source, Entity):
        return InstanceValue(source.model, "It is loaded by its key.") if result == "one" else None
    if isinstance(source, TypeOf):
        return source.item if result == "one" else None
    if isinstance(source, ListValue):
        first = source.item.items[0] if isinstance(source.item, Row) and source.item.items else source.item
        taken = {"one": source.item, "scalar": first, "scalars": ListValue(first), "rows": source, "many": source}
        return taken.get(result)
    return _of_query(result, source) if isinstance(source, QueryValue) and source.kind != "derived" else None


def _of_query(result: str, source: QueryValue) -> Value:
    row = Row(source.items, source.names)
    first = source.items[0] if source.items else None
    item = first if len(source.items) == 1 and isinstance(first, (InstanceValue, Variable)) else row
    taken: dict[str, Value] = {
        "rows": ListValue(row),
        "scalar": first,
        "scalars": ListValue(first),
        "one": item,
        "many": ListValue(item),
        "derived": QueryValue(kind="derived"),
    }
    return taken.get(result)


def column_of(*values: Value, extra: list[PendingUsage] | None = None) -> ColumnValue:
    """Return the SQL expression that combines these parts."""
    pending_usages = list(extra or ())
    models: list[str] = []
    for value in values:
        if isinstance(value, ColumnValue):
            models.extend(value.models)
            pending_usages.extend(value.drafts)
        elif isinstance(value, Row):
            pending_usages.extend(drafts(value))
            models.extend(m for item in value.items if isinstance(item, ColumnValue) for m in item.models)
    return ColumnValue(tuple(dict.fromkeys(models)), None, None, tuple(dict.fromkeys(pending_usages)))


def _query(frame: Frame, operation: Operation, receiver: Value, args: QueryArguments, at: Span) -> QueryValue:
    items: list[Value] = []
    names: list[str | None] = []
    sources: list[str] = []
    where: Span | None = None
    kind = {"update": "update", "delete": "delete", "write": "insert"}.get(operation.row or "", "select")
    for value, span in args.values:
        for part in parts(value):
            if isinstance(part, Entity):
                where = where or span
                if kind == "select":
                    whole_row(frame, part.model, span)
            elif isinstance(part, ColumnValue) and part.models:
                where = where or span
            item, name, models = _item(frame, part)
            items.append(item)
            names.append(name)
            sources.extend(models)
    if isinstance(receiver, QueryValue):
        sources = [*receiver.sources, *sources]
        where, kind = receiver.at if receiver.sources else where, receiver.kind
    plain = not isinstance(receiver, (QueryValue, type(None))) or (isinstance(receiver, QueryValue) and receiver.plain)
    return QueryValue(tuple(items), tuple(names), tuple(dict.fromkeys(sources)), plain, kind, where or at)


def parts(value: Value) -> tuple[Value, ...]:
    """Return the single values in an argument: a list or tuple stands for its items, a choice for its alternatives."""
    if isinstance(value, Union):
        return tuple(part for item in value.items for part in parts(item))
    if isinstance(value, Row):
        return tuple(part for item in value.items for part in each(item))
    if isinstance(value, ListValue):
        return each(value.item)
    return (value,)


def _item(frame: Frame, value: Value) -> tuple[Value, str | None, tuple[str, ...]]:
    """Return the value that a row holds for one selected expression, its name, and its models."""
    if isinstance(value, Entity):
        model = frame.index.models[value.model]
        return InstanceValue(value.model, "It comes from a query."), model.name, (value.model,)
    if isinstance(value, ColumnValue):
        if value.attribute and value.models:
            return Cell(value.models[0], value.attribute), value.label or value.attribute, value.models
        return None, value.label, value.models
    return (value.item if isinstance(value, TypeOf) else None), None, ()


def _join(frame: Frame, receiver: Value, args: QueryArguments, role: str) -> Value:
    """Evaluate a join: on the given conditions, along a relationship, or by the only foreign key."""
    sources = list(receiver.sources) if isinstance(receiver, QueryValue) else []
    loaded = receiver.model if isinstance(receiver, Loader) else None
    conditioned = len(args.values) > 1 or any(drafts(value) for _, value, _ in args.named)
    for position, (value, span) in enumerate((*args.values, *((v, s) for _, v, s in args.named))):
        resolve_pending(value, role)
        for part in parts(value):
            if isinstance(part, RelationValue):
                join_relation(frame, part, role)
                loaded = frame.index.fields[part.model][part.attribute].target
                sources.append(loaded or part.model)
            elif isinstance(part, Entity):
                if role == "join" and position == 0 and not conditioned:
                    implicit_join(frame, tuple(sources), part.model, span)
                sources.append(part.model)
            elif isinstance(part, Literal) and (owner := loaded or (sources[-1] if sources else None)):
                field = frame.index.fields[owner].get(part.text)
                if field and field.target:
                    join_relation(frame, RelationValue(owner, part.text, part.span), role)
                    sources.append(field.target)
                    loaded = field.target
    if isinstance(receiver, QueryValue):
        return msgspec.structs.replace(receiver, sources=tuple(dict.fromkeys(sources)))
    return Loader(loaded) if role == "load" else receiver


def _apply_names(frame: Frame, operation: Operation, receiver: Value, args: QueryArguments) -> None:
    """Use the names of keyword arguments, or the keys of mappings in their place, as columns."""
    usage: UsageType = operation.named if operation.named in ("filter", "write") else "update"
    owners = owners_of(receiver, args)
    if isinstance(receiver, QueryValue) and receiver.kind == "update":
        usage = "update"
    for name, value, span in args.named:
        if name and name_column(frame, owners, name, span, usage):
            resolve_pending(value, "projection")
            continue
        name_keys(frame, owners, value, usage)
    for value, _ in args.values:
        for part in parts(value):
            name_keys(frame, owners, part, usage)


def owners_of(receiver: Value, args: QueryArguments) -> tuple[str, ...]:
    """Return the models that a bare column name may belong to, the likeliest first."""
    if isinstance(receiver, QueryValue):
        return tuple(reversed(receiver.sources))
    if isinstance(receiver, (RelationValue, InstanceValue)):
        return (receiver.model,)
    first = args.first
    if isinstance(first, Entity):
        return (first.model,)
    return first.sources if isinstance(first, QueryValue) else ()


def name_column(frame: Frame, owners: tuple[str, ...], name: str, span: Span, usage: UsageType) -> bool:
    """Record a column that is used by its bare name."""
    for owner in owners:
        column = frame.index.column_of(owner, name)
        if column:
            model = frame.index.models[owner].name
            frame.record_usage(owner, column, span, usage, f"{name} is named as a column of {model}.")
            return True
    return False


def name_keys(frame: Frame, owners: tuple[str, ...], value: Value, usage: UsageType) -> None:
    """Record the columns that are keys of a mapping."""
    if not isinstance(value, Dict):
        return
    for entry in value.entries:
        resolve_pending(entry.column, usage)
        resolve_pending(entry.value, "projection")
        if entry.key:
            name_column(frame, owners, entry.key, entry.span, usage)


def _delete(frame: Frame, receiver: Value, args: QueryArguments, at: Span) -> None:
    if isinstance(receiver, QueryValue):
        models, span = receiver.sources[:1], receiver.at
    else:
        models, span = _deleted(args), args.values[0][1] if isinstance(args.first, Entity) else at
    for model in models:
        table = frame.index.models[model].table
        frame.record_usage(model, (table, "*"), span, "delete", "Its rows are deleted.")


def _deleted(args: QueryArguments) -> tuple[str, ...]:
    return tuple(item.model for item in each(args.first) if isinstance(item, (InstanceValue, Entity)))
