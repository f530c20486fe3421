"""Combines classes, columns, tables and relationships: inheritance, physical names, the Schema, the models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from headwater.catalog import facts as f
from headwater.catalog.model import Schema
from headwater.readers import CodeProject, Field, Model, Reading, SourceFile
from headwater.readers.sqlalchemy import classes, columns, relations, relationships, tables
from headwater.readers.sqlalchemy import syntax as s
from headwater.readers.sqlalchemy.classes import MappedClass

# Models in tests and migrations are ignored, unless there are no others.
_TEST = re.compile(r"(^|/)(tests?|testing|conftest\.py$|test_[^/]*\.py$|[^/]*_test\.py$)(/|$)?")


class ModelMapping:
    """One run of the reader: its results by key, from classes to relations to models."""

    def __init__(self, project: CodeProject, files: Sequence[SourceFile]) -> None:
        self.project = project
        paths = [file.path for file in files]
        app = [x.path for x in files if not _TEST.search(x.path) and b"down_revision" not in x.source]
        self.classes = classes.collect(project, app)
        self.tables = list(tables.collect(project, app))
        if not self.tables and not any(classes.has_table(project, c) for c in self.classes.values()):
            self.classes = classes.collect(project, paths)
            self.tables = list(tables.collect(project, paths))
        self.mapped = [c for c in self.classes.values() if classes.has_table(project, c)]
        self.by_name: dict[str, list[MappedClass]] = {}
        for cls in self.mapped:
            self.by_name.setdefault(cls.stmt.name, []).append(cls)
        self.builder = relations.Builder(project, files, self.find_class, self.find_table)
        self.models: dict[str, Model] = {}
        self._table_of: dict[str, tuple[str, str | None]] = {}

    def reading(self) -> Reading:
        """Return the complete result."""
        for table in self.tables:
            self._add_table(table)
        for cls in self.mapped:
            self._add_class(cls)
        self.builder.finish()
        self._relate()
        self._proxy()
        models = tuple(self.models.values())
        return Reading(Schema(tuple(self.builder.relations.values())), models)

    def find_class(self, path: str, name: str) -> str | None:
        """Return the key of the mapped class for a name in a file, by import or by the registry."""
        symbol = self.project.resolve(path, name)
        if symbol and isinstance(symbol[1], f.Class):
            key = next((c.key for c in self.mapped if c.stmt is symbol[1]), None)
            if key:
                return key
        namesakes = self.by_name.get(name.rsplit(".", 1)[-1], [])
        return max(namesakes, key=lambda c: _nearness(c.path, path)).key if namesakes else None

    def find_table(self, path: str, name: str) -> str | None:
        """Return the table of a variable, a class or a table's own name."""
        if any(key == name for _, key in self.builder.relations):
            return name
        symbol = self.project.resolve(path, name)
        if symbol and isinstance(symbol[1], f.Assign):
            target = symbol[1]
            known = next((t for t in self.tables if t.path == symbol[0] and t.at == _start(target.value)), None)
            return known.name if known else None
        key = self.find_class(path, name)
        return self._table_of[key][0] if key in self._table_of else None

    # ------------------------------------------------------------ columns

    def _add_table(self, table: tables.TableCall) -> None:
        self.builder.add(table.name, table.schema, table.columns, table.path, table.at)
        self.builder.constrain(table.name, table.schema, table.constraints, table.path)
        fields = tuple(Field(c.name, c.name, line=self.builder.line(c.path, c.at)) for c in table.columns)
        line = self.builder.line(table.path, table.at)
        model = Model(table.key, table.variable, "sqlalchemy", table.path, line, table.name, table.schema, fields)
        self.models[table.key] = model
        self._table_of[table.key] = table.name, table.schema

    def _add_class(self, cls: MappedClass) -> None:
        if cls.key in self.models:
            return
        parent = self._parent(cls)
        if parent:
            self._add_class(parent)
        table = tables.of_class(self.project, cls)
        own = list(self._own_columns(cls)) if table is None else [*table.columns, *self._own_columns(cls)]
        single = parent is not None and table is None and not any(c.primary_key for c in own)
        name, schema = self._name(cls, parent if single else None, table)
        self._table_of[cls.key] = name, schema
        self.builder.add(name, schema, own, cls.path, cls.stmt.start, loose=single)
        for path, call in self._table_args(cls):
            self.builder.constrain(name, schema, (call,), path)
        if table is not None:
            self.builder.constrain(name, schema, table.constraints, table.path)
        self._add_model(cls, parent, own, single)

    def _add_model(
        self, cls: MappedClass, parent: MappedClass | None, own: list[columns.DeclaredColumn], single: bool
    ) -> None:
        name, schema = self._table_of[cls.key]
        fields = {
            c.attribute or c.name: Field(c.attribute or c.name, c.name, line=self.builder.line(c.path, c.at))
            for c in own
        }
        fields |= {field.name: field for field in self._synonyms(cls, fields)}
        inherited: dict[str, tuple[str, str]] = {}
        if parent and (above := self.models.get(parent.key)):
            # A property of this class replaces its parent's column of that name.
            hidden = {name for name, stmt in cls.body.items() if isinstance(stmt, f.Function)}
            handed_down = [field for field in above.fields if field.name not in hidden]
            inherited = {n: column for n, column in above.inherited.items() if n not in hidden}
            if single:
                fields = {field.name: field for field in handed_down} | fields
            else:
                inherited |= {x.name: (above.table, x.column) for x in handed_down if x.column}
                inherited = {n: column for n, column in inherited.items() if n not in fields}
        line = self.builder.line(cls.path, cls.stmt.start)
        ordered = tuple(fields.values())
        self.models[cls.key] = Model(
            cls.key, cls.stmt.name, "sqlalchemy", cls.path, line, name, schema, ordered, inherited
        )

    def _synonyms(self, cls: MappedClass, fields: dict[str, Field]) -> Iterator[Field]:
        for name, stmt in cls.body.items():
            value = stmt.value if isinstance(stmt, f.Assign) else None
            if isinstance(value, f.Call) and s.called(value) == "synonym" and value.args:
                of = fields.get(s.text_of(value.args[0]) or "")
                if of:
                    yield Field(name, of.column, line=of.line)

    def _parent(self, cls: MappedClass) -> MappedClass | None:
        args = cls.value("__mapper_args__")
        if isinstance(args, f.Mapping) and any(s.text_of(e.key) == "concrete" for e in args.entries):
            return None
        mapped = (base for base in cls.ancestors if classes.has_table(self.project, base))
        return next((base for base in mapped if all(above.key != cls.key for above in (base, *base.ancestors))), None)

    def _own_columns(self, cls: MappedClass) -> Iterator[columns.DeclaredColumn]:
        """Return the columns of a class and its bases up to the next mapped one, nearest first, without duplicates."""
        seen: set[str] = set()
        queue = [cls]
        while queue:
            current = queue.pop(0)
            for column in columns.of_class(self.project, current):
                if column.attribute not in seen:
                    seen.add(column.attribute)
                    yield column
            seen |= set(current.body)
            queue.extend(base for base in current.bases if not classes.has_table(self.project, base))

    def _name(
        self, cls: MappedClass, single: MappedClass | None, table: tables.TableCall | None
    ) -> tuple[str, str | None]:
        if table is not None:
            return table.name, table.schema
        if single is not None:
            return self._table_of[single.key]
        name = classes.table_name(self.project, cls) or cls.stmt.name
        return name, self._schema_name(cls)

    def _schema_name(self, cls: MappedClass) -> str | None:
        for root in (cls, *cls.ancestors):
            for args in _args_of(root):
                for item in s.items(args):
                    if isinstance(item, f.Mapping):
                        for entry in item.entries:
                            if s.text_of(entry.key) == "schema":
                                return s.constant(self.project, root.path, entry.value)
        return None

    def _table_args(self, cls: MappedClass) -> Iterator[tuple[str, f.Call]]:
        for root in (cls, *(b for b in cls.ancestors if not classes.has_table(self.project, b))):
            for args in _args_of(root):
                for item in s.items(args):
                    if isinstance(item, f.Call):
                        yield root.path, item

    # ------------------------------------------------------ relationships

    def _relate(self) -> None:
        knows = relationships.Tables(
            lambda key: self._table_of[key][0] if key in self._table_of else None,
            lambda name: next((r for (_, n), r in self.builder.relations.items() if n == name), None),
            self._column_of,
            self.find_class,
            self.find_table,
        )
        for cls in self.mapped:
            for root in (cls, *cls.ancestors):
                for declared in relationships.of_class(root):
                    self._add_relationship(cls, root, declared, knows)

    def _add_relationship(
        self,
        cls: MappedClass,
        root: MappedClass,
        declared: relationships.DeclaredRelationship,
        knows: relationships.Tables,
    ) -> None:
        name, many = relationships.target_name(declared)
        target = self.find_class(root.path, name) if name else None
        line = self.builder.line(root.path, declared.at)
        field = relationships.field(declared, cls.key, target, many, knows, line)
        self._add_field(cls.key, field)
        back = relationships.backref(declared.call)
        if back and target and (root is cls or not classes.has_table(self.project, root)):
            self._add_field(target, relationships.reverse(back[0], field, cls.key, back[1]))

    def _proxy(self) -> None:
        """Add association proxies: attributes that stand for an attribute of a relationship's target."""
        for cls in self.mapped:
            for name, stmt in cls.body.items():
                value = stmt.value if isinstance(stmt, f.Assign) else None
                if isinstance(value, f.Call) and s.called(value) == "association_proxy":
                    relation, attribute = map(s.text_of, (*value.args, None, None)[:2])
                    if relation and attribute:
                        line = self.builder.line(cls.path, stmt.start)
                        self._add_field(cls.key, Field(name, proxy=(relation, attribute), line=line))

    def _add_field(self, key: str, field: Field) -> None:
        heirs = [c.key for c in self.mapped if any(a.key == key for a in c.ancestors)]
        for owner in (key, *heirs):
            model = self.models.get(owner)
            if model and not any(x.name == field.name for x in model.fields):
                self.models[owner] = msgspec.structs.replace(model, fields=(*model.fields, field))

    def _column_of(self, key: str, attribute: str) -> tuple[str, str] | None:
        model = self.models.get(key)
        if model is None:
            return None
        column = next((x.column for x in model.fields if x.name == attribute and x.column), None)
        return (model.table, column) if column else model.inherited.get(attribute)


def _args_of(cls: MappedClass) -> Iterator[f.Expr]:
    stmt = cls.body.get("__table_args__")
    if isinstance(stmt, f.Assign) and stmt.value is not None:
        yield stmt.value
    elif isinstance(stmt, f.Function):
        yield from s.returned(stmt.body)


def _start(value: f.Expr | None) -> int:
    return value.start if value is not None else -1


def _nearness(path: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(path, other, strict=False)) if a != b), min(len(path), len(other)))
