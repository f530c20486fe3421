"""Literals of Ruby and PHP: texts put together from constants, arguments that are named or keys, flags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import items, last_name


def called(expr: f.Expr | None) -> str:
    """Return the last part of the name of the function that a call calls."""
    return last_name(expr.func) if isinstance(expr, f.Call) else ""


def text(expr: f.Expr | None, constants: Mapping[str, f.Expr] | None = None) -> str | None:
    """Return a literal text, one that is put together from known constants, or None."""
    known = constants or {}
    if isinstance(expr, f.Text):
        parts = [part.text if isinstance(part, f.Chunk) else text(part, known) for part in expr.parts]
        given = [part for part in parts if part is not None]
        return "".join(given) if len(given) == len(parts) else None
    if isinstance(expr, f.Binary) and expr.op in ("+", "."):
        left, right = text(expr.left, known), text(expr.right, known)
        return None if left is None or right is None else left + right
    if isinstance(expr, f.Attr) and expr.name in ("to_s", "to_sym", "freeze", "squish", "strip"):
        return text(expr.value, known)
    name = last_name(expr.func) if isinstance(expr, f.Call) and not expr.args else last_name(expr)
    value = known.get(name)
    return text(value, {k: v for k, v in known.items() if k != name}) if value is not None else None


def texts(expr: f.Expr | None, constants: Mapping[str, f.Expr] | None = None) -> tuple[str, ...]:
    """Return the texts of a list, of a single text, or of a list that is spread into arguments."""
    if isinstance(expr, f.Spread):
        expr = (constants or {}).get(last_name(expr.value), expr.value)
    return tuple(word for item in items(expr) if (word := text(item, constants)) is not None)


def keyword(call: f.Call, name: str) -> f.Expr | None:
    """Return the value of a named argument or of that key of a mapping argument, or None."""
    for key in call.keywords:
        if key.name == name:
            return key.value
    return next((v for arg in call.args if isinstance(arg, f.Mapping) and (v := entry(arg, name)) is not None), None)


def entry(expr: f.Expr | None, name: str) -> f.Expr | None:
    """Return the value of a key of a mapping, or None."""
    entries = expr.entries if isinstance(expr, f.Mapping) else ()
    return next((e.value for e in entries if text(e.key) == name), None)


def constant(expr: f.Expr | None) -> str:
    """Return the text of a literal that is no string, lower-case: `true`, `nil`, `255`."""
    return expr.text.lower() if isinstance(expr, f.Const) else ""


def is_false(expr: f.Expr | None) -> bool:
    """Return True if this is the literal false."""
    return constant(expr) == "false"


def is_true(expr: f.Expr | None) -> bool:
    """Return True if this is the literal true."""
    return constant(expr) == "true"


def expressions(body: Iterable[f.Stmt]) -> Iterator[f.Expr]:
    """Yield the values of plain statements, those in branches and plain blocks included."""
    for stmt in body:
        if isinstance(stmt, (f.Do, f.Return)) and stmt.value is not None:
            yield stmt.value
        elif isinstance(stmt, f.Branch):
            yield from expressions(stmt.body)
            yield from expressions(stmt.otherwise)
        elif isinstance(stmt, (f.Scope, f.Loop)):
            yield from expressions(stmt.body)
