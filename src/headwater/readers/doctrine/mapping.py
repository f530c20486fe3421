"""Entities to tables and models: columns, relationships with their keys, join tables, embedded objects, inheritance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import (
    argument,
    called_name,
    items,
    keyword,
    last_name,
    line_of,
    literal_flag,
    literal_text,
)
from headwater.catalog.model import Column, Origin, Schema
from headwater.readers import Field, Model, Reading
from headwater.readers._drafts import TableDraft, TableDrafts
from headwater.readers.doctrine.classes import DoctrineClass, DoctrineClasses, DoctrineProperty
from headwater.readers.doctrine.names import DoctrineNaming

_RELATIONS = ("ManyToOne", "OneToOne", "OneToMany", "ManyToMany")
_TO_MANY = ("OneToMany", "ManyToMany")


class EntityTables:
    """Maps entities to tables."""

    def __init__(self, classes: DoctrineClasses, naming: DoctrineNaming, sources: Mapping[str, bytes]) -> None:
        self._classes, self._naming, self._sources = classes, naming, sources
        self._drafts = TableDrafts()
        self._fields: dict[str, dict[str, Field]] = {}

    def reading(self) -> Reading:
        """Return the Schema and the models."""
        for cls in self._classes.entities:
            self._add_columns(cls)
        for cls in self._classes.entities:
            self._relate(cls)
        models = tuple(self._model(cls) for cls in self._classes.entities)
        return Reading(Schema(tuple(self._drafts.relations())), models)

    # ----------------------------------------------------------- names

    def _root(self, cls: DoctrineClass) -> DoctrineClass:
        parent = self._classes.parent_entity(cls)
        return self._root(parent) if parent is not None else cls

    def _is_joined(self, cls: DoctrineClass) -> bool:
        kind = self._root(cls).mark("InheritanceType")
        text = literal_text(kind.args[0]) if isinstance(kind, f.Call) and kind.args else None
        return (text or "").upper() == "JOINED"

    def table(self, cls: DoctrineClass) -> str:
        """Return the table of an entity; single-table inheritance has one for the family."""
        root = cls if self._is_joined(cls) else self._root(cls)
        name = _name_in(root.mark("Table"))
        return (name or self._naming.table(root.stmt.name)).strip('`"')

    def _draft(self, cls: DoctrineClass) -> TableDraft:
        schema = literal_text(keyword(cls.mark("Table"), "schema"))
        return self._drafts.draft((schema, self.table(cls)), self._origin(cls.path, cls.stmt.start))

    def _key(self, cls: DoctrineClass) -> str:
        """Return the column of the primary key."""
        for prop in self._classes.properties(cls).values():
            if prop.mark("Id") is not None and prop.mark("Column") is not None:
                return self._column_name(prop)
        parent = self._classes.parent_entity(cls)
        return self._key(parent) if parent is not None else "id"

    def _column_name(self, prop: DoctrineProperty) -> str:
        name = _name_in(prop.mark("Column"))
        return (name or self._naming.column(prop.name)).strip('`"')

    # ----------------------------------------------------------- columns

    def _add_columns(self, cls: DoctrineClass) -> None:
        draft, fields = self._draft(cls), self._fields.setdefault(cls.key, {})
        parent = self._classes.parent_entity(cls)
        if parent is not None and self._is_joined(cls):
            draft.add(Column(self._key(cls), "integer", False), primary=True)
        if parent is None and cls.mark("InheritanceType") is not None:
            name = literal_text(keyword(cls.mark("DiscriminatorColumn"), "name")) or "dtype"
            draft.add(Column(name, "varchar", False, origins=(self._origin(cls.path, cls.stmt.start),)))
        for prop in self._classes.properties(cls).values():
            if prop.mark("Column") is not None:
                self._add_column(draft, fields, prop, "", "")
            elif (mark := prop.mark("Embedded")) is not None:
                self._embed(draft, fields, prop, mark)

    def _add_column(
        self, draft: TableDraft, fields: dict[str, Field], prop: DoctrineProperty, prefix: str, before: str
    ) -> None:
        mark, name = prop.mark("Column"), prefix + self._column_name(prop)
        is_key = prop.mark("Id") is not None and not prefix
        kind = (
            literal_text(keyword(mark, "type")) or last_name(keyword(mark, "type")) or last_name(prop.stmt.annotation)
        )
        nullable = literal_flag(keyword(mark, "nullable")) is True
        origin = self._origin(prop.owner.path, prop.stmt.start)
        draft.add(Column(name, _TYPES.get(kind.lower(), kind.lower()), nullable, origins=(origin,)), primary=is_key)
        attribute = before + prop.name
        fields[attribute] = Field(attribute, name, line=origin.line)

    def _embed(self, draft: TableDraft, fields: dict[str, Field], prop: DoctrineProperty, mark: f.Expr) -> None:
        target = self._classes.target(prop, mark)
        given = keyword(mark, "columnPrefix")
        prefix = literal_text(given)
        if prefix is None:
            prefix = "" if literal_flag(given) is False else f"{self._naming.column(prop.name)}_"
        for inner in self._classes.properties(target).values() if target else ():
            if inner.mark("Column") is not None:
                self._add_column(draft, fields, inner, prefix, f"{prop.name}.")

    # ----------------------------------------------------------- relationships

    def _relate(self, cls: DoctrineClass) -> None:
        for prop in self._classes.properties(cls).values():
            mark = prop.mark(*_RELATIONS)
            target = self._classes.target(prop, mark) if mark is not None else None
            if mark is None or target is None or target.key not in self._classes.all:
                continue
            field = self._relationship(cls, prop, mark, target)
            if field is not None:
                self._fields[cls.key].setdefault(prop.name, field)

    def _relationship(
        self, cls: DoctrineClass, prop: DoctrineProperty, mark: f.Expr, target: DoctrineClass
    ) -> Field | None:
        line = self._origin(prop.owner.path, prop.stmt.start).line
        many = called_name(mark) in _TO_MANY
        mapped = literal_text(keyword(mark, "mappedBy"))
        if mapped is not None:
            return self._inverse(prop, cls, target, mapped, many=many, line=line)
        if called_name(mark) == "OneToMany":
            return None
        if called_name(mark) == "ManyToMany":
            table, mine, theirs = self._join_table(cls, prop, target)
            ends = (self._key(cls),), (self._key(target),)
            return Field(prop.name, None, target.key, True, *ends, table, (mine,), (theirs,), line=line)
        local, remote = self._keys(prop, target)
        return Field(prop.name, None, target.key, False, local, remote, line=line)

    def _keys(self, prop: DoctrineProperty, target: DoctrineClass) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the columns of a foreign key, and what they refer to."""
        key = self._key(target)
        columns = prop.marks("JoinColumn") or [f.Const(0, 0, "")]
        pairs = []
        for column in columns:
            remote = literal_text(keyword(column, "referencedColumnName")) or key
            name = _name_in(column) or self._naming.join_column(prop.name, remote)
            pairs.append((name.strip('`"'), remote))
        return tuple(name for name, _ in pairs), tuple(remote for _, remote in pairs)

    def _inverse(
        self, prop: DoctrineProperty, cls: DoctrineClass, target: DoctrineClass, mapped: str, *, many: bool, line: int
    ) -> Field | None:
        """Return the field of the side that does not have the key."""
        forward = self._properties(target).get(mapped)
        mark = forward.mark(*_RELATIONS) if forward is not None else None
        if forward is None or mark is None:
            return Field(prop.name, None, target.key, many, line=line)
        if called_name(mark) == "ManyToMany":
            table, theirs, mine = self._join_table(target, forward, cls)
            ends = (self._key(cls),), (self._key(target),)
            return Field(prop.name, None, target.key, True, *ends, table, (mine,), (theirs,), line=line)
        remote, local = self._keys(forward, cls)
        return Field(prop.name, None, target.key, many, local, remote, line=line)

    def _properties(self, cls: DoctrineClass) -> dict[str, DoctrineProperty]:
        """Return the mapped properties of an entity, those of its parents included."""
        parent = self._classes.parent_entity(cls)
        return {**(self._properties(parent) if parent else {}), **self._classes.properties(cls)}

    def _join_table(self, cls: DoctrineClass, prop: DoctrineProperty, target: DoctrineClass) -> tuple[str, str, str]:
        mark = prop.mark("JoinTable")
        own, other = prop.owner if prop.owner.mark("Entity") else cls, target
        named = _name_in(mark)
        table = named or self._naming.join_table(own.stmt.name, other.stmt.name)
        mine = self._join_name(mark, prop, "joinColumns", "JoinColumn") or self._naming.join_key(
            own.stmt.name, self._key(own)
        )
        theirs = self._join_name(mark, prop, "inverseJoinColumns", "InverseJoinColumn") or self._naming.join_key(
            other.stmt.name, self._key(other)
        )
        return table, mine, theirs

    def _join_name(self, table: f.Expr | None, prop: DoctrineProperty, option: str, mark: str) -> str | None:
        inside = items(keyword(table, option))
        column = inside[0] if inside else prop.mark(mark)
        return _name_in(column)

    # ----------------------------------------------------------- models

    def _model(self, cls: DoctrineClass) -> Model:
        fields = dict(self._fields[cls.key])
        inherited: dict[str, tuple[str, str]] = {}
        parent = self._classes.parent_entity(cls)
        while parent is not None:
            for name, field in self._fields.get(parent.key, {}).items():
                if field.column and self._is_joined(cls):
                    inherited.setdefault(name, (self.table(parent), field.column))
                else:
                    fields.setdefault(name, field)
            parent = self._classes.parent_entity(parent)
        self._add_keys(cls)
        line = self._origin(cls.path, cls.stmt.start).line
        table, ordered = self.table(cls), tuple(fields.values())
        return Model(cls.key, cls.stmt.name, "doctrine", cls.path, line, table, None, ordered, inherited)

    def _add_keys(self, cls: DoctrineClass) -> None:
        """Add the foreign keys of an entity's relationships, and its join tables."""
        draft = self._draft(cls)
        for name, prop in self._classes.properties(cls).items():
            field = self._fields[cls.key].get(name)
            mark = prop.mark(*_RELATIONS)
            if field is None or field.target is None or mark is None or keyword(mark, "mappedBy") is not None:
                continue
            target = self._classes.all[field.target]
            origin = self._origin(prop.owner.path, prop.stmt.start)
            if field.through:
                self._add_join_table(cls, target, field, origin)
                continue
            for column in field.local:
                draft.add(Column(column, "integer", origins=(origin,)), primary=prop.mark("Id") is not None)
            draft.refer(field.local, self._draft(target), field.remote)

    def _add_join_table(self, cls: DoctrineClass, target: DoctrineClass, field: Field, origin: Origin) -> None:
        table = self._drafts.draft((None, field.through or ""), origin)
        for columns, owner, keys in self._ends(cls, target, field):
            for column in columns:
                table.add(Column(column, "integer", False, origins=(origin,)), primary=True)
            table.refer(columns, self._draft(owner), keys)

    def _ends(
        self, cls: DoctrineClass, target: DoctrineClass, field: Field
    ) -> Iterator[tuple[tuple[str, ...], DoctrineClass, tuple[str, ...]]]:
        yield field.through_local, cls, field.local
        yield field.through_remote, target, field.remote

    def _origin(self, path: str, start: int) -> Origin:
        return Origin(path, line_of(self._sources[path], start) if path in self._sources else 0)


def _name_in(mark: f.Expr | None) -> str | None:
    """Return the name that an attribute gives, which is also its first argument."""
    return literal_text(keyword(mark, "name")) or literal_text(argument(mark, 0))


_TYPES = {
    "string": "varchar",
    "ascii_string": "varchar",
    "int": "integer",
    "bool": "boolean",
    "float": "double precision",
    "decimal": "numeric",
    "datetime_mutable": "timestamp",
    "datetime_immutable": "timestamp",
    "datetime": "timestamp",
    "datetimeinterface": "timestamp",
    "datetimeimmutable": "timestamp",
    "date_mutable": "date",
    "date_immutable": "date",
    "simple_array": "text",
    "array": "json",
    "guid": "uuid",
    "binary": "bytea",
    "blob": "bytea",
}
