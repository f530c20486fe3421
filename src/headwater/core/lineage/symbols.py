"""The symbol table: the file of a module name, and the meaning of a dotted name in a file.

It owns the module graph of a code base (packages, source roots, relative and star imports, re-exports, scopes shared
by several files) and knows nothing about types or columns. `Symbols.slim` removes function bodies, so that the table
can be sent to workers.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import msgspec

from headwater.catalog import facts as f
from headwater.core.lineage import modules as paths
from headwater.core.lineage.file_names import Definition, Names, members, names_of, nested_classes
from headwater.core.lineage.scopes import SharedScopes
from headwater.core.lineage.star_exports import StarExports
from headwater.core.lineage.stubs import Stubs


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


class Symbols:
    """Resolves names. Immutable except for its cache, which is not sent to other processes."""

    def __init__(self, names: Mapping[str, Names]) -> None:
        self.files = names
        self._graph = paths.ModuleGraph(names)
        self._scopes = SharedScopes(names)
        self._stars = StarExports(names, self.module)
        self._known: dict[tuple[str, str], Symbol | None] = {}
        self._extensions: dict[tuple[str, str], list[Found]] | None = None
        self._folder_stars: dict[str, tuple[str, ...]] | None = None
        self._nested_classes: dict[str, dict[str, list[Found]]] = {}
        self._members: dict[int, dict[str, Definition]] = {}

    def __reduce__(self) -> tuple[type[Symbols], tuple[Mapping[str, Names]]]:
        return Symbols, (self.files,)

    def module(self, importer: str, name: str) -> str | None:
        """Return the path of a module, or the key of a shared scope, that is imported in a file; None if outside."""
        file = self.files.get(importer)
        if self._scopes.kind(importer) != "file":
            return self._scopes.find(importer, name)
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
        key = id(symbol.stmt)  # a statement of these files, which stay
        if key not in self._members:
            self._members[key] = members(symbol.stmt)
        stmt = self._members[key].get(name)
        return Found(symbol.path, f"{symbol.name}.{name}", stmt) if stmt is not None else None

    def extensions(self, path: str, name: str) -> tuple[Found, ...]:
        """Return the further parts of a class, which add members to it from elsewhere."""
        if self._extensions is None:
            self._extensions = {}
            for part, target in self._parts():
                if part.stmt is not target.stmt:
                    self._extensions.setdefault((target.path, target.name), []).append(part)
        return tuple(self._extensions.get((path, name), ()))

    def imported(self, path: str, stmt: f.Import) -> Symbol | None:
        """Return what an import inside a function binds."""
        return self._imported(path, stmt, frozenset())

    def submodule(self, path: str, name: str) -> Package | None:
        """Return the module inside of a package, or None."""
        child = self._graph.child(path, name)
        return Package(child) if child else None

    def inside(self, path: str, name: str) -> Symbol | None:
        """Return the meaning of a name in a module, or the module of that name inside it."""
        return self.lookup(path, name) or self.submodule(path, name)

    def slim(self, languages: frozenset[str] | None = None) -> Symbols:
        """Return the same table without function bodies and positions, for files of these languages only."""
        stubs = Stubs()
        modules = {
            path: stubs.names(file)
            for path, file in self.files.items()
            if languages is None or file.language in languages
        }
        return Symbols(modules)

    def _parts(self) -> Iterator[tuple[Found, Found]]:
        """Yield each part of a class with the definition that it belongs to."""
        for path, file in self.files.items():
            names = [(name, part) for name, parts in file.extensions.items() for part in parts]
            if self._scopes.kind(path) == "global":
                names += [(name, stmt) for name, stmt in nested_classes(file.names)]
            for name, part in names:
                target = self.lookup(path, name)
                if isinstance(target, Found) and isinstance(target.stmt, f.Class):
                    yield Found(path, name, part), target

    def _lookup(self, path: str, name: str, seen: frozenset[tuple[str, str]]) -> Symbol | None:
        symbol = self._stepwise(path, name, seen)
        return self._qualified(path, name) if symbol is None and "." in name else symbol

    def _qualified(self, path: str, name: str) -> Symbol | None:
        """Return the meaning of a name that begins with a package, whole or from within the file's own package."""
        for count in range(name.count("."), 0, -1):
            parts = name.split(".")
            package, rest = ".".join(parts[:count]), parts[count:]
            for key in (f"package:{package}", *(f"{key}.{package}" for key in self._scopes.around(path))):
                symbol: Symbol | None = self._shared((key,), rest[0])
                for step in rest[1:]:
                    symbol = self._inside(symbol, step, frozenset()) if symbol else None
                if symbol is not None:
                    return symbol
        return None

    def _shared(self, keys: Iterable[str], name: str) -> Found | None:
        """Return what a name means in the first of these shared scopes that defines it."""
        for key in keys:
            for path, stmt in self._scopes.definitions(key, name):
                if isinstance(stmt, (f.Class, f.Function, f.Assign)):
                    return Found(path, self._scopes.full_name(key, name), stmt)
        return None

    def _stepwise(self, path: str, name: str, seen: frozenset[tuple[str, str]]) -> Symbol | None:
        if self._scopes.kind(path) == "global" and (shared := self._shared(self._scopes.around(path), name)):
            return shared
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
            return self.member(symbol, name) or _table_itself(symbol)
        target = self._plain(symbol.path, name, seen)
        if target is None and (child := self._graph.child(symbol.path, name)):
            return Package(child)
        return target

    def _plain(self, path: str, name: str, seen: frozenset[tuple[str, str]]) -> Symbol | None:
        file = self.files.get(path)
        if file is None:
            return self._shared((path,), name)
        if (path, name) in seen:
            return None
        seen |= {(path, name)}
        stmt = file.names.get(name)
        if isinstance(stmt, f.Import):
            return self._imported(path, stmt, seen)
        if isinstance(stmt, f.Export):
            return self._exported(path, stmt, seen)
        if isinstance(stmt, (f.Class, f.Function, f.Assign)):
            return Found(path, name, stmt)
        if self._scopes.kind(path) == "file":
            return self._passed_on(path, name, seen)
        around = self._scopes.around(path)
        near = self._shared(around[:1], name)
        starred = near or next(self._starred(path, file, name, seen), None) or self._shared(around[1:], name)
        return starred or self._nested(path, file, name)

    def _passed_on(self, path: str, name: str, seen: frozenset[tuple[str, str]]) -> Symbol | None:
        """Return a name of another file, or else of a library, all of whose names a file passes on."""
        symbols = (self._plain(target, name, seen) for target in self._stars.targets(path, name))
        library = self._stars.library(path)
        symbol = next((symbol for symbol in symbols if symbol is not None), None)
        return symbol or (External(f"{library}.{name}") if library else None)

    def _nested(self, path: str, file: Names, name: str) -> Symbol | None:
        """Return a class inside of another one in the same file, which can be named there without the outer one."""
        if self._scopes.kind(path) != "package":
            return None
        if path not in self._nested_classes:
            self._nested_classes[path] = {}
            for inner, stmt in nested_classes(file.names):
                if "." in inner:
                    self._nested_classes[path].setdefault(inner.rpartition(".")[2], []).append(Found(path, inner, stmt))
        known = self._nested_classes[path].get(name, ())
        return known[0] if len(known) == 1 else None

    def _starred(self, path: str, file: Names, name: str, seen: frozenset[tuple[str, str]]) -> Iterator[Symbol]:
        for star in (*file.stars, *self._shared_stars(path)):
            target = self.module(path, star)
            symbol = self._plain(target, name, seen) if target else self._in_starred_class(path, star, name)
            if symbol is not None:
                yield symbol

    def _in_starred_class(self, path: str, star: str, name: str) -> Symbol | None:
        """Return a member of a class whose members are all imported; of a table macro, also the table itself."""
        owner = self.class_at(path, star)
        if owner is None:
            return None
        is_itself = name == owner.name.rsplit(".", 1)[-1] and _table_itself(owner) is not None
        return self.member(owner, name) or (owner if is_itself else None)

    def class_at(self, path: str, name: str) -> Found | None:
        """Return the class that an import means by the path of a module (`crate.schema.users.dsl`), or None."""
        symbol = self._along(path, name)
        return symbol if isinstance(symbol, Found) and isinstance(symbol.stmt, f.Class) else None

    def _along(self, path: str, name: str) -> Symbol | None:
        """Return what the path of a module means that is no file: a class, or a module that is exported again."""
        key = (path, f"module {name}")
        if key not in self._known:
            self._known[key] = None  # two modules can export each other
            self._known[key] = self._walked(path, name.split("."))
        return self._known[key]

    def _walked(self, path: str, parts: list[str]) -> Symbol | None:
        if self._scopes.kind(path) == "file" or len(parts) < 2:
            return None
        for count in range(len(parts) - 1, 0, -1):
            target = self.module(path, ".".join(parts[:count]))
            symbol: Symbol | None = self._plain(target, parts[count], frozenset()) if target else None
            for step in parts[count + 1 :]:
                symbol = self._inside(symbol, step, frozenset()) if symbol else None
            if symbol is not None:
                return symbol
        return None

    def _shared_stars(self, path: str) -> Iterator[str]:
        """Yield the star imports that files in the folders above a file share with it, the nearest first."""
        if self._folder_stars is None:
            self._folder_stars = {}
            for other, file in self.files.items():
                if file.shared:
                    folder = posixpath.dirname(other).removesuffix("Properties").removesuffix("/")
                    self._folder_stars[folder] = (*self._folder_stars.get(folder, ()), *file.shared)
        folder = path if self._folder_stars else ""
        while folder:
            folder = posixpath.dirname(folder)
            yield from self._folder_stars.get(folder, ())

    def _imported(self, path: str, stmt: f.Import, seen: frozenset[tuple[str, str]]) -> Symbol | None:
        target = self.module(path, stmt.module)
        if stmt.name is None and target in self.files and target and self.files[path].language == "javascript":
            whole_module = self._plain(target, "default", seen) if "default" in self.files[target].names else None
            if isinstance(whole_module, Found):
                return whole_module  # `module.exports = User`
        if stmt.name is None or stmt.name == "*":
            whole = stmt.alias != stmt.module.split(".")[0] or "/" in stmt.module
            name = stmt.module if whole else stmt.alias
            target = target if whole or stmt.alias == stmt.module else self.module(path, name)
            return Package(target) if target else External(name)
        if self._scopes.kind(path) == "package" and (named := self.module(path, f"{stmt.module}.{stmt.name}")):
            own = self._plain(target, stmt.name, seen) if target else None
            return own or Package(named)  # an alias of a namespace
        if target is None and self._scopes.kind(path) != "file":
            return self._inner_class(path, stmt)
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
        if symbol is None and self._scopes.kind(path) == "path":
            file = self.module(path, f"{stmt.module}.{stmt.name}")
            return Package(file) if file else None
        if symbol is None and not stmt.module:  # PHP: a class of a library in the global namespace
            return External(stmt.name)
        return symbol

    def _inner_class(self, path: str, stmt: f.Import) -> Symbol:
        """Return what an import of a member of a class means: a nested class, a constant, a module's function."""
        whole = f"{stmt.module}.{stmt.name}"
        owner = self._along(path, stmt.module)
        inner = self._inside(owner, stmt.name or "", frozenset()) if owner else None
        return inner or External(whole)

    def _exported(self, path: str, stmt: f.Export, seen: frozenset[tuple[str, str]]) -> Symbol | None:
        local = stmt.local or stmt.name
        if stmt.module is None:
            return self._plain(path, local, seen) if local != stmt.name else None
        target = self.module(path, stmt.module)
        return self._plain(target, local, seen) if target else External(f"{stmt.module}.{local}")


def _table_itself(symbol: Found) -> Found | None:
    """Return a table that a macro declares: what it generates beside its columns are names for the table."""
    return symbol if isinstance(symbol.stmt, f.Class) and symbol.stmt.kind == "table" else None


def build(modules: Mapping[str, f.Module]) -> Symbols:
    """Return the symbol table of a code base, by path."""
    return Symbols({path: names_of(module) for path, module in modules.items()})
