"""Builds the relations of the Schema: physical columns, keys and indexes, with their origins."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from headwater.catalog import facts as f
from headwater.catalog.model import Check, Column, ForeignKey, Index, Origin, Relation
from headwater.readers import CodeProject, SourceFile
from headwater.readers.sqlalchemy import syntax as s
from headwater.readers.sqlalchemy.columns import DeclaredColumn, mapped_type
from headwater.readers.sqlalchemy.sqltypes import spell

_NEWLINE = re.compile(rb"\n")
Find = Callable[[str, str], str | None]
Key = tuple[str | None, str]


class Builder:
    """Collects relations by (schema, name); foreign keys are resolved last, when all names are known."""

    def __init__(self, project: CodeProject, files: Sequence[SourceFile], find_class: Find, find_table: Find) -> None:
        self.relations: dict[Key, Relation] = {}
        self._project = project
        self._sources = {file.path: file.source for file in files}
        self._lines: dict[str, list[int]] = {}
        self._find_class, self._find_table = find_class, find_table
        self._columns_of: dict[tuple[str, str], str] = {}
        self._pending: list[tuple[Key, str, str, f.Expr]] = []

    def line(self, path: str, at: int) -> int:
        """Return the 1-based line of a byte offset."""
        if path not in self._lines:
            self._lines[path] = [match.start() for match in _NEWLINE.finditer(self._source(path))]
        return bisect_right(self._lines[path], at - 1) + 1

    def add(
        self,
        name: str,
        schema: str | None,
        columns: Iterable[DeclaredColumn],
        path: str,
        at: int,
        loose: bool = False,
    ) -> None:
        """Add columns to a table, creating it if necessary; `loose` ones belong to a subclass and may be NULL."""
        key = (schema, name)
        relation = self.relations.get(key) or Relation(name, schema=schema, origins=(self._origin(path, at),))
        known = {column.name for column in relation.columns}
        primary = list(relation.primary_key)
        indexes = list(relation.indexes)
        added: list[Column] = []
        for column in columns:
            self._columns_of.setdefault((path, column.attribute), column.name)
            if column.name in known:
                continue
            known.add(column.name)
            added.append(self._column(column, loose))
            if column.primary_key:
                primary.append(column.name)
            if column.unique:
                indexes.append(Index(None, (column.name,), True))
            if column.target is not None:
                self._pending.append((key, column.name, column.path, column.target))
        self.relations[key] = replace(
            relation,
            columns=(*relation.columns, *added),
            primary_key=tuple(primary),
            indexes=tuple(indexes),
        )

    def constrain(self, name: str, schema: str | None, calls: Iterable[f.Call], path: str) -> None:
        """Read the constraints and indexes of `__table_args__` or a Table call."""
        key = (schema, name)
        for call in calls:
            kind = s.called(call)
            texts = [t for arg in call.args if (t := s.text_of(arg) or s.last(arg))]
            label = s.text_of(s.keyword(call, "name"))
            relation = self.relations[key]
            if kind == "UniqueConstraint":
                self.relations[key] = replace(relation, indexes=(*relation.indexes, Index(label, tuple(texts), True)))
            elif kind == "Index" and texts:
                unique = s.is_true(s.keyword(call, "unique"))
                index = Index(texts[0], tuple(texts[1:]), unique)
                self.relations[key] = replace(relation, indexes=(*relation.indexes, index))
            elif kind == "PrimaryKeyConstraint" and not relation.primary_key:
                self.relations[key] = replace(relation, primary_key=tuple(texts))
            elif kind == "CheckConstraint" and call.args and (text := s.text_of(call.args[0])):
                self.relations[key] = replace(relation, checks=(*relation.checks, Check(text, label)))
            elif kind == "ForeignKeyConstraint" and len(call.args) >= 2:
                self._compound(key, call, path)

    def finish(self) -> None:
        """Resolve the foreign keys."""
        pending, self._pending = self._pending, []
        for key, column, path, target in pending:
            place = self._target(path, target)
            if place:
                relation = self.relations[key]
                schema, table, ref = place
                foreign = ForeignKey((column,), table, (ref,) if ref else (), ref_schema=schema)
                self.relations[key] = replace(relation, foreign_keys=(*relation.foreign_keys, foreign))

    def _compound(self, key: Key, call: f.Call, path: str) -> None:
        local = tuple(t for item in s.items(call.args[0]) if (t := s.text_of(item)))
        places = [p for item in s.items(call.args[1]) if (p := self._target(path, item))]
        if local and len(places) == len(local):
            refs = tuple(position[2] for position in places)
            foreign = ForeignKey(local, places[0][1], refs, ref_schema=places[0][0])
            relation = self.relations[key]
            self.relations[key] = replace(relation, foreign_keys=(*relation.foreign_keys, foreign))

    def _target(self, path: str, target: f.Expr) -> tuple[str | None, str, str] | None:
        """Return the (schema, table, column) in a ForeignKey."""
        text = s.constant(self._project, path, target)
        if text:
            parts = text.split(".")
            return (".".join(parts[:-2]) or None, parts[-2], parts[-1]) if len(parts) > 1 else (None, text, "")
        owner, _, attribute = s.dotted(target).removesuffix(".c").rpartition(".")
        owner = owner.removesuffix(".c").removesuffix(".__table__")
        table = self._find_table(path, owner) if owner else None
        return (None, table, attribute) if table else None

    def _column(self, declared: DeclaredColumn, loose: bool) -> Column:
        return Column(
            declared.name,
            spell(self._type(declared)),
            declared.nullable or loose,
            default=self._text(declared.path, declared.default) if declared.default is not None else None,
            origins=(self._origin(declared.path, declared.at),),
        )

    def _type(self, declared: DeclaredColumn) -> str:
        if declared.type is not None:
            return self._text(declared.path, declared.type)
        inner = mapped_type(declared.annotation)
        return self._text(declared.path, inner if inner is not None else declared.annotation)

    def _text(self, path: str, expr: f.Expr | None) -> str:
        """Return an expression as its source spells it; a name's range is its last part, so its dots are added."""
        if expr is None:
            return ""
        if name := s.dotted(expr):
            return name
        return " ".join(self._source(path)[expr.start : expr.end].decode(errors="replace").split())

    def _origin(self, path: str, at: int) -> Origin:
        return Origin(path, self.line(path, at))

    def _source(self, path: str) -> bytes:
        if path not in self._sources:
            source = next((file.source for file in self._project.files() if file.path == path), b"")
            self._sources[path] = source
        return self._sources[path]
