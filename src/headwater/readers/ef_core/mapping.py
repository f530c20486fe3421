"""Builds the tables and models of one context from its configuration and the conventions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from headwater.catalog.model import Column, Index, Origin, Schema
from headwater.readers import Field, Model
from headwater.readers._drafts import TableDraft, TableDrafts
from headwater.readers.ef_core.clrtypes import ClrProperty, is_value, sql_type
from headwater.readers.ef_core.configuration import ContextConfig, EntityConfig
from headwater.readers.ef_core.conventions import Conventions

Line = Callable[[str, int], int]


class ContextMapping:
    """The tables of one context. ContextRelationships add foreign keys and the fields of navigations."""

    def __init__(self, conventions: Conventions, naming: Callable[[str], str], sources: dict[str, bytes]) -> None:
        self.conventions, self.naming = conventions, naming
        self.config: ContextConfig = conventions.config
        self.types = conventions.types
        self.tables = TableDrafts()
        self.fields: dict[str, list[Field]] = defaultdict(list)
        self._sources = sources
        self._views: set[tuple[str | None, str]] = set()

    def build(self, relate: Callable[[ContextMapping, list[EntityConfig]], None]) -> None:
        """Build all tables, then the relationships between them by `relate`, then what is over both."""
        ordered = sorted(self.conventions.entities(), key=lambda e: len(list(self._lineage(e))))
        for entity in ordered:
            if self.is_mapped(entity):
                self._add_entity(entity)
        relate(self, ordered)
        for entity in ordered:
            if self.is_mapped(entity):
                self._add_indexes(entity)

    def schema(self) -> Schema:
        """Return the tables."""
        return Schema(tuple(self.tables.relations()))

    def line(self, path: str, at: int) -> int:
        """Return the 1-based line of a byte offset."""
        return self._sources.get(path, b"").count(b"\n", 0, at) + 1

    def origin(self, prop: ClrProperty) -> Origin:
        """Return where a property is declared."""
        return Origin(prop.path, self.line(prop.path, prop.at))

    def is_mapped(self, entity: EntityConfig) -> bool:
        """Return True if the rows of an entity are in a table or view."""
        return entity.is_mapped or entity.view is not None

    def _lineage(self, entity: EntityConfig) -> Iterator[EntityConfig]:
        current: EntityConfig | None = entity
        while current is not None:
            yield current
            current = self.conventions.parent(current)

    def has_own_table(self, entity: EntityConfig) -> bool:
        """Return True if an entity does not share the table of the one above it."""
        above = self.conventions.parent(entity)
        if above is None:
            return True
        if any(member.strategy in ("TPT", "TPC") for member in self._lineage(entity)):
            return True
        named = self.conventions.type_texts(entity.clr, "Table")[0]
        own = entity.table or named
        return own is not None and own != self._own_name(self.conventions.root(entity))

    def _own_name(self, entity: EntityConfig) -> str:
        named = self.conventions.type_texts(entity.clr, "Table")[0]
        return entity.table or entity.view or named or self.naming(entity.set_name or entity.clr.short)

    def table(self, entity: EntityConfig) -> TableDraft:
        """Return the table of an entity."""
        holder = next((member for member in self._lineage(entity) if self.has_own_table(member)), entity)
        schema = holder.schema or self.conventions.type_texts(holder.clr, "Table")[1] or self.config.schema
        path, stmt = holder.clr.parts[0]
        return self.tables.draft((schema, self._own_name(holder)), Origin(path, self.line(path, stmt.start)))

    def column(self, entity: EntityConfig, name: str, prefix: str = "") -> str:
        """Return the column of a property, or of a shadow property with this name."""
        for member in self._lineage(entity):
            if name in member.columns:
                return member.columns[name]
        prop = next((p for p in self.conventions.all(entity) if p.name == name), None)
        given = self.conventions.attribute_text(prop, "Column", "value") if prop is not None else None
        return given or self.naming(prefix + name)

    def key_columns(self, entity: EntityConfig) -> tuple[str, ...]:
        """Return the columns of an entity's primary key."""
        return tuple(self.column(entity, name) for name in self.conventions.key(entity))

    def _add_entity(self, entity: EntityConfig) -> None:
        draft, above = self.table(entity), self.conventions.parent(entity)
        key = {name.lower() for name in self.conventions.key(entity)}
        if above is not None and self.has_own_table(entity):
            members = list(self._lineage(entity))[::-1] if self._is_tpc(entity) else []
            for member in members[:-1]:
                self._add_properties(member, draft, key, entity)
            if not members:
                self._inherit_key(entity, above, draft)
        self._add_properties(entity, draft, key, entity)
        if above is None or not self.has_own_table(entity):
            self._add_discriminator(entity, draft)

    def _is_tpc(self, entity: EntityConfig) -> bool:
        return any(member.strategy == "TPC" for member in self._lineage(entity))

    def _inherit_key(self, entity: EntityConfig, above: EntityConfig, draft: TableDraft) -> None:
        parent, names = self.table(above), self.key_columns(above)
        for name in names:
            known = parent.columns.get(name.casefold())
            draft.add(Column(name, known.type if known else "", False, origins=(draft.origin,)), primary=True)
        draft.refer(names, parent, names)

    def _add_properties(self, entity: EntityConfig, draft: TableDraft, key: set[str], holder: EntityConfig) -> None:
        is_loose = self.conventions.parent(entity) is not None and not self.has_own_table(entity)
        for prop in self.conventions.own(entity):
            kind = self.conventions.kind(entity, prop)
            if kind == "scalar":
                name = self._unique(entity, draft, prop, self.column(entity, prop.name), is_loose)
                self._add_scalar(entity, draft, prop, name, prop.name.lower() in key, is_loose)
                self._field(holder, Field(prop.name, column=draft.name_of(name), line=self.line(prop.path, prop.at)))
            elif kind in ("owned", "owned_many"):
                self._add_owned(entity, draft, prop, kind, "", "")
        for name, typed in entity.explicit.items():  # shadow properties
            if all(p.name != name for p in self.conventions.all(entity)):
                column = self.column(entity, name)
                spelled = entity.types.get(name) or sql_type(typed, False)
                primary = name.lower() in key
                draft.add(Column(column, spelled, not primary, origins=(draft.origin,)), primary=primary)
                self._field(holder, Field(name, column=draft.name_of(column)))

    def _unique(self, entity: EntityConfig, draft: TableDraft, prop: ClrProperty, name: str, is_loose: bool) -> str:
        """Return the column of a property; two subclasses with a property of the same name have a column each."""
        known = draft.name_of(name)
        if not is_loose or known is None or prop.name in entity.columns or prop.has("Column"):
            return name
        above = self.conventions.parent(entity)
        names = {self.column(above, p.name) for p in self.conventions.all(above)} if above is not None else set()
        return name if name in names else self.naming(f"{entity.clr.short}_{prop.name}")

    def _add_scalar(
        self, entity: EntityConfig, draft: TableDraft, prop: ClrProperty, name: str, primary: bool, is_loose: bool
    ) -> None:
        path, typed = self.types.bound(prop)
        clr = self.types.find(path, typed, prop.owner.name)
        explicit = entity.types.get(prop.name) or self.conventions.attribute_text(prop, "Column", "TypeName")
        spelled = explicit or self._spelled(entity, prop, sql_type(typed, clr is not None and clr.kind == "enum"))
        required = entity.required.get(prop.name)
        if required is None:
            optional = (
                self._sources.get(prop.path, b"")[prop.type.end : prop.type.end + 1] == b"?" if prop.type else True
            )
            is_plain = is_value(typed) or (clr is not None and clr.kind == "enum")
            required = prop.has("Required") or (is_plain and not optional)
        nullable = is_loose or not (required or primary)
        draft.add(Column(name, spelled, nullable, origins=(self.origin(prop),)), primary=primary)

    def _is_optional(self, prop: ClrProperty) -> bool:
        """Return True if the type of a property ends with a question mark."""
        end = prop.type.end if prop.type is not None else 0
        return self._sources.get(prop.path, b"")[end : end + 1] == b"?"

    def _spelled(self, entity: EntityConfig, prop: ClrProperty, plain: str) -> str:
        length = entity.lengths.get(prop.name)
        if length is None:
            given = prop.get("MaxLength", "StringLength")
            source = self._sources.get(prop.path, b"")[given.start : given.end] if given is not None else b""
            digits = "".join(chr(c) for c in source.partition(b",")[0] if chr(c).isdigit())
            length = digits
        return f"varchar({length})" if length and plain == "text" else plain

    def _add_owned(
        self, entity: EntityConfig, draft: TableDraft, prop: ClrProperty, kind: str, prefix: str, path: str
    ) -> None:
        """Add the columns of an owned type: in the same table, in its own, or as one JSON column."""
        config = self._owned_config(entity, prop, kind)
        if config is None:
            return
        line, dotted = self.line(prop.path, prop.at), path + prop.name
        if config.json is not None:
            name = config.json or self.naming(prefix + prop.name)
            draft.add(Column(name, "jsonb", True, origins=(self.origin(prop),)))
            self._field(self._holder or entity, Field(dotted, column=draft.name_of(name), line=line))
            return
        own_table = kind == "owned_many" or (config.table is not None and config.table != draft.key[1])
        target, inner_prefix = draft, f"{prefix}{prop.name}_"
        if own_table:
            schema = config.schema or draft.key[0]
            name = config.table or self.naming(config.clr.short)
            target, inner_prefix = self.tables.draft((schema, name), self.origin(prop)), ""
            self._owner_key(entity, draft, config, target, kind)
        previous, self._holder = self._holder, self._holder or entity
        for inner in self.conventions.own(config):
            inner_kind = self.conventions.kind(config, inner)
            if inner_kind == "scalar":
                column = self._owned_column(config, inner, inner_prefix)
                is_key = own_table and kind == "owned_many" and inner.name in (config.keys or ("Id",))
                self._add_scalar(config, target, inner, column, is_key, not own_table)
                if target is draft:
                    at = self.line(inner.path, inner.at)
                    self._field(self._holder, Field(f"{dotted}.{inner.name}", column=target.name_of(column), line=at))
            elif inner_kind in ("owned", "owned_many"):
                self._add_owned(config, target, inner, inner_kind, inner_prefix, f"{dotted}.")
        self._holder = previous

    _holder: EntityConfig | None = None

    def _owned_column(self, config: EntityConfig, prop: ClrProperty, prefix: str) -> str:
        given = config.columns.get(prop.name) or self.conventions.attribute_text(prop, "Column", "value")
        return given or self.naming(prefix + prop.name)

    def _owned_config(self, entity: EntityConfig, prop: ClrProperty, kind: str) -> EntityConfig | None:
        configured = (entity.owned if kind == "owned" else entity.owned_many).get(prop.name)
        if configured is not None:
            return configured
        inner = self.types.element_class(prop) if kind == "owned_many" else self.types.class_of(prop)
        return EntityConfig(inner) if inner is not None else None

    def _owner_key(
        self, entity: EntityConfig, draft: TableDraft, config: EntityConfig, target: TableDraft, kind: str
    ) -> None:
        """Add the reference from the table of an owned type to its owner; of many also a key of their own."""
        keys = self.conventions.key(entity) or tuple(draft.primary)  # an owned type has the key of its own owner
        names = config.owner_key or tuple(f"{entity.clr.short}{key}" for key in keys)
        columns = tuple(config.columns.get(name) or self.naming(name) for name in names)
        for column, key in zip(columns, self.key_columns(entity) or keys, strict=False):
            known = draft.columns.get(key.casefold())
            target.add(Column(column, known.type if known else "", False, origins=(target.origin,)), primary=True)
        target.refer(columns, draft, self.key_columns(entity))
        has_id = any(prop.name in (config.keys or ("Id",)) for prop in self.conventions.own(config))
        if kind == "owned_many" and not has_id and not config.keys:
            target.add(Column(self.naming("Id"), "integer", False, origins=(target.origin,)), primary=True)

    def _add_discriminator(self, entity: EntityConfig, draft: TableDraft) -> None:
        root = self.conventions.root(entity)
        shared = entity is not root and not self.has_own_table(entity)
        if root.discriminator is None and not shared:
            return
        name = root.discriminator or "Discriminator"
        if self.conventions.scalar(root, name) is None:
            column = self.column(root, name)
            draft.add(Column(column, "text", False, origins=(draft.origin,)))
            if all(field.name != name for field in self.fields[root.clr.key]):
                self._field(root, Field(name, column=draft.name_of(column)))

    def _add_indexes(self, entity: EntityConfig) -> None:
        draft = self.table(entity)
        given = [
            *entity.indexes,
            *((names, unique, None) for names, unique in self.conventions.index_attributes(entity.clr)),
        ]
        for names, unique, title in given:
            columns = tuple(c for n in names if (c := draft.name_of(self.column(entity, n))))
            if columns and len(columns) == len(names):
                draft.indexes.append(Index(title, columns, unique))

    def _field(self, entity: EntityConfig, field: Field) -> None:
        self.fields[entity.clr.key].append(field)

    def models(self) -> Iterator[Model]:
        """Yield the model of each entity."""
        for entity in self.conventions.entities():
            draft = self.table(entity) if self.is_mapped(entity) else None
            if draft is None or not draft.columns:
                continue
            fields: dict[str, Field] = {}
            inherited: dict[str, tuple[str, str]] = {}
            for member in self._lineage(entity):
                other = self.table(member)
                for field in self.fields[member.clr.key]:
                    if field.column is None or draft.name_of(field.column) is not None:
                        fields.setdefault(field.name, field)
                    else:
                        inherited.setdefault(field.name, (other.key[1], field.column))
            path, stmt = entity.clr.parts[0]
            schema, name = draft.key
            where = (path, self.line(path, stmt.start))
            yield Model(
                entity.clr.key, entity.clr.short, "ef_core", *where, name, schema, tuple(fields.values()), inherited
            )
