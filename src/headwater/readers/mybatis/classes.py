"""The classes of a code base by name: mapper documents name them in full, or by an alias that is their simple name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from headwater.catalog import facts as f
from headwater.readers import CodeProject
from headwater.readers._annotations import classes, dotted, last

_MARKS = frozenset({"static", "transient", "staticmethod"})
_MAX_DEPTH = 6


class JavaClass(msgspec.Struct, frozen=True):
    """A class by its file and dotted name."""

    path: str
    name: str
    stmt: f.Class
    package: str

    @property
    def key(self) -> str:
        """The class's key among all classes."""
        return f"{self.path}:{self.name}"


class ClassField(msgspec.Struct, frozen=True):
    """A field of a class, with the class that declares it."""

    name: str
    type: f.Expr | None
    decorators: tuple[f.Expr, ...]
    owner: JavaClass
    at: int


class ClassIndex:
    """All classes of Java and Kotlin in a code base."""

    def __init__(self, project: CodeProject) -> None:
        self._project = project
        self._by_name: dict[str, list[JavaClass]] = defaultdict(list)
        self._known: dict[int, JavaClass] = {}
        for file in project.files():
            module = project.module(file.path) if file.language in ("java", "kotlin") else None
            for name, stmt in classes(module.body) if module else ():
                if module and stmt.kind not in ("extension", "enum"):
                    known = JavaClass(file.path, name, stmt, module.package)
                    self._by_name[stmt.name.casefold()].append(known)
                    self._known[id(stmt)] = known

    def all(self) -> Iterator[JavaClass]:
        """Yield every class."""
        return (cls for group in self._by_name.values() for cls in group)

    def named(self, name: str) -> JavaClass | None:
        """Return the class of a full name, or the only one of a simple name, in any case."""
        package, _, simple = name.replace("$", ".").rpartition(".")
        group = self._by_name.get(simple.casefold(), [])
        exact = [cls for cls in group if package and f"{cls.package}.{cls.name}".startswith(package)]
        best = exact or ([] if package.count(".") > 1 else group)
        return best[0] if best and (exact or len(best) == 1) else None

    def find(self, path: str, typed: f.Expr | None) -> JavaClass | None:
        """Return the class that a type in a file means, or None."""
        name = dotted(typed)
        resolved = self._project.resolve(path, name) if name else None
        return self._known.get(id(resolved[1])) if resolved else None

    def element(self, path: str, typed: f.Expr | None) -> JavaClass | None:
        """Return the class of a type, or of the elements of a generic type: `List<User>`, `IPage<User>`."""
        known = self.find(path, typed)
        if known is not None or not isinstance(typed, f.Subscript):
            return known
        args = typed.index.items if isinstance(typed.index, f.SequenceExpr) else (typed.index,)
        return next((cls for arg in reversed(args) if (cls := self.element(path, arg))), None)

    def attributes(self, cls: JavaClass, depth: int = 0) -> Iterator[ClassField]:
        """Yield the fields of a class, those of its superclasses first."""
        for base in cls.stmt.bases:
            parent = self.find(cls.path, base)
            if parent is not None and parent.stmt.kind != "interface" and depth < _MAX_DEPTH and parent.key != cls.key:
                yield from self.attributes(parent, depth + 1)
        for stmt in cls.stmt.body:
            if isinstance(stmt, f.Assign) and _MARKS.isdisjoint(map(last, stmt.decorators)):
                name = last(stmt.targets[0])
                if name:
                    yield ClassField(name, stmt.annotation, stmt.decorators, cls, stmt.start)
