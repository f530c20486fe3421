"""Paths of routes: joined, with parameters in one spelling, from texts and the constants in them."""

from __future__ import annotations

import re

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name
from headwater.readers import CodeProject

_ANGLE = re.compile(r"<(?:[\w.]+(?:\([^)]*\))?:)?(\w+)>")  # <int:id>
_NAMED_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()\\]|\\.|\([^()]*\))*\)")  # (?P<id>[0-9]+)
_BRACE = re.compile(r"\{\*{0,2}(\w+)[?]?(?:[:=](?:[^{}]|\{[^{}]*\})*)?\}")  # {id:int}, {id?}, {*rest}
_COLON = re.compile(r"(?<![\w}])[:*](\w+)(?:\([^)]*\))?[?*+]?")  # :id, :id(\d+), *path
_BRACKET = re.compile(r"\[{1,2}(?:\.\.\.)?(\w+)\]{1,2}")  # [id], [...slug]
_MAX_DEPTH = 4


def joined(*parts: str) -> str:
    """Return parts of a path as one path that begins with a slash."""
    path = ""
    for part in parts:
        if part:
            path = f"{path.rstrip('/')}/{part.lstrip('/')}"
    return path or "/"


def without_last_slash(path: str) -> str:
    """Return the path of frameworks that answer it with and without a slash at its end."""
    return path.rstrip("/") or "/"


def with_braces(path: str) -> str:
    """Return a path whose parameters are written `{name}`, from any spelling but that in brackets."""
    for pattern in (_NAMED_GROUP, _ANGLE, _BRACE, _COLON):
        path = pattern.sub(r"{\1}", path)
    return path


def from_file_name(path: str) -> str:
    """Return the path of a file that is named like its URL, with parameters in brackets."""
    return _BRACKET.sub(r"{\1}", path)


def path_text(
    project: CodeProject, file: str, expr: f.Expr | None, scope: str = "", depth: int = _MAX_DEPTH
) -> str | None:
    """Return the text of a path: a literal, a constant, or several in a row; a part that is not known is a parameter.

    Args:
        project: for constants that other files define.
        file: the path of the file in which the expression stands.
        expr: the expression.
        scope: the class in which it stands, whose constants it can name.
        depth: how many constants that name each other are followed.
    """
    if isinstance(expr, f.Text):
        parts = [
            p.text if isinstance(p, f.Chunk) else _or_parameter(project, file, p, scope, depth) for p in expr.parts
        ]
        return "".join(parts)
    if isinstance(expr, f.Binary) and expr.op == "+":
        left, right = (path_text(project, file, side, scope, depth) for side in (expr.left, expr.right))
        if left is None and right is None:
            return None
        return (left if left is not None else _parameter(expr.left)) + (
            right if right is not None else _parameter(expr.right)
        )
    name = dotted_name(expr)
    for known in (f"{scope}.{name}", name) if name and depth else ():
        constant = project.resolve(file, known) if not known.startswith(".") else None
        if constant and isinstance(constant[1], f.Assign):
            return path_text(project, constant[0], constant[1].value, known.rpartition(".")[0], depth - 1)
    return _setting(project, file, name, depth) if name else None


def _setting(project: CodeProject, file: str, name: str, depth: int) -> str | None:
    """Return the text that a class gives an attribute of its objects: `settings.PREFIX` of `settings = Settings()`."""
    owner, _, attribute = name.rpartition(".")
    holder = project.resolve(file, owner) if owner and depth else None
    value = holder[1].value if holder and isinstance(holder[1], f.Assign) else None
    kind = project.resolve(holder[0], dotted_name(value.func)) if holder and isinstance(value, f.Call) else None
    for stmt in kind[1].body if kind and isinstance(kind[1], f.Class) else ():
        if kind and isinstance(stmt, f.Assign) and any(dotted_name(target) == attribute for target in stmt.targets):
            return path_text(project, kind[0], stmt.value, "", depth - 1)
    return None


def _or_parameter(project: CodeProject, file: str, expr: f.Expr, scope: str, depth: int) -> str:
    text = path_text(project, file, expr, scope, depth)
    return _parameter(expr) if text is None else text


def _parameter(expr: f.Expr) -> str:
    name = dotted_name(expr).rpartition(".")[2]
    return f"{{{name or 'value'}}}"
