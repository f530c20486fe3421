"""The values of parameters: what their declarations, defaults and callers say."""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import CodeIndex
from headwater.core.lineage.orm.values import InstanceValue, Keyed, ListValue, Parameter, QueryValue, Union, Value


def as_declared(index: CodeIndex, path: str, param: f.Param, bindings: dict[str, Value], own: Value) -> Value:
    """Return the value of a parameter by its type, or by what is injected for its default."""
    value = types.read(index, path, param.annotation, bindings, own)
    if value is None:
        value = types.injected(index, path, param.default)
    if param.kind == "**" or value is None or isinstance(value, Keyed):
        return Parameter(param.name) if param.kind != "*" and param.pattern is None else None
    if param.kind == "*":
        return ListValue(value)
    return because(value, f"The parameter {param.name} is declared so.")


def because(value: Value, why: str) -> Value:
    """Return rows with another reason."""
    if isinstance(value, InstanceValue):
        return InstanceValue(value.model, why, value.sure)
    if isinstance(value, ListValue) and isinstance(value.item, InstanceValue):
        return ListValue(InstanceValue(value.item.model, why, value.item.sure))
    if isinstance(value, Union):
        return Union(tuple(because(item, why) for item in value.items))
    return value


def by_default(frame: Frame, param: f.Param) -> Value:
    """Return the rows or the query that a parameter has if the caller passes nothing."""
    value = frame.evaluate(frame, param.default) if isinstance(param.default, (f.Attr, f.Call, f.Name)) else None
    is_known = isinstance(value, (InstanceValue, QueryValue)) or (isinstance(value, ListValue) and value.item)
    return value if is_known else None
