"""What EF Core takes from the types of a context: entities, scalar properties, navigations, keys, owned types."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from headwater.catalog import facts as f
from headwater.readers._annotations import ConstantScope, last, text, value
from headwater.readers.ef_core.clrtypes import SCALARS, ClrProperty, ClrType, ClrTypes, element
from headwater.readers.ef_core.configuration import ContextConfig, EntityConfig

_MARKS = ("static", "field", "NotMapped")
_EXTERNAL_SKIPPED = frozenset(
    {"object", "Dictionary", "IDictionary", "Func", "Action", "Lazy", "Task", "Type", "dynamic"}
)


class Navigation(msgspec.Struct, frozen=True):
    """A property that leads to another entity."""

    prop: ClrProperty
    target: ClrType
    many: bool


class Conventions:
    """Answers for one context what each of its entities has, once all configuration is known."""

    def __init__(self, types: ClrTypes, config: ContextConfig) -> None:
        self.types, self.config = types, config
        self._own: dict[str, tuple[ClrProperty, ...]] = {}
        self._discover()

    def _discover(self) -> None:
        """Add the entities that others lead to, until there are no more."""
        todo = list(self.config.entities.values())
        seen = {entity.clr.key for entity in todo}
        while todo:
            entity = todo.pop(0)
            if entity.clr.key in self.config.ignored:
                continue
            for navigation in self.navigations(entity, known_only=False):
                if navigation.target.key not in seen:
                    seen.add(navigation.target.key)
                    todo.append(self.config.entity(navigation.target))

    def entities(self) -> Iterator[EntityConfig]:
        """Yield the entities of the model."""
        skipped = self.config.ignored | self.config.owned_types
        return (
            entity for key, entity in self.config.entities.items() if key not in skipped and self._is_class(entity.clr)
        )

    @staticmethod
    def _is_class(clr: ClrType) -> bool:
        return clr.kind in ("class", "record") and clr.attribute("NotMapped") is None

    def parent(self, entity: EntityConfig) -> EntityConfig | None:
        """Return the entity above in a hierarchy, or None."""
        for member in list(self.types.chain(entity.clr))[1:]:
            if member.key in self.config.entities and member.key not in self.config.ignored:
                return self.config.entities[member.key]
        return None

    def root(self, entity: EntityConfig) -> EntityConfig:
        """Return the entity at the top of a hierarchy."""
        parent = self.parent(entity)
        return entity if parent is None else self.root(parent)

    def own(self, entity: EntityConfig) -> tuple[ClrProperty, ...]:
        """Return the properties that an entity declares beyond the entity above it, those of base classes first."""
        known = self._own.get(entity.clr.key)
        if known is not None:
            return known
        above = self.parent(entity)
        chain: list[ClrType] = []
        for member in self.types.chain(entity.clr):
            if above is not None and member.key == above.clr.key:
                break
            chain.append(member)
        properties: dict[str, ClrProperty] = {}
        for member in reversed(chain):
            for prop in self.types.properties(member):
                properties[prop.name] = prop
        self._own[entity.clr.key] = tuple(properties.values())
        return self._own[entity.clr.key]

    def all(self, entity: EntityConfig) -> Iterator[ClrProperty]:
        """Yield the properties of an entity with those of the entities above."""
        above = self.parent(entity)
        if above is not None:
            yield from self.all(above)
        yield from self.own(entity)

    def kind(self, entity: EntityConfig, prop: ClrProperty) -> str:
        """Return what a property is: `scalar`, `reference`, `collection`, `owned`, `owned_many`, or "" for nothing."""
        if prop.name in entity.owned or prop.name in entity.owned_many:
            return "owned" if prop.name in entity.owned else "owned_many"
        if prop.name in entity.explicit:
            return "" if prop.has("static") else "scalar"
        if prop.has(*_MARKS) or prop.name in entity.ignored:
            return ""
        path, typed = self.types.bound(prop)
        inner = element(typed)
        if inner is not None:
            return self._kind_of_collection(prop, inner)
        if prop.has("private", "readonly") and not prop.has("Key", "Column"):
            return ""
        clr = self.types.find(path, typed, prop.owner.name) if last(typed) not in SCALARS else None
        if clr is None:
            return "" if last(typed) in _EXTERNAL_SKIPPED else "scalar"
        return self._kind_of_class(clr)

    def _kind_of_class(self, clr: ClrType) -> str:
        if clr.kind == "enum":
            return "scalar"
        if clr.key in self.config.owned_types or clr.attribute("Owned", "ComplexType") is not None:
            return "owned"
        if clr.kind in ("class", "record") and self._is_entity(clr):
            return "reference"
        return ""

    def _kind_of_collection(self, prop: ClrProperty, inner: f.Expr) -> str:
        if prop.has("private"):
            return ""
        clr = self.types.class_of(prop, inner) if last(inner) not in SCALARS else None
        if clr is None or clr.kind == "enum":
            is_plain = (last(inner) in SCALARS or clr is not None) and not prop.has("readonly")
            return "scalar" if is_plain and last(prop.type) in ("list", "List", "IList", "ICollection") else ""
        if clr.key in self.config.owned_types or clr.attribute("Owned") is not None:
            return "owned_many"
        return "collection" if clr.kind in ("class", "record") and self._is_entity(clr) else ""

    def _is_entity(self, clr: ClrType) -> bool:
        if clr.key in self.config.ignored or clr.attribute("NotMapped") is not None:
            return False
        if clr.key in self.config.entities:
            return True
        return bool(self._key_by_convention(EntityConfig(clr)))

    def navigations(self, entity: EntityConfig, known_only: bool = True) -> Iterator[Navigation]:
        """Yield the navigations that an entity itself declares."""
        for prop in self.own(entity):
            kind = self.kind(entity, prop)
            if kind not in ("reference", "collection"):
                continue
            inner = element(self.types.bound(prop)[1]) if kind == "collection" else None
            target = self.types.class_of(prop, inner) if inner is not None else self.types.class_of(prop)
            if target is not None and (not known_only or target.key in self.config.entities):
                yield Navigation(prop, target, kind == "collection")

    def key(self, entity: EntityConfig) -> tuple[str, ...]:
        """Return the properties of an entity's primary key."""
        root = self.root(entity)
        if root.keyless:
            return ()
        if root.keys:
            return root.keys
        if (given := root.clr.attribute("PrimaryKey")) is not None and isinstance(given[1], f.Call):
            named = [text(self.types.project, given[0], arg) for arg in given[1].args]
            return tuple(name for name in named if name)
        return self._key_by_convention(root)

    def _key_by_convention(self, entity: EntityConfig) -> tuple[str, ...]:
        if entity.clr.attribute("Keyless") is not None:
            return ()
        properties = [prop for prop in self._of_chain(entity.clr) if not prop.has(*_MARKS)]
        marked = tuple(prop.name for prop in properties if prop.has("Key"))
        if marked:
            return marked
        for name in ("id", f"{entity.clr.short}id".lower()):
            found = next((p.name for p in properties if p.name.lower() == name and not p.has("readonly")), None)
            if found is not None:
                return (found,)
        return ()

    def _of_chain(self, clr: ClrType) -> Iterator[ClrProperty]:
        for member in self.types.chain(clr):
            yield from self.types.properties(member)

    def scalar(self, entity: EntityConfig, name: str) -> ClrProperty | None:
        """Return a scalar property of an entity by its name, ignoring case."""
        folded = name.lower()
        return next(
            (p for p in self.all(entity) if p.name.lower() == folded and self.kind(entity, p) == "scalar"), None
        )

    def attribute_text(self, prop: ClrProperty, name: str, key: str = "value") -> str | None:
        """Return the text that an attribute of a property gives under a key, "value" for the first argument."""
        return text(self.types.project, prop.scope, value(prop.get(name), key))

    def type_texts(self, clr: ClrType, name: str) -> tuple[str | None, str | None]:
        """Return the first argument and the `Schema` of an attribute of a type."""
        given = clr.attribute(name, f"{name}Attribute")
        if given is None:
            return None, None
        scope, expr = given
        project = self.types.project
        return text(project, scope, value(expr, "value")), text(project, scope, value(expr, "Schema"))

    def index_attributes(self, clr: ClrType) -> Iterator[tuple[tuple[str, ...], bool]]:
        """Yield the columns of each `[Index]` of a type, and whether it is unique."""
        for path, stmt in clr.parts:
            for expr in stmt.decorators:
                if last(expr) == "Index" and isinstance(expr, f.Call):
                    names = [text(self.types.project, ConstantScope(path, clr.name), arg) for arg in expr.args]
                    unique = value(expr, "IsUnique")
                    columns = tuple(name for name in names if name)
                    yield columns, isinstance(unique, f.Const) and unique.text == "true"
