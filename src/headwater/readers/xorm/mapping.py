"""Combines structs, tags and names: the Schema and the models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import calls
from headwater.catalog.model import Column, Index, Origin, Relation, Schema
from headwater.readers import CodeProject, Field, Model, Reading, SourceFile
from headwater.readers._go import Packages, Struct
from headwater.readers.xorm import names
from headwater.readers.xorm.tags import Tag, tag_of

# What xorm's dialects create for a Go type, in PostgreSQL's terms.
_TYPES = {
    "string": "varchar(255)",
    "bool": "boolean",
    **dict.fromkeys(("int", "int8", "int16", "int32", "uint8", "uint16", "uint32", "uint"), "integer"),
    **dict.fromkeys(("int64", "uint64"), "bigint"),
    "float32": "real",
    "float64": "double precision",
    "Time": "timestamp",
}


class XormColumn(msgspec.Struct, frozen=True):
    """A field that has a column."""

    attribute: str
    name: str
    type: str
    path: str
    at: int
    tag: Tag


class XormMapping:
    """One run of the reader."""

    def __init__(self, project: CodeProject, files: Sequence[SourceFile]) -> None:
        self._packages = Packages(project)
        self._sources = {file.path: file.source for file in project.files() if file.language == "go"}
        self._paths = {file.path for file in files}
        self._mapper, self._prefix = self._names()
        self._embedded: set[str] = set()

    def reading(self) -> Reading:
        """Return the complete result."""
        structs = [struct for package in self._packages.by_folder.values() for struct in package.structs.values()]
        structs = [struct for struct in structs if struct.stmt.kind == "struct"]
        for struct in structs:
            parts = (self._packages.struct(struct.path, base) for base in struct.stmt.bases)
            self._embedded |= {part.key for part in parts if part is not None}
        relations: dict[str, Relation] = {}
        models: list[Model] = []
        for struct in sorted(structs, key=lambda struct: (struct.path, struct.stmt.start)):
            columns = list(self._columns(struct)) if self._may_be_table(struct) else []
            if columns and any("pk" in c.tag.words or c.attribute in ("ID", "Id") for c in columns):
                name = self._table(struct)
                relations.setdefault(name, self._relation(name, struct, columns))
                models.append(self._model(name, struct, columns, relations[name]))
        return Reading(Schema(tuple(relations.values())), tuple(models))

    def _names(self) -> tuple[Callable[[str], str], str]:
        """Return the mapper that the code sets, and the prefix of table names."""
        mapper, prefix = names.snake, ""
        for path, module in self._packages.modules.items():
            if b"Mapper" not in self._sources[path] or path.endswith("_test.go"):
                continue
            for call in calls(module.body):
                title = _last(call.func)
                if title in ("SetMapper", "SetColumnMapper", "SetTableMapper") and call.args:
                    named = [_last(inner.func) for inner in calls(call.args[0])]
                    mapper = next((names.MAPPERS[name] for name in named if name in names.MAPPERS), mapper)
                elif title == "NewPrefixMapper" and len(call.args) == 2:
                    prefix = self._packages.text(path, call.args[1]) or prefix
        return mapper, prefix

    def _may_be_table(self, struct: Struct) -> bool:
        """Return True for a struct with xorm's tags: one with GORM's is GORM's, one that others embed is a part."""
        if struct.path not in self._paths or struct.path.endswith("_test.go"):
            return False
        fields = [stmt for stmt in struct.stmt.body if isinstance(stmt, f.Assign)]
        tags = [tag for stmt in fields if (tag := tag_of(stmt.decorators)) is not None]
        if not tags or any("gorm:" in _written(stmt.decorators) for stmt in fields):
            return False
        return "TableName" in struct.methods or struct.key not in self._embedded

    def _table(self, struct: Struct) -> str:
        method = struct.methods.get("TableName")
        returned = [stmt.value for stmt in method.body if isinstance(stmt, f.Return)] if method is not None else []
        named = self._packages.text(struct.path, returned[-1]) if returned else None
        return named or self._prefix + self._mapper(struct.stmt.name)

    def _columns(self, struct: Struct, depth: int = 0) -> Iterator[XormColumn]:
        for base in struct.stmt.bases:
            part = self._packages.struct(struct.path, base)
            if part is not None and part is not struct and depth < 6:
                yield from self._columns(part, depth + 1)
        parts = {_last(base) for base in struct.stmt.bases}
        for stmt in struct.stmt.body:
            if not isinstance(stmt, f.Assign):
                continue
            for target in stmt.targets:
                name = target.id if isinstance(target, f.Name) else ""
                if isinstance(target, f.Name) and name[:1].isupper() and name not in parts:
                    yield from self._field(struct, stmt, target, depth)

    def _field(self, struct: Struct, stmt: f.Assign, target: f.Name, depth: int) -> Iterator[XormColumn]:
        tag = tag_of(stmt.decorators) or Tag()
        if "-" in tag.words:
            return
        if "extends" in tag.words:
            inner = self._packages.struct(struct.path, stmt.annotation)
            if inner is not None and inner is not struct and depth < 6:
                yield from self._columns(inner, depth + 1)
            return
        column = tag.name or self._mapper(target.id)
        kind = tag.type or _TYPES.get(_last(stmt.annotation), "text")
        yield XormColumn(target.id, column, kind, struct.path, target.start, tag)

    def _relation(self, name: str, struct: Struct, columns: list[XormColumn]) -> Relation:
        unique = {column.name: column for column in columns}
        keys = tuple(c.name for c in unique.values() if "pk" in c.tag.words)
        keys = keys or tuple(c.name for c in unique.values() if c.attribute in ("ID", "Id"))
        made = tuple(
            Column(
                c.name,
                c.type,
                c.name not in keys and not {"notnull", "not"} & c.tag.words,
                origins=(Origin(c.path, self._line(c.path, c.at)),),
            )
            for c in unique.values()
        )
        indexes = tuple(
            Index(None, (c.name,), "unique" in c.tag.words)
            for c in unique.values()
            if {"unique", "index"} & c.tag.words
        )
        origin = Origin(struct.path, self._line(struct.path, struct.stmt.start))
        return Relation(name, made, primary_key=keys, indexes=indexes, origins=(origin,))

    def _model(self, name: str, struct: Struct, columns: list[XormColumn], relation: Relation) -> Model:
        fields = {
            c.attribute: Field(c.attribute, c.name, line=self._line(c.path, c.at))
            for c in columns
            if relation.column(c.name)
        }
        line = self._line(struct.path, struct.stmt.start)
        return Model(struct.key, struct.stmt.name, "xorm", struct.path, line, name, None, tuple(fields.values()))

    def _line(self, path: str, at: int) -> int:
        return self._sources[path].count(b"\n", 0, at) + 1


def _written(decorators: tuple[f.Expr, ...]) -> str:
    return "".join(p.text for d in decorators for p in getattr(d, "parts", ()) if isinstance(p, f.Chunk))


def _last(expr: f.Expr | None) -> str:
    return expr.name if isinstance(expr, f.Attr) else expr.id if isinstance(expr, f.Name) else ""
