"""Finds the tables of an export by their names."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.catalog.model import Relation, Schema
from headwater.core.transfer import partitions
from headwater.kit.errors import BadInput, NotFound, did_you_mean


def chosen(schema: Schema, tables: Sequence[str] | None) -> list[Relation]:
    """Return the tables to export, or raise NotFound for an unknown name."""
    selected = [relation for relation in schema if relation.kind == "table"]
    known = {relation.name for relation in selected} | {relation.qualified_name for relation in selected}
    for table in tables or ():
        if table not in known:
            raise NotFound(f"There is no table {table!r}.", hint=did_you_mean(table, known))
    if tables is not None:
        selected = [relation for relation in selected if relation.name in tables or relation.qualified_name in tables]
    if not selected:
        raise BadInput("There are no tables to export.", hint="The database is empty.")
    return selected


def with_partitions(schema: Schema, tables: Sequence[Relation]) -> list[Relation]:
    """Return tables together with their partitions, which have the rows."""
    keys, size = {(table.schema, table.name) for table in tables}, 0
    parents = {(item.schema, item.name): partitions.partitioned_parent(item, schema) for item in schema}
    while size < len(keys):
        size = len(keys)
        keys |= {key for key, parent in parents.items() if parent and (parent.schema, parent.name) in keys}
    return [item for item in schema if (item.schema, item.name) in keys]
