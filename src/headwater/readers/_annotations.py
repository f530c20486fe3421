"""Annotations and attributes of Java, Kotlin and C# as facts: which there are, their values, and constants in those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from headwater.catalog import facts as f
from headwater.readers import CodeProject

_DEPTH = 8  # constants that are defined by constants


class ConstantScope(msgspec.Struct, frozen=True):
    """Where a name in an annotation is looked for: a file, and the classes around, the innermost last."""

    path: str
    owner: str = ""


def last(expr: f.Expr | None) -> str:
    """Return the last part of a dotted name, of what is called, or of a generic type; "" for others."""
    if isinstance(expr, (f.Call, f.Subscript)):
        return last(expr.func if isinstance(expr, f.Call) else expr.value)
    if isinstance(expr, f.Name):
        return expr.id
    return expr.name if isinstance(expr, f.Attr) else ""


def dotted(expr: f.Expr | None) -> str:
    """Return `a.b.c` as text, also of a generic type; "" for other expressions."""
    if isinstance(expr, f.Subscript):
        return dotted(expr.value)
    if isinstance(expr, f.Name):
        return expr.id
    if isinstance(expr, f.Attr):
        before = dotted(expr.value)
        return f"{before}.{expr.name}" if before else ""
    return ""


def annotation(decorators: Iterable[f.Expr], *names: str) -> f.Expr | None:
    """Return the first annotation with one of these names, or None."""
    return next((decorator for decorator in decorators if last(decorator) in names), None)


def value(expr: f.Expr | None, *keys: str) -> f.Expr | None:
    """Return the value of an annotation under one of these names; the name "value" is also the positional one."""
    if not isinstance(expr, f.Call):
        return None
    given = next((keyword.value for keyword in expr.keywords if keyword.name in keys), None)
    return expr.args[0] if given is None and "value" in keys and expr.args else given


def items(expr: f.Expr | None) -> tuple[f.Expr, ...]:
    """Return the items of an array, or a single value as the only item; `arrayOf(…)` and `[…]` are arrays too."""
    if expr is None:
        return ()
    if isinstance(expr, f.Call) and last(expr) == "arrayOf":
        return expr.args
    return expr.items if isinstance(expr, f.SequenceExpr) else (expr,)


def all_of(decorators: Iterable[f.Expr], single: str, container: str) -> Iterator[f.Expr]:
    """Yield a repeatable annotation, also from the container that older versions needed."""
    for decorator in decorators:
        if last(decorator) == single:
            yield decorator
        elif last(decorator) == container:
            yield from items(value(decorator, "value"))


def flag(expr: f.Expr | None) -> bool | None:
    """Return a literal boolean, or None."""
    return {"true": True, "false": False}.get(expr.text) if isinstance(expr, f.Const) else None


def number(expr: f.Expr | None) -> int | None:
    """Return a literal integer, or None."""
    text = expr.text.rstrip("Ll").replace("_", "") if isinstance(expr, f.Const) else ""
    return int(text) if text.isdecimal() else None


def text(project: CodeProject, scope: ConstantScope, expr: f.Expr | None, depth: int = _DEPTH) -> str | None:
    """Return the text of a literal, of a concatenation, or of a constant of the code base; None if unknown."""
    if expr is None or depth == 0:
        return None
    if isinstance(expr, f.Text):
        return _joined(project, scope, expr.parts, depth)
    if isinstance(expr, f.Binary) and expr.op == "+":
        return _joined(project, scope, (expr.left, expr.right), depth)
    if isinstance(expr, f.Chunk):
        return expr.text
    name = dotted(expr)
    return _constant(project, scope, name, expr, depth) if name else None


def _joined(project: CodeProject, scope: ConstantScope, parts: tuple[f.Expr, ...], depth: int) -> str | None:
    texts = [text(project, scope, part, depth - 1) for part in parts]
    known = [part for part in texts if part is not None]
    return "".join(known) if len(known) == len(texts) else None


def _constant(project: CodeProject, scope: ConstantScope, name: str, at: f.Expr, depth: int) -> str | None:
    owner = scope.owner
    while True:
        resolved = project.resolve(scope.path, f"{owner}.{name}" if owner else name)
        if resolved and isinstance(resolved[1], f.Assign) and resolved[1].value is not at:
            inner = ConstantScope(resolved[0], _owner_of(project, *resolved))
            return text(project, inner, resolved[1].value, depth - 1)
        if not owner:
            return None
        owner = owner.rpartition(".")[0]


def _owner_of(project: CodeProject, path: str, stmt: f.Stmt) -> str:
    """Return the dotted name of the class that a field stands in, or ""."""
    module = project.module(path)
    return next((name for name, cls in classes(module.body) if stmt in cls.body), "") if module else ""


def classes(body: tuple[f.Stmt, ...], prefix: str = "") -> Iterator[tuple[str, f.Class]]:
    """Yield the classes of a file with their dotted names, outer ones first."""
    for stmt in body:
        if isinstance(stmt, f.Class):
            name = f"{prefix}.{stmt.name}" if prefix else stmt.name
            yield name, stmt
            yield from classes(stmt.body, name)
