"""The symbol table: the file of a module name, and the meaning of a dotted name in a file.

It owns the module graph of a code base (packages, source roots, relative and star imports, re-exports) and knows
nothing about types or columns. `Symbols.slim` removes function bodies, so that the table can be sent to workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import msgspec

from headwater.catalog import facts as f
from headwater.core.lineage import modules as paths
from headwater.core.lineage.stubs import Stubs

Definition: TypeAlias = "f.Class | f.Function | f.Assign"


class Found(msgspec.Struct, frozen=True, gc=False):
    """A definition in the code base: its file, its dotted name there, and its statement."""

    path: str
    name: str
    stmt: Definition


class Package(msgspec.Struct, frozen=True, gc=False):
    """A module of the code base, as a value: `import a.b`."""

    path: str


class External(msgspec.Struct, frozen=True, gc=False):
    """Something outside the code base, by its full dotted name."""

    name: str


Symbol: TypeAlias = Found | Package | External


class Names(msgspec.Struct, frozen=True, gc=False):
    """The names that one file defines or imports, and the modules that it star-imports."""

    language: str
    names: dict[str, f.Stmt]
    stars: tuple[str, ...] = ()


class Symbols:
    """Resolves names. Immutable except for its cache, which is not sent to other processes."""

    def __init__(self, names: Mapping[str, Names]) -> None:
        self.files = names
        self._graph = paths.ModuleGraph(names)
        self._known: dict[tuple[str, str], Symbol | None] = {}

    def __reduce__(self) -> tuple[type[Symbols], tuple[Mapping[str, Names]]]:
        return Symbols, (self.files,)

    def module(self, importer: str, name: str) -> str | None:
        """Return the path of a module that is imported in a file, or None if it is outside the code base."""
        file = self.files.get(importer)
        return self._graph.find(importer, name, file.language if file else "")

    def lookup(self, path: str, name: str) -> Symbol | None:
        """Return the meaning of a plain or dotted name at the top level of a file."""
        known = self._known.get((path, name), self)
        if known is not self:
            return known  # type: ignore[return-value]
        self._known[path, name] = None
        symbol = self._lookup(path, name, frozenset())
        self._known[path, name] = symbol
        return symbol

    def resolve(self, path: str, name: str) -> tuple[str, Definition] | None:
        """Return where a dotted name used in a file is defined, as (path, statement), or None."""
        symbol = self.lookup(path, name)
        return (symbol.path, symbol.stmt) if isinstance(symbol, Found) else None

    def member(self, symbol: Found, name: str) -> Found | None:
        """Return the definition of a name in a class itself; its bases are not searched."""
        if not isinstance(symbol.stmt, f.Class):
            return None
        stmt = members(symbol.stmt).get(name)
        return Found(symbol.path, f"{symbol.name}.{name}", stmt) if stmt is not None else None

    def imported(self, path: str, stmt: f.Import) -> Symbol | None:
        """Return what an import inside a function binds."""
        return self._imported(path, stmt, frozenset())

    def submodule(self, path: str, name: str) -> Package | None:
        """Return the module inside of a package, or None."""
        child = self._graph.child(path, name)
        return Package(child) if child else None

    def slim(self, languages: frozenset[str] | None = None) -> Symbols:
        """Return the same table without function bodies and positions, for files of these languages only."""
        stubs = Stubs()
        modules = {
            path: Names(file.language, {name: stubs.statement(s) for name, s in file.names.items()}, file.stars)
            for path, file in self.files.items()
            if languages is None or file.language in languages
        }
        return Symbols(modules)

    def _lookup(self, path: str, name: str, seen: frozenset[tuple[str, str]]) -> Symbol | None:
        head, _, rest = name.partition(".")
        symbol = self._plain(path, head, seen)
        while rest and symbol is not None:
            head, _, rest = rest.partition(".")
            symbol = self._inside(symbol, head, seen)
        return symbol

    def _inside(self, symbol: Symbol, name: str, seen: frozenset[tuple[str, str]]) -> Symbol | None:
        if isinstance(symbol, External):
            return External(f"{symbol.name}.{name}")
        if isinstance(symbol, Found):
            return self.member(symbol, name)
        target = self._plain(symbol.path, name, seen)
        if target is None and (child := self._graph.child(symbol.path, name)):
            return Package(child)
        return target

    def _plain(self, path: str, name: str, seen: frozenset[tuple[str, str]]) -> Symbol | None:
        file = self.files.get(path)
        if file is None or (path, name) in seen:
            return None
        seen |= {(path, name)}
        stmt = file.names.get(name)
        if isinstance(stmt, f.Import):
            return self._imported(path, stmt, seen)
        if isinstance(stmt, f.Export):
            return self._exported(path, stmt, seen)
        if isinstance(stmt, (f.Class, f.Function, f.Assign)):
            return Found(path, name, stmt)
        return next(self._starred(path, file, name, seen), None)

    def _starred(self, path: str, file: Names, name: str, seen: frozenset[tuple[str, str]]) -> Iterator[Symbol]:
        for star in file.stars:
            target = self.module(path, star)
            symbol = self._plain(target, name, seen) if target else None
            if symbol is not None:
                yield symbol

    def _imported(self, path: str, stmt: f.Import, seen: frozenset[tuple[str, str]]) -> Symbol | None:
        target = self.module(path, stmt.module)
        if stmt.name is None or stmt.name == "*":
            whole = stmt.alias != stmt.module.split(".")[0]
            name = stmt.module if whole else stmt.alias
            target = target if whole or stmt.alias == stmt.module else self.module(path, name)
            return Package(target) if target else External(name)
        if target is None:
            # A folder without __init__.py is a package too.
            dot = "" if stmt.module.endswith(".") else "."
            inside = (
                self.module(path, f"{stmt.module}{dot}{stmt.name}") if self.files[path].language == "python" else None
            )
            return Package(inside) if inside else External(f"{stmt.module}.{stmt.name}")
        symbol = self._plain(target, stmt.name, seen)
        if symbol is None and (child := self._graph.child(target, stmt.name)):
            return Package(child)
        return symbol

    def _exported(self, path: str, stmt: f.Export, seen: frozenset[tuple[str, str]]) -> Symbol | None:
        local = stmt.local or stmt.name
        if stmt.module is None:
            return self._plain(path, local, seen) if local != stmt.name else None
        target = self.module(path, stmt.module)
        return self._plain(target, local, seen) if target else External(f"{stmt.module}.{local}")


def build(modules: Mapping[str, f.Module]) -> Symbols:
    """Return the symbol table of a code base, by path."""
    return Symbols({path: _names(module) for path, module in modules.items()})


def members(stmt: f.Class) -> dict[str, Definition]:
    """Return the methods, fields and nested classes that a class body defines."""
    definitions: dict[str, f.Stmt] = {}
    for inner in flat(stmt.body):
        _define(definitions, inner)
    return {n: s for n, s in definitions.items() if isinstance(s, (f.Class, f.Function, f.Assign))}


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


def _names(module: f.Module) -> Names:
    names: dict[str, f.Stmt] = {}
    stars: list[str] = []
    for stmt in flat(module.body):
        if isinstance(stmt, (f.Import, f.Export)) and stmt.name == "*" and getattr(stmt, "alias", "*") == "*":
            stars.extend([stmt.module] if stmt.module else ())
        else:
            _define(names, stmt)
    return Names(module.language, names, tuple(stars))


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
