"""What engines without schemas look up alike when they alter a table."""

from __future__ import annotations

from headwater.catalog.changes import Change
from headwater.catalog.model import Relation, Schema
from headwater.kit.errors import NotFound, did_you_mean


def table_of(schema: Schema, change: Change) -> Relation:
    """Return the table that a change is about, or raise NotFound with the right names."""
    found = schema.relation(change.table)
    if found is None:
        names = [relation.name for relation in schema]
        raise NotFound(f"There is no table {change.table}.", hint=did_you_mean(change.table, names))
    return found


def kind_of(schema: Schema, change: Change) -> str:
    """Return how DDL calls what a change is about."""
    found = schema.relation(change.table)
    return "VIEW" if found and found.kind == "view" else "TABLE"
