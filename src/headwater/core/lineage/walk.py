"""Walks facts: the children of a node, and every statement with the name of the function around it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from headwater.catalog import facts as f

_PLAIN = {"start", "end", "id", "name", "text", "op", "word", "kind", "exported", "module", "alias", "local"}


@cache
def _fields(kind: type[f.Node]) -> tuple[str, ...]:
    return tuple(field for field in kind.__struct_fields__ if field not in _PLAIN)


def children(node: f.Node) -> Iterator[f.Node]:
    """Yield the nodes directly below a node, in source order of their fields."""
    for field in _fields(type(node)):
        value = getattr(node, field)
        if isinstance(value, tuple):
            yield from value
        elif isinstance(value, f.Node):
            yield value


def functions(module: f.Module) -> Iterator[tuple[str, tuple[f.Stmt, ...]]]:
    """Yield (qualified name, body) of the module itself ("") and of every function, method and class in it."""
    yield from _functions("", module.body)


def _functions(prefix: str, body: tuple[f.Stmt, ...]) -> Iterator[tuple[str, tuple[f.Stmt, ...]]]:
    yield prefix, body
    stack: list[f.Node] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, (f.Function, f.Class)):
            yield from _functions(f"{prefix}.{node.name}" if prefix else node.name, node.body)
        else:
            stack.extend(children(node))
