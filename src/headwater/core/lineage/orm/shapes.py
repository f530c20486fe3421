"""ORMs that query with option objects: what the keys of an object say about a model's columns."""

from __future__ import annotations

import re

from headwater.catalog import facts as f
from headwater.catalog.usages import UsageType
from headwater.core.lineage.orm import fragments, pipelines, queries, texts
from headwater.core.lineage.orm.arguments import QueryArguments
from headwater.core.lineage.orm.attributes import whole_row
from headwater.core.lineage.orm.closures import with_each
from headwater.core.lineage.orm.frame import Frame, resolve_pending
from headwater.core.lineage.orm.joins import compared, join_relation, relation_columns
from headwater.core.lineage.orm.named_columns import parts
from headwater.core.lineage.orm.signatures import Effect
from headwater.core.lineage.orm.values import (
    CallOf,
    Closure,
    ColumnValue,
    Dict,
    Entity,
    EntryValue,
    InstanceValue,
    Library,
    ListValue,
    Literal,
    NameText,
    Parameter,
    QueryValue,
    RelationValue,
    Row,
    Shaped,
    SqlText,
    Value,
    each,
)
from headwater.readers import Field, Operation, Vocabulary

_USAGES: dict[str, UsageType] = {
    "filter": "filter",
    "sort": "filter",
    "group": "filter",
    "projection": "projection",
    "join": "projection",
    "write": "write",
    "update": "update",
}
# A position in a list inside of a document: `items.0.name`, `items.$.name`, `items.$[].name`.
_POSITION = re.compile(r"\.(?:\d+|\$(?:\[\w*\])?)(?=\.|$)")
_ROLES_THAT_LOAD = frozenset({"projection", "join"})


def client_call(frame: Frame, func: f.Attr, args: QueryArguments) -> tuple[bool, Value]:
    """Evaluate `client.user.findMany({…})`; the first result says whether it is such a call."""
    index = frame.index
    model = index.delegates.get(func.value.name) if isinstance(func.value, f.Attr) else None
    operation = index.words_of(model).client.get(func.name) if model else None
    if operation is None or model is None or not _fits(index.words_of(model), func.name, args):
        return False, None
    span = (func.start, func.end)
    data = operation.named or "value"
    for value in each(args.first):
        _options(frame, model, value, data)
    if operation.row == "delete":
        table = index.models[model].table
        frame.record_usage(model, (table, "*"), span, "delete", "Its rows are deleted.")
    return True, _result(frame, operation, model, args, span)


def _fits(words: Vocabulary, name: str, args: QueryArguments) -> bool:
    """Return True if this is a client's call and not another of that name: by its options, or a unique name."""
    known = words.shape.keys
    for value in each(args.first):
        if isinstance(value, Dict):
            return any(entry.key in known for entry in value.entries) or value.parameter is not None
    return len(args.values) < 2 and (name[:4] == "find" or name[-4:] == "Many" or not args.values)


def _result(frame: Frame, operation: Operation, model: str, args: QueryArguments, span: tuple[int, int]) -> Value:
    if operation.result not in ("one", "many"):
        return None
    chosen = any(isinstance(v, Dict) and any(e.key == "select" for e in v.entries) for v in each(args.first))
    if not chosen and operation.row != "delete":
        whole_row(frame, model, span)
    instance_value = InstanceValue(model, "It comes from the client.")
    return ListValue(instance_value) if operation.result == "many" else instance_value


def apply(
    frame: Frame, operation: Operation, query: QueryValue | InstanceValue, args: QueryArguments, at: tuple[int, int]
) -> Value:
    """Apply an operation to a query or a row; its `roles` say what the keys of mappings in the arguments are."""
    model = query.model if isinstance(query, InstanceValue) else query.sources[0] if query.sources else None
    for role, (value, _) in zip(operation.roles if model else (), args.values, strict=False):
        use(frame, value, Shaped(model or "", role))
    return queries.apply(frame, operation, query, args, at)


def use(frame: Frame, value: Value, shape: Value) -> None:
    """Use a value as an object of a generated type."""
    if not isinstance(shape, Shaped):
        return
    if shape.role == "stages":
        model = shape.model
        pipelines.use(
            frame,
            model,
            value,
            lambda part, role: _walk(frame, model, part, role),
            lambda name, span, role: _note(frame, model, name, span, role),
        )
        return
    if shape.role == "options":
        _options(frame, shape.model, value, "value")
        return
    for part in parts(value):
        _walk(frame, shape.model, part, shape.role)


def _options(frame: Frame, model: str, value: Value, data: str) -> None:
    if _is_handed_in(frame, model, value, "options") or not isinstance(value, Dict):
        return
    keys = frame.index.words_of(model).shape.keys
    for entry in value.entries:
        role = keys.get(entry.key)
        if role is None:
            continue
        if role == "load":
            texts.relations(frame, model, entry.value, "load")
            continue
        for part in parts(entry.value):
            _walk(frame, model, part, data if role == "value" else role)
        if role == "value" and entry.value is None and data in _WRITES:
            table, usage = frame.index.models[model].table, _USAGES[data]
            why = "The columns that are set here are not known."
            frame.record_usage(model, (table, "*"), entry.span, usage, why, tier="B", sub_type="implicit")


def _is_handed_in(frame: Frame, model: str, value: Value, role: str) -> bool:
    """Record that an object comes from the caller, or from a function, whose keys have the same meaning."""
    for item in (value, *(each(value.rest) if isinstance(value, Dict) else ())):
        if isinstance(item, CallOf):
            frame.shapes.append((item, Shaped(model, role)))
    name = value.name if isinstance(value, Parameter) else value.parameter if isinstance(value, Dict) else None
    if name is not None:
        frame.effects.append(Effect(f"model {model}", name, role))
    return isinstance(value, Parameter)


def _walk(frame: Frame, model: str, value: Value, role: str, path: str = "") -> None:
    """Record the columns that an object names, in a role; relations lead to other models, a path into parts of rows."""
    if isinstance(value, Literal):
        _note(frame, model, value.text, value.span, role)
        return
    if isinstance(value, Closure) and value.function is not None:
        package = next(iter(frame.index.words_of(model).packages), "")
        value = with_each(frame, value.function, Entity(model), Library(package))
        for part in parts(value):
            _walk(frame, model, part, role)
        return
    if isinstance(value, ColumnValue):
        resolve_pending(value, role)
        return
    if isinstance(value, (NameText, SqlText, Row, Entity)):
        _use_other(frame, model, value, role)
        return
    if role == "join" and isinstance(value, Dict) and _include(frame, model, value):
        return
    if _is_handed_in(frame, model, value, role) or not isinstance(value, Dict):
        return
    for entry in value.entries:
        _use_entry(frame, model, entry, role, path)


def _use_entry(frame: Frame, model: str, entry: EntryValue, role: str, path: str) -> None:
    name = path + entry.key
    field = frame.index.fields[model].get(name)
    if field is not None and field.target in frame.index.models:
        _relation(frame, model, field, entry, role)
    elif name in frame.index.embedded(model):
        for part in parts(entry.value):
            _walk(frame, model, part, role, f"{name}.")
    elif not _note(frame, model, name, entry.span, role):
        _deeper(frame, model, entry, role, path)


def _use_other(frame: Frame, model: str, value: Value, role: str) -> None:
    """Use names in functions, parts of SQL, nested lists, and a model that is included as it is."""
    if isinstance(value, NameText):
        for name in value.names:
            _note(frame, model, name.text, name.span, role)
    elif isinstance(value, SqlText):
        fragments.use(frame, value.text, Operation("filter", texts="sql"), QueryValue(sources=(model,)))
    elif isinstance(value, Row):
        for item in value.items:
            _walk(frame, model, item, role)
    elif isinstance(value, Entity) and role == "join":
        _join_model(frame, model, value.model, "", (0, 0))


def _include(frame: Frame, model: str, value: Dict) -> bool:
    """Use an object that says which model is joined: `{ model: User, as: "author", where: {…} }`."""
    named = {entry.key: entry for entry in value.entries}
    entry = named.get("model") or named.get("association") or named.get("as")
    if entry is None:
        return False
    texts_of = (item for key in ("as", "association") if key in named for item in each(named[key].value))
    alias = next((item.text for item in texts_of if isinstance(item, Literal)), "")
    targets = [item.model for item in each(entry.value) if isinstance(item, Entity)]
    target = _join_model(frame, model, targets[0] if targets else "", alias, entry.span)
    if target:
        _options(frame, target, value, "value")
    return True


def _join_model(frame: Frame, model: str, target: str, alias: str, span: tuple[int, int]) -> str:
    """Record the join along the relationship of this name, or else the only one that leads to this model."""
    fields = [field for field in frame.index.fields[model].values() if field.target in frame.index.models]
    named = [field for field in fields if field.name == alias] or [field for field in fields if field.target == target]
    if len(named) != 1 or not named[0].target:
        return target
    if any(span):
        join_relation(frame, RelationValue(model, named[0].name, span), "load")
    return named[0].target


def _note(frame: Frame, model: str, name: str, span: tuple[int, int], role: str) -> bool:
    column = frame.index.column_of(model, _without_owner(frame, model, name) if "." in name else name)
    usage = _USAGES.get(role)
    if column is None or usage is None:
        return False
    title = frame.index.models[model].name
    sub_type = "sort" if role == "sort" else "group" if role == "group" else None
    frame.record_usage(model, column, span, usage, f"{name} is named as a field of {title}.", sub_type=sub_type)  # type: ignore[arg-type]
    return True


def _without_owner(frame: Frame, model: str, name: str) -> str:
    """Return a path without positions in lists, or a column without its table or model before it."""
    owner, _, last = name.rpartition(".")
    known = frame.index.models[model]
    return last if owner in (known.table, known.name) else _POSITION.sub("", name)


def _relation(frame: Frame, model: str, field: Field, entry: EntryValue, role: str) -> None:
    target = field.target or model
    if role in _WRITES:
        _link(frame, model, field, entry, role)
    elif role == "filter" and not any(isinstance(part, Dict) for part in parts(entry.value)):
        resolve_pending(compared(frame, RelationValue(model, field.name, entry.span)), "filter")
    else:
        join_relation(
            frame, RelationValue(model, field.name, entry.span), "load" if role in _ROLES_THAT_LOAD else "join"
        )
    for part in parts(entry.value):
        if role in _ROLES_THAT_LOAD and _has_options(frame, target, part):
            _options(frame, target, part, "value")
        else:
            _walk(frame, target, part, role)


def _has_options(frame: Frame, model: str, value: Value) -> bool:
    """Return True if an object under a relationship has options of its own and not fields at once."""
    keys = frame.index.words_of(model).shape.keys
    return not isinstance(value, Dict) or not value.entries or any(entry.key in keys for entry in value.entries)


def _link(frame: Frame, model: str, field: Field, entry: EntryValue, role: str) -> None:
    """Record the foreign key that changes where rows are linked along a relationship; see `OptionsShape.links`."""
    links = frame.index.words_of(model).shape.links
    roles = [
        links[key.key]
        for part in parts(entry.value)
        if isinstance(part, Dict)
        for key in part.entries
        if key.key in links
    ]
    if not roles:
        return
    index = frame.index
    mine = index.models[model]
    why = f"Rows are linked along {mine.name}.{field.name}."
    if index.refers(model, field):
        usage, columns = role, relation_columns(index, model, field)[: len(field.local)]
    else:
        usage, columns = roles[0], relation_columns(index, model, field)[len(field.local) :]
    for column in columns if not field.through else ():
        frame.record_usage(model, column, entry.span, "write" if usage == "write" else "update", why)


def _deeper(frame: Frame, model: str, entry: EntryValue, role: str, path: str = "") -> None:
    """Continue inside a key that is not a field: an operator, a nested write, a key of several columns."""
    shape = frame.index.words_of(model).shape
    inner = role if entry.key in shape.through else shape.roles.get(entry.key) if role in _WRITES else None
    if inner is None and role in _ROLES_THAT_LOAD and entry.key in shape.keys:
        inner = shape.keys[entry.key]
    compound = all(name in frame.index.fields[model] for name in entry.key.split("_")) and entry.key
    if inner is None and not compound:
        return
    for part in parts(entry.value):
        _walk(frame, model, part, inner or role, path)


_WRITES = frozenset({"write", "update"})
