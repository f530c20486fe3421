"""The Go packages of a code base for readers: types, methods and constants of each folder, and what imports name."""

from __future__ import annotations

from dataclasses import dataclass, field

from headwater.catalog import facts as f
from headwater.readers import CodeProject


@dataclass(eq=False, slots=True)
class Struct:
    """A type of a package: its class, its file, and its methods with their files."""

    path: str
    stmt: f.Class
    methods: dict[str, f.Function] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The key of its Model."""
        return f"{self.path}:{self.stmt.name}"


@dataclass(eq=False, slots=True)
class GoPackage:
    """The files of one folder, which share their names."""

    folder: str
    structs: dict[str, Struct] = field(default_factory=dict)
    values: dict[str, tuple[str, f.Assign]] = field(default_factory=dict)
    methods: dict[str, dict[str, f.Function]] = field(default_factory=dict)


class Packages:
    """All Go packages of a code base."""

    def __init__(self, project: CodeProject) -> None:
        self.by_folder: dict[str, GoPackage] = {}
        self.imports: dict[str, dict[str, str]] = {}
        self.modules: dict[str, f.Module] = {}
        self._known: dict[str, GoPackage | None] = {}
        for file in project.files():
            module = project.module(file.path) if file.language == "go" else None
            if module is not None:
                self._add(module)
        for package in self.by_folder.values():
            for title, methods in package.methods.items():
                if title in package.structs:
                    package.structs[title].methods.update(methods)

    def _add(self, module: f.Module) -> None:
        self.modules[module.path] = module
        folder = module.path.rpartition("/")[0]
        package = self.by_folder.setdefault(folder, GoPackage(folder))
        imports = self.imports.setdefault(module.path, {})
        is_test = module.path.endswith("_test.go")
        for stmt in module.body:
            if isinstance(stmt, f.Import):
                imports[stmt.alias] = stmt.module
            elif isinstance(stmt, f.Class) and stmt.kind == "extension":
                methods = {m.name: m for m in stmt.body if isinstance(m, f.Function)}
                package.methods.setdefault(stmt.name, {}).update(methods)
            elif isinstance(stmt, f.Class):
                if not is_test or stmt.name not in package.structs:
                    package.structs[stmt.name] = Struct(module.path, stmt)
            elif isinstance(stmt, f.Assign):
                for target in stmt.targets:
                    if isinstance(target, f.Name):
                        package.values.setdefault(target.id, (module.path, stmt))

    def imported(self, module: str) -> GoPackage | None:
        """Return the package of an import path: the folder that shares the longest end with it."""
        if module not in self._known:
            parts = module.split("/")
            self._known[module] = next(
                (pkg for i in range(len(parts)) if (pkg := self.by_folder.get("/".join(parts[i:])))), None
            ) or self._below(parts)
        return self._known[module]

    def _below(self, parts: list[str]) -> GoPackage | None:
        """Look for the folder below others, as in a repository of several modules."""
        for count in range(len(parts), 1, -1):
            tail = "/" + "/".join(parts[-count:])
            for folder, package in self.by_folder.items():
                if f"/{folder}".endswith(tail):
                    return package
        return None

    def package_of(self, path: str, name: f.Expr) -> tuple[GoPackage | None, str]:
        """Return the package in which a name used in a file is looked for, and the name there."""
        if isinstance(name, f.Name):
            return self.by_folder.get(path.rpartition("/")[0]), name.id
        if isinstance(name, f.Attr) and isinstance(name.value, f.Name):
            module = self.imports.get(path, {}).get(name.value.id)
            return (self.imported(module) if module else None), name.name
        return None, ""

    def struct(self, path: str, kind: f.Expr | None) -> Struct | None:
        """Return the struct that a type names, also by an alias of it."""
        for _ in range(5):
            if isinstance(kind, f.Subscript):
                is_list = isinstance(kind.value, f.Name) and kind.value.id == "list"
                kind = kind.index if is_list else kind.value
            if kind is None or isinstance(kind, f.Subscript):
                return None
            package, name = self.package_of(path, kind)
            if package is None:
                return None
            if name in package.structs:
                return package.structs[name]
            alias = package.values.get(name)
            if alias is None or not _is_type(alias[1].value):
                return None
            path, kind = alias[0], alias[1].value
        return None

    def alias(self, path: str, kind: f.Expr) -> tuple[str, f.Expr]:
        """Return what the name of a type stands for: `Users` for `type Users []User`; other types as they are."""
        package, name = self.package_of(path, kind)
        known = package.values.get(name) if package is not None else None
        if known is None or known[1].value is None or not _is_type(known[1].value):
            return path, kind
        return known[0], known[1].value

    def has_methods(self, path: str, kind: f.Expr, names: frozenset[str]) -> bool:
        """Return True if a named type has one of these methods."""
        package, name = self.package_of(path, kind)
        return package is not None and not names.isdisjoint(package.methods.get(name, ()))

    def text(self, path: str, expr: f.Expr | None, depth: int = 0) -> str | None:
        """Return the text of a string expression with the constants of the code base, or None."""
        if expr is None or depth > 6:
            return None
        if isinstance(expr, f.Text):
            parts = [p.text if isinstance(p, f.Chunk) else self.text(path, p, depth + 1) for p in expr.parts]
            known = [part for part in parts if part is not None]
            return "".join(known) if len(known) == len(parts) else None
        if isinstance(expr, f.Binary) and expr.op == "+":
            left, right = self.text(path, expr.left, depth + 1), self.text(path, expr.right, depth + 1)
            return None if left is None or right is None else left + right
        if isinstance(expr, f.Call) and len(expr.args) == 1 and isinstance(expr.func, f.Name):
            return self.text(path, expr.args[0], depth + 1)  # a conversion: `string(TableUsers)`
        if not isinstance(expr, (f.Name, f.Attr)):
            return None
        package, name = self.package_of(path, expr)
        value = package.values.get(name) if package is not None else None
        return self.text(value[0], value[1].value, depth + 1) if value is not None else None


def _is_type(expr: f.Expr | None) -> bool:
    return isinstance(expr, (f.Name, f.Attr, f.Subscript))
