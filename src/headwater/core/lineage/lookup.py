"""Finds the tables and columns that users name."""

from __future__ import annotations

from headwater.catalog.model import Column, Relation, Schema
from headwater.kit.errors import BadInput, NotFound, did_you_mean


def relation_named(schema: Schema, name: str) -> Relation:
    """Return the table that a name means, with or without its schema.

    Raises:
        NotFound: there is no such table; the hint lists similar ones.
    """
    relation = schema.relation(name) or schema.relation(name.rpartition(".")[2])
    if relation is None:
        raise NotFound(f"There is no table {name}.", hint=did_you_mean(name, (item.name for item in schema)))
    return relation


def column_named(schema: Schema, name: str) -> tuple[Relation, Column]:
    """Return the column that `table.column` means, and its table.

    Raises:
        BadInput: not of the form TABLE.COLUMN.
        NotFound: there is no such table or column; the hint lists similar ones.
    """
    table, dot, column = name.rpartition(".")
    if not dot or not table or not column:
        raise BadInput(f"{name!r} is not of the form TABLE.COLUMN.", hint="For example users.email.")
    relation = relation_named(schema, table)
    match = relation.column(column)
    if match is None:
        names = (item.name for item in relation.columns)
        raise NotFound(f"{relation.name} has no column {column}.", hint=did_you_mean(column, names))
    return relation, match
