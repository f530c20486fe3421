"""Changes as SQLite statements. What ALTER TABLE cannot do is done by copying to a new table that replaces the old one.

This is SQLite's own procedure (https://sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes"):
one text with its own transaction, because foreign keys can be disabled only outside a transaction, and dropping the old
table while they are enabled would delete the rows that refer to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from headwater.catalog import changes as c
from headwater.catalog.apply import apply
from headwater.catalog.changes import Change, Hazard
from headwater.catalog.model import Index, Relation, Schema
from headwater.engines import AlterStep
from headwater.engines._alter import kind_of, table_of
from headwater.engines.sqlite import attributes as a
from headwater.engines.sqlite import ddl
from headwater.engines.sqlite.ddl import quote
from headwater.kit.errors import BadInput

_CONSTANT = re.compile(r"[+-]?\s*[\d.]+$|'(?:[^']|'')*'$|[xX]'[0-9A-Fa-f]*'$|null$|true$|false$", re.IGNORECASE)
COPIED = "{table} is copied into a new table that replaces it; writes to the database wait meanwhile."
REFERS = "every_row_refers_to_one_that_is_there"


def alter(changes: Sequence[Change], schema: Schema) -> tuple[AlterStep, ...]:
    """Return the statements for changes to a database that has this Schema."""
    steps = []
    for given in changes:
        change = replace(given, schema=None)
        after = apply(schema, change)
        statements = tuple(_STATEMENTS[type(change)](change, schema, after))
        rebuilt = any(statement.startswith("PRAGMA") for statement in statements)
        steps.append(AlterStep(given, statements, _hazards(change, rebuilt=rebuilt), transactional=not rebuilt))
        schema = after
    return tuple(steps)


def _hazards(change: Change, *, rebuilt: bool) -> tuple[Hazard, ...]:
    """Return the hazards of a change in SQLite: it has one writer at a time, and no table locks."""
    hazards = [hazard for hazard in change.hazards() if hazard.kind not in {"lock", "rewrite"}]
    if rebuilt:
        hazards.append(Hazard("rewrite", COPIED.format(table=change.table)))
    elif isinstance(change, c.AddIndex):
        hazards.append(Hazard("lock", "Writes to the database wait while the index is built."))
    return tuple(hazards)


def _rebuilt(change: Change, before: Schema, after: Schema) -> Iterable[str]:
    """Return the procedure: create a new table, copy rows, drop the old one, rename, recreate indexes and triggers."""
    old, new = table_of(before, change), table_of(after, change)
    if old.kind != "table" or a.get(old.attrs, a.MODULE):
        raise BadInput(f"{old.name} is not an ordinary table.", hint="Drop it and create it again.")
    yield ";\n".join(
        [
            "PRAGMA foreign_keys = OFF",
            "PRAGMA legacy_alter_table = ON",
            "BEGIN",
            *_copied(old, new, f"{old.name}_headwater_new"),
            *ddl.create_indexes(new),
            *(trigger.definition for trigger in new.triggers),
            *(_checked(new) if isinstance(change, c.AddForeignKey) else ()),
            "COMMIT",
            "PRAGMA legacy_alter_table = OFF",
            "PRAGMA foreign_keys = ON",
        ]
    )


def _copied(old: Relation, new: Relation, between: str) -> Iterable[str]:
    stored = {column.name.casefold() for column in old.columns if not column.generated}
    names = ", ".join(
        quote(column.name) for column in new.columns if column.name.casefold() in stored and not column.generated
    )
    yield ddl.create_table(new, between)
    if names:
        yield f"INSERT INTO {quote(between)} ({names}) SELECT {names} FROM {quote(old.name)}"  # noqa: S608 - quoted
    if a.get(old.attrs, a.AUTOINCREMENT) and a.get(new.attrs, a.AUTOINCREMENT):
        yield f"DELETE FROM sqlite_sequence WHERE name = {_text(between)}"  # noqa: S608 - quoted
        last = f"SELECT {_text(between)}, seq FROM sqlite_sequence WHERE name = {_text(old.name)}"  # noqa: S608 - quoted
        yield f"INSERT INTO sqlite_sequence (name, seq) {last}"
    yield f"DROP TABLE {quote(old.name)}"
    yield f"ALTER TABLE {quote(between)} RENAME TO {quote(new.name)}"


def _checked(table: Relation) -> Iterable[str]:
    """Return a check that fails, with a readable name, if rows refer to missing rows."""
    yield f"CREATE TEMP TABLE headwater_check (broken INTEGER CONSTRAINT {REFERS} CHECK (broken = 0))"
    broken = f"SELECT count(*) FROM pragma_foreign_key_check({_text(table.name)})"  # noqa: S608 - quoted
    yield f"INSERT INTO headwater_check {broken}"
    yield "DROP TABLE temp.headwater_check"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _add_table(change: c.AddTable, _: Schema, __: Schema) -> Iterable[str]:
    relation = change.relation
    if relation.kind == "view":
        yield ddl.create_view(relation)
    else:
        yield ddl.create_table(relation)
        yield from ddl.create_indexes(relation)
    yield from (trigger.definition for trigger in relation.triggers)


def _rename_table(change: c.RenameTable, before: Schema, _: Schema) -> Iterable[str]:
    table = table_of(before, change)
    if table.kind == "view":
        yield f"DROP VIEW {quote(table.name)}"
        yield ddl.create_view(replace(table, name=change.new_name))
    else:
        yield f"ALTER TABLE {quote(change.table)} RENAME TO {quote(change.new_name)}"


def _add_column(change: c.AddColumn, before: Schema, after: Schema) -> Iterable[str]:
    column = change.column
    constant = column.default is not None and _CONSTANT.match(column.default)
    simple = constant or (column.default is None and column.nullable)
    if simple and not a.get(column.attrs, a.STORED) and not column.identity:
        yield f"ALTER TABLE {quote(change.table)} ADD COLUMN {ddl.column_definition(column)}"
    else:
        yield from _rebuilt(change, before, after)


def _drop_column(change: c.DropColumn, before: Schema, after: Schema) -> Iterable[str]:
    table = table_of(before, change)
    if _is_named(change.column, table):
        yield from _rebuilt(change, before, after)
    else:
        yield f"ALTER TABLE {quote(change.table)} DROP COLUMN {quote(change.column)}"


def _is_named(column: str, table: Relation) -> bool:
    """Return True if other definitions may use the column: SQLite does not drop such a column."""
    keys = [name for index in table.indexes for name in (*index.columns, index.where or "")]
    keys += [name for key in table.foreign_keys for name in key.columns]
    texts = [check.expression for check in table.checks] + [column.generated or "" for column in table.columns]
    word = re.compile(rf"(?<!\w){re.escape(column)}(?!\w)", re.IGNORECASE)
    return column in table.primary_key or any(word.search(text) for text in keys + texts)


def _add_index(change: c.AddIndex, before: Schema, after: Schema) -> Iterable[str]:
    if a.get(change.index.attrs, a.CONSTRAINT):
        yield from _rebuilt(change, before, after)
    else:
        yield ddl.create_index(table_of(before, change), change.index)


def _drop_index(change: c.DropIndex, before: Schema, after: Schema) -> Iterable[str]:
    for relation in before:
        for index in relation.indexes:
            if index.name == change.name and _is_constraint(index):
                yield from _rebuilt(replace(change, table=relation.name), before, after)
                return
    yield f"DROP INDEX {quote(change.name)}"


def _is_constraint(index: Index) -> bool:
    return a.get(index.attrs, a.CONSTRAINT) is not None


def _no_enums(_: Any, __: Schema, ___: Schema) -> Iterable[str]:
    raise BadInput("SQLite does not support user-defined types.", hint="Use a check: CHECK (mood IN ('sad', 'happy')).")


_STATEMENTS: Mapping[type[Change], Callable[[Any, Schema, Schema], Iterable[str]]] = {
    c.AddTable: _add_table,
    c.DropTable: lambda change, before, _: [f"DROP {kind_of(before, change)} {quote(change.table)}"],
    c.RenameTable: _rename_table,
    c.AddColumn: _add_column,
    c.DropColumn: _drop_column,
    c.RenameColumn: lambda change, _, __: [
        f"ALTER TABLE {quote(change.table)} RENAME COLUMN {quote(change.column)} TO {quote(change.new_name)}"
    ],
    c.AlterType: _rebuilt,
    c.SetNullable: _rebuilt,
    c.SetDefault: _rebuilt,
    c.SetPrimaryKey: _rebuilt,
    c.AddForeignKey: _rebuilt,
    c.DropForeignKey: _rebuilt,
    c.AddIndex: _add_index,
    c.DropIndex: _drop_index,
    c.AddCheck: _rebuilt,
    c.DropCheck: _rebuilt,
    c.AddEnum: _no_enums,
    c.DropEnum: _no_enums,
}
