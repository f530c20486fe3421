"""Outlines of files: their names with all expressions, but without positions and the bodies of functions.

An outline is all that the inference of types knows about another file, so an edit of a body leaves it as it was. It is
computed where the file is parsed, and cached with its facts. `stubs.py` reduces outlines further, to signatures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import msgspec

from headwater.catalog import facts as f
from headwater.core.lineage.file_names import Names, flat, names_of

_OPAQUE = f.Do(0, 0, f.Const(0, 0, ""))
_CONSTRUCTORS = ("__init__", "constructor")

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Names)


def encode(module: f.Module) -> bytes:
    """Return the outline of a file as compact bytes."""
    names = names_of(module)
    outlined: dict[str, f.Stmt] = {name: _outlined(stmt) for name, stmt in names.names.items()}
    extensions = {name: tuple(map(_class, parts)) for name, parts in names.extensions.items()}
    return _encoder.encode(msgspec.structs.replace(names, names=outlined, extensions=extensions))


def decode(data: bytes) -> Names:
    """Return an outline from the bytes that `encode` returned."""
    return _decoder.decode(data)


def pairs(outline: Names, whole: Names) -> Iterator[tuple[f.Stmt, f.Stmt]]:
    """Yield each definition of a file's outline with the whole definition that it was made of."""
    yield from _pairs(outline.names.values(), whole.names.values())
    for name, parts in outline.extensions.items():
        yield from _pairs(parts, whole.extensions[name])


def _pairs(outlined: Iterable[f.Stmt], whole: Iterable[f.Stmt]) -> Iterator[tuple[f.Stmt, f.Stmt]]:
    for outline, stmt in zip(outlined, whole, strict=True):
        yield outline, stmt
        if isinstance(outline, f.Class) and isinstance(stmt, f.Class) and outline.body != (_OPAQUE,):
            yield from _pairs(outline.body, _definitions(stmt))


def _definitions(stmt: f.Class) -> Iterator[f.Stmt]:
    return (inner for inner in flat(stmt.body) if isinstance(inner, (f.Function, f.Class, f.Assign)))


def _outlined(stmt: f.Stmt) -> f.Stmt:
    """Return the outline of a definition or import; one that is nested too deeply says nothing to other files."""
    try:
        return _statement(stmt)
    except RecursionError:
        return _OPAQUE


def _statement(stmt: f.Stmt) -> f.Stmt:
    if isinstance(stmt, f.Function):
        return _function(stmt)
    if isinstance(stmt, f.Class):
        return _class(stmt)
    outlined: f.Stmt = _bare(stmt)
    return outlined


def _function(stmt: f.Function) -> f.Function:
    """Return a function whose body only says whether there is one; a constructor assigns the attributes, too."""
    body: tuple[f.Stmt, ...] = ()
    if stmt.name in _CONSTRUCTORS:
        body = tuple(_statement(inner) for inner in flat(stmt.body) if _sets_attribute(inner))
    body = body or (_OPAQUE,) * bool(stmt.body)
    params, returns, decorators = _all(stmt.params), _bare(stmt.returns), _all(stmt.decorators)
    return f.Function(0, 0, stmt.name, params, returns, decorators, body, stmt.exported)


def _class(stmt: f.Class) -> f.Class:
    body = tuple(map(_statement, _definitions(stmt)))
    body = body or (_OPAQUE,) * bool(stmt.body)
    bases, decorators = _all(stmt.bases), _all(stmt.decorators)
    return f.Class(0, 0, stmt.name, bases, (), decorators, body, stmt.kind, stmt.exported)


def _sets_attribute(stmt: f.Stmt) -> bool:
    return isinstance(stmt, f.Assign) and any(isinstance(target, f.Attr) for target in stmt.targets)


@cache
def _fields(kind: type[f.Node]) -> tuple[str, ...]:
    return tuple(name for name in kind.__struct_fields__ if name not in ("start", "end"))


def _all(nodes: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([_bare(node) for node in nodes])


def _bare(value: Any) -> Any:
    """Return a node and all nodes below it without positions; a name, text or flag is returned as it is."""
    if isinstance(value, f.Name):  # most of all nodes
        return f.Name(0, 0, value.id)
    if isinstance(value, tuple):
        return tuple([_bare(item) for item in value])
    if not isinstance(value, f.Node):
        return value
    kind = type(value)
    return kind(0, 0, *[_bare(getattr(value, name)) for name in _fields(kind)])
