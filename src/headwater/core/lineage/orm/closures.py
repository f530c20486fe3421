"""Anonymous functions, evaluated for the values that they are called with."""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.values import Value, union


def with_each(frame: Frame, function: f.Expr | None, *values: Value, own: Value = None) -> Value:
    """Return the value that an anonymous function returns for these arguments, called as a method of `own`."""
    if not isinstance(function, f.Lambda):
        return None
    inner = frame.inner()
    for param, value in zip(function.params, values, strict=False):
        if param.pattern is not None:
            frame.bind(inner, param.pattern, value)
        else:
            inner.env[param.name] = value
    if own is not None:
        inner.env["this"] = own
    inner.run(inner, function.body)
    return union(*inner.returns)
