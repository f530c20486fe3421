"""Model classes of Objection: `static get tableName()`, `jsonSchema`, `relationMappings`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.model import Column, Origin, Relation, Schema
from headwater.readers import CodeProject, Field, Model, SourceFile

_MANY = ("HasManyRelation", "ManyToManyRelation")
_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


class ObjectionClasses:
    """The model classes of a set of files."""

    def __init__(self, project: CodeProject, files: Sequence[SourceFile]) -> None:
        self._project = project
        self._tables: dict[tuple[str, str], str] = {}
        self._classes: dict[tuple[str, str], f.Class] = {}
        self._sources = {file.path: file.source for file in files}
        self._is_snake = any(b"nakeCaseMappers(" in file.source for file in files)
        for file in files:
            module = project.module(file.path)
            for stmt in module.body if module else ():
                table = q.literal_text(_static(stmt, "tableName")) if isinstance(stmt, f.Class) else None
                if table and isinstance(stmt, f.Class):
                    self._classes[file.path, stmt.name] = stmt
                    self._tables[file.path, stmt.name] = table.rpartition(".")[2]

    def schema(self) -> Schema:
        """Return the tables whose columns are declared in JSON schemas."""
        return Schema(tuple(relation for key in self._classes if (relation := self._relation(key)).columns))

    def _relation(self, key: tuple[str, str]) -> Relation:
        path, stmt = key[0], self._classes[key]
        columns = tuple(
            Column(self._column(name), origins=(Origin(path, self._line(path, entry.start)),))
            for entry, name in self._properties(stmt)
        )
        return Relation(self._tables[key], columns, origins=(Origin(path, self._line(path, stmt.start)),))

    def _line(self, path: str, start: int) -> int:
        return q.line_of(self._sources[path], start)

    def _column(self, name: str) -> str:
        return _CAPITAL.sub(lambda match: "_" + match[1].lower(), name) if self._is_snake else name

    @staticmethod
    def _properties(stmt: f.Class) -> list[tuple[f.DictEntry, str]]:
        return q.option_entries(q.options(_static(stmt, "jsonSchema")).get("properties"))

    def models(self) -> tuple[Model, ...]:
        """Return the models; one that declares no columns has those of its table."""
        return tuple(self._model(key) for key in self._classes)

    def _model(self, key: tuple[str, str]) -> Model:
        path, name = key
        stmt = self._classes[key]
        columns = (Field(name, self._column(name)) for _, name in self._properties(stmt))
        fields = (*columns, *self._relations(path, stmt))
        line, table = self._line(path, stmt.start), self._tables[key]
        return Model(f"{path}:{name}", name, "objection", path, line, table, fields=fields, stores="")

    def _relations(self, path: str, stmt: f.Class) -> Iterator[Field]:
        for entry, name in q.option_entries(_static(stmt, "relationMappings")):
            options = q.options(entry.value)
            join, target = q.options(options.get("join")), self._target(path, options.get("modelClass"))
            local, remote = _column_of(join.get("from")), _column_of(join.get("to"))
            if not target or not local or not remote:
                continue
            many = q.last_name(options.get("relation")) in _MANY
            through = q.options(join.get("through"))
            middle = (q.literal_text(through.get("from")) or "").rpartition(".")
            yield Field(
                name,
                target=target,
                many=many,
                local=(local,),
                remote=(remote,),
                through=middle[0] or None,
                through_local=(middle[2],) if middle[0] else (),
                through_remote=(_column_of(through.get("to")),) if middle[0] else (),
            )

    def _target(self, path: str, expr: f.Expr | None) -> str:
        expr = q.returned_value(expr) or expr
        name = q.last_name(expr) or (q.literal_text(expr) or "").rpartition("/")[2]
        if name in ("this", stmt_name := self._own(path)):
            return f"{path}:{stmt_name}"
        known = self._project.resolve(path, name) if name else None
        if known and isinstance(known[1], f.Class):
            return f"{known[0]}:{known[1].name}"
        return next((f"{file}:{title}" for file, title in self._classes if title.casefold() == name.casefold()), "")

    def _own(self, path: str) -> str:
        return next((name for file, name in self._classes if file == path), "")


def _column_of(expr: f.Expr | None) -> str:
    """Return the column of a text `table.column`."""
    return (q.literal_text(expr) or "").rpartition(".")[2]


def _static(stmt: f.Class, name: str) -> f.Expr | None:
    """Return the value of a static attribute, also of one that a getter or function returns."""
    for inner in stmt.body:
        if isinstance(inner, f.Assign) and q.last_name(inner.targets[0]) == name:
            return q.returned_value(inner.value) or inner.value
        if isinstance(inner, f.Function) and inner.name == name:
            returns = [part.value for part in inner.body if isinstance(part, f.Return)]
            return returns[-1] if returns else None
    return None
