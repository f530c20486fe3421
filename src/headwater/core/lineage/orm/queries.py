"""Applies the vocabulary: what a query method does with columns, rows and names, and what it returns."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from headwater.catalog import facts as f
from headwater.catalog.usages import UsageType
from headwater.core.lineage.orm import fragments, sql_tables, table_texts, texts
from headwater.core.lineage.orm.arguments import QueryArguments, prepared, with_model
from headwater.core.lineage.orm.attributes import whole_row
from headwater.core.lineage.orm.frame import MODES, Frame, resolve_pending, set_default_usage
from headwater.core.lineage.orm.joins import implicit_join, join_relation
from headwater.core.lineage.orm.named_columns import apply_names, parts
from headwater.core.lineage.orm.results import column_of, rows
from headwater.core.lineage.orm.values import (
    Cell,
    ColumnValue,
    Dict,
    Entity,
    EntryValue,
    InstanceValue,
    ListValue,
    Literal,
    Loader,
    NameText,
    Object,
    QueryValue,
    RelationValue,
    TypeOf,
    Value,
    Variable,
    drafts,
    each,
)
from headwater.readers import Operation

Span = tuple[int, int]


def apply(frame: Frame, operation: Operation, receiver: Value, args: QueryArguments, at: Span) -> Value:
    """Apply an operation of the vocabulary, and return its result."""
    if operation.into:
        receiver = _stored(frame, receiver, args, at)
    if isinstance(receiver, QueryValue):
        if operation.texts == "table" and operation.result == "same" and operation.args != "join":
            return _from_table(frame, receiver, args, at)
        if not receiver.sources and operation.lambdas == "row":
            receiver = with_model(frame, receiver, args)
        if not receiver.sources and _names_columns(operation) and operation.texts != "table":
            return replace(receiver, deferred=(*receiver.deferred, (operation, args, at)))
        if operation.texts == "attribute" and args.exprs:
            return texts.attribute(frame, operation, receiver, args.first, args.exprs[0])
        receiver, args = prepared(frame, operation, receiver, args)
        if receiver.deferred and receiver.sources:
            receiver = replayed(frame, receiver)
        if operation.texts == "column" and frame.words.opens and table_texts.names_later(frame, receiver, args.values):
            receiver = replace(receiver, deferred=(*receiver.deferred, (operation, args, at)))
    elif receiver is None and operation.texts == "column":
        return NameText(tuple(_names(args)))
    elif operation.texts == "table":
        receiver = texts.of_tables(frame, args.values[:1])
    else:
        _use_texts(frame, operation, receiver, args)
    _use_columns(frame, operation, receiver, args, at)
    if operation.args in ("join", "load") and operation.result != "none":
        receiver = _join(frame, receiver, args, operation.args)
    return _result(frame, operation, receiver, args, at)


def _is_native(operation: Operation, args: QueryArguments) -> bool:
    """Return True if a keyword argument says that the text is SQL and not in the language of entities."""
    values = (keyword.value for keyword in args.keywords if operation.native and keyword.name == operation.native)
    return any(isinstance(value, f.Const) and value.text.lower() == "true" for value in values)


def _use_texts(frame: Frame, operation: Operation, receiver: Value, args: QueryArguments) -> None:
    """Use the texts in a call on something else than a query: names of columns of a row, whole statements."""
    if isinstance(receiver, InstanceValue) and operation.texts:
        query = QueryValue(sources=(receiver.model,))
        prepared(frame, operation, query, args)
        for text in (text for _, value, _ in args.named for text in texts.literals(value)):
            texts.columns(frame, query, text, operation.args)
        return
    exprs = (*args.exprs, *(keyword.value for keyword in args.keywords))
    if operation.texts == "sql" or (operation.texts == "entities" and _is_native(operation, args)):
        for expr in exprs:
            fragments.statement(frame, expr)
    elif operation.texts == "entities":
        texts.use(frame, operation, QueryValue(), tuple((None, expr) for expr in exprs))


def _use_columns(frame: Frame, operation: Operation, receiver: Value, args: QueryArguments, at: Span) -> None:
    """Give the columns in the arguments their role, and use names and rows as the operation says."""
    role = operation.args
    if role not in ("join", "load") or operation.result == "none":
        is_part = receiver is None and operation.result == "column"  # where the whole is used decides in the end
        for position, (value, _) in enumerate(args.values):
            if operation.only not in (None, position):
                continue
            if is_part and role in MODES:
                set_default_usage(drafts(value), role)
            else:
                resolve_pending(value, role)
        for _, value, _ in args.named:
            resolve_pending(value, role)
    if operation.named:
        apply_names(frame, operation, receiver, args)
    if operation.row == "delete":
        _delete(frame, receiver, args, at)
    elif operation.row and operation.result != "query":
        _changed(frame, operation.row, receiver, args, at)


def _names_columns(operation: Operation) -> bool:
    named = operation.named or operation.texts in ("column", "sql", "entities", "relation") or operation.roles
    return bool(named) and operation.result in ("same", "query") and not operation.into


def _stored(frame: Frame, receiver: Value, args: QueryArguments, at: Span) -> Value:
    """Return the query whose rows are stored in the first argument."""
    query = receiver if isinstance(receiver, QueryValue) else QueryValue()
    target = args.first.item if isinstance(args.first, ListValue) else args.first
    models = tuple(item.model for item in each(target) if isinstance(item, (InstanceValue, Entity)))
    variable = args.exprs[0] if args.exprs else None
    if isinstance(variable, f.Name) and isinstance(args.first, InstanceValue) and args.first.new:
        frame.env[variable.id] = replace(args.first, new=False)  # from now on it is a row of the table
    if query.sources and not models and isinstance(variable, f.Name):
        frame.env[variable.id] = _received(args.first, query.sources[0])
    if query.sources or not models:
        return query
    whole_row(frame, models[0], at)
    item = InstanceValue(models[0], "It comes from a query.")
    return replayed(frame, replace(query, items=(item,), sources=models[:1], at=at))


def _received(value: Value, model: str) -> Value:
    """Return the value of a variable of another type than a model's that receives rows: its fields are named alike."""
    row = InstanceValue(model, f"It receives rows of {model.rpartition(':')[2]}.", False)
    if isinstance(value, ListValue):
        return ListValue(row) if value.item is None or isinstance(value.item, (Object, Variable)) else value
    return row if value is None or isinstance(value, (Object, Variable)) else value


def _from_table(frame: Frame, query: QueryValue, args: QueryArguments, at: Span) -> QueryValue:
    """Return a query of the table that the first argument names, or of a model that stands in its place."""
    if isinstance(args.first, (InstanceValue, Entity)) and not query.sources:
        row = InstanceValue(args.first.model, "It comes from a query.")
        return replayed(frame, replace(query, items=(row,), sources=(row.model,), at=at))
    named = sql_tables.selected_from(frame, query, args.first, args.exprs[0]) if args.exprs else query
    return replayed(frame, replace(named, at=at)) if named.sources and not query.sources else query


def replayed(frame: Frame, query: QueryValue) -> QueryValue:
    """Apply the calls that were made before it was known of which model the query is."""
    calls, query = query.deferred, replace(query, deferred=())
    for operation, args, at in calls:
        result = apply(frame, operation, query, args, at)
        query = result if isinstance(result, QueryValue) else query
    return query


def _result(frame: Frame, operation: Operation, receiver: Value, args: QueryArguments, at: Span) -> Value:
    result = operation.result
    if result == "keys":
        return _keys(frame, args)
    if result == "beside":
        return _beside(receiver, args)
    if result == "blank":
        return _blank(operation, receiver)
    if result == "source":
        return _with_source(frame, receiver, args)
    if result == "query":
        return _query(frame, operation, receiver, args, at)
    if result == "same":
        return receiver if receiver is not None else args.first
    if result == "column":
        pending_usages = [draft for value, _ in args.values for draft in drafts(value)]
        pending_usages += [draft for _, value, _ in args.named for draft in drafts(value)]
        return column_of(receiver, *(value for value, _ in args.values), extra=pending_usages)
    if result == "entity" and isinstance(receiver, QueryValue) and receiver.sources:
        return Entity(receiver.sources[0], table=True)
    if result == "entity":
        return args.first
    if result == "loader":
        return receiver if isinstance(receiver, Loader) else Loader()
    source = receiver if isinstance(receiver, (QueryValue, ListValue)) else args.first
    value = rows(result, source)
    writes = operation.named == "write" or operation.roles[:1] == ("write",)
    is_new = writes and operation.row is None and isinstance(value, InstanceValue)
    return replace(value, new=True) if is_new and isinstance(value, InstanceValue) else value


def _blank(operation: Operation, receiver: Value) -> QueryValue:
    """Return a new query: of nothing yet, or of the tables that the arguments have named."""
    if operation.texts != "table" or not isinstance(receiver, QueryValue):
        return QueryValue()
    kind = {"update": "update", "delete": "delete", "write": "insert"}.get(operation.row or "", "select")
    if receiver.items:
        return replace(receiver, kind=kind)
    items = tuple(InstanceValue(model, "It comes from a query.") for model in receiver.sources[:1])
    return replace(receiver, kind=kind, items=items, names=(None,) * len(items))


def _keys(frame: Frame, args: QueryArguments) -> Dict:
    """Return named arguments as a mapping, together with the mappings in the other arguments."""
    entries = [EntryValue(name, span, value) for name, value, span in args.named if name]
    for value, _ in args.values:
        entries += value.entries if isinstance(value, Dict) else []
    return Dict(entries)


def _beside(receiver: Value, args: QueryArguments) -> Value:
    """Return a query whose rows are pairs: of its own model, and of the one that is joined."""
    if not isinstance(receiver, QueryValue) or not isinstance(args.first, Entity):
        return receiver
    other = InstanceValue(args.first.model, "It comes from a query.")
    return replace(receiver, items=(*receiver.items, other), names=(*(receiver.names or (None,)), None))


def _names(args: QueryArguments) -> Iterator[Literal]:
    for value in (*(value for value, _ in args.values), *(value for _, value, _ in args.named)):
        for item in each(value):
            if isinstance(item, NameText):
                yield from item.names
            elif isinstance(item, Literal):
                yield item
            elif isinstance(item, Dict):
                yield from (Literal(entry.key, entry.span) for entry in item.entries if entry.key)


def _with_source(frame: Frame, receiver: Value, args: QueryArguments) -> Value:
    """Return a query that selects from one more model: all of its columns, if none are named."""
    query = receiver if isinstance(receiver, QueryValue) else QueryValue()
    for value, span in args.values:
        for part in parts(value):
            if isinstance(part, Entity):
                model = part.model
                query = replace(query, sources=tuple(dict.fromkeys((*query.sources, model))), at=query.at)
                if not query.items and query.kind == "select":
                    whole_row(frame, model, span)
                    query = replace(query, items=(InstanceValue(model, "It comes from a query."),), names=(None,))
    return replayed(frame, query) if query.deferred and query.sources else query


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
            for label, selected in _selected(part):
                item, name, models = _item(frame, selected)
                items.append(item)
                names.append(label or name)
                sources.extend(models)
            if operation.row and isinstance(part, QueryValue):
                sources.extend(part.sources)
                where = where or (part.at if any(part.at) else span)
    if operation.texts == "column" and isinstance(receiver, QueryValue):
        items, names = _selected_texts(frame, receiver, args)
    elif not args.values and isinstance(receiver, QueryValue) and receiver.sources and receiver.kind != "select":
        items, names = [InstanceValue(receiver.sources[0], "It comes from a query.")], [None]  # all that was changed
    if isinstance(receiver, QueryValue):
        sources = [*receiver.sources, *sources]
        where, kind = receiver.at if receiver.sources else where, receiver.kind
    deferred = receiver.deferred if isinstance(receiver, QueryValue) else ()
    plain = not isinstance(receiver, (QueryValue, type(None))) or (isinstance(receiver, QueryValue) and receiver.plain)
    aliases = receiver.aliases if isinstance(receiver, QueryValue) else ()
    known = tuple(dict.fromkeys(sources))
    query = QueryValue(tuple(items), tuple(names), known, plain, kind, where or at, aliases, deferred)
    return replayed(frame, query) if deferred and known and operation.texts != "column" else query


def _selected_texts(frame: Frame, query: QueryValue, args: QueryArguments) -> tuple[list[Value], list[str | None]]:
    """Return the values and names of a row after texts in a call select columns, added to those selected before."""
    known = list(zip(query.items, query.names, strict=False)) if any(query.names) else []
    added = [table_texts.selected(frame, query, text) for value, _ in args.values for text in texts.literals(value)]
    is_partial = len(added) < len(args.values) or not added
    if is_partial and query.sources:  # what else is selected is not known
        added.append(("*", InstanceValue(query.sources[0], "It comes from a query.")))
    rows = {name: item for item, name in known} | dict(added)
    return list(rows.values()), list(rows)


def _selected(value: Value) -> tuple[tuple[str | None, Value], ...]:
    """Return the selected values with their names: an object with several has one for each key."""
    if isinstance(value, Dict):
        return tuple((entry.key, entry.value) for entry in value.entries)
    return ((None, value),)


def _item(frame: Frame, value: Value) -> tuple[Value, str | None, tuple[str, ...]]:
    """Return the value that a row holds for one selected expression, its name, and its models."""
    if isinstance(value, Entity):
        model = frame.index.models[value.model]
        return InstanceValue(value.model, "It comes from a query."), model.name, (value.model,)
    if isinstance(value, InstanceValue):
        return value, None, (value.model,)
    if isinstance(value, RelationValue):
        join_relation(frame, value, "join")
        target = frame.index.fields[value.model][value.attribute].target or value.model
        return InstanceValue(target, "It comes from a query."), value.attribute, (target,)
    if isinstance(value, ColumnValue):
        if value.attribute and value.models:
            return Cell(value.models[0], value.attribute), value.label or value.attribute, value.models
        return None, value.label, value.models
    if isinstance(value, QueryValue) and len(value.items) == 1 and isinstance(value.items[0], InstanceValue):
        return value.items[0], None, value.sources
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
        if role == "load":  # what is loaded last is what a next step continues from
            sources = [source for at, source in enumerate(sources) if source not in sources[at + 1 :] or at == 0]
            again = sources[:1] if len(sources) > 1 and sources[-1] == sources[0] else []
            return replace(receiver, sources=(*sources[:1], *(s for s in sources[1:] if s != sources[0]), *again))
        return replace(receiver, sources=tuple(dict.fromkeys(sources)))
    return Loader(loaded) if role == "load" and not isinstance(receiver, InstanceValue) else receiver


def _delete(frame: Frame, receiver: Value, args: QueryArguments, at: Span) -> None:
    if isinstance(receiver, QueryValue) and receiver.sources:
        models, span = receiver.sources[:1], receiver.at if receiver.kind == "delete" and any(receiver.at) else at
    elif isinstance(receiver, InstanceValue):
        models, span = (receiver.model,), at
    else:
        models, span = _deleted(args), args.values[0][1] if isinstance(args.first, Entity) else at
    for model in models:
        table = frame.index.models[model].table
        frame.record_usage(model, (table, "*"), span, "delete", "Its rows are deleted.")


def _changed(frame: Frame, row: str, receiver: Value, args: QueryArguments, at: Span) -> None:
    """Record that rows are stored whose columns are not named here."""
    models = receiver.sources[:1] if isinstance(receiver, QueryValue) else ()
    if isinstance(receiver, InstanceValue):
        models = (receiver.model,)
    usage: UsageType = "write" if row == "write" else "update"
    for model in models or _deleted(args):
        table = frame.index.models[model].table
        why = "The columns that are set here are not named."
        frame.record_usage(model, (table, "*"), at, usage, why, tier="B", sub_type="implicit")
    for value, _ in args.values if usage == "update" else ():
        for draft in frame.pending:  # the columns that were set in a new object which stands for a stored row
            if draft.row is value and value is not None:
                draft.usage_type = "update"


def _deleted(args: QueryArguments) -> tuple[str, ...]:
    if isinstance(args.first, QueryValue):
        return args.first.sources[:1]
    given = args.first.item if isinstance(args.first, ListValue) else args.first
    return tuple(item.model for item in each(given) if isinstance(item, (InstanceValue, Entity)))
