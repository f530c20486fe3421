"""The names of one file: what it defines, imports and exports at its top level, and the members of its classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import msgspec

from headwater.catalog import facts as f

Definition: TypeAlias = "f.Class | f.Function | f.Assign"


class Names(msgspec.Struct, frozen=True, gc=False):
    """The names that one file defines or imports, and the modules that it star-imports.

    `extensions` are the classes that add members to a class of that name; see `catalog.facts.Class`. `shared` are star
    imports that hold for all files in the folder of this one and below (a star import with the alias `global`).
    """

    language: str
    names: dict[str, f.Stmt]
    stars: tuple[str, ...] = ()
    package: str = ""
    extensions: dict[str, tuple[f.Class, ...]] = {}
    shared: tuple[str, ...] = ()


def members(stmt: f.Class) -> dict[str, Definition]:
    """Return the methods, fields and nested classes that a class body defines."""
    definitions: dict[str, f.Stmt] = {}
    for inner in flat(stmt.body):
        _define(definitions, inner)
    return {n: s for n, s in definitions.items() if isinstance(s, (f.Class, f.Function, f.Assign))}


def nested_classes(names: Mapping[str, f.Stmt], prefix: str = "") -> Iterator[tuple[str, f.Class]]:
    """Yield every class among these definitions, and those inside of classes, with its dotted name."""
    for name, stmt in names.items():
        if isinstance(stmt, f.Class):
            yield f"{prefix}{name}", stmt
            yield from nested_classes(members(stmt), f"{prefix}{name}.")


def flat(body: Iterable[f.Stmt]) -> Iterator[f.Stmt]:
    """Yield statements, including those in `if`, `try` and `with` blocks, but not inside functions and classes."""
    for stmt in body:
        if isinstance(stmt, f.Branch):
            yield from flat(stmt.body)
            yield from flat(stmt.otherwise)
        elif isinstance(stmt, (f.Scope, f.Loop)):
            yield from flat(stmt.body)
        else:
            yield stmt


def names_of(module: f.Module) -> Names:
    """Return the names that a file defines or imports."""
    names: dict[str, f.Stmt] = {}
    stars: list[str] = []
    shared: list[str] = []
    extensions: dict[str, tuple[f.Class, ...]] = {}
    for stmt in flat(module.body):
        if isinstance(stmt, (f.Import, f.Export)) and stmt.name == "*" and getattr(stmt, "alias", "*") == "*":
            stars.extend([stmt.module] if stmt.module else ())
        elif isinstance(stmt, f.Import) and stmt.name == "*" and stmt.alias == "global":
            shared.append(stmt.module)
        elif isinstance(stmt, f.Class) and stmt.kind == "extension":
            extensions[stmt.name] = (*extensions.get(stmt.name, ()), stmt)
        else:
            _define(names, stmt)
    return Names(module.language, names, tuple(stars), module.package, extensions, tuple(shared))


def _define(names: dict[str, f.Stmt], stmt: f.Stmt) -> None:
    if isinstance(stmt, f.Import):
        names.setdefault(stmt.alias, stmt)
    elif isinstance(stmt, f.Export):
        names.setdefault(stmt.name, stmt)
    elif isinstance(stmt, f.Class):
        names[stmt.name] = stmt
    elif isinstance(stmt, f.Function):
        if stmt.name not in names or not _is_accessory(stmt):
            names[stmt.name] = stmt
    elif isinstance(stmt, f.Assign) and stmt.op == "=":
        for target in stmt.targets:
            if isinstance(target, f.Name) and not _is_weaker(stmt, names.get(target.id)):
                names[target.id] = stmt


def _is_weaker(new: f.Assign, old: f.Stmt | None) -> bool:
    """Return True if a second assignment says less than the first: `x: T` declared, then `x = None`."""
    return isinstance(old, f.Assign) and old.value is not None and (new.value is None or old.annotation is not None)


def _is_accessory(stmt: f.Function) -> bool:
    """Return True if a definition is a property's setter or expression and not the property itself."""
    return any(isinstance(decorator, f.Attr) and decorator.name != "property" for decorator in stmt.decorators)
