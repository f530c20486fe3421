"""Finds the tables of an export by their names."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.catalog.model import Relation, Schema
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
    names = {table.qualified_name for table in tables}
    size = 0
    while size < len(names):
        size = len(names)
        names |= {item.qualified_name for item in schema if _parent(item) in names}
    return [item for item in schema if item.qualified_name in names]


def _parent(relation: Relation) -> str:
    return dict(relation.attrs).get("partition_of", "").replace('"', "")
