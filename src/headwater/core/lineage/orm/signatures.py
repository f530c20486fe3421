"""What the index knows of functions and classes: signatures, summaries of what bodies do, members."""

from __future__ import annotations

import msgspec

from headwater.catalog import facts as f
from headwater.core.lineage.orm.values import Value

Bindings = dict[str, Value]


class Effect(msgspec.Struct, frozen=True, gc=False):
    """The effect of a function on its parameters: keys of `mapping` are columns of `target`, in this role."""

    target: str
    mapping: str
    role: str


class Summary(msgspec.Struct, frozen=True):
    """What a signature does not say: the return value, the effects on mappings, the callers' arguments.

    `shapes` are what its callers use its return value as.
    """

    returns: Value = None
    effects: tuple[Effect, ...] = ()
    parameters: dict[str, Value] = {}
    shapes: tuple[Value, ...] = ()


class Signature(msgspec.Struct, frozen=True):
    """The declared types of a function: parameters that mention type variables, and the return type."""

    patterns: tuple[tuple[str, Value], ...]
    returns: Value
    shaped: tuple[tuple[str, Value], ...] = ()


class ClassInfo(msgspec.Struct, frozen=True):
    """A class with its bases resolved; `outside` names bases outside the code base."""

    path: str
    name: str
    stmt: f.Class
    params: tuple[str, ...]
    bases: tuple[tuple[str, str, tuple[f.Expr, ...]], ...]
    outside: tuple[str, ...]
    members: dict[str, f.Stmt]
    outside_args: tuple[tuple[f.Expr, ...], ...] = ()
