"""What an entity stores: its attributes with those of embedded classes and mapped superclasses in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from headwater.catalog import facts as f
from headwater.catalog.usages import NotUnderstood
from headwater.readers import CodeProject
from headwater.readers._annotations import ConstantScope, all_of, annotation, items, text, value
from headwater.readers.jpa.classes import Classes, EntityAttribute, JpaClass
from headwater.readers.jpa.names import Naming

TO_ONE = ("ManyToOne", "OneToOne")
TO_MANY = ("OneToMany", "ManyToMany", "ElementCollection", "ManyToAny")
_DEPTH = 6  # embedded classes in each other
Overrides = Mapping[str, tuple[ConstantScope, f.Expr]]


class Leaf(msgspec.Struct, frozen=True):
    """One stored attribute by its path from the entity; `column` and `joins` are overrides by the classes around.

    `key` says that it belongs to the primary key; `embedded` are the attributes that it is embedded by.
    """

    path: str
    attribute: EntityAttribute
    column: tuple[ConstantScope, f.Expr] | None = None
    joins: tuple[ConstantScope, f.Expr] | None = None
    key: bool = False
    embedded: tuple[EntityAttribute, ...] = ()

    @property
    def scope(self) -> ConstantScope:
        """Where names in its annotations are looked for."""
        return self.attribute.owner.scope

    @property
    def is_to_one(self) -> bool:
        """True for a reference to one entity, from either side."""
        return self.attribute.has(*TO_ONE)

    @property
    def is_to_many(self) -> bool:
        """True for a collection in other tables."""
        return self.attribute.has(*TO_MANY)

    @property
    def is_basic(self) -> bool:
        """True for a value in a column."""
        return not self.is_to_one and not self.is_to_many


class Stored:
    """Computes the stored attributes of entities, and the names in their annotations."""

    def __init__(self, project: CodeProject, classes: Classes, naming: Naming) -> None:
        self.project, self.classes, self.naming = project, classes, naming
        self.not_understood: list[NotUnderstood] = []
        self._leaves: dict[str, tuple[Leaf, ...]] = {}
        self._sources: dict[str, bytes] = {}

    def leaves(self, entity: JpaClass) -> tuple[Leaf, ...]:
        """Return what an entity stores beyond the entity above it."""
        if entity.key not in self._leaves:
            self._leaves[entity.key] = tuple(self._of_entity(entity))
        return self._leaves[entity.key]

    def parent(self, entity: JpaClass) -> JpaClass | None:
        """Return the nearest entity above, or None."""
        return next((cls for cls in self.classes.parents(entity) if cls.is_a("Entity")), None)

    def text(self, scope: ConstantScope, expr: f.Expr | None) -> str | None:
        """Return the text of an annotation's value; one that is not known is noted."""
        known = text(self.project, scope, expr)
        if known is None and expr is not None:
            reason = "This name is computed in a way that is not understood."
            self.not_understood.append(NotUnderstood(scope.path, self.line(scope.path, expr.start), "", reason))
        return known

    def line(self, path: str, at: int) -> int:
        """Return the 1-based line of a byte offset."""
        if path not in self._sources:
            self._sources.update({file.path: file.source for file in self.project.files()})
        return self._sources.get(path, b"").count(b"\n", 0, at) + 1

    def _of_entity(self, entity: JpaClass) -> Iterator[Leaf]:
        by_property = self.classes.is_by_property(entity)
        chain = [entity]
        overrides = _overrides(entity.scope, entity.stmt.decorators, "")
        for cls in self.classes.parents(entity):
            if cls.is_a("Entity"):
                break
            if cls.is_a("MappedSuperclass"):
                chain.append(cls)
                overrides = {**_overrides(cls.scope, cls.stmt.decorators, ""), **overrides}
        seen: set[str] = set()
        for cls in reversed(chain):
            for attribute in self.classes.attributes(cls, by_property):
                if attribute.name in seen:
                    continue
                seen.add(attribute.name)
                yield from self._expand(attribute, "", overrides, (by_property,), ())

    def _expand(
        self,
        attribute: EntityAttribute,
        prefix: str,
        overrides: Overrides,
        access: tuple[bool],
        embedded: tuple[EntityAttribute, ...],
    ) -> Iterator[Leaf]:
        if attribute.has("Formula", "JoinFormula"):
            return
        path = prefix + attribute.name
        cls, _ = self.classes.type_of(attribute)
        is_key = attribute.has("Id", "EmbeddedId") or any(a.has("Id", "EmbeddedId") for a in embedded)
        is_embedded = attribute.has("Embedded", "EmbeddedId") or (cls is not None and cls.is_a("Embeddable"))
        if cls is None or not is_embedded or attribute.has(*TO_MANY) or len(embedded) >= _DEPTH:
            yield Leaf(path, attribute, overrides.get(path), overrides.get(f"{path}/joins"), is_key, embedded)
            return
        inner = {**_overrides(attribute.owner.scope, attribute.decorators, f"{path}."), **overrides}
        for part in reversed((cls, *self.classes.parents(cls))):
            if part is cls or part.is_a("MappedSuperclass", "Embeddable"):
                for sub in self.classes.attributes(part, access[0]):
                    yield from self._expand(sub, f"{path}.", inner, access, (*embedded, attribute))

    def embedded(self, attribute: EntityAttribute, cls: JpaClass) -> Iterator[Leaf]:
        """Yield what an embedded class stores as the elements of a collection; overrides may begin with `value.`."""
        given = _overrides(attribute.owner.scope, attribute.decorators, "")
        overrides = {name.removeprefix("value."): column for name, column in given.items()}
        by_property = self.classes.is_by_property(cls)
        for part in reversed((cls, *self.classes.parents(cls))):
            for sub in self.classes.attributes(part, by_property):
                yield from self._expand(sub, "", overrides, (by_property,), ())

    def column_name(self, leaf: Leaf) -> str:
        """Return the physical name of a basic attribute's column."""
        scope, column = leaf.column or (leaf.scope, leaf.attribute.get("Column"))
        name = self.text(scope, value(column, "name"))
        return self.naming.name(name) if name else self.naming.attribute(leaf.path)

    def element(self, leaf: Leaf) -> tuple[JpaClass | None, f.Expr | None]:
        """Return the class and type that a relationship or collection leads to."""
        attribute = leaf.attribute
        explicit = value(attribute.get(*TO_ONE, *TO_MANY), "targetEntity", "targetClass")
        typed = explicit if explicit is not None else attribute.type
        if isinstance(typed, f.Subscript) and (leaf.is_to_many or explicit is not None):
            typed = items(typed.index)[-1]
        return self.classes.type_of(attribute, typed)


def _overrides(
    scope: ConstantScope, decorators: tuple[f.Expr, ...], prefix: str
) -> dict[str, tuple[ConstantScope, f.Expr]]:
    """Return the overridden columns by path, and the overridden join columns by path and `/joins`."""
    result: dict[str, tuple[ConstantScope, f.Expr]] = {}
    for each in all_of(decorators, "AttributeOverride", "AttributeOverrides"):
        name, column = _literal(value(each, "name")), value(each, "column")
        if name and column is not None:
            result[prefix + name] = (scope, column)
    for each in all_of(decorators, "AssociationOverride", "AssociationOverrides"):
        name, joins = _literal(value(each, "name")), value(each, "joinColumns")
        if name and joins is not None:
            result[f"{prefix}{name}/joins"] = (scope, joins)
    return result


def _literal(expr: f.Expr | None) -> str:
    parts = expr.parts if isinstance(expr, f.Text) else ()
    return "".join(part.text for part in parts if isinstance(part, f.Chunk))


def mapped_by(leaf: Leaf) -> str:
    """Return the attribute at the other end that stores this relationship, or ""."""
    return _literal(value(leaf.attribute.get(*TO_ONE, *TO_MANY), "mappedBy"))


def is_enum(cls: JpaClass | None, attribute: EntityAttribute) -> bool:
    """Return True if the attribute's type is an enum."""
    return (cls is not None and cls.stmt.kind == "enum") or annotation(attribute.decorators, "Enumerated") is not None
