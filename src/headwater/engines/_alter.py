"""Helpers for altering tables, shared by engines without schemas."""

from __future__ import annotations

from headwater.catalog.changes import Change
from headwater.catalog.model import Relation, Schema
from headwater.kit.errors import NotFound, did_you_mean


def table_of(schema: Schema, change: Change) -> Relation:
    """Return the table of a change, or raise NotFound with a hint that lists similar names."""
    table = schema.relation(change.table)
    if table is None:
        names = [relation.name for relation in schema]
        raise NotFound(f"There is no table {change.table}.", hint=did_you_mean(change.table, names))
    return table


def kind_of(schema: Schema, change: Change) -> str:
    """Return the DDL keyword for the object of a change: TABLE, VIEW and so on."""
    relation = schema.relation(change.table)
    return "VIEW" if relation and relation.kind == "view" else "TABLE"
