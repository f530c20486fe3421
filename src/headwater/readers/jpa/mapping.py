"""Builds the tables and models of entities: inheritance, keys, columns, and references to one entity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from headwater.catalog import facts as f
from headwater.catalog.model import ASSUMED, Column, Index, Origin, Schema
from headwater.readers import CodeProject, Field, Model, Reading, SourceFile
from headwater.readers._annotations import ConstantScope, all_of, annotation, flag, items, last, number, value
from headwater.readers._drafts import TableDraft, TableDrafts
from headwater.readers.jpa import settings
from headwater.readers.jpa.attributes import Leaf, Stored, is_enum, mapped_by
from headwater.readers.jpa.classes import Classes, JpaClass
from headwater.readers.jpa.javatypes import PRIMITIVES, is_assumed, of_definition, sql_type
from headwater.readers.jpa.names import Naming

Pairs = tuple[tuple[str, str], ...]  # columns here and there


class JpaMapping:
    """The tables of all entities of a code base."""

    def __init__(self, project: CodeProject, files: Sequence[SourceFile]) -> None:
        self.naming: Naming = settings.naming(project.files())
        self.classes = Classes(project, files)
        self.stored = Stored(project, self.classes, self.naming)
        self.tables = TableDrafts()
        self.entities = {entity.key: entity for entity in self.classes.entities}
        self.children: dict[str, list[JpaClass]] = defaultdict(list)
        for entity in self.entities.values():
            if (parent := self.stored.parent(entity)) is not None:
                self.children[parent.key].append(entity)
        self.fields: dict[str, list[Field]] = defaultdict(list)
        self._busy: set[str] = set()

    def reading(self, collect: Callable[[JpaMapping, JpaClass], None]) -> Reading:
        """Return everything that the entities declare; `collect` adds the tables of an entity's collections."""
        ordered = sorted(self.entities.values(), key=lambda entity: len(list(self._lineage(entity))))
        for entity in ordered:
            self._build(entity)
        for entity in ordered:
            collect(self, entity)
        models = tuple(model for entity in self.entities.values() for model in self._models(entity))
        schema = Schema(tuple(self.tables.relations()))
        return Reading(schema, models, tuple(dict.fromkeys(self.stored.not_understood)))

    def origin(self, path: str, at: int) -> Origin:
        """Return where something in a file is declared."""
        return Origin(path, self.stored.line(path, at))

    def _lineage(self, entity: JpaClass) -> Iterator[JpaClass]:
        """Yield an entity and the entities above it, the nearest first."""
        seen: set[str] = set()
        current: JpaClass | None = entity
        while current is not None and current.key not in seen:
            seen.add(current.key)
            yield current
            current = self.stored.parent(current)

    def root(self, entity: JpaClass) -> JpaClass:
        """Return the entity at the top of a hierarchy."""
        return list(self._lineage(entity))[-1]

    def strategy(self, entity: JpaClass) -> str:
        """Return how the hierarchy of an entity is stored."""
        for cls in self._lineage(entity):
            if (given := annotation(cls.stmt.decorators, "Inheritance")) is not None:
                return last(value(given, "strategy", "value")) or "SINGLE_TABLE"
        return "SINGLE_TABLE"

    def table(self, entity: JpaClass) -> TableDraft:
        """Return the table that an entity's own attributes are in."""
        owner = self.root(entity) if self.strategy(entity) == "SINGLE_TABLE" else entity
        given = annotation(owner.stmt.decorators, "Table")
        name = self.stored.text(owner.scope, value(given, "name")) or self.classes.entity_name(owner)
        schema = self.stored.text(owner.scope, value(given, "schema"))
        key = (self.naming.name(schema) if schema else None, self.naming.name(name))
        return self.tables.draft(key, self.origin(owner.path, owner.stmt.start))

    def leaves(self, entity: JpaClass) -> tuple[Leaf, ...]:
        """Return what the table of an entity stores of it: with TABLE_PER_CLASS also what is declared above."""
        if self.strategy(entity) != "TABLE_PER_CLASS":
            return self.stored.leaves(entity)
        return tuple(leaf for cls in reversed(list(self._lineage(entity))) for leaf in self.stored.leaves(cls))

    def keys(self, entity: JpaClass) -> tuple[tuple[str, str], ...]:
        """Return the (attribute, column) pairs of an entity's primary key, in the table of the entity."""
        root = self.root(entity)
        if root.key in self._busy:
            return ()
        self._busy.add(root.key)
        pairs = tuple(pair for leaf in self.stored.leaves(root) if leaf.key for pair in self._key_columns(root, leaf))
        self._busy.discard(root.key)
        if entity is root or self.strategy(entity) != "JOINED":
            return pairs
        given = list(
            all_of(entity.stmt.decorators, "PrimaryKeyJoinColumn", "PrimaryKeyJoinColumns"),
        )
        names = [self.stored.text(entity.scope, value(each, "name")) for each in given]
        renamed = [self.naming.name(name) if name else None for name in [*names, *[None] * len(pairs)]]
        return tuple((attribute, new or column) for (attribute, column), new in zip(pairs, renamed, strict=False))

    def _key_columns(self, entity: JpaClass, leaf: Leaf) -> Pairs:
        if leaf.is_to_one:
            return tuple((leaf.path, column) for column, _ in self.joins(entity, leaf))
        shared = self.shared_with(entity, leaf)
        if shared is not None:
            return tuple((leaf.path, column) for column, _ in self.joins(entity, shared)[:1])
        return ((leaf.path, self.stored.column_name(leaf)),)

    def shared_with(self, entity: JpaClass, leaf: Leaf) -> Leaf | None:
        """Return the reference whose columns are this part of the key, as `@MapsId` says."""
        for other in self.stored.leaves(entity):
            if other.is_to_one and (given := other.attribute.get("MapsId")) is not None:
                name = self.stored.text(other.scope, value(given, "value")) or ""
                whole = leaf.path.partition(".")[0] if leaf.embedded else leaf.path
                inner = f"{whole}.{name}" if leaf.embedded and name else name or whole
                if leaf.path == inner or leaf.path.startswith(f"{inner}."):
                    return other
        return None

    def joins(self, entity: JpaClass, leaf: Leaf) -> Pairs:
        """Return the pairs of columns of a reference to one entity: here, and in the target's table."""
        scope, given = leaf.scope, list(all_of(leaf.attribute.decorators, "JoinColumn", "JoinColumns"))
        if leaf.joins is not None:
            scope, given = leaf.joins[0], list(items(leaf.joins[1]))
        if not given and leaf.attribute.has("PrimaryKeyJoinColumn"):
            return tuple((column, column) for _, column in self.keys(entity))
        target, _ = self.stored.element(leaf)
        return self.join_columns(scope, given, target, leaf.path)

    def join_columns(self, scope: ConstantScope, given: list[f.Expr], target: JpaClass | None, stem: str) -> Pairs:
        """Return (column, referenced column) of join columns; without names they come from `stem` and the target."""
        keys = [column for _, column in self.keys(target)] if target is not None and target.key in self.entities else []
        if not given:
            return tuple((self.naming.join_column(stem, key), key) for key in keys)
        pairs: list[tuple[str, str]] = []
        for at, each in enumerate(given):
            name = self.stored.text(scope, value(each, "name"))
            referenced = self.stored.text(scope, value(each, "referencedColumnName"))
            default = keys[at] if at < len(keys) else ""
            remote = self.naming.name(referenced) if referenced else default
            if name or remote:
                pairs.append((self.naming.name(name) if name else self.naming.join_column(stem, remote), remote))
        return tuple(pairs)

    def _build(self, entity: JpaClass) -> None:
        """Add the columns of an entity to its table."""
        if self.strategy(entity) == "TABLE_PER_CLASS" and annotation(entity.stmt.decorators, "abstract") is not None:
            return
        draft, root = self.table(entity), self.root(entity)
        is_loose = entity is not root and self.strategy(entity) == "SINGLE_TABLE"
        if self.strategy(entity) == "JOINED" and entity is not root:
            self._inherit_key(entity, draft)
        for leaf in self.leaves(entity):
            if leaf.is_basic and not (leaf.key and self.shared_with(entity, leaf)):
                self._add_basic(entity, draft, leaf, is_loose)
            elif leaf.is_to_one and not mapped_by(leaf) and not leaf.attribute.has("JoinTable"):
                self._add_reference(entity, draft, leaf, is_loose)
        if entity is root:
            self._add_discriminator(entity, draft)
        self._add_indexes(entity, draft)

    def _inherit_key(self, entity: JpaClass, draft: TableDraft) -> None:
        parent = self.stored.parent(entity)
        above = self.table(parent) if parent is not None else draft
        remote = tuple(column for _, column in self.keys(parent)) if parent is not None else ()
        local = tuple(column for _, column in self.keys(entity))
        for name, other in zip(local, remote, strict=False):
            known = above.columns.get(other.casefold())
            draft.add(Column(name, known.type if known else "", False, origins=(draft.origin,)), primary=True)
        draft.refer(local, above, remote)

    def _add_basic(self, entity: JpaClass, draft: TableDraft, leaf: Leaf, is_loose: bool) -> None:
        scope, column = leaf.column or (leaf.scope, leaf.attribute.get("Column"))
        name = self.stored.column_name(leaf)
        target = self._secondary(entity, scope, column) or draft
        cls, typed = self.classes.type_of(leaf.attribute)
        definition = self.stored.text(scope, value(column, "columnDefinition"))
        decorators = (
            leaf.attribute.decorators
            if leaf.column is None
            else (*leaf.attribute.decorators, column or f.Const(0, 0, ""))
        )
        spelt, own_default = of_definition(definition)
        attrs = ((ASSUMED, "type"),) if not definition and is_assumed(typed, decorators) else ()
        kind = spelt or sql_type(typed, decorators, is_enum(cls, leaf.attribute))
        required = leaf.key or flag(value(column, "nullable")) is False or last(leaf.attribute.type) in PRIMITIVES
        required = required or leaf.attribute.has("NotNull", "NotBlank", "NotEmpty", "Version")
        default = self.stored.text(leaf.scope, value(leaf.attribute.get("ColumnDefault"), "value")) or own_default
        identity = leaf.attribute.has("GeneratedValue")
        origin = self.origin(leaf.attribute.owner.path, leaf.attribute.at)
        is_nullable = is_loose or not required
        if last(leaf.attribute.type) in PRIMITIVES and value(column, "nullable") is None:
            attrs = (*attrs, (ASSUMED, "nullability"))
        result = Column(name, kind, is_nullable, default, identity=identity, origins=(origin,), attrs=attrs)
        target.add(result, primary=leaf.key)
        if flag(value(column, "unique")):
            target.indexes.append(Index(None, (name,), True))

    def _secondary(self, entity: JpaClass, scope: ConstantScope, column: f.Expr | None) -> TableDraft | None:
        """Return the secondary table that a column names, with its reference to the entity's table."""
        name = self.stored.text(scope, value(column, "table"))
        main = self.table(entity)
        if not name or self.naming.name(name) == main.key[1]:
            return None
        draft = self.tables.draft((main.key[0], self.naming.name(name)), main.origin)
        given = next(
            (
                each
                for each in all_of(entity.stmt.decorators, "SecondaryTable", "SecondaryTables")
                if self.stored.text(entity.scope, value(each, "name")) == name
            ),
            None,
        )
        keys = [key for _, key in self.keys(entity)]
        names = [self.stored.text(entity.scope, value(e, "name")) for e in items(value(given, "pkJoinColumns"))]
        local = [
            self.naming.name(own) if own else key for own, key in zip([*names, *[None] * len(keys)], keys, strict=False)
        ]
        for own, key in zip(local, keys, strict=True):
            known = main.columns.get(key.casefold())
            draft.add(Column(own, known.type if known else "", False, origins=(main.origin,)), primary=True)
        draft.refer(tuple(local), main, tuple(keys))
        return draft

    def _add_reference(self, entity: JpaClass, draft: TableDraft, leaf: Leaf, is_loose: bool) -> None:
        target, _ = self.stored.element(leaf)
        pairs = self.joins(entity, leaf)
        is_required = leaf.key or leaf.attribute.has("NotNull", "MapsId")
        is_required = is_required or flag(value(leaf.attribute.get("ManyToOne", "OneToOne"), "optional")) is False
        is_key = leaf.key or leaf.attribute.has("MapsId")
        self.add_joins(draft, leaf, pairs, target, nullable=is_loose or not is_required, primary=is_key)

    def add_joins(
        self,
        draft: TableDraft,
        leaf: Leaf,
        pairs: Pairs,
        target: JpaClass | None,
        *,
        nullable: bool = False,
        primary: bool = False,
    ) -> None:
        """Add foreign keys to a table, and their reference to the target's."""
        origin = self.origin(leaf.attribute.owner.path, leaf.attribute.at)
        other = self.table(target) if target is not None and target.key in self.entities else None
        for name, referenced in pairs:
            known = self.key_type(target, referenced) if target is not None else ""
            draft.add(Column(name, known, nullable, origins=(origin,)), primary=primary)
        if other is not None and all(remote for _, remote in pairs):
            draft.refer(tuple(local for local, _ in pairs), other, tuple(remote for _, remote in pairs))

    def key_type(self, entity: JpaClass, column: str) -> str:
        """Return the type of a column of an entity's key."""
        root = self.root(entity)
        for leaf in self.stored.leaves(root):
            if leaf.is_basic and self.stored.column_name(leaf) == column:
                cls, typed = self.classes.type_of(leaf.attribute)
                definition = value(leaf.attribute.get("Column"), "columnDefinition")
                explicit = self.stored.text(leaf.scope, definition)
                return explicit or sql_type(typed, leaf.attribute.decorators, is_enum(cls, leaf.attribute))
        return ""

    def _add_discriminator(self, entity: JpaClass, draft: TableDraft) -> None:
        given = annotation(entity.stmt.decorators, "DiscriminatorColumn")
        strategy = self.strategy(entity)
        implied = strategy == "SINGLE_TABLE" and bool(self.children[entity.key])
        if (given is None and not implied) or annotation(entity.stmt.decorators, "DiscriminatorFormula") is not None:
            return
        name = self.stored.text(entity.scope, value(given, "name")) or "DTYPE"
        kind = {"INTEGER": "integer", "CHAR": "char(1)"}.get(last(value(given, "discriminatorType")), "")
        spelled = kind or f"varchar({number(value(given, 'length')) or 31})"
        draft.add(Column(self.naming.name(name), spelled, False, origins=(draft.origin,)))

    def _add_indexes(self, entity: JpaClass, draft: TableDraft) -> None:
        given = annotation(entity.stmt.decorators, "Table")
        for each in items(value(given, "uniqueConstraints")):
            names = [self.stored.text(entity.scope, item) for item in items(value(each, "columnNames"))]
            self._index(draft, self.stored.text(entity.scope, value(each, "name")), names, True)
        for each in items(value(given, "indexes")):
            listed = self.stored.text(entity.scope, value(each, "columnList")) or ""
            names = [part.split()[0] for part in listed.split(",") if part.split()]
            unique = flag(value(each, "unique")) is True
            self._index(draft, self.stored.text(entity.scope, value(each, "name")), names, unique)

    def _index(self, draft: TableDraft, name: str | None, names: Sequence[str | None], unique: bool) -> None:
        columns = [draft.name_of(self.naming.name(n)) or draft.name_of(n) for n in names if n]
        known = tuple(column for column in columns if column)
        if known and len(known) == len(names):
            draft.indexes.append(Index(name, known, unique))

    def _models(self, entity: JpaClass) -> Iterator[Model]:
        """Yield the model of an entity, unless it has no table."""
        if self.strategy(entity) == "TABLE_PER_CLASS" and annotation(entity.stmt.decorators, "abstract") is not None:
            return
        draft = self.table(entity)
        if not draft.columns:
            return
        fields: dict[str, Field] = {}
        inherited: dict[str, tuple[str, str]] = {}
        for cls in self._lineage(entity):
            above = self.table(cls)
            for field in (*self._columns(cls, above), *self.fields[cls.key]):
                if field.column is not None and draft.name_of(field.column) is None:
                    inherited.setdefault(field.name, (self._home(cls, field.column), field.column))
                elif field.column is not None and above is not draft and not self._is_key(cls, field.name):
                    inherited.setdefault(field.name, (above.key[1], field.column))
                elif above is draft or all(draft.name_of(column) for column in field.local):
                    fields.setdefault(field.name, field)
        schema, name = draft.key
        line = self.stored.line(entity.path, entity.stmt.start)
        common = (entity.key, entity.stmt.name, "jpa", entity.path, line, name, schema)
        yield Model(*common, tuple(fields.values()), {k: v for k, v in inherited.items() if k not in fields})

    def _is_key(self, entity: JpaClass, path: str) -> bool:
        return any(path == attribute for attribute, _ in self.keys(entity))

    def _home(self, entity: JpaClass, column: str) -> str:
        """Return the secondary table that has a column of an entity."""
        for relation in self.tables.relations():
            if relation.column(column) and any(
                key.ref_table == self.table(entity).key[1] for key in relation.foreign_keys
            ):
                return relation.name
        return self.table(entity).key[1]

    def _columns(self, entity: JpaClass, draft: TableDraft) -> Iterator[Field]:
        """Yield the columns and the references to one entity of an entity."""
        for leaf in self.stored.leaves(entity):
            line = self.stored.line(leaf.attribute.owner.path, leaf.attribute.at)
            if leaf.is_basic:
                shared = self.shared_with(entity, leaf) if leaf.key else None
                names = [column for column, _ in self.joins(entity, shared)] if shared else []
                column = names[0] if names else self.stored.column_name(leaf)
                yield Field(leaf.path, column=draft.name_of(column) or column, line=line)
            elif leaf.is_to_one and not mapped_by(leaf) and not leaf.attribute.has("JoinTable"):
                target, _ = self.stored.element(leaf)
                pairs = self.joins(entity, leaf)
                local = tuple(draft.name_of(column) or column for column, _ in pairs)
                remote = tuple(column for _, column in pairs)
                key = target.key if target is not None and target.key in self.entities else None
                yield Field(leaf.path, target=key, local=local, remote=remote, line=line)
