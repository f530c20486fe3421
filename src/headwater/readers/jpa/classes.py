"""Finds the mapped classes of a code base, their ancestors and their persistent attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import msgspec

from headwater.catalog import facts as f
from headwater.readers import CodeProject, SourceFile
from headwater.readers._annotations import ConstantScope, annotation, classes, dotted, last, text, value

COLLECTIONS = frozenset(
    {"List", "Set", "Collection", "Map", "SortedSet", "SortedMap", "Iterable", "NavigableSet", "Bag", "list"}
    | {"MutableList", "MutableSet", "MutableCollection", "MutableMap", "ArrayList", "HashSet", "LinkedHashSet"}
    | {"TreeSet", "HashMap", "LinkedHashMap", "TreeMap"}
)
_MAPPED = ("Entity", "MappedSuperclass", "Embeddable")
_IDS = ("Id", "EmbeddedId")
# Classes of libraries that entities extend, with their attributes.
_INHERITED = {
    "PanacheEntity": (("id", "Long"),),
    **dict.fromkeys(("DefaultRevisionEntity", "RevisionMapping"), (("id", "int"), ("timestamp", "long"))),
    "AbstractPersistable": (("id", "Long"),),
}
_MARKS = frozenset({"static", "transient", "Transient", "staticmethod"})


class JpaClass(msgspec.Struct, frozen=True):
    """A class by its file and dotted name; `bindings` are the types given for its type parameters."""

    path: str
    name: str
    stmt: f.Class
    bindings: Mapping[str, tuple[str, f.Expr]] = {}

    @property
    def key(self) -> str:
        """The class's key among all classes."""
        return f"{self.path}:{self.name}"

    @property
    def scope(self) -> ConstantScope:
        """Where names in its annotations are looked for."""
        return ConstantScope(self.path, self.name)

    def is_a(self, *names: str) -> bool:
        """Return True if the class has one of these annotations."""
        return annotation(self.stmt.decorators, *names) is not None


class EntityAttribute(msgspec.Struct, frozen=True):
    """A persistent attribute of a class, with the class that declares it."""

    name: str
    type: f.Expr | None
    decorators: tuple[f.Expr, ...]
    owner: JpaClass
    at: int

    def has(self, *names: str) -> bool:
        """Return True if the attribute has one of these annotations."""
        return annotation(self.decorators, *names) is not None

    def get(self, *names: str) -> f.Expr | None:
        """Return its first annotation with one of these names."""
        return annotation(self.decorators, *names)


class Classes:
    """All classes of a code base, and how they extend each other."""

    def __init__(self, project: CodeProject, files: Sequence[SourceFile]) -> None:
        self._project = project
        self._known: dict[int, JpaClass] = {}
        self.mapped: list[JpaClass] = []
        for file in files:
            module = project.module(file.path)
            nested = classes(module.body) if module else ()
            for cls in [JpaClass(file.path, name, stmt) for name, stmt in nested if stmt.kind != "extension"]:
                self._known[id(cls.stmt)] = cls
                if cls.is_a(*_MAPPED):
                    self.mapped.append(cls)

    @cached_property
    def entities(self) -> tuple[JpaClass, ...]:
        """The entities, in the order of their files."""
        return tuple(cls for cls in self.mapped if cls.is_a("Entity"))

    def find(self, path: str, typed: f.Expr | None, owner: str = "") -> JpaClass | None:
        """Return the class that a type in a file means, or None."""
        name = dotted(typed)
        while name:
            resolved = self._project.resolve(path, f"{owner}.{name}" if owner else name)
            if resolved and isinstance(resolved[1], f.Class):
                stmt = resolved[1]
                return self._known.get(id(stmt)) or JpaClass(resolved[0], stmt.name, stmt)
            if not owner:
                return None
            owner = owner.rpartition(".")[0]
        return None

    def type_of(self, attribute: EntityAttribute, typed: f.Expr | None = None) -> tuple[JpaClass | None, f.Expr | None]:
        """Return the class and the expression of an attribute's type, type parameters replaced."""
        owner, expr = attribute.owner, typed if typed is not None else attribute.type
        bound = owner.bindings.get(last(expr)) if isinstance(expr, f.Name) else None
        if bound is not None:
            return self.find(bound[0], bound[1]), bound[1]
        return self.find(owner.path, expr, owner.name), expr

    def parents(self, cls: JpaClass) -> Iterator[JpaClass]:
        """Yield the superclasses of a class, the nearest first."""
        seen = {cls.key}
        while (parent := self._parent(cls)) is not None and parent.key not in seen:
            seen.add(parent.key)
            yield parent
            cls = parent

    def _parent(self, cls: JpaClass) -> JpaClass | None:
        for base in cls.stmt.bases:
            parent = self.find(cls.path, base, cls.name) if last(base) != "Generic" else None
            if parent is not None and parent.stmt.kind not in ("interface", "enum"):
                return JpaClass(parent.path, parent.name, parent.stmt, _bindings(cls, base, parent.stmt))
        return None

    def is_by_property(self, cls: JpaClass) -> bool:
        """Return True if the attributes of an entity are its getters: that is where its key is annotated."""
        for member in (cls, *self.parents(cls)):
            if (access := annotation(member.stmt.decorators, "Access")) is not None:
                return last(value(access, "value")) == "PROPERTY"
        for member in (cls, *self.parents(cls)):
            for stmt in member.stmt.body:
                if isinstance(stmt, (f.Assign, f.Function)) and annotation(stmt.decorators, *_IDS) is not None:
                    return isinstance(stmt, f.Function)
        return False

    def attributes(self, cls: JpaClass, by_property: bool) -> Iterator[EntityAttribute]:
        """Yield the persistent attributes that a class itself declares."""
        if (access := annotation(cls.stmt.decorators, "Access")) is not None:
            by_property = last(value(access, "value")) == "PROPERTY"
        for stmt in cls.stmt.body:
            if not isinstance(stmt, (f.Assign, f.Function)) or not _MARKS.isdisjoint(map(last, stmt.decorators)):
                continue
            explicit = annotation(stmt.decorators, "Access") is not None
            if isinstance(stmt, f.Assign) and (not by_property or explicit):
                name = last(stmt.targets[0])
                if name:
                    typed = stmt.annotation if stmt.annotation is not None else _type_of_value(stmt.value)
                    yield EntityAttribute(name, typed, stmt.decorators, cls, stmt.start)
            elif isinstance(stmt, f.Function) and (by_property or explicit):
                name = _property(stmt, cls.stmt)
                if name:
                    yield EntityAttribute(name, stmt.returns, stmt.decorators, cls, stmt.start)
        at = cls.stmt.start
        for name, kind in (pair for base in cls.stmt.bases for pair in _INHERITED.get(last(base), ())):
            key = (f.Name(at, at, "Id"),) if name == "id" else ()
            yield EntityAttribute(name, f.Name(at, at, kind), key, cls, at)

    def entity_name(self, cls: JpaClass) -> str:
        """Return the name of an entity in queries and in default names."""
        given = value(annotation(cls.stmt.decorators, "Entity"), "name")
        return text(self._project, cls.scope, given) or cls.stmt.name


def _type_of_value(expr: f.Expr | None) -> f.Expr | None:
    return expr.func if isinstance(expr, f.Call) else None


def _bindings(cls: JpaClass, base: f.Expr, parent: f.Class) -> dict[str, tuple[str, f.Expr]]:
    """Return the types that a base class's arguments give to its type parameters."""
    generic = next((b for b in parent.bases if isinstance(b, f.Subscript) and last(b) == "Generic"), None)
    if generic is None or not isinstance(base, f.Subscript):
        return {}
    names, types = _all(generic.index), _all(base.index)
    given = ((last(name), cls.bindings.get(last(t), (cls.path, t))) for name, t in zip(names, types, strict=False))
    return dict(given)


def _all(expr: f.Expr) -> tuple[f.Expr, ...]:
    return expr.items if isinstance(expr, f.SequenceExpr) else (expr,)


def _property(stmt: f.Function, cls: f.Class) -> str:
    """Return the attribute of a getter; one without annotations needs a setter beside it. "" if it is none."""
    name = stmt.name
    prefix = next((p for p in ("get", "is") if name.startswith(p) and name[len(p) : len(p) + 1].isupper()), "")
    if not prefix or stmt.params or last(stmt.returns) == "void":
        return ""
    rest = name[len(prefix) :]
    has_setter = any(isinstance(other, f.Function) and other.name == f"set{rest}" for other in cls.body)
    if not has_setter and annotation(stmt.decorators, "Column", "Id", "EmbeddedId", "JoinColumn") is None:
        return ""
    return rest if rest[:2].isupper() and len(rest) > 1 else rest[:1].lower() + rest[1:]
