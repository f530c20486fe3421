"""Combines tables and structs: the Schema, a model for each `table!`, and one for each struct that stands for rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from headwater.catalog import facts as f
from headwater.catalog.model import Relation, Schema
from headwater.readers import CodeProject, Field, Model, Reading, SourceFile
from headwater.readers import _rust as r
from headwater.readers.diesel import tables

# Derives whose table is `table_name`, or by default the struct's name in snake case with an `s`.
_OF_TABLE = frozenset({"Identifiable", "Insertable", "AsChangeset", "Selectable", "Associations", "HasQuery"})
_SYSTEM = frozenset({"information_schema", "pg_catalog"})
_ROWS = _OF_TABLE | {"Queryable", "QueryableByName"}


class DieselMapping:
    """One run of the reader: tables by their name in Rust, and models by key."""

    def __init__(self, project: CodeProject, files: Sequence[SourceFile]) -> None:
        self._modules = {file.path: project.module(file.path) for file in files}
        self._lines = r.Lines({file.path: file.source for file in files})
        self._tables: dict[str, list[tuple[str, f.Class]]] = {}
        self.relations: dict[tuple[str | None, str], Relation] = {}
        self.models: dict[str, Model] = {}

    def reading(self) -> Reading:
        """Return the complete result."""
        for path, module in self._modules.items():
            for modules, stmt in r.classes(module.body) if module is not None else ():
                if tables.is_table(stmt):
                    self._add_table(path, modules, stmt)
        for module in self._modules.values():
            for child, parent, column in tables.joins(module.body) if module is not None else ():
                self._join(child, parent, column)
        for path, module in self._modules.items():
            for modules, stmt in r.classes(module.body) if module is not None else ():
                if stmt.kind == "struct":
                    self._add_struct(path, modules, stmt)
        return Reading(Schema(tuple(self.relations.values())), tuple(self.models.values()))

    def _add_table(self, path: str, modules: tuple[str, ...], stmt: f.Class) -> None:
        relation = tables.relation(stmt, path, self._lines)
        key = (relation.schema, relation.name)
        if not relation.columns or relation.schema in _SYSTEM or relation.name.startswith("pg_"):
            return
        self._tables.setdefault(stmt.name, []).append((path, stmt))
        known = self.relations.get(key)
        if known is None:
            self.relations[key] = relation
        names = {column.name for column in self.relations[key].columns}
        fields = tuple(
            Field(target.id, column.name, line=self._lines.line(path, target.start))
            for target, column in tables.columns(stmt)
            if column.name in names
        )
        self._add_model(path, modules, stmt, relation, fields)

    def _add_model(
        self, path: str, modules: tuple[str, ...], stmt: f.Class, relation: Relation, fields: tuple[Field, ...]
    ) -> None:
        derived = r.derives(stmt.decorators)
        is_change = "AsChangeset" in derived and not derived & {"Insertable", "Queryable"}
        stores: Literal["write", "update"] = "update" if is_change else "write"
        name = ".".join((*modules, stmt.name))
        key = f"{path}:{name}"
        line = self._lines.line(path, stmt.start)
        self.models[key] = Model(
            key, stmt.name, "diesel", path, line, relation.name, relation.schema, fields, {}, stores
        )

    def _join(self, child: str, parent: str, column: str) -> None:
        ends = [self._relation(child), self._relation(parent)]
        field = next((c for t, c in self._columns(child) if t == column), None)
        if ends[0] is not None and ends[1] is not None and field is not None:
            self.relations[ends[0].schema, ends[0].name] = tables.with_key(ends[0], field, ends[1])

    def _relation(self, name: str) -> Relation | None:
        declared = self._tables.get(name)
        if not declared:
            return None
        relation = tables.relation(declared[0][1], declared[0][0], self._lines)
        return self.relations.get((relation.schema, relation.name))

    def _columns(self, name: str) -> Iterator[tuple[str, str]]:
        for _, stmt in self._tables.get(name, ())[:1]:
            yield from ((target.id, column.name) for target, column in tables.columns(stmt))

    def _add_struct(self, path: str, modules: tuple[str, ...], stmt: f.Class) -> None:
        derived = r.derives(stmt.decorators)
        if not derived & _ROWS:
            return
        name = _table_name(stmt)
        table = name or r.snake(stmt.name) + "s"
        relation = self._relation(table)
        if relation is None:
            return
        columns = dict(self._columns(table))
        fields = tuple(self._fields(path, stmt, columns))
        if name is None and not derived & _OF_TABLE and len(fields) != len(stmt.body):
            return  # the rows of a query over some other columns
        if fields:
            self._add_model(path, modules, stmt, relation, fields)

    def _fields(self, path: str, stmt: f.Class, columns: dict[str, str]) -> Iterator[Field]:
        for field in stmt.body:
            target = field.targets[0] if isinstance(field, f.Assign) else None
            if not isinstance(field, f.Assign) or not isinstance(target, f.Name):
                continue
            said = r.setting(r.attributes(field.decorators, "diesel"), "column_name")
            old = next((call.args[0] for call in r.attributes(field.decorators, "column_name") if call.args), None)
            column = columns.get(r.text_of(said) or r.text_of(old) or target.id)
            if column is not None:
                yield Field(target.id, column, line=self._lines.line(path, target.start))


def _table_name(stmt: f.Class) -> str | None:
    """Return the table that a struct names: `#[diesel(table_name = users)]`, or before `#[table_name = "users"]`."""
    said = r.setting(r.attributes(stmt.decorators, "diesel"), "table_name")
    if said is None:
        said = next((call.args[0] for call in r.attributes(stmt.decorators, "table_name") if call.args), None)
    return r.text_of(said)
