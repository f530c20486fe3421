"""Combines structs, columns and relations: table names, the Schema, the models."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import calls
from headwater.catalog.model import ASSUMED, Column, ForeignKey, Index, Origin, Relation, Schema
from headwater.catalog.usages import NotUnderstood
from headwater.readers import CodeProject, Field, Model, Reading, SourceFile
from headwater.readers._go import Packages, Struct
from headwater.readers.gorm import evidence
from headwater.readers.gorm.fields import FieldReader, GormColumn, GormRelation
from headwater.readers.gorm.names import NamingStrategy
from headwater.readers.gorm.relations import Linker
from headwater.readers.gorm.views import Views

_STRATEGY = re.compile(rb"NamingStrategy|SingularTable|DefaultTableNameHandler")


class GormMapping:
    """One run of the reader: its results by key, from structs to relations to models."""

    def __init__(self, project: CodeProject, files: Sequence[SourceFile]) -> None:
        self.packages = Packages(project)
        self._sources = {file.path: file.source for file in project.files() if file.language == "go"}
        self.missed: list[NotUnderstood] = []
        self.naming = self._strategy()
        self.structs = evidence.models(self.packages, tests=False) or evidence.models(self.packages, tests=True)
        self.reader = FieldReader(self.packages, self.naming)
        self.relations: dict[str, Relation] = {}
        self.models: dict[str, Model] = {}
        self.columns: dict[str, list[GormColumn]] = {}
        self._declared: dict[str, list[GormRelation]] = {}

    def reading(self) -> Reading:
        """Return the complete result."""
        for struct in self.structs:
            self._add(struct)
        linker = Linker(self.models, self.columns, self.naming)
        for key, declared in self._declared.items():
            for relation in declared:
                field, keys = linker.field(key, relation, self._line(relation.path, relation.at))
                self._link(key, field, keys)
        for joined in linker.join_tables(self.relations):
            self.relations[joined.name] = joined
        views = Views(self.packages, self.reader, self.models, self.relations, self._line)
        models = (*self.models.values(), *views.models())
        return Reading(Schema(tuple(self.relations.values())), models, tuple(self.missed))

    # ------------------------------------------------------------- names

    def _strategy(self) -> NamingStrategy:
        """Return the naming strategy that the code configures; tests have their own."""
        for path in sorted(self._sources, key=lambda path: (path.endswith("_test.go"), path)):
            if not _STRATEGY.search(self._sources[path]) or path.endswith("_test.go"):
                continue
            for call in calls(self.packages.modules[path].body) if path in self.packages.modules else ():
                name = _last(call.func)
                if name == "NamingStrategy":
                    return self._configured(path, call)
                if name == "SingularTable" and call.args and _is_true(call.args[0]):
                    return NamingStrategy(singular=True)
        return NamingStrategy()

    def _configured(self, path: str, call: f.Call) -> NamingStrategy:
        said = {keyword.name: keyword.value for keyword in call.keywords}
        prefix = self.packages.text(path, said.get("TablePrefix"))
        replacer = said.get("NameReplacer")
        texts = [self.packages.text(path, arg) or "" for arg in getattr(replacer, "args", ())]
        for name, is_known in (("TablePrefix", prefix is not None), ("NameReplacer", bool(texts))):
            if name in said and not is_known:
                self._miss(path, said[name].start, f"{name} of the naming strategy has no constant value.")
        pairs = tuple(zip(texts[::2], texts[1::2], strict=False))
        singular, as_is = _is_true(said.get("SingularTable")), _is_true(said.get("NoLowerCase"))
        return NamingStrategy(prefix or "", singular, as_is, pairs)

    def _table(self, struct: Struct) -> str:
        method = struct.methods.get("TableName")
        if method is None:
            return self.naming.table(struct.stmt.name)
        for value in _returned(method.body):
            path = next((p for p in self._paths(struct) if method in self._methods(p)), struct.path)
            if name := self._named(path, value):
                return name
        self._miss(struct.path, struct.stmt.start, "Its TableName method returns no constant.")
        return self.naming.table(struct.stmt.name)

    def _named(self, path: str, value: f.Expr) -> str | None:
        if isinstance(value, f.Call) and _last(value.func) == "TableName" and value.args:
            inner = self.packages.text(path, value.args[0])
            return inner and self.naming.table(inner)
        text = self.packages.text(path, value)
        if text is None and isinstance(value, f.Text):
            text = "".join(part.text for part in value.parts if isinstance(part, f.Chunk))
            self._miss(path, value.start, "A part of the name of this table is set at run time.")
        return text

    def _paths(self, struct: Struct) -> list[str]:
        folder = struct.path.rpartition("/")[0]
        return [path for path in self.packages.modules if path.rpartition("/")[0] == folder]

    def _methods(self, path: str) -> list[f.Stmt]:
        body = self.packages.modules[path].body
        return [member for stmt in body if isinstance(stmt, f.Class) for member in stmt.body]

    # ------------------------------------------------------------ tables

    def _add(self, struct: Struct) -> None:
        parts = list(self.reader.columns(struct))
        columns = _unique([part for part in parts if isinstance(part, GormColumn)])
        if not columns:
            return
        full = self._table(struct)
        schema, _, name = full.rpartition(".")
        self.columns[struct.key] = columns
        self._declared[struct.key] = [part for part in parts if isinstance(part, GormRelation)]
        line = self._line(struct.path, struct.stmt.start)
        keys = _primary_key(columns)
        relation = Relation(
            name,
            tuple(self._column(column, column.name in keys) for column in columns),
            schema=schema or None,
            primary_key=keys,
            indexes=tuple(_indexes(columns)),
            origins=(Origin(struct.path, line),),
        )
        known = self.relations.get(full)
        self.relations[full] = relation if known is None else _united(known, relation)
        fields = tuple(
            Field(column.attribute, column.name, line=self._line(column.path, column.at)) for column in columns
        )
        self.models[struct.key] = Model(
            struct.key, struct.stmt.name, "gorm", struct.path, line, name, schema or None, fields
        )

    def _column(self, column: GormColumn, is_key: bool) -> Column:
        origin = Origin(column.path, self._line(column.path, column.at))
        identity = "AUTOINCREMENT" in column.settings
        default = column.settings.get("DEFAULT")
        nullable = not (column.required or is_key)
        assumed = () if {"TYPE", "SIZE"} & column.settings.keys() else ((ASSUMED, "type"),)
        return Column(column.name, column.type, nullable, default, None, identity, None, (origin,), assumed)

    def _link(self, key: str, field: Field, keys: tuple[ForeignKey, ...]) -> None:
        model = self.models[key]
        if not any(known.name == field.name for known in model.fields):
            self.models[key] = msgspec.structs.replace(model, fields=(*model.fields, field))
        for constraint in keys:
            name = f"{model.schema}.{model.table}" if model.schema else model.table
            relation = self.relations[name]
            if constraint not in relation.foreign_keys:
                self.relations[name] = _with_key(relation, constraint)

    def _line(self, path: str, at: int) -> int:
        return self._sources[path].count(b"\n", 0, at) + 1

    def _miss(self, path: str, at: int, reason: str) -> None:
        line = self._line(path, at)
        text = self._sources[path].split(b"\n")[line - 1].strip().decode("utf-8", "replace")
        self.missed.append(NotUnderstood(path, line, text, reason))


def _unique(columns: list[GormColumn]) -> list[GormColumn]:
    """Return one column of each name: that of the struct itself hides those of embedded ones."""
    last = {column.name: column for column in columns}
    return [last[name] for name in dict.fromkeys(column.name for column in columns)]


def _primary_key(columns: list[GormColumn]) -> tuple[str, ...]:
    marked = tuple(column.name for column in columns if column.primary_key)
    return marked or tuple(column.name for column in columns if column.attribute == "ID" or column.name == "id")


def _indexes(columns: list[GormColumn]) -> list[Index]:
    """Return the indexes that tags declare; fields that share a name share an index."""
    named: dict[tuple[str, bool], list[str]] = {}
    result: list[Index] = []
    for column in columns:
        for setting, unique in (("UNIQUEINDEX", True), ("INDEX", False), ("UNIQUE", True)):
            value = column.settings.get(setting)
            if value is None:
                continue
            title = value.split(",")[0].strip() if setting != "UNIQUE" else ""
            if title:
                named.setdefault((title, unique or "unique" in value.split(",")[1:]), []).append(column.name)
            else:
                result.append(Index(None, (column.name,), unique))
    return result + [Index(title, tuple(names), unique) for (title, unique), names in named.items()]


def _united(first: Relation, second: Relation) -> Relation:
    """Return the table of two structs: the columns of both."""
    extra = tuple(column for column in second.columns if first.column(column.name) is None)
    return replace(
        first,
        columns=(*first.columns, *extra),
        primary_key=first.primary_key or second.primary_key,
        origins=(*first.origins, *second.origins),
    )


def _with_key(relation: Relation, key: ForeignKey) -> Relation:
    return replace(relation, foreign_keys=(*relation.foreign_keys, key))


def _returned(body: tuple[f.Stmt, ...]) -> list[f.Expr]:
    values: list[f.Expr] = []
    for stmt in body:
        if isinstance(stmt, f.Return) and stmt.value is not None:
            values.append(stmt.value)
        elif isinstance(stmt, f.Branch):
            values += [*_returned(stmt.body), *_returned(stmt.otherwise)]
        elif isinstance(stmt, (f.Scope, f.Loop)):
            values += _returned(stmt.body)
    return values


def _is_true(expr: f.Expr | None) -> bool:
    return isinstance(expr, (f.Const, f.Name)) and getattr(expr, "text", getattr(expr, "id", "")) == "true"


def _last(expr: f.Expr) -> str:
    return expr.name if isinstance(expr, f.Attr) else expr.id if isinstance(expr, f.Name) else ""
