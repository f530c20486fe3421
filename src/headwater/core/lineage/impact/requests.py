"""From what a user asks (a column or table and what happens to it, SQL) to changes of a schema.

Raises `BadInput` or `NotFound` with a hint when the table or column is not known or the text has no change.
"""

from __future__ import annotations

import re

import msgspec

from headwater.catalog import changes as c
from headwater.catalog.model import Schema
from headwater.core.lineage.lookup import column_named, relation_named
from headwater.kit.errors import BadInput
from headwater.readers import sql_changes

_CHANGES = re.compile(r"\s*(ALTER|DROP|RENAME)\b", re.IGNORECASE)


class ColumnChange(msgspec.Struct, frozen=True):
    """What is to happen to a column: exactly one of these; a table can only be renamed or dropped."""

    rename: str | None = None
    drop: bool = False
    type: str | None = None
    not_null: bool = False


class ChangeRequest(msgspec.Struct, frozen=True):
    """A change to come: what is to happen to a column (`table.column`) or table, or SQL that says it."""

    column: str | None = None
    table: str | None = None
    sql: str | None = None
    wanted: ColumnChange = ColumnChange()


class Requested(msgspec.Struct, frozen=True):
    """Changes that are asked for, and sentences on what of the request had no effect."""

    changes: tuple[c.Change, ...]
    unseen: tuple[str, ...] = ()


def requested(schema: Schema, request: ChangeRequest) -> Requested:
    """Return the changes that are asked for.

    Raises:
        BadInput: not exactly one of column, table and SQL is given, or it is not understood.
        NotFound: there is no such table or column.
    """
    if sum(item is not None for item in (request.column, request.table, request.sql)) != 1:
        raise BadInput("Say which change is meant.", hint="Give one of a column, a table and SQL.")
    if request.column is not None:
        return of_column(schema, request.column, request.wanted)
    if request.table is not None:
        return of_table(schema, request.table, request.wanted)
    if request.wanted != ColumnChange():
        raise BadInput("SQL says itself what happens.", hint="Leave out the other options.")
    return of_sql(schema, request.sql or "")


def of_column(schema: Schema, name: str, wanted: ColumnChange) -> Requested:
    """Return the change of a column that is named as `table.column`.

    Raises:
        BadInput: not of that form, or not exactly one change is asked for.
        NotFound: there is no such table or column.
    """
    chosen = [wanted.rename is not None, wanted.drop, wanted.type is not None, wanted.not_null]
    if sum(chosen) != 1:
        raise BadInput(
            "Say what happens to the column.", hint="Rename it, drop it, change its type or forbid NULL: one of these."
        )
    relation, column = column_named(schema, name)
    if wanted.rename is not None:
        return Requested((c.RenameColumn(relation.name, relation.schema, column.name, wanted.rename),))
    if wanted.type is not None:
        return Requested((c.AlterType(relation.name, relation.schema, column.name, wanted.type, column.type),))
    if wanted.not_null:
        return Requested((c.SetNullable(relation.name, relation.schema, column.name, False),))
    return Requested((c.DropColumn(relation.name, relation.schema, column.name, column),))


def of_table(schema: Schema, name: str, wanted: ColumnChange) -> Requested:
    """Return the change of a table.

    Raises:
        BadInput: not exactly one change is asked for.
        NotFound: there is no such table.
    """
    if (wanted.rename is not None) == wanted.drop or wanted.type is not None or wanted.not_null:
        raise BadInput("Say what happens to the table.", hint="Rename it or drop it.")
    relation = relation_named(schema, name)
    if wanted.rename is not None:
        return Requested((c.RenameTable(relation.name, relation.schema, wanted.rename),))
    return Requested((c.DropTable(relation.name, relation.schema, relation),))


def of_sql(schema: Schema, text: str) -> Requested:
    """Return the changes that SQL makes to a schema.

    Raises:
        BadInput: the text changes nothing that is understood.
    """
    changes, idle = sql_changes(text, schema)
    without = [" ".join(statement.split()) for statement in idle if _CHANGES.match(statement)]
    if not changes:
        said = f": {without[0]}" if without else "."
        hint = f"Known tables: {', '.join(sorted(relation.name for relation in schema)[:20])}."
        raise BadInput(f"This SQL changes no table or column that is known{said}", hint=hint)
    return Requested(changes, tuple(f"This changes no table or column that is known: {text}" for text in without))
