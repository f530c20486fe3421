"""Narrows the type of a variable by a test: `isinstance`, functions that return a TypeGuard, and their opposites."""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.functions import definition
from headwater.core.lineage.orm.values import (
    Callable,
    ClassValue,
    InstanceValue,
    Object,
    Union,
    Value,
    Variable,
    each,
    union,
)

_GUARDS = frozenset({"TypeGuard", "TypeIs"})


def narrow(frame: Frame, test: f.Expr, holds: bool) -> None:
    """Narrow the values of the names in a test, for the case that it holds or not."""
    if isinstance(test, f.Unary) and test.op in ("not", "!"):
        narrow(frame, test.operand, not holds)
    elif isinstance(test, f.Binary) and test.op in (("and", "&&") if holds else ("or", "||")):
        narrow(frame, test.left, holds)
        narrow(frame, test.right, holds)
    elif isinstance(test, f.Call) and test.args and isinstance(test.args[0], f.Name):
        _by_call(frame, test, test.args[0].id, holds)


def _by_call(frame: Frame, test: f.Call, name: str, holds: bool) -> None:
    guarded = _guarded(frame, test)
    if guarded is None or isinstance(guarded, Variable):
        return
    value = guarded if holds else without(frame.env.get(name), guarded)
    if value is not None:
        frame.env[name] = value


def _guarded(frame: Frame, test: f.Call) -> Value:
    """Return the value of the first argument if the test holds."""
    if isinstance(test.func, f.Name) and test.func.id == "isinstance":
        wanted = test.args[1] if len(test.args) == 2 else None
        choices = wanted.items if isinstance(wanted, f.SequenceExpr) else (wanted,) if wanted is not None else ()
        return union(*(types.instance_of(frame.evaluate(frame, choice)) for choice in choices))
    function = frame.evaluate(frame, test.func)
    stmt = definition(frame.index, function) if isinstance(function, Callable) else None
    if not isinstance(function, Callable) or stmt is None or not isinstance(stmt.returns, f.Subscript):
        return None
    if dotted_name(stmt.returns.value).rsplit(".", 1)[-1] not in _GUARDS:
        return None
    return types.read(frame.index, function.path, stmt.returns, {})


def without(value: Value, gone: Value) -> Value:
    """Return a value without this type: the rest of a union, also as the argument of a generic class."""
    if isinstance(value, (Object, ClassValue)) and isinstance(gone, (Object, ClassValue)):
        if (value.path, value.name) != (gone.path, gone.name) or len(value.args) != len(gone.args):
            return value
        args = (without(left, right) for left, right in zip(value.args, gone.args, strict=True))
        return type(value)(value.path, value.name, tuple(args))
    if isinstance(value, Union):
        return union(*(item for item in value.items if not any(_matches(item, other) for other in each(gone))))
    return value


def _matches(item: Value, gone: Value) -> bool:
    if isinstance(item, InstanceValue) and isinstance(gone, InstanceValue):
        return item.model == gone.model
    return item == gone
