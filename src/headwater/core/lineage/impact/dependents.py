"""What in a schema refers to a column or table: keys, indexes, checks, generated columns, views, triggers, routines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headwater.catalog import changes as c
from headwater.catalog.model import Relation, Schema

_Found = tuple[str, str, str]


def of(change: c.Change, schema: Schema) -> Iterator[_Found]:
    """Yield (kind, name, reason) of each object of the schema that depends on what changes."""
    if isinstance(change, (c.DropColumn, c.RenameColumn, c.AlterType)):
        yield from _of_column(change.table, change.column, schema)
    elif isinstance(change, (c.DropTable, c.RenameTable)):
        yield from _of_table(change.table, schema)


def _of_column(table: str, column: str, schema: Schema) -> Iterator[_Found]:
    own = schema.relation(table)
    for relation in schema:
        for key in relation.foreign_keys:
            if relation is own and column in key.columns:
                yield "foreign key", key.name or f"{table}({column})", f"It is on {table}.{column}."
            elif key.ref_table.casefold() == table.casefold() and column in key.ref_columns:
                yield "foreign key", key.name or f"{relation.name}({', '.join(key.columns)})", f"It refers to {column}."
    if own is not None:
        yield from _inside(own, column)
    yield from _texts(schema, table, column)


def _inside(own: Relation, column: str) -> Iterator[_Found]:
    if column in own.primary_key:
        yield "primary key", own.name, f"{column} is part of it."
    for index in own.indexes:
        if column in index.columns or _names(index.where, column):
            yield "index", index.name or f"{own.name}({', '.join(index.columns)})", f"It is on {column}."
    for check in own.checks:
        if _names(check.expression, column):
            yield "check", check.name or check.expression, f"It compares {column}."
    for item in own.columns:
        if item.name != column and _names(item.generated, column):
            yield "generated column", f"{own.name}.{item.name}", f"It is computed from {column}."
    for trigger in own.triggers:
        if _names(trigger.definition, column):
            yield "trigger", trigger.name, f"It names {column}."


def _texts(schema: Schema, table: str, column: str) -> Iterator[_Found]:
    for relation in schema:
        if relation.definition and _names(relation.definition, table) and _names(relation.definition, column):
            yield relation.kind, relation.name, f"It selects {table}.{column}."
    for routine in schema.routines:
        if _names(routine.definition, table) and _names(routine.definition, column):
            yield routine.kind, routine.name, f"It names {table} and {column}."


def _of_table(table: str, schema: Schema) -> Iterator[_Found]:
    for relation in schema:
        for key in relation.foreign_keys:
            if key.ref_table.casefold() == table.casefold() and relation.name.casefold() != table.casefold():
                yield "foreign key", key.name or f"{relation.name}({', '.join(key.columns)})", f"It refers to {table}."
        if relation.name.casefold() != table.casefold() and _names(relation.definition, table):
            yield relation.kind, relation.name, f"It selects from {table}."
    for routine in schema.routines:
        if _names(routine.definition, table):
            yield routine.kind, routine.name, f"It names {table}."


def _names(text: str | None, name: str) -> bool:
    return bool(text) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text or "", re.IGNORECASE) is not None
