"""Values whose type the code declares: an object literal of a row's type names columns."""

from __future__ import annotations

from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.named_columns import parts
from headwater.core.lineage.orm.shapes import use
from headwater.core.lineage.orm.values import (
    Dict,
    InstanceValue,
    Keyed,
    ListValue,
    Object,
    QueryValue,
    Row,
    Shaped,
    Value,
    Variable,
    each,
    union,
)


def declared(frame: Frame, value: Value, kind: Value) -> Value:
    """Return the value of an expression whose type is declared; the keys of a mapping are used as the type says."""
    if kind is None or (value is not None and isinstance(kind, (Variable, Keyed))):
        return value
    if isinstance(kind, Shaped):
        use(frame, value, kind)
        return kind if value is None else value
    if isinstance(value, QueryValue) and value.sources and not isinstance(kind, ListValue):
        return value
    if isinstance(kind, InstanceValue) and isinstance(value, InstanceValue):
        return value
    if isinstance(kind, (Row, Object)) and any(isinstance(item, (Dict, InstanceValue)) for item in each(value)):
        if isinstance(value, Dict):
            value.rest = union(value.rest, kind)
        return value
    fill(frame, value, kind)
    return kind


def fill(frame: Frame, value: Value, kind: Value) -> None:
    """Record the columns that an object literal sets, or several of them, where it is declared to be a row."""
    row = kind.item if isinstance(kind, ListValue) else kind
    for part in parts(value) if isinstance(row, InstanceValue) else ():
        if isinstance(row, InstanceValue) and isinstance(part, Dict):
            use(frame, part, Shaped(row.model, "write"))
