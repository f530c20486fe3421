"""Functions that a method returns for a query to use: `Expression<Func<User, bool>>`, `Specification<User>`."""

from __future__ import annotations

from collections.abc import Iterator

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.arguments import row_of
from headwater.core.lineage.orm.closures import with_each
from headwater.core.lineage.orm.frame import Frame, set_default_usage
from headwater.core.lineage.orm.syntax import arguments
from headwater.core.lineage.orm.values import InstanceValue, Object, QueryValue


def use(frame: Frame, typed: f.Expr, value: f.Expr | None) -> None:
    """Evaluate the functions in a returned value with a row, or a query, of the model that the declared type names."""
    known = _model_of(frame, typed)
    if known is None:
        return
    kind, query = known
    for function in _functions(value):
        before = len(frame.pending)
        with_each(frame, function, row_of(frame, query) if kind == "row" else query)
        set_default_usage(frame.pending[before:], "filter")


def _model_of(frame: Frame, typed: f.Expr) -> tuple[str, QueryValue] | None:
    """Return what the functions get and the query it belongs to, for a functional type at any depth."""
    if not isinstance(typed, f.Subscript):
        return None
    kind = frame.words.functional.get(dotted_name(typed.value).rsplit(".", 1)[-1])
    args = arguments(typed)
    if kind is None:
        return next((known for arg in args if (known := _model_of(frame, arg))), None)
    item = types.read(frame.index, frame.path, args[0], {}) if args else None
    if isinstance(item, InstanceValue):
        return kind, QueryValue((item,), sources=(item.model,))
    return (kind, QueryValue((item,))) if isinstance(item, Object) else None


def _functions(value: f.Expr | None) -> Iterator[f.Lambda]:
    if isinstance(value, f.Lambda):
        yield value
    elif isinstance(value, f.Choice):
        yield from _functions(value.then)
        yield from _functions(value.otherwise)
    elif isinstance(value, f.Binary):
        yield from _functions(value.left)
        yield from _functions(value.right)
    elif isinstance(value, f.Call):
        for arg in value.args:
            yield from _functions(arg)
