"""Walks facts once: every function with the string expressions directly in it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from headwater.catalog import facts as f

_PLAIN = {"start", "end", "id", "name", "text", "op", "word", "kind", "exported", "module", "alias", "local"}
_LEAVES = frozenset({f.Name, f.Const, f.Chunk, f.Import, f.Export})

Found = tuple[str, tuple[f.Stmt, ...], list[f.Expr]]
Definition = f.Function | f.Class


@cache
def _fields(kind: type[f.Node]) -> tuple[str, ...]:
    return tuple(field for field in kind.__struct_fields__ if field not in _PLAIN)


def children(node: f.Node) -> list[f.Node]:
    """Return the nodes directly below a node, in source order of their fields."""
    nodes: list[f.Node] = []
    for field in _fields(type(node)):
        value = getattr(node, field)
        if type(value) is tuple:
            nodes += value
        elif value is not None:
            nodes.append(value)
    return nodes


def functions(module: f.Module) -> Iterator[Found]:
    """Yield (qualified name, body, strings) of the module itself ("") and of every function and class in it.

    The strings are the string expressions in the body, outer before inner, and the names that strings are built
    up under; those of functions inside of it are theirs.
    """
    yield from _functions("", module.body, module.language)


def _functions(prefix: str, body: tuple[f.Stmt, ...], language: str) -> Iterator[Found]:
    strings: list[f.Expr] = []
    nested: list[Definition] = []
    for stmt in body:
        is_docstring = isinstance(stmt, f.Do) and isinstance(stmt.value, f.Text) and language != "sql"
        _visit(stmt, [] if is_docstring else strings, nested)
    yield prefix, body, strings
    for inner in reversed(nested):
        yield from _functions(f"{prefix}.{inner.name}" if prefix else inner.name, inner.body, language)


def _visit(node: f.Node, strings: list[f.Expr], nested: list[Definition]) -> None:
    """Collect the string expressions and the definitions in and below a node, in source order."""
    if isinstance(node, (f.Function, f.Class)):
        nested.append(node)
        return
    if isinstance(node, (f.Text, f.Binary)) or (isinstance(node, f.Call) and _builds_text(node)):
        strings.append(node)
    elif isinstance(node, f.Assign) and node.op == "+=" and isinstance(node.targets[0], f.Name):
        strings.append(node.targets[0])
    for child in children(node):
        if type(child) not in _LEAVES:
            _visit(child, strings, nested)


def _builds_text(node: f.Call) -> bool:
    return isinstance(node.func, f.Attr) and node.func.name in ("format", "join")
