"""Completes changes with what they replace, looked up in the Schema, so that they can be reversed."""

from __future__ import annotations

from dataclasses import replace

from headwater.catalog import changes as c
from headwater.catalog.model import Relation, Schema


def informed(change: c.Change, schema: Schema) -> c.Change:
    """Return the change with `was` from the Schema; unchanged if it needs none or the Schema does not have it."""
    if isinstance(change, c.DropEnum):
        enum = next((enum for enum in schema.enums if (enum.name, enum.schema) == (change.table, change.schema)), None)
        return replace(change, was=change.was or enum)
    relation = schema.relation(change.table, change.schema)
    return _in(relation, change) if relation else change


def _in(relation: Relation, change: c.Change) -> c.Change:
    match change:
        case c.DropTable(was=None):
            return replace(change, was=relation)
        case c.DropColumn(was=None):
            return replace(change, was=relation.column(change.column))
        case c.AlterType(was=None) if column := relation.column(change.column):
            return replace(change, was=column.type)
        case c.SetDefault(was=None) if column := relation.column(change.column):
            return replace(change, was=column.default)
        case c.SetPrimaryKey(was=None):
            return replace(change, was=relation.primary_key)
        case c.DropForeignKey(was=None):
            wanted, by = (change.name, "name") if change.name else (change.columns, "columns")
            return replace(change, was=next((key for key in relation.foreign_keys if getattr(key, by) == wanted), None))
        case c.DropIndex(was=None):
            return replace(change, was=next((index for index in relation.indexes if index.name == change.name), None))
        case c.DropCheck(was=None):
            return replace(change, was=next((check for check in relation.checks if check.name == change.name), None))
    return change
