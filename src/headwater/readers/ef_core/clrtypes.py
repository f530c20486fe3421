"""The types of a C# code base: parts of partial classes together, base types with their arguments, properties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from posixpath import commonpath

import msgspec

from headwater.catalog import facts as f
from headwater.readers import CodeProject
from headwater.readers._annotations import ConstantScope, annotation, classes, dotted, items, last
from headwater.readers.ef_core import identity

COLLECTIONS = frozenset(
    {"ICollection", "IList", "List", "IEnumerable", "HashSet", "ISet", "IReadOnlyCollection", "IReadOnlyList", "list"}
    | {"ObservableCollection", "Collection", "SortedSet", "ObservableHashSet", "BindingList", "IReadOnlySet"}
)
SCALARS = {
    **dict.fromkeys(("int", "Int32", "uint"), "integer"),
    **dict.fromkeys(("long", "Int64", "ulong"), "bigint"),
    **dict.fromkeys(("short", "Int16", "byte", "sbyte", "ushort", "Byte"), "smallint"),
    **dict.fromkeys(("bool", "Boolean"), "boolean"),
    **dict.fromkeys(("string", "String", "char"), "text"),
    **dict.fromkeys(("decimal", "Decimal"), "numeric"),
    **dict.fromkeys(("double", "Double"), "double precision"),
    **dict.fromkeys(("float", "Single"), "real"),
    "Guid": "uuid",
    "DateTime": "timestamp",
    "DateTimeOffset": "timestamp with time zone",
    "DateOnly": "date",
    "TimeOnly": "time",
    "TimeSpan": "interval",
}
_BUILDERS = frozenset({"ModelBuilder", "EntityTypeBuilder", "OwnedNavigationBuilder", "PropertyBuilder"})
_VALUES = frozenset(SCALARS) - {"string", "String"}


class ClrType(msgspec.Struct, frozen=True):
    """A type by its file and dotted name, with all its parts; `bindings` are the arguments of its type parameters."""

    path: str
    name: str
    parts: tuple[tuple[str, f.Class], ...]
    bindings: Mapping[str, tuple[str, f.Expr]] = {}

    @property
    def key(self) -> str:
        """The type's key among all types."""
        return f"{self.path}:{self.name}"

    @property
    def short(self) -> str:
        """The name without the types around."""
        return self.name.rpartition(".")[2]

    @property
    def kind(self) -> str:
        """Class, record, struct, interface or enum."""
        return next((stmt.kind for _, stmt in self.parts if stmt.kind != "extension"), "class")

    def attribute(self, *names: str) -> tuple[ConstantScope, f.Expr] | None:
        """Return the first attribute with one of these names."""
        for path, stmt in self.parts:
            if (given := annotation(stmt.decorators, *names)) is not None:
                return ConstantScope(path, self.name), given
        return None


class ClrProperty(msgspec.Struct, frozen=True):
    """A property of a type, with its attributes and marks as decorators."""

    name: str
    type: f.Expr | None
    decorators: tuple[f.Expr, ...]
    owner: ClrType
    path: str
    at: int

    @property
    def scope(self) -> ConstantScope:
        """Where names in its attributes are looked for."""
        return ConstantScope(self.path, self.owner.name)

    def get(self, *names: str) -> f.Expr | None:
        """Return its first attribute with one of these names, with or without `Attribute` at the end."""
        return annotation(self.decorators, *names, *(f"{name}Attribute" for name in names))

    def has(self, *names: str) -> bool:
        """Return True if it has one of these attributes or marks."""
        return self.get(*names) is not None


class ClrTypes:
    """All classes of a code base by name; a name that is not imported where it is used may be a global using."""

    def __init__(self, project: CodeProject, language: str = "csharp") -> None:
        self.project = project
        parts: dict[tuple[str, str], list[tuple[str, f.Class]]] = defaultdict(list)
        for file in project.files():
            module = project.module(file.path) if file.language == language else None
            for name, stmt in classes(module.body) if module else ():
                if not _is_methods(stmt):
                    parts[module.package if module else "", name].append((file.path, stmt))
        self._by_stmt: dict[int, ClrType] = {}
        self._by_short: dict[str, list[ClrType]] = defaultdict(list)
        self._methods: dict[str, list[ClrType]] | None = None
        self.all: list[ClrType] = []
        for (_, name), found in parts.items():
            found.sort(key=lambda part: part[1].kind == "extension")
            clr = ClrType(found[0][0], name, tuple(found))
            self.all.append(clr)
            self._by_short[clr.short].append(clr)
            self._by_stmt.update({id(stmt): clr for _, stmt in found})

    def find(self, path: str, typed: f.Expr | None, owner: str = "") -> ClrType | None:
        """Return the type that an expression in a file means, or None."""
        name = dotted(typed)
        if not name or name in SCALARS:
            return None
        scopes = [owner, *(owner.rpartition(".")[0] for _ in owner.split(".") if "." in owner), ""]
        for scope in dict.fromkeys(scopes):
            resolved = self.project.resolve(path, f"{scope}.{name}" if scope else name)
            if resolved and isinstance(resolved[1], f.Class) and (known := self._by_stmt.get(id(resolved[1]))):
                return known
        return self._nearest(path, name)

    def _nearest(self, path: str, name: str) -> ClrType | None:
        """Return the type with this short name whose file is nearest, or None."""
        fitting = [
            clr for clr in self._by_short.get(name.rpartition(".")[2], ()) if clr.name.endswith(name) or "." in name
        ]
        return max(fitting, key=lambda clr: len(commonpath(("/" + path, "/" + clr.path))), default=None)

    def bases(self, clr: ClrType) -> Iterator[tuple[f.Expr, ClrType | None]]:
        """Yield the base types of a type, also those that are not in the code base."""
        for path, stmt in clr.parts:
            for base in stmt.bases:
                if last(base) == "Generic":
                    continue
                parent = self.find(path, base, clr.name.rpartition(".")[0])
                if parent is not None and parent.key != clr.key:
                    yield base, ClrType(parent.path, parent.name, parent.parts, _bindings(path, clr, base, parent))
                else:
                    yield base, None

    def chain(self, clr: ClrType) -> Iterator[ClrType]:
        """Yield a class and its base classes, the nearest first."""
        seen: set[str] = set()
        current: ClrType | None = clr
        while current is not None and current.key not in seen:
            seen.add(current.key)
            yield current
            current = next((t for _, t in self.bases(current) if t is not None and t.kind in ("class", "record")), None)

    def external_bases(self, clr: ClrType) -> Iterator[f.Expr]:
        """Yield the base types outside of the code base of a class and its base classes."""
        for member in self.chain(clr):
            yield from (base for base, known in self.bases(member) if known is None)

    def properties(self, clr: ClrType) -> Iterator[ClrProperty]:
        """Yield the properties that a type itself declares; of a class of the framework, those that are known."""
        for path, stmt in clr.parts:
            for member in stmt.body:
                if isinstance(member, f.Assign) and member.targets:
                    name = last(member.targets[0])
                    yield ClrProperty(name, member.annotation, member.decorators, clr, path, member.start)
                elif isinstance(member, f.Function) and _is_backed(member, stmt):
                    marks = (*member.decorators, f.Name(member.start, member.start, "readonly"))
                    yield ClrProperty(member.name, member.returns, marks, clr, path, member.start)
        for base, known in self.bases(clr):
            if known is None:
                for name, kind in identity.BASES.get(last(base), {}).items():
                    path, stmt = clr.parts[0]
                    yield ClrProperty(name, f.Name(0, 0, kind), (), clr, path, stmt.start)

    def property(self, clr: ClrType, name: str) -> ClrProperty | None:
        """Return a property of a type or of its base types, or None."""
        return next((p for member in self.chain(clr) for p in self.properties(member) if p.name == name), None)

    def named(self, name: str) -> ClrType | None:
        """Return the only type with this short or full name, or None."""
        fitting = self._by_short.get(name.rpartition(".")[2], [])
        return fitting[0] if len(fitting) == 1 else None

    def extension_owners(self, name: str) -> list[ClrType]:
        """Return the classes that declare a method with this name for builders to be extended by."""
        if self._methods is None:
            self._methods = defaultdict(list)
            for clr in self.all:
                for _, stmt in clr.parts:
                    for member in stmt.body:
                        if (
                            isinstance(member, f.Function)
                            and last(member.params[0].annotation if member.params else None) in _BUILDERS
                        ):
                            self._methods[member.name].append(clr)
        return self._methods.get(name, [])

    def bound(self, prop: ClrProperty, typed: f.Expr | None = None) -> tuple[str, f.Expr | None]:
        """Return a property's type and the file to look it up in, type parameters replaced."""
        expr = typed if typed is not None else prop.type
        given = prop.owner.bindings.get(expr.id) if isinstance(expr, f.Name) else None
        return given if given is not None else (prop.path, expr)

    def element_class(self, prop: ClrProperty) -> ClrType | None:
        """Return the type of the items of a collection, if it is in the code base."""
        inner = element(self.bound(prop)[1])
        return self.class_of(prop, inner) if inner is not None else None

    def class_of(self, prop: ClrProperty, typed: f.Expr | None = None) -> ClrType | None:
        """Return the type of a property, if it is in the code base."""
        path, expr = self.bound(prop, typed)
        return self.find(path, expr, prop.owner.name)


def _is_methods(stmt: f.Class) -> bool:
    """Return True for extension methods, which are no part of the class itself."""
    methods = (m for m in stmt.body if isinstance(m, f.Function) and m.params and m.params[0].kind == "self")
    return stmt.kind == "extension" and next(methods, None) is not None


def _is_backed(member: f.Function, stmt: f.Class) -> bool:
    """Return True for a collection that is only read through a property, and stored in a field beside it."""
    if annotation(member.decorators, "property") is None or element(member.returns) is None:
        return False
    names = {f"_{member.name}".lower(), f"m_{member.name}".lower(), member.name.lower()}
    fields = (other for other in stmt.body if isinstance(other, f.Assign) and annotation(other.decorators, "field"))
    return any(last(other.targets[0]).lower() in names for other in fields)


def _first_type(method: f.Function) -> str:
    return last(method.params[0].annotation) if method.params else ""


def element(expr: f.Expr | None) -> f.Expr | None:
    """Return the type of a collection's items, or None if the type is no collection."""
    if isinstance(expr, f.Subscript) and last(expr) in COLLECTIONS and last(expr.index) not in ("byte", "Byte"):
        return items(expr.index)[0]
    return None


def is_value(expr: f.Expr | None) -> bool:
    """Return True for a type whose values are never null."""
    return last(expr) in _VALUES


def sql_type(expr: f.Expr | None, is_enum: bool) -> str:
    """Return the SQL type of a scalar, "" if it is not known."""
    if isinstance(expr, f.Subscript) and last(expr) == "list" and last(expr.index) in ("byte", "Byte"):
        return "bytea"
    return "integer" if is_enum else SCALARS.get(last(expr), "")


def _bindings(path: str, clr: ClrType, base: f.Expr, parent: ClrType) -> dict[str, tuple[str, f.Expr]]:
    generic = next(
        (b for _, stmt in parent.parts for b in stmt.bases if isinstance(b, f.Subscript) and last(b) == "Generic"), None
    )
    if generic is None or not isinstance(base, f.Subscript):
        return {}
    pairs = zip(items(generic.index), items(base.index), strict=False)
    return {last(name): clr.bindings.get(last(given), (path, given)) for name, given in pairs}
