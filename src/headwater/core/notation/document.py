"""A Schema as the plain JSON of all user interfaces, and back (the storage format is `catalog.codec`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from headwater.catalog.codec import from_json
from headwater.catalog.model import Column, Enum, ForeignKey, Index, Origin, Relation, RelationKind, Schema
from headwater.catalog.usages import NotUnderstood
from headwater.kit.errors import BadInput


def document(schema: Schema, not_understood: Sequence[NotUnderstood] = ()) -> dict[str, Any]:
    """Return the Schema as plain lists and dicts: tables with columns, keys, indexes and origins, and enums.

    Args:
        schema: the Schema.
        not_understood: what was not understood when it was read.
    """
    return {
        "source": schema.source,
        "tables": [_table(relation) for relation in schema],
        "enums": [{"name": enum.name, "values": list(enum.values)} for enum in schema.enums],
        "not_understood": msgspec.to_builtins(not_understood),
    }


def to_json(schema: Schema, not_understood: Sequence[NotUnderstood] = ()) -> str:
    """Return the document as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(document(schema, not_understood)), indent=2).decode() + "\n"


def read(data: bytes) -> Schema:
    """Return the Schema of a document, or of the storage format, which has everything.

    Raises:
        BadInput: neither of them.
    """
    try:
        plain = msgspec.json.decode(data, type=_Document)
    except msgspec.DecodeError as error:
        hint = "`headwater schema SOURCE --json` writes a schema as JSON."
        raise BadInput(f"This is not a Headwater schema: {error}.", hint=hint) from error
    if plain.format is not None:
        return from_json(data)
    return Schema(tuple(map(_relation, plain.tables)), tuple(Enum(e.name, e.values) for e in plain.enums), plain.source)


class _Reference(msgspec.Struct):
    columns: tuple[str, ...]
    ref_table: str
    ref_columns: tuple[str, ...] = ()


class _Index(msgspec.Struct):
    name: str | None
    columns: tuple[str, ...]
    unique: bool = False


class _Column(msgspec.Struct):
    name: str
    type: str = ""
    nullable: bool = True
    primary_key: bool = False
    default: str | None = None
    comment: str | None = None


class _Relation(msgspec.Struct):
    name: str
    schema: str | None = None
    kind: RelationKind = "table"
    comment: str | None = None
    columns: tuple[_Column, ...] = ()
    indexes: tuple[_Index, ...] = ()
    foreign_keys: tuple[_Reference, ...] = ()
    origins: tuple[Origin, ...] = ()


class _Enum(msgspec.Struct):
    name: str
    values: tuple[str, ...]


class _Document(msgspec.Struct):
    tables: tuple[_Relation, ...] = ()
    enums: tuple[_Enum, ...] = ()
    source: str = ""
    format: int | None = None


def _relation(table: _Relation) -> Relation:
    return Relation(
        table.name,
        tuple(Column(c.name, c.type, c.nullable, c.default, comment=c.comment) for c in table.columns),
        table.schema,
        table.kind,
        tuple(column.name for column in table.columns if column.primary_key),
        tuple(ForeignKey(key.columns, key.ref_table, key.ref_columns) for key in table.foreign_keys),
        tuple(Index(index.name, index.columns, index.unique) for index in table.indexes),
        comment=table.comment,
        origins=table.origins,
    )


def _table(relation: Relation) -> dict[str, Any]:
    return {
        "name": relation.name,
        "schema": relation.schema,
        "kind": relation.kind,
        "comment": relation.comment,
        "columns": [_column(column, relation) for column in relation.columns],
        "indexes": [{"name": i.name, "columns": list(i.columns), "unique": i.unique} for i in relation.indexes],
        "foreign_keys": [
            {"columns": list(key.columns), "ref_table": key.ref_table, "ref_columns": list(key.ref_columns)}
            for key in relation.foreign_keys
        ],
        "origins": [{"file": origin.file, "line": origin.line} for origin in relation.origins],
    }


def _column(column: Column, relation: Relation) -> dict[str, Any]:
    target = relation.references(column.name)
    return {
        "name": column.name,
        "type": column.type,
        "nullable": column.nullable,
        "primary_key": column.name in relation.primary_key,
        "default": column.default,
        "comment": column.comment,
        "references": {"table": target[0], "column": target[1]} if target else None,
    }
