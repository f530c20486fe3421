"""Getters and setters: methods that read or change one attribute of a row, declared in the code base or not."""

from __future__ import annotations

from typing import NamedTuple

from headwater.catalog.names import snake
from headwater.core.lineage.orm.arguments import QueryArguments
from headwater.core.lineage.orm.attributes import attribute
from headwater.core.lineage.orm.derived_names import decapitalized
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import CodeIndex
from headwater.core.lineage.orm.values import InstanceValue, Value

Span = tuple[int, int]


class Accessed(NamedTuple):
    """The result of a getter or setter."""

    value: Value


def attribute_of(index: CodeIndex, model: str, name: str) -> tuple[str, str] | None:
    """Return the attribute that a method of this name gets or sets, and whether it is `read` or `update`."""
    for prefix, usage in index.words_of(model).accessors.items():
        rest = name[len(prefix) :]
        if not name.startswith(prefix) or not rest or rest[:1].islower():
            continue
        for spelled in (decapitalized(rest), f"is{rest}", rest, snake(rest)):
            known = spelled in index.fields[model] or spelled in index.embedded(model)
            if known or spelled in index.models[model].inherited:
                return spelled, usage
    return None


def use(frame: Frame, receiver: InstanceValue, name: str, args: QueryArguments, at: Span) -> Accessed | None:
    """Evaluate a getter or setter of a row; return None if the method is neither."""
    known = attribute_of(frame.index, receiver.model, name)
    if known is None:
        return None
    title, usage = known
    if usage == "read":
        return Accessed(attribute(frame, receiver, title, at))
    set_attribute(frame, receiver, title, at)
    return Accessed(receiver)


def of_member(frame: Frame, receiver: Value, name: str, args: QueryArguments, at: Span) -> Value:
    """Return what a getter returns that a library writes (Lombok): the attribute of an object that is no column."""
    prefixes = frame.words.accessors.items()
    prefix = next((prefix for prefix, usage in prefixes if usage == "read" and name.startswith(prefix)), "")
    rest = name[len(prefix) :]
    if not prefix or args.values or not rest[:1].isupper():
        return None
    return attribute(frame, receiver, decapitalized(rest), at)


def set_attribute(frame: Frame, receiver: InstanceValue, name: str, at: Span) -> None:
    """Record that an attribute of a row is set: a column, or the foreign key of a relationship."""
    if (frame.accessor == name and receiver == frame.own) or not frame.index.models[receiver.model].stores:
        return
    index = frame.index
    column = index.column_of(receiver.model, name)
    field = index.fields[receiver.model].get(name)
    columns = [column] if column else []
    if column is None and field and field.target and not field.many and index.refers(receiver.model, field):
        owned = (index.owner_of(receiver.model, local) for local in field.local)
        columns = [place for place in owned if place]
    for place in columns:
        usage = "write" if receiver.new else "update"
        tier = "A" if receiver.sure else "B"
        draft = frame.record_usage(receiver.model, place, at, usage, receiver.why, tier=tier, via="attribute")  # type: ignore[arg-type]
        draft.row = receiver if receiver.new else None
