"""The two sides of a comparison: a Schema, its dialect, and what it is read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from headwater.catalog.dialect import Dialect
from headwater.catalog.model import Column, ForeignKey, Index, Relation, Schema

Kind = Literal["database", "text", "models"]
# The schema and the name of a table: two schemas can have tables of one name.
TableKey: TypeAlias = tuple[str | None, str]


@dataclass(frozen=True, slots=True)
class Side:
    """One side: what it is read from decides what it can leave out.

    A database and DDL declare everything. Models declare what their author wrote down: an aspect that they leave out
    more often than they declare it is not compared, because nobody can tell whether it is meant to be empty.
    """

    schema: Schema
    dialect: Dialect | None = None
    kind: Kind = "text"

    def in_default_schema(self, name: str | None) -> str | None:
        """Return the name of a schema, None for the default one."""
        return None if self.dialect is not None and name == self.dialect.default_schema else name


def table_key(relation: Relation) -> TableKey:
    """Return what a table is known by."""
    return relation.schema, relation.name


def target_of(key: ForeignKey, table: Relation, schema: Schema) -> Relation | None:
    """Return the table that a foreign key of a table refers to; one that names no schema prefers that of its table."""
    own = schema.relation(key.ref_table, key.ref_schema or table.schema)
    return own or (schema.relation(key.ref_table) if key.ref_schema is None else None)


def is_plain(index: Index) -> bool:
    """Return True if all keys of an index are columns."""
    return not any(name.startswith("(") for name in index.columns)


def referred(key: ForeignKey, schema: Schema) -> tuple[str, ...]:
    """Return the columns that a foreign key refers to: the primary key if it names none."""
    if key.ref_columns:
        return key.ref_columns
    target = schema.relation(key.ref_table, key.ref_schema)
    return target.primary_key if target is not None else ()


def is_numbered(column: Column) -> bool:
    """Return True if a column numbers its rows by itself: an identity, or the next value of a sequence."""
    return column.identity or (column.default or "").lower().startswith("nextval(")
