"""Small questions about facts and names, without an index."""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name
from headwater.catalog.names import words


def singular(name: str) -> tuple[str, ...]:
    """Return the words of a name, the last one without its plural s."""
    *rest, last = words(name) or ("",)
    return (*rest, last[:-1] if len(last) > 3 and last.endswith("s") and not last.endswith("ss") else last)


def arguments(index: f.Subscript) -> tuple[f.Expr, ...]:
    """Return the arguments of a generic type."""
    return index.index.items if isinstance(index.index, f.SequenceExpr) else (index.index,)


def is_type_variable(stmt: f.Stmt) -> bool:
    """Return True if a statement declares a type variable."""
    value = stmt.value if isinstance(stmt, f.Assign) else None
    return isinstance(value, f.Call) and dotted_name(value.func).rsplit(".", 1)[-1] in ("TypeVar", "ParamSpec")
