"""The functions and classes of the code base that code refers to: calls, callbacks, constructors, injection.

They are recorded while the code is interpreted, so a method is that of the receiver's type. Nothing is recorded unless
`Frame.references` is a list.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name, nodes
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.spans import Spans
from headwater.core.lineage.orm.values import Callable, ClassValue, Entity, InstanceValue, Object, Value, each
from headwater.core.lineage.symbols import Found

_ALIASES = 3  # types that stand for other types, as `CurrentUser = Annotated[User, Depends(current_user)]`


class Reference(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`caller` refers to a function or class of a file, by its dotted name there.

    The caller is a dotted name, too, or `@` and the number of the route whose declaration holds the code.
    """

    caller: str
    path: str
    name: str


def note(frame: Frame, value: Value, at: int) -> None:
    """Record a function or class that is named or called at a position."""
    if frame.references is not None:
        for item in each(value):
            if isinstance(item, (Callable, ClassValue)):
                frame.references.append((at, item.path, item.name))


def note_called(frame: Frame, value: Value, at: int) -> None:
    """Record a function that is called, or a class that is constructed, at a position."""
    if frame.references is None:
        return
    note(frame, value, at)
    for item in each(value):
        if isinstance(item, Entity):
            path, _, name = item.model.rpartition(":")
            _note_method(frame, path, name, "__init__", at)


def note_member(frame: Frame, receiver: Value, name: str, at: int) -> None:
    """Record the method that is called, or the property that is read, on these objects."""
    if frame.references is None:
        return
    for item in each(receiver):
        if isinstance(item, (Object, ClassValue)):
            _note_method(frame, item.path, item.name, name, at)
        elif isinstance(item, (InstanceValue, Entity)):
            path, _, owner = item.model.rpartition(":")
            _note_method(frame, path, owner, name, at)


def _note_method(frame: Frame, path: str, owner: str, name: str, at: int) -> None:
    where = frame.index.member(path, owner, name) if path in frame.index.symbols.files else None
    if where is not None and isinstance(where[1], f.Function) and frame.references is not None:
        frame.references.append((at, where[0].path, f"{where[0].name}.{name}"))


def note_parameters(frame: Frame, stmt: f.Function) -> None:
    """Record the functions that parameters get their values from: `Depends(current_user)`, also in a type."""
    if frame.references is None:
        return
    for param in stmt.params:
        for expr in (param.default, param.annotation):
            if isinstance(expr, (f.Call, f.Subscript, f.Name, f.Attr)):
                for path, name in _functions(frame, frame.path, expr, _ALIASES):
                    frame.references.append((expr.start, path, name))


def _functions(frame: Frame, path: str, expr: f.Expr, depth: int) -> Iterator[tuple[str, str]]:
    for node in nodes(expr):
        name = dotted_name(node) if isinstance(node, (f.Name, f.Attr)) else ""
        symbol = frame.index.symbols.lookup(path, name) if name else None
        if not isinstance(symbol, Found):
            continue
        if isinstance(symbol.stmt, f.Function):
            yield symbol.path, symbol.name
        elif isinstance(symbol.stmt, f.Assign) and isinstance(symbol.stmt.value, f.Subscript) and depth:
            yield from _functions(frame, symbol.path, symbol.stmt.value, depth - 1)


def by_caller(
    noted: list[tuple[int, str, str]], spans: Spans, routes: tuple[tuple[int, int], ...]
) -> tuple[Reference, ...]:
    """Return what was recorded in a file by its callers, without duplicates.

    Args:
        noted: positions, and what is referred to there.
        spans: the definitions of the file.
        routes: the bytes that declare routes, which are callers of their own.
    """
    found: dict[Reference, None] = {}
    for at, path, name in noted:
        inside = [number for number, (start, end) in enumerate(routes) if start <= at < end]
        for caller in (*(f"@{number}" for number in inside), *([] if inside else [spans.symbol(at)])):
            if (path, name) != ("", caller):
                found[Reference(caller, path, name)] = None
    return tuple(found)
