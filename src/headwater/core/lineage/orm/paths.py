"""Paths of attributes: objects embedded in a row (`order.Address.City`), and relationships in SQL (`o.Buyer.Name`)."""

from __future__ import annotations

from headwater.core.lineage.orm.accessors import Accessed, set_attribute
from headwater.core.lineage.orm.attributes import BY_TYPE, attribute
from headwater.core.lineage.orm.derived_names import decapitalized
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.joins import join_relation
from headwater.core.lineage.orm.values import Embedded, Entity, InstanceValue, RelationValue, Value

Span = tuple[int, int]


def _of_embedded(frame: Frame, value: Embedded, name: str, span: Span) -> Value:
    """Return an attribute of an embedded object, whose columns are the row's."""
    path = f"{value.path}.{name}"
    if path in frame.index.embedded(value.row.model):
        return Embedded(value.row, path)
    return attribute(frame, value.row, path, span) if path in frame.index.fields[value.row.model] else None


def _of_relation(frame: Frame, value: RelationValue, name: str, span: Span) -> Value:
    """Return an attribute of the model that a relationship leads to, if the ORM joins it for that.

    The model of the table that it leads over is an attribute of the relationship itself.
    """
    field = frame.index.fields[value.model][value.attribute]
    target = field.target
    models = frame.index.of_table(field.through) if field.through and name in frame.words.join_models else ()
    if models:
        return Entity(models[0])
    if target is None or not frame.index.words_of(value.model).navigates:
        return None
    join_relation(frame, value, "join")
    return attribute(frame, Entity(target), name, span)


def access(frame: Frame, value: Embedded, name: str, at: Span) -> Accessed | None:
    """Evaluate a getter or setter of an embedded object; return None if the method is neither."""
    for prefix, usage in frame.index.words_of(value.row.model).accessors.items():
        spelled = decapitalized(name[len(prefix) :])
        if not name.startswith(prefix) or f"{value.path}.{spelled}" not in frame.index.fields[value.row.model]:
            continue
        if usage == "read":
            return Accessed(_of_embedded(frame, value, spelled, at))
        assign(frame, value, spelled, at)
        return Accessed(value)
    return None


def assign(frame: Frame, value: Embedded, name: str, at: Span) -> None:
    """Record that an attribute of an embedded object of a row is set."""
    if isinstance(value.row, InstanceValue):
        set_attribute(frame, value.row, f"{value.path}.{name}", at)


BY_TYPE[Embedded] = _of_embedded
BY_TYPE[RelationValue] = _of_relation
