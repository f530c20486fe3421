"""From entity classes to tables and models: names, keys, relations, join tables, single-table inheritance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.model import Column, ForeignKey, Index, Origin, Relation, Schema
from headwater.readers import CodeProject, Field, Model, Reading
from headwater.readers.typeorm.entities import ClassReader, EntityClass, Property
from headwater.readers.typeorm.strategies import DefaultNaming

_DEFAULT_TYPES = {"number": "integer", "string": "varchar", "boolean": "boolean", "Date": "timestamp"}
_DATES = ("CreateDateColumn", "UpdateDateColumn", "DeleteDateColumn")


class EntityMapping:
    """The tables and models of a set of entity classes."""

    def __init__(
        self,
        project: CodeProject,
        classes: Mapping[str, EntityClass],
        naming: DefaultNaming,
        texts: Mapping[str, bytes],
    ) -> None:
        self._classes, self._naming, self._texts = classes, naming, texts
        self._reader = ClassReader(project)
        self._properties = {key: self._reader.properties(cls) for key, cls in classes.items()}
        self._named = {cls.stmt.name: key for key, cls in classes.items()}

    def reading(self) -> Reading:
        """Return the Schema and the models."""
        tables: dict[str, list[str]] = {}
        for key in self._classes:
            tables.setdefault(self._table(key), []).append(key)
        relations = [self._relation(name, keys) for name, keys in tables.items()]
        relations += [table for table in self._join_tables() if table.name not in tables]
        return Reading(Schema(tuple(relations)), tuple(self._model(key) for key in self._classes))

    # ------------------------------------------------------------ names

    def _root(self, key: str) -> str:
        """Return the entity whose table a class is stored in: with single-table inheritance, that of its base."""
        cls = self._classes[key]
        if q.called_name(cls.mark) != "ChildEntity":
            return key
        bases = [part.key for part in self._reader.lineage(cls) if part.key in self._classes]
        return bases[-1] if bases else key

    def _table(self, key: str) -> str:
        cls = self._classes[self._root(key)]
        first = q.argument(cls.mark, 0)
        own = q.literal_text(first) or q.literal_text(q.options(first).get("name"))
        return own or self._naming.table(cls.stmt.name)

    def _schema(self, key: str) -> str | None:
        mark = self._classes[self._root(key)].mark
        args = mark.args if isinstance(mark, f.Call) else ()
        return next((text for arg in args if (text := q.literal_text(q.options(arg).get("schema")))), None)

    def _column(self, item: Property) -> str:
        custom = q.literal_text(item.options().get("name"))
        return self._naming.column(custom or item.name, item.prefixes, custom=custom is not None)

    def _keys(self, key: str) -> list[Property]:
        keys = [item for item in self._properties[key] if item.is_key]
        # A decorator of the code base can make the key, too; then its name tells.
        return keys or [item for item in self._properties[key] if item.attribute == "id"]

    def _target(self, key: str, item: Property) -> str | None:
        """Return the key of the entity that a relation leads to."""
        name = item.target()
        if not name:
            return key
        known = self._reader.find(item.path, name)
        return known.key if known and known.key in self._classes else self._named.get(name.rsplit(".", 1)[-1])

    # ----------------------------------------------------------- tables

    def _relation(self, name: str, keys: list[str]) -> Relation:
        columns: dict[str, Column] = {}
        foreign: dict[tuple[str, ...], ForeignKey] = {}
        indexes: list[Index] = []
        for key in keys:
            for item in self._properties[key]:
                for column in self._columns(key, item):
                    columns.setdefault(column.name, column)
                for reference in self._references(key, item):
                    foreign.setdefault(reference.columns, reference)
                if q.literal_flag(item.options().get("unique")):
                    indexes.append(Index(None, (self._column(item),), unique=True))
        for column in self._extra(keys[0]):
            columns.setdefault(column.name, column)
        cls = self._classes[self._root(keys[0])]
        return Relation(
            name,
            tuple(columns.values()),
            schema=self._schema(keys[0]),
            kind="view" if q.called_name(cls.mark) == "ViewEntity" else "table",
            primary_key=tuple(dict.fromkeys(self._column(item) for key in keys for item in self._keys(key))),
            foreign_keys=tuple(foreign.values()),
            indexes=tuple(indexes),
            origins=(Origin(cls.path, self._line(cls.path, cls.stmt.start)),),
        )

    def _extra(self, key: str) -> Iterator[Column]:
        """Yield the columns that a class decorator adds: a discriminator, the keys of trees."""
        cls = self._classes[key]
        for part in self._reader.lineage(cls):
            origin = (Origin(part.path, self._line(part.path, part.stmt.start)),)
            inheritance = q.decorator(part.stmt.decorators, "TableInheritance")
            if inheritance is not None:
                column = q.options(q.options(q.argument(inheritance, 0)).get("column"))
                yield Column(q.literal_text(column.get("name")) or "type", "varchar", nullable=False, origins=origin)
            tree = q.literal_text(q.argument(q.decorator(part.stmt.decorators, "Tree"), 0))
            for name in {"materialized-path": ("mpath",), "nested-set": ("nsleft", "nsright")}.get(tree or "", ()):
                yield Column(name, "varchar" if name == "mpath" else "integer", origins=origin)

    def _columns(self, key: str, item: Property) -> Iterator[Column]:
        origin = (Origin(item.path, self._line(item.path, item.start)),)
        options = item.options()
        nullable = q.literal_flag(options.get("nullable"))
        if not item.is_relation:
            yield Column(
                self._column(item),
                _type_of(item),
                nullable=bool(nullable) or item.kind == "DeleteDateColumn",
                identity=item.kind == "PrimaryGeneratedColumn",
                origins=origin,
            )
            return
        for name, target in self._join_columns(key, item):
            kind = _type_of(target) if target else ""
            yield Column(name, kind, nullable=nullable is not False, origins=origin)

    def _join_columns(self, key: str, item: Property) -> list[tuple[str, Property | None]]:
        """Return the foreign key columns of a relation that this table owns, with the columns that they refer to."""
        marks = [mark for mark in item.marks if q.called_name(mark) == "JoinColumn"]
        if item.kind not in ("ManyToOne", "TreeParent") and not (item.kind == "OneToOne" and marks):
            return []
        target = self._target(key, item)
        keys = self._keys(target) if target else []
        if marks and isinstance(q.argument(marks[0], 0), f.SequenceExpr):
            declared = [q.options(part) for part in q.items(q.argument(marks[0], 0))]
        else:
            declared = [q.options(q.argument(mark, 0)) for mark in marks]
        if declared and any(declared):
            return [self._join_column(item, options, target, keys) for options in declared]
        return [(self._naming.join_column(item.name, part.name), part) for part in keys]

    def _join_column(
        self, item: Property, options: Mapping[str, f.Expr], target: str | None, keys: list[Property]
    ) -> tuple[str, Property | None]:
        wanted = q.literal_text(options.get("referencedColumnName"))
        others = self._properties[target] if target else []
        referenced = next((part for part in others if part.name == wanted), keys[0] if keys else None)
        name = q.literal_text(options.get("name"))
        return name or self._naming.join_column(item.name, referenced.name if referenced else "id"), referenced

    def _references(self, key: str, item: Property) -> Iterator[ForeignKey]:
        target = self._target(key, item) if item.is_relation else None
        pairs = self._join_columns(key, item) if target else []
        if target and pairs and all(part for _, part in pairs):
            yield ForeignKey(
                tuple(name for name, _ in pairs),
                self._table(target),
                tuple(self._column(part) for _, part in pairs if part),
                ref_schema=self._schema(target),
                on_delete=q.literal_text(item.options().get("onDelete")),
            )

    def _join_tables(self) -> Iterator[Relation]:
        for key in self._classes:
            for item in self._properties[key]:
                link = self._link(key, item)
                target = self._target(key, item)
                if link is None or target is None or not item.marks_join_table:
                    continue
                table, mine, theirs = link
                origin = (Origin(item.path, self._line(item.path, item.start)),)
                sides = ((mine, key), (theirs, target))
                yield Relation(
                    table,
                    tuple(
                        Column(name, _type_of(part), nullable=False, origins=origin)
                        for names, side in sides
                        for name, part in zip(names, self._keys(side), strict=False)
                    ),
                    primary_key=(*mine, *theirs),
                    foreign_keys=tuple(
                        ForeignKey(names, self._table(side), tuple(map(self._column, self._keys(side))))
                        for names, side in sides
                    ),
                    origins=origin,
                )

    def _link(self, key: str, item: Property) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
        """Return the join table of a many-to-many relation, with the columns of this and the other side."""
        if item.kind != "ManyToMany":
            return None
        target = self._target(key, item)
        if target is None:
            return None
        if not item.marks_join_table:
            owner = self._inverse(target, item, key)
            link = self._link(target, owner) if owner and owner.marks_join_table else None
            return (link[0], link[2], link[1]) if link else None
        options = q.options(q.argument(q.decorator(item.marks, "JoinTable"), 0))
        mine, theirs = self._table(key), self._table(target)
        table = q.literal_text(options.get("name")) or self._naming.join_table(mine, theirs, item.name)
        columns = self._side(options, "joinColumn", mine, key), self._side(options, "inverseJoinColumn", theirs, target)
        if key == target and columns[0] == columns[1]:
            columns = tuple(f"{name}_1" for name in columns[0]), tuple(f"{name}_2" for name in columns[1])
        return table, *columns

    def _side(self, options: Mapping[str, f.Expr], option: str, table: str, key: str) -> tuple[str, ...]:
        given = [options[option]] if option in options else list(q.items(options.get(f"{option}s")))
        names = [q.literal_text(q.options(part).get("name")) for part in given]
        own = [
            self._naming.join_table_column(table, part.name, q.literal_text(part.options().get("name")))
            for part in self._keys(key)
        ]
        return tuple(
            name or (own[position] if position < len(own) else "id") for position, name in enumerate(names)
        ) or tuple(own)

    # ----------------------------------------------------------- models

    def _model(self, key: str) -> Model:
        cls = self._classes[key]
        fields = tuple(self._field(key, item) for item in self._properties[key])
        line = self._line(cls.path, cls.stmt.start)
        return Model(key, cls.stmt.name, "typeorm", cls.path, line, self._table(key), self._schema(key), fields)

    def _field(self, key: str, item: Property) -> Field:
        line = self._line(item.path, item.start)
        if not item.is_relation:
            return Field(item.attribute, self._column(item), line=line)
        target = self._target(key, item)
        if target is None:
            return Field(item.attribute, line=line)
        link = self._link(key, item)
        if link:
            table, mine, theirs = link
            local, remote = (tuple(map(self._column, self._keys(side))) for side in (key, target))
            return Field(item.attribute, None, target, True, local, remote, table, mine, theirs, line=line)
        pairs = self._join_columns(key, item)
        if pairs:
            local = tuple(name for name, _ in pairs)
            remote = tuple(self._column(part) for _, part in pairs if part)
            return Field(item.attribute, None, target, item.many, local, remote, line=line)
        other = self._inverse(target, item, key)
        far = self._join_columns(target, other) if other else []
        local = tuple(self._column(part) for _, part in far if part)
        return Field(item.attribute, None, target, item.many, local, tuple(name for name, _ in far), line=line)

    def _inverse(self, target: str, item: Property, key: str) -> Property | None:
        """Return the property at the other end of a relation."""
        name = item.inverse()
        if item.kind == "TreeChildren":
            return next((part for part in self._properties[target] if part.kind == "TreeParent"), None)
        named = next((part for part in self._properties[target] if part.name == name and part.is_relation), None)
        if named or name:
            return named
        back = [part for part in self._properties[target] if part.is_relation and part.inverse() == item.name]
        return next((part for part in back if self._target(target, part) == key), None)

    def _line(self, path: str, offset: int) -> int:
        return q.line_of(self._texts[path], offset) if path in self._texts else 0


def _type_of(item: Property) -> str:
    first = q.argument(item.mark, 0)
    declared = q.literal_text(first) or q.literal_text(item.options().get("type"))
    if declared in ("uuid", "increment", "identity", "rowid") and item.kind == "PrimaryGeneratedColumn":
        return "uuid" if declared == "uuid" else "integer"
    if declared:
        return declared
    if item.kind in _DATES:
        return "timestamp"
    return _DEFAULT_TYPES.get(q.last_name(item.annotation), "integer" if item.is_key else "")
