"""What readers of Rust models share: classes with their modules, attributes, line numbers, snake case."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headwater.catalog import facts as f

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|[0-9]+")


def classes(body: tuple[f.Stmt, ...], modules: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], f.Class]]:
    """Yield the classes of a file with the inline modules that they are in; also those in functions and blocks."""
    for stmt in body:
        if isinstance(stmt, f.Class) and stmt.kind == "module":
            yield from classes(stmt.body, (*modules, stmt.name))
        elif isinstance(stmt, f.Class):
            yield modules, stmt
        elif isinstance(stmt, f.Scope):
            yield from classes(stmt.body, modules)


def attributes(decorators: tuple[f.Expr, ...], name: str) -> Iterator[f.Call]:
    """Yield the attributes of a name that have arguments: `#[name(…)]`, also in `#[cfg_attr(condition, name(…))]`."""
    for decorator in decorators:
        if isinstance(decorator, f.Call) and last(decorator.func) == name:
            yield decorator
        elif isinstance(decorator, f.Call) and last(decorator.func) == "cfg_attr":
            yield from attributes(decorator.args, name)


def derives(decorators: tuple[f.Expr, ...]) -> frozenset[str]:
    """Return the traits that a struct derives."""
    return frozenset(last(arg) for call in attributes(decorators, "derive") for arg in call.args)


def last(expr: f.Expr | None) -> str:
    """Return the last part of a path; "" for other expressions."""
    if isinstance(expr, f.Subscript):
        return last(expr.value)
    if isinstance(expr, f.Call):
        return last(expr.func)
    return expr.name if isinstance(expr, f.Attr) else expr.id if isinstance(expr, f.Name) else ""


def text_of(expr: f.Expr | None) -> str | None:
    """Return the text of a string, or the last part of a path, or None."""
    if isinstance(expr, f.Text):
        return "".join(part.text for part in expr.parts if isinstance(part, f.Chunk))
    return last(expr) or None


def setting(calls: Iterator[f.Call], name: str) -> f.Expr | None:
    """Return the value of `name = value` in attributes, or None."""
    return next((keyword.value for call in calls for keyword in call.keywords if keyword.name == name), None)


def flags(calls: Iterator[f.Call]) -> frozenset[str]:
    """Return the plain words in attributes."""
    return frozenset(last(arg) for call in calls for arg in call.args)


def words(name: str) -> list[str]:
    """Return the words of an identifier, as the crate `heck` cuts it."""
    return [word.lower() for part in name.split("_") for word in _WORD.findall(part)]


def snake(name: str) -> str:
    """Return the snake case of an identifier, as the crate `heck` spells it."""
    return "_".join(words(name))


def camel(name: str) -> str:
    """Return the upper camel case of an identifier, as the crate `heck` spells it."""
    return "".join(word.capitalize() for word in words(name))


class Lines:
    """Line numbers of byte offsets in the files of a code base."""

    def __init__(self, sources: dict[str, bytes]) -> None:
        self._sources = sources

    def line(self, path: str, at: int) -> int:
        """Return the 1-based line of a byte offset."""
        return self._sources[path].count(b"\n", 0, at) + 1

    def text(self, path: str, line: int) -> str:
        """Return the text of a line."""
        return self._sources[path].split(b"\n")[line - 1].strip().decode("utf-8", "replace")
