"""Entities of Doctrine: classes with attributes `#[ORM\\Entity]`, their ancestors, traits, and mapped properties."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import called_name, decorator, keyword, last_name, literal_text
from headwater.readers import CodeProject, SourceFile

_MAPPED = ("Column", "ManyToOne", "OneToOne", "OneToMany", "ManyToMany", "Embedded")


class DoctrineClass(msgspec.Struct, frozen=True):
    """A class of the code base by its file."""

    path: str
    stmt: f.Class

    @property
    def key(self) -> str:
        """The key of its model."""
        return f"{self.path}:{self.stmt.name}"

    def mark(self, *names: str) -> f.Expr | None:
        """Return its first attribute with one of these names."""
        return decorator(self.stmt.decorators, *names)


class DoctrineProperty(msgspec.Struct, frozen=True):
    """A property of an entity, with the class or trait that declares it."""

    name: str
    stmt: f.Assign
    owner: DoctrineClass

    def mark(self, *names: str) -> f.Expr | None:
        """Return its first attribute with one of these names."""
        return decorator(self.stmt.decorators, *names)

    def marks(self, name: str) -> list[f.Expr]:
        """Return all of its attributes of a name."""
        return [mark for mark in self.stmt.decorators if called_name(mark) == name]


class DoctrineClasses:
    """All classes of the files, and how they extend each other."""

    def __init__(self, project: CodeProject, files: Sequence[SourceFile]) -> None:
        self._project = project
        self.all: dict[str, DoctrineClass] = {}
        for file in files:
            module = project.module(file.path)
            for stmt in module.body if module else ():
                if isinstance(stmt, f.Class):
                    cls = DoctrineClass(file.path, stmt)
                    self.all[cls.key] = cls
        self.entities = [cls for cls in self.all.values() if cls.mark("Entity") is not None]

    def named(self, path: str, expr: f.Expr | None) -> DoctrineClass | None:
        """Return the class that an expression in a file names, as a class or as a text."""
        text = literal_text(expr)
        if text:
            last = text.rsplit("\\", 1)[-1]
            return next((cls for cls in self.all.values() if cls.stmt.name == last), None)
        name = last_name(expr)
        resolved = self._project.resolve(path, name) if name else None
        if resolved is None or not isinstance(resolved[1], f.Class):
            return None
        return self.all.get(f"{resolved[0]}:{resolved[1].name}") or DoctrineClass(resolved[0], resolved[1])

    def parents(self, cls: DoctrineClass) -> Iterator[DoctrineClass]:
        """Yield the class that a class extends, and the traits that it uses."""
        for base in cls.stmt.bases:
            parent = self.named(cls.path, base.value if isinstance(base, f.Subscript) else base)
            if parent is not None and parent.key != cls.key:
                yield parent

    def parent_entity(self, cls: DoctrineClass) -> DoctrineClass | None:
        """Return the nearest entity that an entity inherits from."""
        for parent in self.parents(cls):
            if parent.mark("Entity") is not None:
                return parent
            if parent.stmt.kind == "class" and (above := self.parent_entity(parent)) is not None:
                return above
        return None

    def properties(self, cls: DoctrineClass, depth: int = 0) -> dict[str, DoctrineProperty]:
        """Return the mapped properties of a class, its traits and its mapped superclasses; not of other entities."""
        found: dict[str, DoctrineProperty] = {}
        for parent in self.parents(cls) if depth < 8 else ():
            if parent.mark("Entity") is None and parent.stmt.kind != "interface":
                found |= self.properties(parent, depth + 1)
        for stmt in cls.stmt.body:
            target = stmt.targets[0] if isinstance(stmt, f.Assign) and stmt.targets else None
            if isinstance(stmt, f.Assign) and isinstance(target, f.Name) and decorator(stmt.decorators, *_MAPPED):
                found[target.id] = DoctrineProperty(target.id, stmt, cls)
        return found

    def target(self, prop: DoctrineProperty, mark: f.Expr) -> DoctrineClass | None:
        """Return the class that a relationship leads to: what its attribute says, or else the type of its property."""
        named = keyword(mark, "targetEntity") or keyword(mark, "class")
        return self.named(prop.owner.path, named if named is not None else prop.stmt.annotation)
