"""A Schema as the plain JSON of all user interfaces (the storage format is `catalog.codec`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from headwater.catalog.model import Column, Relation, Schema
from headwater.catalog.usages import NotUnderstood


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
