"""Collections of entities: join tables, collection tables, foreign keys in the target's table, inverse ends."""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.catalog.model import Column
from headwater.readers import Field
from headwater.readers._annotations import all_of, items, last, value
from headwater.readers._drafts import TableDraft
from headwater.readers.jpa.attributes import Leaf, is_enum, mapped_by
from headwater.readers.jpa.classes import EntityAttribute, JpaClass
from headwater.readers.jpa.javatypes import sql_type
from headwater.readers.jpa.mapping import JpaMapping


class Collections:
    """Adds what collections need to the tables, and their fields to the models."""

    def __init__(self, mapping: JpaMapping) -> None:
        self._mapping, self._stored, self._naming = mapping, mapping.stored, mapping.naming

    def build(self, entity: JpaClass) -> None:
        """Add the collections of an entity, and its inverse references."""
        for leaf in self._stored.leaves(entity):
            if leaf.attribute.has("ElementCollection"):
                self._elements(entity, leaf)
            elif (leaf.is_to_many or leaf.is_to_one) and mapped_by(leaf):
                self._inverse(entity, leaf)
            elif leaf.attribute.has("OneToMany") and self._has_join_column(leaf):
                self._foreign_key(entity, leaf)
            elif leaf.attribute.has("OneToMany", "ManyToMany") or (leaf.is_to_one and leaf.attribute.has("JoinTable")):
                self._join_table(entity, leaf)

    def _has_join_column(self, leaf: Leaf) -> bool:
        return leaf.attribute.has("JoinColumn", "JoinColumns") and not leaf.attribute.has("JoinTable")

    def _field(self, entity: JpaClass, leaf: Leaf, **given: object) -> None:
        target, _ = self._stored.element(leaf)
        key = target.key if target is not None and target.key in self._mapping.entities else None
        line = self._stored.line(leaf.attribute.owner.path, leaf.attribute.at)
        field = Field(leaf.path, target=key, many=leaf.is_to_many, line=line, **given)  # type: ignore[arg-type]
        self._mapping.fields[entity.key].append(field)

    def _target(self, leaf: Leaf) -> JpaClass | None:
        target, _ = self._stored.element(leaf)
        return target if target is not None and target.key in self._mapping.entities else None

    def _keys(self, entity: JpaClass) -> tuple[str, ...]:
        return tuple(column for _, column in self._mapping.keys(entity))

    def _other_end(self, target: JpaClass, name: str) -> tuple[JpaClass, Leaf] | None:
        """Return the attribute at the other end, of the target or of an entity above or below it."""
        candidates = [target, *self._mapping.children[target.key]]
        current = self._stored.parent(target)
        while current is not None and current.key not in {cls.key for cls in candidates}:
            candidates.append(current)
            current = self._stored.parent(current)
        return next(((cls, leaf) for cls in candidates for leaf in self._stored.leaves(cls) if leaf.path == name), None)

    def _inverse(self, entity: JpaClass, leaf: Leaf) -> None:
        target = self._target(leaf)
        other = self._other_end(target, mapped_by(leaf)) if target is not None else None
        if other is None:
            self._field(entity, leaf)
        elif other[1].is_to_one and not other[1].attribute.has("JoinTable"):
            pairs = self._mapping.joins(*other)
            local, remote = tuple(r for _, r in pairs), tuple(c for c, _ in pairs)
            self._field(entity, leaf, local=local, remote=remote)
        else:
            table, owners, targets = self._ends(*other)
            self._field(
                entity,
                leaf,
                local=tuple(r for _, r in targets),
                remote=tuple(r for _, r in owners),
                through=table[1],
                through_local=tuple(c for c, _ in targets),
                through_remote=tuple(c for c, _ in owners),
            )

    def _foreign_key(self, entity: JpaClass, leaf: Leaf) -> None:
        target = self._target(leaf)
        given = list(all_of(leaf.attribute.decorators, "JoinColumn", "JoinColumns"))
        pairs = self._mapping.join_columns(leaf.scope, given, entity, leaf.path)
        if target is not None:
            draft = self._mapping.table(target)
            self._mapping.add_joins(draft, leaf, pairs, entity, nullable=True)
            self._order(draft, leaf)
        self._field(entity, leaf, local=tuple(r for _, r in pairs), remote=tuple(c for c, _ in pairs))

    def _join_table(self, entity: JpaClass, leaf: Leaf) -> None:
        target = self._target(leaf)
        if target is None:
            self._field(entity, leaf)
            return
        table, owners, targets = self._ends(entity, leaf)
        origin = self._mapping.origin(leaf.attribute.owner.path, leaf.attribute.at)
        draft = self._mapping.tables.draft(table, origin)
        self._mapping.add_joins(draft, leaf, owners, entity)
        self._mapping.add_joins(draft, leaf, targets, target)
        self._order(draft, leaf)
        self._map_key(draft, leaf)
        self._field(
            entity,
            leaf,
            local=tuple(r for _, r in owners),
            remote=tuple(r for _, r in targets),
            through=draft.key[1],
            through_local=tuple(c for c, _ in owners),
            through_remote=tuple(c for c, _ in targets),
        )

    def _ends(
        self, entity: JpaClass, leaf: Leaf
    ) -> tuple[tuple[str | None, str], tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
        """Return the join table of a collection and its columns: to the owner, and to the target."""
        given, target = leaf.attribute.get("JoinTable"), self._target(leaf)
        main = self._mapping.table(entity)
        name = self._stored.text(leaf.scope, value(given, "name"))
        schema = self._stored.text(leaf.scope, value(given, "schema"))
        other = self._mapping.table(target).key[1] if target is not None else ""
        default = self._naming.join_table(main.key[1], other, leaf.attribute.name)
        table = (self._naming.name(schema) if schema else main.key[0], self._naming.name(name) if name else default)
        stem = self._back_reference(entity, leaf, target) or self._mapping.classes.entity_name(entity)
        join = self._mapping.join_columns
        owners = join(leaf.scope, list(items(value(given, "joinColumns"))), entity, stem)
        targets = join(leaf.scope, list(items(value(given, "inverseJoinColumns"))), target, leaf.path)
        return table, owners, targets

    def _back_reference(self, entity: JpaClass, leaf: Leaf, target: JpaClass | None) -> str:
        """Return the attribute of the target that names this collection in its `mappedBy`, or ""."""
        for other in self._stored.leaves(target) if target is not None else ():
            if (other.is_to_many or other.is_to_one) and mapped_by(other) == leaf.path:
                back, _ = self._stored.element(other)
                if back is not None and back.key == entity.key:
                    return other.path
        return ""

    def _elements(self, entity: JpaClass, leaf: Leaf) -> None:
        """Add the table of a collection of values or embedded objects."""
        given = leaf.attribute.get("CollectionTable")
        main, entity_name = self._mapping.table(entity), self._mapping.classes.entity_name(entity)
        name = self._stored.text(leaf.scope, value(given, "name"))
        schema = self._stored.text(leaf.scope, value(given, "schema"))
        table = self._naming.name(name or f"{entity_name}_{leaf.attribute.name}")
        origin = self._mapping.origin(leaf.attribute.owner.path, leaf.attribute.at)
        key = (self._naming.name(schema) if schema else main.key[0], table)
        draft = self._mapping.tables.draft(key, origin)
        joins = list(items(value(given, "joinColumns"))) or list(
            all_of(leaf.attribute.decorators, "JoinColumn", "JoinColumns")
        )
        pairs = self._mapping.join_columns(leaf.scope, joins, entity, entity_name)
        self._mapping.add_joins(draft, leaf, pairs, entity)
        self._map_key(draft, leaf)
        self._order(draft, leaf)
        cls, typed = self._stored.element(leaf)
        if cls is not None and cls.is_a("Embeddable"):
            self._embedded_elements(draft, leaf, cls)
        else:
            spelled = sql_type(typed, leaf.attribute.decorators, is_enum(cls, leaf.attribute))
            draft.add(Column(self._stored.column_name(leaf), spelled, True, origins=(origin,)))
        self._field(entity, leaf, local=tuple(r for _, r in pairs), remote=tuple(c for c, _ in pairs))

    def _embedded_elements(self, draft: TableDraft, leaf: Leaf, cls: JpaClass) -> None:
        decorators = tuple(d for d in leaf.attribute.decorators if last(d) != "ElementCollection")
        owner = leaf.attribute.owner
        single = EntityAttribute(leaf.attribute.name, f.Name(0, 0, cls.stmt.name), decorators, owner, leaf.attribute.at)
        for inner in self._stored.embedded(single, cls):
            origin = self._mapping.origin(inner.attribute.owner.path, inner.attribute.at)
            if inner.is_basic:
                kind, typed = self._mapping.classes.type_of(inner.attribute)
                spelled = sql_type(typed, inner.attribute.decorators, is_enum(kind, inner.attribute))
                draft.add(Column(self._stored.column_name(inner), spelled, True, origins=(origin,)))
            elif inner.is_to_one and not mapped_by(inner):
                target, _ = self._stored.element(inner)
                self._mapping.add_joins(draft, inner, self._mapping.joins(owner, inner), target, nullable=True)

    def _order(self, draft: TableDraft, leaf: Leaf) -> None:
        if (given := leaf.attribute.get("OrderColumn")) is not None:
            name = self._stored.text(leaf.scope, value(given, "name")) or f"{leaf.attribute.name}_ORDER"
            draft.add(Column(self._naming.name(name), "integer", True, origins=(draft.origin,)))

    def _map_key(self, draft: TableDraft, leaf: Leaf) -> None:
        """Add the column of a map's keys, unless an attribute of the value is the key."""
        if last(leaf.attribute.type) not in ("Map", "MutableMap", "SortedMap") or leaf.attribute.has("MapKey"):
            return
        typed = leaf.attribute.type
        kind = items(typed.index)[0] if isinstance(typed, f.Subscript) else None
        entity, _ = self._mapping.classes.type_of(leaf.attribute, kind) if kind is not None else (None, None)
        if entity is not None and entity.key in self._mapping.entities:
            given = list(all_of(leaf.attribute.decorators, "MapKeyJoinColumn", "MapKeyJoinColumns"))
            pairs = self._mapping.join_columns(leaf.scope, given, entity, f"{leaf.attribute.name}_KEY")
            self._mapping.add_joins(draft, leaf, pairs, entity)
            return
        name = self._stored.text(leaf.scope, value(leaf.attribute.get("MapKeyColumn"), "name"))
        column = self._naming.name(name or f"{leaf.attribute.name}_KEY")
        draft.add(Column(column, sql_type(kind, (), False), False, origins=(draft.origin,)))
