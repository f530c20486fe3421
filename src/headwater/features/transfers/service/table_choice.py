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
