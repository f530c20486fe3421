"""Entity classes and their properties: what each decorated property of a class, its bases and embedded objects is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.readers import CodeProject

ENTITIES = ("Entity", "ViewEntity", "ChildEntity")
_KEYS = frozenset({"PrimaryColumn", "PrimaryGeneratedColumn"})
_COLUMNS = (
    frozenset(
        {"Column", "CreateDateColumn", "UpdateDateColumn", "DeleteDateColumn", "VersionColumn", "ViewColumn"}
        | {"ObjectIdColumn", "TreeLevelColumn", "VirtualColumn"}
    )
    | _KEYS
)
RELATIONS = frozenset({"ManyToOne", "OneToOne", "OneToMany", "ManyToMany", "TreeParent", "TreeChildren"})
_NO_COLUMNS = frozenset(
    {"RelationId", "RelationCount", "Index", "Unique", "Check", "Exclusion", "Generated", "JoinColumn", "JoinTable"}
    | {"BeforeInsert", "BeforeUpdate", "AfterLoad", "AfterInsert", "AfterUpdate", "BeforeRemove", "AfterRemove"}
)


class EntityClass(msgspec.Struct, frozen=True):
    """A class of the code base that declares columns: an entity, a base of one, or an embedded object."""

    path: str
    stmt: f.Class

    @property
    def key(self) -> str:
        """The key of its model."""
        return f"{self.path}:{self.stmt.name}"

    @property
    def mark(self) -> f.Expr | None:
        """The decorator that makes it an entity, or None."""
        return q.decorator(self.stmt.decorators, *ENTITIES)


class Property(msgspec.Struct, frozen=True):
    """A property of an entity: a column, or a relation with the decorator that declares it."""

    name: str
    start: int
    path: str
    kind: str
    mark: f.Expr
    marks: tuple[f.Expr, ...]
    annotation: f.Expr | None = None
    prefixes: tuple[str, ...] = ()
    attribute: str = ""

    @property
    def is_relation(self) -> bool:
        """Whether it is a relation to other entities."""
        return self.kind in RELATIONS

    @property
    def is_key(self) -> bool:
        """Whether it is part of the primary key."""
        return self.kind in _KEYS or q.literal_flag(self.options().get("primary")) is True

    @property
    def many(self) -> bool:
        """Whether a relation leads to many rows."""
        return self.kind in ("OneToMany", "ManyToMany", "TreeChildren")

    @property
    def marks_join_table(self) -> bool:
        """Whether this side of a many-to-many relation owns the join table."""
        return q.decorator(self.marks, "JoinTable") is not None

    def options(self) -> dict[str, f.Expr]:
        """Return the options of the decorator, wherever they stand among its arguments."""
        args = self.mark.args if isinstance(self.mark, f.Call) else ()
        return next((q.options(arg) for arg in reversed(args) if isinstance(arg, f.Mapping)), {})

    def target(self) -> str:
        """Return the name of the class that a relation leads to."""
        first = q.argument(self.mark, 0)
        if self.kind in ("TreeParent", "TreeChildren"):
            return ""
        return q.literal_text(first) or q.dotted_name(q.returned_value(first) or first)

    def inverse(self) -> str:
        """Return the property at the other end of a relation: bar for `foo => foo.bar`."""
        second = q.argument(self.mark, 1)
        return q.literal_text(second) or q.last_name(q.returned_value(second))


class ClassReader:
    """Reads the properties of classes, with those of their bases."""

    def __init__(self, project: CodeProject) -> None:
        self._project = project

    def properties(self, cls: EntityClass, prefixes: Sequence[str] = (), attribute: str = "") -> list[Property]:
        """Return the columns and relations of a class in order, those of its bases first."""
        by_name: dict[str, Property] = {}
        for part in reversed(list(self.lineage(cls))):
            for item in self._own(part, tuple(prefixes), attribute):
                by_name[item.attribute] = item
        return list(by_name.values())

    def lineage(self, cls: EntityClass) -> Iterator[EntityClass]:
        """Yield a class and its bases in the code base."""
        seen: set[str] = set()
        queue = [cls]
        while queue:
            current = queue.pop(0)
            if current.key in seen:
                continue
            seen.add(current.key)
            yield current
            for base in current.stmt.bases:
                head = base.value if isinstance(base, f.Subscript) else base
                inner = head.args if isinstance(head, f.Call) else ()  # a mixin: `extends Timestamps(Base)`
                names = (q.dotted_name(part) for part in (head, *inner))
                queue += [known for name in names if name and (known := self.find(current.path, name))]

    def find(self, path: str, name: str) -> EntityClass | None:
        """Return the class that a name means in a file."""
        known = self._project.resolve(path, name)
        return EntityClass(known[0], known[1]) if known and isinstance(known[1], f.Class) else None

    def _own(self, cls: EntityClass, prefixes: tuple[str, ...], attribute: str) -> Iterator[Property]:
        for stmt in cls.stmt.body:
            if not isinstance(stmt, f.Assign) or not stmt.decorators or not isinstance(stmt.targets[0], f.Name):
                continue
            target = stmt.targets[0]
            mark = self._mark(cls, stmt.decorators)
            if mark is None:
                continue
            kind = q.called_name(mark)
            title = f"{attribute}.{target.id}" if attribute else target.id
            embedded = q.returned_value(q.argument(mark, 0)) if kind == "Column" else None
            inner = self.find(cls.path, q.dotted_name(embedded)) if embedded is not None else None
            if inner is not None:
                yield from self.properties(inner, (*prefixes, *_prefix(mark, target.id)), title)
                continue
            kind = kind if kind in RELATIONS or kind in _COLUMNS else "Column"
            yield Property(
                target.id, target.start, cls.path, kind, mark, stmt.decorators, stmt.annotation, prefixes, title
            )

    def _mark(self, cls: EntityClass, marks: tuple[f.Expr, ...]) -> f.Expr | None:
        """Return the decorator that declares a column or relation; one of the code base itself is a column."""
        known = q.decorator(marks, *_COLUMNS, *RELATIONS)
        if known is not None:
            return known
        own = [mark for mark in marks if self._is_own(cls.path, mark)]
        return own[0] if len(own) == len(marks) else None

    def _is_own(self, path: str, mark: f.Expr) -> bool:
        name = q.dotted_name(mark.func if isinstance(mark, f.Call) else mark)
        if name.rsplit(".", 1)[-1] in _NO_COLUMNS:
            return False
        known = self._project.resolve(path, name)
        return bool(known) and isinstance(known[1], f.Function)  # type: ignore[index]


def _prefix(mark: f.Expr, name: str) -> tuple[str, ...]:
    """Return the prefix of the columns of an embedded object."""
    prefix = q.options(q.argument(mark, 1)).get("prefix")
    if q.literal_flag(prefix) is False or q.literal_text(prefix) == "":
        return ()
    return (q.literal_text(prefix) or name,)


def entity_classes(project: CodeProject, paths: Sequence[str]) -> Mapping[str, EntityClass]:
    """Return the entity classes of these files by key, in source order."""
    classes: dict[str, EntityClass] = {}
    for path in paths:
        module = project.module(path)
        for stmt in module.body if module else ():
            if isinstance(stmt, f.Class) and q.decorator(stmt.decorators, *ENTITIES) is not None:
                cls = EntityClass(path, stmt)
                classes[cls.key] = cls
    return classes
