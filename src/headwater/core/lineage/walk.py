"""Walks facts once: every function with the string expressions directly in it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name, items

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
    yield from _functions("", module.body)


def _functions(prefix: str, body: tuple[f.Stmt, ...]) -> Iterator[Found]:
    strings: list[f.Expr] = []
    nested: list[Definition] = []
    for stmt in body:
        is_docstring = isinstance(stmt, f.Do) and isinstance(stmt.value, f.Text) and stmt.word != "sql"
        _visit(stmt, [] if is_docstring else strings, nested)
    yield prefix, body, strings
    for inner in reversed(nested):
        yield from _functions(f"{prefix}.{inner.name}" if prefix else inner.name, inner.body)


def annotated(module: f.Module, names: frozenset[str]) -> Iterator[tuple[str, tuple[f.Expr, ...]]]:
    """Yield the method and the texts of every annotation with one of these names; an array has several."""
    yield from _annotated("", module.body, names)


def _annotated(
    prefix: str, body: tuple[f.Stmt, ...], names: frozenset[str]
) -> Iterator[tuple[str, tuple[f.Expr, ...]]]:
    for stmt in body:
        if not isinstance(stmt, (f.Function, f.Class)):
            continue
        symbol = f"{prefix}.{stmt.name}" if prefix else stmt.name
        for mark in stmt.decorators:
            if isinstance(mark, f.Call) and dotted_name(mark.func).rpartition(".")[2] in names:
                texts = mark.args or tuple(k.value for k in mark.keywords if k.name == "value")
                yield symbol, tuple(text for expr in texts for text in items(expr))
        if isinstance(stmt, f.Class):
            yield from _annotated(symbol, stmt.body, names)


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
