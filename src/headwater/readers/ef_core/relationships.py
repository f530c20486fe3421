"""Relationships between entities: configured ones first, then navigations by convention; foreign keys, join tables."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.catalog.model import Column, ForeignKey
from headwater.readers import Field
from headwater.readers._annotations import last
from headwater.readers._drafts import TableDraft
from headwater.readers.ef_core.clrtypes import SCALARS, ClrProperty, element
from headwater.readers.ef_core.configuration import EntityConfig, RelationConfig
from headwater.readers.ef_core.conventions import Navigation
from headwater.readers.ef_core.mapping import ContextMapping
from headwater.readers.ef_core.names import candidates, foreign_key

Pairs = tuple[tuple[str, str], ...]


class ContextRelationships:
    """Adds foreign keys and join tables to the tables of a context, and navigations to its models."""

    def __init__(self, mapping: ContextMapping) -> None:
        self._mapping, self._conventions = mapping, mapping.conventions
        self._used: set[tuple[str, str]] = set()
        self._configured: frozenset[tuple[str, str]] | None = None

    def build(self, entities: Sequence[EntityConfig]) -> None:
        """Add all relationships."""
        known = {entity.clr.key for entity in entities}
        configured = [r for r in self._mapping.config.relations if r.target and r.target.clr.key in known]
        configured.sort(key=lambda relation: relation.from_many is None)
        for relation in list(configured):
            if relation.from_many is None and self._is_used(*self._owner_of(relation)):
                configured.remove(relation)  # named again without its other end
            else:
                self._complete(relation)
        for relation in configured:
            if relation.source.clr.key in known:
                self._apply(relation)
        self._configured = frozenset(self._used)
        for entity in entities:
            for navigation in self._conventions.navigations(entity):
                if not self._is_used(entity, navigation.prop.name):
                    self._by_convention(entity, navigation)

    def _is_used(self, entity: EntityConfig, name: str) -> bool:
        return (entity.clr.key, name) in self._used

    def _owner_of(self, relation: RelationConfig) -> tuple[EntityConfig, str]:
        return self._declares(relation.source, relation.navigation), relation.navigation

    def _use(self, entity: EntityConfig | None, name: str) -> None:
        if entity is not None and name:
            owner = self._declares(entity, name)
            self._used.add((owner.clr.key, name))

    def _declares(self, entity: EntityConfig, name: str) -> EntityConfig:
        """Return the entity in a hierarchy that declares a property."""
        current: EntityConfig | None = entity
        while current is not None:
            if any(prop.name == name for prop in self._conventions.own(current)):
                return current
            current = self._conventions.parent(current)
        return entity

    def _complete(self, relation: RelationConfig) -> None:
        """Add what a configuration leaves to convention: the inverse, where it was not asked for."""
        if relation.from_many is None:
            inverse = self._inverse(relation.source, relation.target, relation.navigation)
            relation.inverse = inverse.prop.name if inverse else ""
            relation.from_many = inverse.many if inverse else not relation.to_many
        self._use(relation.source, relation.navigation)
        self._use(relation.target, relation.inverse)

    def _navigation(self, entity: EntityConfig, name: str) -> Navigation | None:
        owner = self._declares(entity, name)
        return next((n for n in self._conventions.navigations(owner) if n.prop.name == name), None)

    def _apply(self, relation: RelationConfig) -> None:
        source, target = relation.source, relation.target
        if target is None:
            return
        if relation.to_many and relation.from_many:
            self._join(relation)
            return
        dependent = target if relation.to_many else source
        if relation.dependent is not None:
            dependent = relation.dependent
        elif not relation.to_many and not relation.from_many:
            dependent = self._dependent(relation)
        if dependent is source or (dependent is not target and dependent is relation.source):
            self._refer(source, target, relation.navigation, relation.inverse, relation)
        else:
            self._refer(target, source, relation.inverse, relation.navigation, relation)

    def _dependent(self, relation: RelationConfig) -> EntityConfig:
        """Return the side of a one-to-one relationship that has the foreign key."""
        source, target = relation.source, relation.target or relation.source
        named = relation.foreign_key
        if named:
            return source if all(self._conventions.scalar(source, name) for name in named) else target
        for dependent, principal, name in (
            (source, target, relation.navigation),
            (target, source, relation.inverse),
        ):
            if self._foreign_property(dependent, principal, name):
                return dependent
        return source if relation.navigation else target

    def _foreign_property(self, dependent: EntityConfig, principal: EntityConfig, navigation: str) -> tuple[str, ...]:
        """Return the properties that convention or an attribute takes for the foreign key of a navigation."""
        prop = next((p for p in self._conventions.all(dependent) if p.name == navigation), None)
        named = self._conventions.attribute_text(prop, "ForeignKey") if prop is not None else None
        if named:
            return tuple(name.strip() for name in named.split(","))
        marked = tuple(
            p.name
            for p in self._conventions.all(dependent)
            if navigation and self._conventions.attribute_text(p, "ForeignKey") == navigation
        )
        if marked:
            return marked
        keys = self._conventions.key(principal)
        names: list[str] = []
        for key in keys:
            wanted = candidates(navigation, principal.clr.short, key)
            matching = (p for name in wanted if (p := self._conventions.scalar(dependent, name)))
            found = next((p for p in matching if self._fits(p, principal, key)), None)
            if found is None or (len(keys) == 1 and (found.name,) == keys and dependent is principal):
                return ()
            names.append(found.name)
        return tuple(names)

    def _fits(self, prop: ClrProperty, principal: EntityConfig, key: str) -> bool:
        """Return True if a property can be a foreign key: its type is that of the key, as far as both are known."""
        other = self._conventions.scalar(principal, key)
        if other is None or other.type is None or other.type.start == other.type.end:
            return True  # a key of a framework's class: its type is not in the code
        types = [last(self._mapping.types.bound(p)[1]) for p in (prop, other)]
        return types[0] == types[1] or not all(name in SCALARS for name in types)

    def _free(self, dependent: EntityConfig, name: str) -> str:
        """Return the name of a shadow property; one that is taken gets a number."""
        return name if self._conventions.scalar(dependent, name) is None else f"{name}1"

    def _refer(
        self,
        dependent: EntityConfig,
        principal: EntityConfig,
        navigation: str,
        inverse: str,
        relation: RelationConfig | None,
        collection: str = "",
    ) -> None:
        """Add the foreign key of a dependent entity, and the navigations at both ends."""
        mapping = self._mapping
        if not mapping.is_mapped(dependent) or not mapping.is_mapped(principal):
            return
        keys = (relation.principal_key if relation else ()) or self._conventions.key(principal)
        names = relation.foreign_key if relation else ()
        names = names or self._foreign_property(dependent, principal, navigation) or self._marked(principal, inverse)
        stem = navigation or principal.clr.short
        names = names or tuple(self._free(dependent, foreign_key(stem, key)) for key in keys)
        draft, other = mapping.table(dependent), mapping.table(principal)
        pairs: list[tuple[str, str]] = []
        for name, key in zip(names, keys, strict=False):
            column, remote = mapping.column(dependent, name), mapping.column(principal, key)
            known = other.columns.get(remote.casefold())
            prop = self._conventions.scalar(dependent, name)
            if draft.name_of(column) is None:
                draft.add(Column(column, known.type if known else "", True, origins=(draft.origin,)))
            if prop is None and all(field.name != name for field in mapping.fields[dependent.clr.key]):
                mapping.fields[dependent.clr.key].append(Field(name, column=draft.name_of(column)))
            pairs.append((draft.name_of(column) or column, other.name_of(remote) or remote))
        local, remote_columns = tuple(a for a, _ in pairs), tuple(b for _, b in pairs)
        draft.refer(local, other, remote_columns)
        self._field(dependent, navigation, principal, local, remote_columns)
        self._field(principal, inverse, dependent, remote_columns, local)

    def _marked(self, principal: EntityConfig, collection: str) -> tuple[str, ...]:
        """Return the foreign key that an attribute of a collection names."""
        prop = next((p for p in self._conventions.all(principal) if p.name == collection), None)
        named = self._conventions.attribute_text(prop, "ForeignKey") if prop is not None else None
        return tuple(name.strip() for name in named.split(",")) if named else ()

    def _field(
        self, entity: EntityConfig, name: str, target: EntityConfig, local: tuple[str, ...], remote: tuple[str, ...]
    ) -> None:
        if not name:
            return
        owner = self._declares(entity, name)
        prop = next((p for p in self._conventions.all(entity) if p.name == name), None)
        many = prop is not None and element(self._mapping.types.bound(prop)[1]) is not None
        line = self._mapping.line(prop.path, prop.at) if prop is not None else 0
        field = Field(name, target=target.clr.key, many=many, local=local, remote=remote, line=line)
        self._mapping.fields[owner.clr.key].append(field)

    # ------------------------------------------------------------ by convention

    def _inverse(self, entity: EntityConfig, target: EntityConfig | None, name: str) -> Navigation | None:
        """Return the navigation back, if an attribute names it or there is only one in each direction."""
        if target is None:
            return None
        own = self._open(entity, target)
        back = self._open(target, entity)
        prop = next((p for p in self._conventions.all(entity) if p.name == name), None)
        named = self._conventions.attribute_text(prop, "InverseProperty") if prop is not None else None
        if named:
            return next((n for n in back if n.prop.name == named), None)
        marked = [n for n in back if self._conventions.attribute_text(n.prop, "InverseProperty") == name and name]
        if marked:
            return marked[0]
        if target is entity:
            others = [n for n in back if n.prop.name != name]
            own_many = next((n.many for n in own if n.prop.name == name), None)
            return others[0] if len(others) == 1 and own_many is not None and others[0].many != own_many else None
        rest = [n for n in own if n.prop.name != name]
        return back[0] if len(back) == 1 and not rest else None

    def _open(self, entity: EntityConfig, target: EntityConfig) -> list[Navigation]:
        """Return the navigations from an entity to another that are not configured."""
        used = self._used if self._configured is None else self._configured
        navigations = self._conventions.navigations(entity)
        return [n for n in navigations if n.target.key == target.clr.key and (entity.clr.key, n.prop.name) not in used]

    def _by_convention(self, entity: EntityConfig, navigation: Navigation) -> None:
        target = self._mapping.config.entities[navigation.target.key]
        if target.clr.key in self._mapping.config.ignored:
            return
        inverse = self._inverse(entity, target, navigation.prop.name)
        if inverse is not None and self._is_used(target, inverse.prop.name):
            inverse = None
        name, back = navigation.prop.name, inverse.prop.name if inverse else ""
        self._use(entity, name)
        self._use(target, back)
        from_many = inverse.many if inverse else not navigation.many
        relation = RelationConfig(entity, target, name, back, navigation.many, from_many)
        self._apply(relation)

    # -------------------------------------------------------------- many to many

    def _join(self, relation: RelationConfig) -> None:
        """Add the table between two collections, or the navigations over its entity."""
        mapping, source, target = self._mapping, relation.source, relation.target
        if target is None or not mapping.is_mapped(source) or not mapping.is_mapped(target):
            return
        join = relation.join_entity
        to_source = self._ends(source, relation.left_key, relation.inverse, join)
        to_target = self._ends(target, relation.right_key, relation.navigation, join)
        if join is not None:
            draft = mapping.table(join)
        else:
            first, second = sorted((source.clr.short, target.clr.short))
            name = relation.join_table or mapping.naming(first + second)
            draft = mapping.tables.draft((mapping.config.schema, name), mapping.table(source).origin)
        for entity, pairs in ((source, to_source), (target, to_target)):
            self._join_columns(draft, entity, pairs, primary=join is None)
        common = ((source, relation.navigation, target, to_source, to_target),)
        for owner, name, other, here, there in (
            *common,
            (target, relation.inverse, source, to_target, to_source),
        ):
            if name:
                field = Field(
                    name,
                    target=other.clr.key,
                    many=True,
                    local=tuple(key for _, key in here),
                    remote=tuple(key for _, key in there),
                    through=draft.key[1],
                    through_local=tuple(draft.name_of(column) or column for column, _ in here),
                    through_remote=tuple(draft.name_of(column) or column for column, _ in there),
                )
                mapping.fields[self._declares(owner, name).clr.key].append(field)

    def _ends(self, entity: EntityConfig, given: tuple[str, ...], navigation: str, join: EntityConfig | None) -> Pairs:
        """Return the columns of a join table that refer to one side, with the key they refer to."""
        keys = self._conventions.key(entity)
        if join is not None:
            names = given or self._foreign_property(join, entity, "")
            names = names or tuple(foreign_key(entity.clr.short, key) for key in keys)
            columns = tuple(self._mapping.column(join, name) for name in names)
        else:
            names = given or tuple((navigation or entity.clr.short) + key for key in keys)
            columns = tuple(self._mapping.naming(name) for name in names)
        return tuple(zip(columns, self._mapping.key_columns(entity), strict=False))

    def _join_columns(self, draft: TableDraft, entity: EntityConfig, pairs: Pairs, *, primary: bool) -> None:
        other = self._mapping.table(entity)
        for column, key in pairs:
            known = other.columns.get(key.casefold())
            if draft.name_of(column) is None:
                kind = known.type if known else ""
                draft.add(Column(column, kind, False, origins=(draft.origin,)), primary=primary)
        columns = tuple(draft.name_of(column) or column for column, _ in pairs)
        schema, table = other.key
        draft.foreign.setdefault(columns, ForeignKey(columns, table, tuple(k for _, k in pairs), ref_schema=schema))
