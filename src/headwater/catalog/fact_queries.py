"""Small questions about expressions of facts, for readers: names, texts, arguments, keys of object literals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from headwater.catalog import facts as f


def last_name(expr: f.Expr | None) -> str:
    """Return the last part of a dotted name: Column for `sa.Column`; "" for other expressions."""
    if isinstance(expr, f.Name):
        return expr.id
    return expr.name if isinstance(expr, f.Attr) else ""


def dotted_name(expr: f.Expr | None) -> str:
    """Return `a.b.c` as text, or "" for other expressions."""
    if isinstance(expr, f.Name):
        return expr.id
    if isinstance(expr, f.Attr):
        before = dotted_name(expr.value)
        return f"{before}.{expr.name}" if before else ""
    return ""


def called_name(expr: f.Expr | None) -> str:
    """Return the last part of the name of what is called, or of a decorator without arguments."""
    name = expr.func if isinstance(expr, f.Call) else expr
    return last_name(name.value if isinstance(name, f.Subscript) else name)


def literal_text(expr: f.Expr | None) -> str | None:
    """Return the text of a string literal without holes, or None."""
    if not isinstance(expr, f.Text):
        return None
    parts = [part.text for part in expr.parts if isinstance(part, f.Chunk)]
    return "".join(parts) if len(parts) == len(expr.parts) else None


def literal_flag(expr: f.Expr | None) -> bool | None:
    """Return the value of a boolean literal in any spelling, or None."""
    word = expr.text.casefold() if isinstance(expr, f.Const) else ""
    return {"true": True, "false": False}.get(word)


def argument(expr: f.Expr | None, position: int) -> f.Expr | None:
    """Return a positional argument of a call, or None."""
    args = expr.args if isinstance(expr, f.Call) else ()
    return args[position] if position < len(args) else None


def keyword(expr: f.Expr | None, name: str) -> f.Expr | None:
    """Return the value of a named argument of a call, or None."""
    keywords = expr.keywords if isinstance(expr, f.Call) else ()
    return next((item.value for item in keywords if item.name == name), None)


def options(expr: f.Expr | None) -> dict[str, f.Expr]:
    """Return the literal keys of an object literal, with their values; {} for other expressions."""
    return {key: entry.value for entry, key in _entries(expr)} if isinstance(expr, f.Mapping) else {}


def _entries(expr: f.Mapping) -> Iterator[tuple[f.DictEntry, str]]:
    for entry in expr.entries:
        key = literal_text(entry.key)
        if key is not None:
            yield entry, key


def option_entries(expr: f.Expr | None) -> list[tuple[f.DictEntry, str]]:
    """Return the entries of an object literal that have a literal key, with the key."""
    return list(_entries(expr)) if isinstance(expr, f.Mapping) else []


def returned_value(expr: f.Expr | None) -> f.Expr | None:
    """Return what an anonymous function without branches returns: User for `() => User`."""
    if not isinstance(expr, f.Lambda):
        return None
    returns = [stmt.value for stmt in expr.body if isinstance(stmt, f.Return)]
    return returns[0] if len(returns) == 1 else None


def items(expr: f.Expr | None) -> tuple[f.Expr, ...]:
    """Return the items of a list literal; of another expression, that expression alone."""
    if isinstance(expr, f.SequenceExpr):
        return expr.items
    return (expr,) if expr is not None else ()


def decorator(marks: Iterable[f.Expr], *names: str) -> f.Expr | None:
    """Return the first of these decorators that has one of the names."""
    return next((mark for mark in marks if called_name(mark) in names), None)


def line_of(source: bytes, offset: int) -> int:
    """Return the line of a byte offset, from 1."""
    return source.count(b"\n", 0, offset) + 1


def nodes(body: tuple[f.Node, ...] | f.Node) -> Iterator[f.Node]:
    """Yield all nodes of a body, each before those inside of it, of neighbours the last one first."""
    stack: list[object] = [body]
    while stack:
        current = stack.pop()
        if isinstance(current, tuple):
            stack.extend(current)
        elif isinstance(current, f.Node):
            yield current
            stack.extend(getattr(current, name) for name in current.__struct_fields__)


def calls(body: tuple[f.Node, ...] | f.Node) -> Iterator[f.Call]:
    """Yield all calls of a body, in the order of `nodes`."""
    return (node for node in nodes(body) if isinstance(node, f.Call))


def children(node: f.Node) -> Iterator[f.Node]:
    """Yield the nodes directly below a node, in the order of its fields."""
    for name in node.__struct_fields__:
        value = getattr(node, name)
        if isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, f.Node))
        elif isinstance(value, f.Node):
            yield value
