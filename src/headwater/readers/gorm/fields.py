"""The fields of a struct as columns: tags, embedded structs with their prefixes, types without a column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from headwater.catalog import facts as f
from headwater.readers._go import Packages, Struct
from headwater.readers.gorm.names import NamingStrategy
from headwater.readers.gorm.tags import settings

# What GORM's drivers create for a Go type, in PostgreSQL's terms.
_TYPES = {
    "string": "text",
    "bool": "boolean",
    "int": "bigint",
    "uint": "bigint",
    **dict.fromkeys(("int64", "uint64", "uint32", "uintptr"), "bigint"),
    **dict.fromkeys(("int32", "uint16", "rune"), "integer"),
    **dict.fromkeys(("int8", "int16", "uint8", "byte"), "smallint"),
    **dict.fromkeys(("float32", "float64"), "numeric"),
    "time.Time": "timestamp with time zone",
    "gorm.DeletedAt": "timestamp with time zone",
    "sql.NullString": "text",
    "sql.NullTime": "timestamp with time zone",
    "sql.NullBool": "boolean",
    "sql.NullInt64": "bigint",
    "sql.NullInt32": "integer",
    "sql.NullFloat64": "numeric",
    "uuid.UUID": "uuid",
    "datatypes.JSON": "json",
}
_MODEL = (("ID", "uint"), ("CreatedAt", "time.Time"), ("UpdatedAt", "time.Time"), ("DeletedAt", "gorm.DeletedAt"))
_LIBRARY = re.compile(r"(^|/)gorm(\.io/gorm)?$|jinzhu/gorm")
# The methods of driver.Valuer, sql.Scanner and GORM's own types.
_VALUES = frozenset({"Value", "Scan", "GormDataType", "GormDBDataType"})
_NO_COLUMN = frozenset({"Callable", "chan"})


@dataclass(frozen=True, slots=True)
class GormColumn:
    """A field that has a column: its name in Go, and what its tag says."""

    attribute: str
    name: str
    type: str
    path: str
    at: int
    settings: dict[str, str]
    promoted: bool = True

    @property
    def primary_key(self) -> bool:
        """True if the tag says so."""
        return self.settings.keys() & {"PRIMARYKEY"} != set() and self.settings["PRIMARYKEY"].lower() != "false"

    @property
    def required(self) -> bool:
        """True if the column is NOT NULL."""
        return bool({"NOT NULL", "NOTNULL"} & self.settings.keys()) or self.primary_key


@dataclass(frozen=True, slots=True)
class GormRelation:
    """A field that stands for rows of another struct."""

    attribute: str
    target: Struct
    many: bool
    path: str
    at: int
    settings: dict[str, str]


class FieldReader:
    """Reads the fields of structs."""

    def __init__(self, packages: Packages, naming: NamingStrategy) -> None:
        self._packages = packages
        self._naming = naming

    def columns(self, struct: Struct, prefix: str = "", depth: int = 0) -> Iterator[GormColumn | GormRelation]:
        """Yield the columns and relations of a struct, those of embedded structs first."""
        if depth > 8:
            return
        tags = {keyword.name: settings((keyword.value,)) for keyword in struct.stmt.keywords}
        parts = {_last(base) for base in struct.stmt.bases}
        for base in struct.stmt.bases:
            yield from self._embedded(struct, base, tags, prefix, depth)
        for stmt in struct.stmt.body:
            if isinstance(stmt, f.Assign):
                for target in stmt.targets:
                    if isinstance(target, f.Name) and target.id[:1].isupper() and target.id not in parts:
                        yield from self._field(struct, stmt, target, prefix, depth)

    def _embedded(
        self, struct: Struct, base: f.Expr, tags: dict[str | None, dict[str, str]], prefix: str, depth: int
    ) -> Iterator[GormColumn | GormRelation]:
        name = _last(base)
        said = tags.get(name, {})
        if said.get("-") is not None or name == "Generic":
            return
        inner = prefix + said.get("EMBEDDEDPREFIX", "")
        if name == "Model" and _LIBRARY.search(self._module_of(struct.path, base)):
            for attribute, kind in _MODEL:
                column = inner + self._naming.column(attribute)
                marks = {"PRIMARYKEY": ""} if attribute == "ID" else {}
                yield GormColumn(attribute, column, _TYPES.get(kind, "bigint"), struct.path, base.start, marks)
            return
        target = self._packages.struct(struct.path, base)
        if target is not None and target is not struct:
            if target.stmt.kind != "interface" and not _is_value(target):
                yield from self.columns(target, inner, depth + 1)
        elif said.keys() & {"COLUMN", "TYPE"}:
            column = prefix + (said.get("COLUMN") or self._naming.column(name))
            yield GormColumn(name, column, said.get("TYPE", ""), struct.path, base.start, said)

    def _module_of(self, path: str, base: f.Expr) -> str:
        if not isinstance(base, f.Attr) or not isinstance(base.value, f.Name):
            return ""
        return self._packages.imports.get(path, {}).get(base.value.id, "")

    def _field(
        self, struct: Struct, stmt: f.Assign, target: f.Name, prefix: str, depth: int
    ) -> Iterator[GormColumn | GormRelation]:
        said = settings(stmt.decorators)
        if said.get("-") is not None or said.get("-:ALL") is not None or stmt.annotation is None:
            return
        is_value = self._packages.has_methods(struct.path, stmt.annotation, _VALUES)
        path, kind = (struct.path, stmt.annotation) if is_value else self._packages.alias(struct.path, stmt.annotation)
        if _last(kind) in _NO_COLUMN:
            return
        inner = _element(kind)
        referred = None if _is_builtin(inner) else self._packages.struct(path, inner)
        if "EMBEDDED" in said and referred is not None:
            for part in self.columns(referred, prefix + said.get("EMBEDDEDPREFIX", ""), depth + 1):
                if isinstance(part, GormColumn):
                    yield GormColumn(
                        f"{target.id}.{part.attribute}", part.name, part.type, part.path, part.at, part.settings, False
                    )
            return
        if self._is_relation(referred, inner is not kind, said):
            assert referred is not None
            yield GormRelation(target.id, referred, inner is not kind, struct.path, target.start, said)
        elif not self._is_foreign(kind, said, referred):
            column = prefix + (said.get("COLUMN") or self._naming.column(target.id))
            yield GormColumn(target.id, column, _sql_type(kind, said), struct.path, target.start, said)

    def _is_relation(self, referred: Struct | None, many: bool, said: dict[str, str]) -> bool:
        """Return True if a field holds rows: its struct has no value of its own and no column type or serializer."""
        if referred is None or referred.stmt.kind == "interface":
            return False
        if {"TYPE", "SERIALIZER"} & said.keys():
            return False
        return many or not _is_value(referred)

    def _is_foreign(self, kind: f.Expr, said: dict[str, str], referred: Struct | None) -> bool:
        """Return True if a field of this type has no column: an interface, a map or nameless struct without a type."""
        if {"TYPE", "SERIALIZER", "COLUMN"} & said.keys():
            return False
        if referred is not None and referred.stmt.kind == "interface":
            return True
        if isinstance(kind, f.Subscript) and _last(kind.value) == "dict":
            return True
        return isinstance(kind, (f.Mapping, f.Const)) or _last(kind) in ("any", "error")


def _is_value(struct: Struct) -> bool:
    """Return True if a struct is the value of one column: it implements driver.Valuer or sql.Scanner."""
    return not _VALUES.isdisjoint(struct.methods)


def _element(kind: f.Expr) -> f.Expr:
    """Return the element of a slice; other types as they are."""
    if isinstance(kind, f.Subscript) and _last(kind.value) == "list":
        return kind.index
    return kind


def _is_builtin(kind: f.Expr) -> bool:
    return isinstance(kind, f.Name) and kind.id in _TYPES


def _last(kind: f.Expr) -> str:
    if isinstance(kind, f.Subscript):
        return _last(kind.value)
    return kind.name if isinstance(kind, f.Attr) else kind.id if isinstance(kind, f.Name) else ""


def _sql_type(kind: f.Expr, said: dict[str, str]) -> str:
    """Return the type of a column: as the tag says, or what a Go type becomes."""
    if written := said.get("TYPE"):
        return written
    if isinstance(kind, f.Subscript) and _last(kind.value) == "list":
        return "bytea" if _last(kind.index) in ("byte", "uint8") else ""
    name = kind.id if isinstance(kind, f.Name) else ""
    if isinstance(kind, f.Attr) and isinstance(kind.value, f.Name):
        name = f"{kind.value.id}.{kind.name}"
    known = _TYPES.get(name, "")
    return f"varchar({said['SIZE']})" if known == "text" and said.get("SIZE") else known
