"""Changes as statements of MySQL and MariaDB, and how InnoDB applies each: instantly, in place, or by a copy.

Each statement commits by itself: no step can be rolled back together with others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from headwater.catalog import changes as c
from headwater.catalog.apply import apply
from headwater.catalog.changes import Change, Hazard
from headwater.catalog.model import Column, Relation, Schema
from headwater.engines import AlterStep
from headwater.engines._alter import kind_of, table_of
from headwater.engines.mysql import attributes as a
from headwater.engines.mysql import ddl
from headwater.engines.mysql.ddl import quote
from headwater.kit.errors import BadInput, NotFound, did_you_mean

_LITERAL = re.compile(r"[+-]?\s*[\d.]+$|'(?:[^'\\]|''|\\.)*'$|null$", re.IGNORECASE | re.DOTALL)
_VARCHAR = re.compile(r"varchar\((\d+)\)$", re.IGNORECASE)
# The length of a VARCHAR of up to 63 characters of four bytes is stored in one byte, otherwise in two.
ONE_BYTE = 63
# For a table with more rows than this, the hazard mentions the number.
LARGE = 100_000


def alter(changes: Sequence[Change], schema: Schema) -> tuple[AlterStep, ...]:
    """Return the statements for changes to a database that has this Schema."""
    steps = []
    for given in changes:
        change = replace(given, schema=None)
        after = apply(schema, change)
        statements = tuple(_STATEMENTS[type(change)](change, schema, after))
        steps.append(AlterStep(given, statements, _hazards(change, schema), transactional=False))
        schema = after
    return tuple(steps)


def _hazards(change: Change, schema: Schema) -> tuple[Hazard, ...]:
    """Return the change's own hazards, with InnoDB's method in place of general locks and rewrites."""
    hazards = [hazard for hazard in change.hazards() if hazard.kind not in {"lock", "rewrite"}]
    table = schema.relation(change.table)
    way = _way(change, table)
    if way:
        text = f"{way.text} It has about {table.rows:,} rows." if table and (table.rows or 0) >= LARGE else way.text
        hazards.append(Hazard(way.kind, text))
    return tuple(hazards)


def _way(change: Change, table: Relation | None) -> Hazard | None:
    name = change.table
    match change:
        case c.AlterType(column=column, type=wanted):
            if table and _widens(table, column, wanted):
                return Hazard("lock", f"{name} is locked briefly; no row is rewritten.")
            return Hazard("rewrite", f"{name} is copied; writes to it wait until the copy is complete.")
        case c.AddColumn(column=added) if added.generated and a.get(added.attrs, a.STORED):
            return Hazard("rewrite", f"{name} is copied to compute {added.name}; writes to it wait.")
        case c.SetNullable() | c.DropColumn() | c.SetPrimaryKey():
            return Hazard("rewrite", f"{name} is rewritten in place; reads and writes continue meanwhile.")
        case c.AddIndex(index=index) if a.get(index.attrs, a.METHOD) in {"FULLTEXT", "SPATIAL"}:
            return Hazard("lock", f"Writes to {name} wait while the index is built.")
        case c.AddIndex():
            return Hazard(
                "lock", f"Writes to {name} continue while the index is built; it is locked briefly at the end."
            )
        case c.AddForeignKey(key=key):
            return Hazard("rewrite", f"{name} is copied to check every row; writes to it and {key.ref_table} wait.")
        case c.AddCheck():
            return Hazard("rewrite", f"{name} is copied to check every row; writes to it wait.")
    return None


def _widens(table: Relation, column: str, wanted: str) -> bool:
    """Return True if a type only grows and its length prefix keeps its size, so that no row is rewritten."""
    existing = table.column(column)
    old, new = _VARCHAR.match(existing.type if existing else ""), _VARCHAR.match(wanted)
    if not old or not new:
        return False
    less, more = int(old[1]), int(new[1])
    return less <= more and (more <= ONE_BYTE or less > ONE_BYTE)


def _column(table: Relation, name: str) -> Column:
    existing = table.column(name)
    if existing is None:
        names = [column.name for column in table.columns]
        raise NotFound(f"{table.name} has no column {name}.", hint=did_you_mean(name, names))
    return existing


def _alter(change: Change, rest: str) -> list[str]:
    return [f"ALTER TABLE {quote(change.table)} {rest}"]


def _add_table(change: c.AddTable, _: Schema, __: Schema) -> Iterable[str]:
    relation = change.relation
    if relation.kind == "view":
        yield ddl.create_view(relation)
    else:
        yield ddl.create_table(relation)
        yield from (ddl.add_foreign_key(relation, key) for key in relation.foreign_keys)
    yield from (trigger.definition for trigger in relation.triggers)


def _modified(change: Any, before: Schema, after: Schema) -> Iterable[str]:
    """Return the complete column definition, because MODIFY drops everything that it does not repeat."""
    _column(table_of(before, change), change.column)
    table = table_of(after, change)
    return _alter(change, f"MODIFY COLUMN {ddl.column_definition(_column(table, change.column), table)}")


def _set_default(change: c.SetDefault, before: Schema, after: Schema) -> Iterable[str]:
    if change.default is not None and not _LITERAL.match(change.default):
        return _modified(change, before, after)
    rest = "DROP DEFAULT" if change.default is None else f"SET DEFAULT {change.default}"
    column = _column(table_of(before, change), change.column)
    if change.default is None and column.nullable:
        rest = "SET DEFAULT NULL"  # without any default, an INSERT that leaves the column out would fail
    return _alter(change, f"ALTER COLUMN {quote(change.column)} {rest}")


def _set_primary_key(change: c.SetPrimaryKey, before: Schema, _: Schema) -> Iterable[str]:
    parts = ["DROP PRIMARY KEY"] if table_of(before, change).primary_key else []
    parts += [f"ADD PRIMARY KEY ({', '.join(map(quote, change.columns))})"] if change.columns else []
    return _alter(change, ", ".join(parts)) if parts else []


def _drop_foreign_key(change: c.DropForeignKey, before: Schema, _: Schema) -> Iterable[str]:
    keys = table_of(before, change).foreign_keys
    name = change.name or next((key.name for key in keys if key.columns == change.columns), None)
    if name is None:
        known = [key.name for key in keys if key.name]
        raise NotFound(f"{change.table} has no such foreign key.", hint=did_you_mean("", known))
    return _alter(change, f"DROP FOREIGN KEY {quote(name)}")


def _drop_index(change: c.DropIndex, before: Schema, _: Schema) -> Iterable[str]:
    owners = [relation.name for relation in before if any(index.name == change.name for index in relation.indexes)]
    table = change.table or next(iter(owners), "")
    if not table:
        raise NotFound(f"There is no index {change.name}.", hint="Give the name of the table.")
    return [f"ALTER TABLE {quote(table)} DROP INDEX {quote(change.name)}"]


def _drop_check(change: c.DropCheck, before: Schema, after: Schema) -> Iterable[str]:
    """Return the statement that drops a constraint; each kind has its own keyword."""
    table = table_of(before, change)
    if any(key.name == change.name for key in table.foreign_keys):
        return _alter(change, f"DROP FOREIGN KEY {quote(change.name)}")
    if any(index.name == change.name for index in table.indexes):
        return _alter(change, f"DROP INDEX {quote(change.name)}")
    for check in table.checks:
        if check.name == change.name and (column := a.get(check.attrs, a.OF_COLUMN)):
            left = table_of(after, change)
            return _alter(change, f"MODIFY COLUMN {ddl.column_definition(_column(left, column), left)}")
    return _alter(change, f"DROP CONSTRAINT {quote(change.name)}")


def _no_enums(_: Any, __: Schema, ___: Schema) -> Iterable[str]:
    raise BadInput("MySQL does not support user-defined types.", hint="Give the column the type ENUM('sad', 'happy').")


_STATEMENTS: Mapping[type[Change], Callable[[Any, Schema, Schema], Iterable[str]]] = {
    c.AddTable: _add_table,
    c.DropTable: lambda change, before, _: [f"DROP {kind_of(before, change)} {quote(change.table)}"],
    c.RenameTable: lambda change, _, __: [f"RENAME TABLE {quote(change.table)} TO {quote(change.new_name)}"],
    c.AddColumn: lambda change, _, __: _alter(change, f"ADD COLUMN {ddl.column_definition(change.column)}"),
    c.DropColumn: lambda change, _, __: _alter(change, f"DROP COLUMN {quote(change.column)}"),
    c.RenameColumn: lambda change, _, __: _alter(
        change, f"RENAME COLUMN {quote(change.column)} TO {quote(change.new_name)}"
    ),
    c.AlterType: _modified,
    c.SetNullable: _modified,
    c.SetDefault: _set_default,
    c.SetPrimaryKey: _set_primary_key,
    c.AddForeignKey: lambda change, before, _: [ddl.add_foreign_key(table_of(before, change), change.key)],
    c.DropForeignKey: _drop_foreign_key,
    c.AddIndex: lambda change, before, _: [ddl.create_index(table_of(before, change), change.index)],
    c.DropIndex: _drop_index,
    c.AddCheck: lambda change, _, __: _alter(change, f"ADD {ddl.check_definition(change.check)}"),
    c.DropCheck: _drop_check,
    c.AddEnum: _no_enums,
    c.DropEnum: _no_enums,
}
