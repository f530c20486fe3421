"""ORMs that query with option objects: what the keys of an object say about a model's columns."""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.catalog.usages import UsageType
from headwater.core.lineage.orm.attributes import whole_row
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import CodeIndex, Effect
from headwater.core.lineage.orm.joins import join_relation, relation_columns
from headwater.core.lineage.orm.queries import QueryArguments, parts
from headwater.core.lineage.orm.values import (
    CallOf,
    Dict,
    EntryValue,
    InstanceValue,
    ListValue,
    Literal,
    Parameter,
    RelationValue,
    Shaped,
    Value,
    each,
)
from headwater.readers import Field, Operation

_USAGES: dict[str, UsageType] = {
    "filter": "filter",
    "sort": "filter",
    "group": "filter",
    "projection": "projection",
    "join": "projection",
    "write": "write",
    "update": "update",
}
_ROLES_THAT_LOAD = frozenset({"projection", "join"})


def client_call(frame: Frame, func: f.Attr, args: QueryArguments) -> tuple[bool, Value]:
    """Evaluate `client.user.findMany({…})`; the first result says whether it is such a call."""
    index = frame.index
    operation = index.language.client.get(func.name)
    delegate = func.value.name if isinstance(func.value, f.Attr) else ""
    model = index.delegates.get(delegate)
    if operation is None or model is None or not _fits(frame, func.name, args):
        return False, None
    span = (func.start, func.end)
    data = operation.named or "value"
    for value in each(args.first):
        _options(frame, model, value, data)
    if operation.row == "delete":
        table = index.models[model].table
        frame.record_usage(model, (table, "*"), span, "delete", "Its rows are deleted.")
    return True, _result(frame, operation, model, args, span)


def _fits(frame: Frame, name: str, args: QueryArguments) -> bool:
    """Return True if this is a client's call and not another of that name: by its options, or a unique name."""
    known = frame.index.language.shape.keys
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


def use(frame: Frame, value: Value, shape: Value) -> None:
    """Use a value as an object of a generated type."""
    if not isinstance(shape, Shaped):
        return
    if shape.role == "options":
        _options(frame, shape.model, value, "value")
        return
    for part in parts(value):
        _walk(frame, shape.model, part, shape.role)


def _options(frame: Frame, model: str, value: Value, data: str) -> None:
    if _is_handed_in(frame, model, value, "options") or not isinstance(value, Dict):
        return
    keys = frame.index.language.shape.keys
    for entry in value.entries:
        role = keys.get(entry.key)
        if role is None:
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


def _walk(frame: Frame, model: str, value: Value, role: str) -> None:
    """Record the columns that an object names, in a role; relations lead to other models."""
    if isinstance(value, Literal):
        _note(frame, model, value.text, value.span, role)
        return
    if _is_handed_in(frame, model, value, role) or not isinstance(value, Dict):
        return
    for entry in value.entries:
        field = frame.index.fields[model].get(entry.key)
        if field is not None and field.target in frame.index.models:
            _relation(frame, model, field, entry, role)
        elif not _note(frame, model, entry.key, entry.span, role):
            _deeper(frame, model, entry, role)


def _note(frame: Frame, model: str, name: str, span: tuple[int, int], role: str) -> bool:
    column = frame.index.column_of(model, name)
    usage = _USAGES.get(role)
    if column is None or usage is None:
        return False
    title = frame.index.models[model].name
    sub_type = "sort" if role == "sort" else "group" if role == "group" else None
    frame.record_usage(model, column, span, usage, f"{name} is named as a field of {title}.", sub_type=sub_type)  # type: ignore[arg-type]
    return True


def _relation(frame: Frame, model: str, field: Field, entry: EntryValue, role: str) -> None:
    target = field.target or model
    if role in _WRITES:
        _link(frame, model, field, entry, role)
    else:
        join_relation(
            frame, RelationValue(model, field.name, entry.span), "load" if role in _ROLES_THAT_LOAD else "join"
        )
    for part in parts(entry.value):
        if role in _ROLES_THAT_LOAD:
            _options(frame, target, part, "value")
        else:
            _walk(frame, target, part, role)


def _link(frame: Frame, model: str, field: Field, entry: EntryValue, role: str) -> None:
    """Record the foreign key that changes where rows are linked along a relationship; see `OptionsShape.links`."""
    links = frame.index.language.shape.links
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
    if _refers(index, model, field):
        usage, columns = role, relation_columns(index, model, field)[: len(field.local)]
    else:
        usage, columns = roles[0], relation_columns(index, model, field)[len(field.local) :]
    for column in columns if not field.through else ():
        frame.record_usage(model, column, entry.span, "write" if usage == "write" else "update", why)


def _refers(index: CodeIndex, model: str, field: Field) -> bool:
    """Return True if the foreign key of a relationship is in the model's own table."""
    relation = index.relations.get(index.models[model].table)
    target = index.models[field.target or model].table
    keys = relation.foreign_keys if relation else ()
    return any(key.ref_table == target and set(field.local) <= set(key.columns) for key in keys)


def _deeper(frame: Frame, model: str, entry: EntryValue, role: str) -> None:
    """Continue inside a key that is not a field: an operator, a nested write, a key of several columns."""
    shape = frame.index.language.shape
    inner = role if entry.key in shape.through else shape.roles.get(entry.key) if role in _WRITES else None
    if inner is None and role in _ROLES_THAT_LOAD and entry.key in shape.keys:
        inner = shape.keys[entry.key]
    compound = all(name in frame.index.fields[model] for name in entry.key.split("_")) and entry.key
    if inner is None and not compound:
        return
    for part in parts(entry.value):
        _walk(frame, model, part, inner or role)


_WRITES = frozenset({"write", "update"})
