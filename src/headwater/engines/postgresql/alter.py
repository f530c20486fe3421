"""Changes as PostgreSQL statements, with the locks, rewrites and failures that PostgreSQL itself adds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from headwater.catalog import changes as c
from headwater.catalog.apply import apply
from headwater.catalog.changes import Change, Hazard
from headwater.catalog.model import Enum, Index, Relation, Schema
from headwater.engines import AlterStep
from headwater.engines.postgresql import attributes as a
from headwater.engines.postgresql import ddl
from headwater.engines.postgresql.ddl import literal, quote
from headwater.engines.postgresql.dialect import DIALECT
from headwater.engines.postgresql.spellings import canonical_type

_WIDENED = re.compile(r"(?:character varying|varchar)(?:\((\d+)\))?$|text$", re.IGNORECASE)
_VOLATILE = re.compile(
    r"\b(?:random|clock_timestamp|timeofday|gen_random_uuid|uuid_generate_v4|nextval)\s*\(", re.IGNORECASE
)
# For a table with more rows than this, hazards of locks mention the number.
LARGE = 100_000


def alter(changes: Sequence[Change], schema: Schema) -> tuple[AlterStep, ...]:
    """Return the statements for changes to a database that has this Schema."""
    steps = []
    for change in changes:
        statements = tuple(_STATEMENTS[type(change)](change, schema))
        transactional = not any("CONCURRENTLY" in statement for statement in statements)
        steps.append(AlterStep(change, statements, _hazards(change, schema), transactional))
        schema = apply(schema, change)
    return tuple(steps)


def _hazards(change: Change, schema: Schema) -> tuple[Hazard, ...]:
    """Return the change's own hazards, without those that PostgreSQL does not have and with those it adds."""
    hazards = list(change.hazards())
    table = schema.relation(change.table, change.schema)
    match change:
        case c.AlterType(column=column, type=wanted) if table and _widens(table, column, wanted):
            hazards = [Hazard("lock", f"{change.table} is locked briefly; no row is rewritten.")]
        case c.AddColumn(column=column) if column.default and _VOLATILE.search(column.default):
            hazards.append(Hazard("rewrite", f"Every row of {change.table} is rewritten: the default differs by row."))
        case c.AddColumn(column=column) if column.generated:
            hazards.append(Hazard("rewrite", f"Every row of {change.table} is rewritten to compute {column.name}."))
    if table is not None and (table.rows or 0) >= LARGE:
        hazards = [_sized(hazard, table) for hazard in hazards]
    return tuple(hazards)


def _sized(hazard: Hazard, table: Relation) -> Hazard:
    if hazard.kind not in {"lock", "rewrite"}:
        return hazard
    return Hazard(hazard.kind, f"{hazard.text} It has about {table.rows:,} rows.")


def _widens(table: Relation, column: str, wanted: str) -> bool:
    """Return True if a type only grows, so that no row need be checked."""
    existing = table.column(column)
    old, new = _WIDENED.match(existing.type if existing else ""), _WIDENED.match(wanted)
    if not old or not new:
        return False
    if new[1] is None:
        return True
    return old[1] is not None and int(new[1]) >= int(old[1])


def _target(change: Change) -> str:
    return quote(change.schema, change.table)


def _alter(change: Change, rest: str) -> list[str]:
    return [f"ALTER TABLE {_target(change)} {rest}"]


def _column(change: Any, rest: str) -> list[str]:
    return _alter(change, f"ALTER COLUMN {quote(change.column)} {rest}")


def _add_table(change: c.AddTable, _: Schema) -> Iterable[str]:
    relation = change.relation
    if relation.kind in {"view", "materialized_view"}:
        yield ddl.create_view(relation)
    else:
        yield ddl.create_table(relation)
    yield from (ddl.create_index(relation, index) for index in relation.indexes)
    yield from (ddl.add_foreign_key(relation, key) for key in relation.foreign_keys)
    yield from ddl.comments(relation)


def _kind(schema: Schema, change: Change) -> str:
    relation = schema.relation(change.table, change.schema)
    kinds = {"view": "VIEW", "materialized_view": "MATERIALIZED VIEW"}
    return kinds.get(relation.kind if relation else "table", "TABLE")


def _alter_type(change: c.AlterType, schema: Schema) -> Iterable[str]:
    column = quote(change.column)
    table = schema.relation(change.table, change.schema)
    existing = table.column(change.column) if table else None
    if existing and existing.default is not None:
        yield from _column(change, "DROP DEFAULT")
    yield from _column(
        change, f"TYPE {change.type} USING {_cast(column, existing.type if existing else '', change.type)}"
    )
    if existing and existing.default is not None:
        default = existing.default.partition("::")[0] if existing.default.startswith("'") else existing.default
        yield from _column(change, f"SET DEFAULT {default}")


_PLAIN_KINDS = frozenset({"integer", "decimal", "float"})
_TIMES = frozenset({"date", "time", "timestamp"})


def _cast(column: str, old: str, new: str) -> str:
    """Return a column as another type, by way of text where PostgreSQL has no cast between the two."""
    if not old or DIALECT.types is None or DIALECT.types.read is None:
        return f"{column}::{new}"
    kinds = [DIALECT.types.read(canonical_type(type_)).name for type_ in (old, new)]
    if "text" in kinds or kinds[0] == kinds[1] != "other" or any(set(kinds) <= own for own in (_PLAIN_KINDS, _TIMES)):
        return f"{column}::{new}"
    if set(kinds) == {"boolean", "integer"}:
        return f"{column}::integer::{new}"
    return f"{column}::text::{new}"


def _rename_table(change: c.RenameTable, schema: Schema) -> Iterable[str]:
    yield f"ALTER {_kind(schema, change)} {_target(change)} RENAME TO {quote(change.new_name)}"
    table = schema.relation(change.table, change.schema)
    if table and table.primary_key and not a.get(table.attrs, a.PRIMARY_KEY_NAME):
        # A key with the default name keeps the default name; otherwise it would look like a chosen name.
        names = f"{quote(f'{change.table}_pkey')} TO {quote(f'{change.new_name}_pkey')}"
        yield f"ALTER TABLE {quote(change.schema, change.new_name)} RENAME CONSTRAINT {names}"


def _set_primary_key(change: c.SetPrimaryKey, schema: Schema) -> Iterable[str]:
    table = schema.relation(change.table, change.schema)
    if table and table.primary_key:
        name = a.get(table.attrs, a.PRIMARY_KEY_NAME) or f"{change.table}_pkey"
        yield from _alter(change, f"DROP CONSTRAINT {quote(name)}")
    if change.columns:
        yield from _alter(change, f"ADD PRIMARY KEY ({', '.join(quote(name) for name in change.columns)})")


def _add_foreign_key(change: c.AddForeignKey, schema: Schema) -> Iterable[str]:
    table = schema.relation(change.table, change.schema) or Relation(change.table, schema=change.schema)
    yield ddl.add_foreign_key(table, change.key)


def _drop_foreign_key(change: c.DropForeignKey, schema: Schema) -> Iterable[str]:
    table = schema.relation(change.table, change.schema)
    keys = table.foreign_keys if table else ()
    known = next((key.name for key in keys if key.columns == change.columns), None)
    name = change.name or known or f"{change.table}_{'_'.join(change.columns)}_fkey"
    yield from _alter(change, f"DROP CONSTRAINT {quote(name)}")


def _add_index(change: c.AddIndex, schema: Schema) -> Iterable[str]:
    table = schema.relation(change.table, change.schema) or Relation(change.table, schema=change.schema)
    yield ddl.create_index(table, change.index)


def _drop_index(change: c.DropIndex, schema: Schema) -> Iterable[str]:
    for relation in schema:
        for index in relation.indexes:
            if index.name == change.name and _is_constraint(index):
                yield f"ALTER TABLE {quote(relation.schema, relation.name)} DROP CONSTRAINT {quote(change.name)}"
                return
    yield f"DROP INDEX {quote(change.schema, change.name)}"


def _is_constraint(index: Index) -> bool:
    return any(name in {"constraint", "exclude"} for name, _ in index.attrs)


def _add_check(change: c.AddCheck, schema: Schema) -> Iterable[str]:
    table = schema.relation(change.table, change.schema) or Relation(change.table, schema=change.schema)
    yield ddl.add_check(table, change.check)


def _add_enum(change: c.AddEnum, schema: Schema) -> Iterable[str]:
    name, values = quote(change.schema or change.enum.schema, change.enum.name), change.enum.values
    known = next((enum for enum in schema.enums if enum.name == change.enum.name), None)
    if known is None:
        yield f"CREATE TYPE {name} AS ENUM ({', '.join(literal(value) for value in values)})"
        return
    rest = [value for value in values if value in known.values]
    if list(known.values) != rest:
        yield from _replaced_enum(change, known, schema)
        return
    before = None
    for value in values:
        if value not in known.values:
            first = f" BEFORE {literal(known.values[0])}" if known.values else ""
            at = f" AFTER {literal(before)}" if before else first
            yield f"ALTER TYPE {name} ADD VALUE {literal(value)}{at}"
        before = value


def _replaced_enum(change: c.AddEnum, known: Enum, schema: Schema) -> Iterable[str]:
    """Return statements that give an enum type other values: no value can be taken away from one."""
    space = change.schema or change.enum.schema
    name, old = quote(space, known.name), quote(space, f"{known.name}_old")
    yield f"ALTER TYPE {name} RENAME TO {quote(f'{known.name}_old')}"
    yield f"CREATE TYPE {name} AS ENUM ({', '.join(literal(value) for value in change.enum.values)})"
    for relation in schema:
        for column in relation.columns if relation.kind == "table" else ():
            if canonical_type(column.type).removesuffix("[]").rpartition(".")[2] != known.name.lower():
                continue
            type_ = f"{name}[]" if column.type.endswith("[]") else name
            alter = f"ALTER TABLE {quote(relation.schema, relation.name)} ALTER COLUMN {quote(column.name)}"
            yield from [f"{alter} DROP DEFAULT"] if column.default else []
            items = "text[]" if column.type.endswith("[]") else "text"
            yield f"{alter} TYPE {type_} USING {quote(column.name)}::{items}::{type_}"
            default = (column.default or "").partition("::")[0]
            if default and (column.type.endswith("[]") or default in map(literal, change.enum.values)):
                yield f"{alter} SET DEFAULT {default}"
    yield f"DROP TYPE {old}"


_STATEMENTS: Mapping[type[Change], Callable[[Any, Schema], Iterable[str]]] = {
    c.AddTable: _add_table,
    c.DropTable: lambda change, schema: [f"DROP {_kind(schema, change)} {_target(change)}"],
    c.RenameTable: _rename_table,
    c.AddColumn: lambda change, _: _alter(change, f"ADD COLUMN {ddl.column_definition(change.column)}"),
    c.DropColumn: lambda change, _: _alter(change, f"DROP COLUMN {quote(change.column)}"),
    c.RenameColumn: lambda change, _: _alter(
        change, f"RENAME COLUMN {quote(change.column)} TO {quote(change.new_name)}"
    ),
    c.AlterType: _alter_type,
    c.SetNullable: lambda change, _: _column(change, f"{'DROP' if change.nullable else 'SET'} NOT NULL"),
    c.SetDefault: lambda change, _: _column(
        change, "DROP DEFAULT" if change.default is None else f"SET DEFAULT {change.default}"
    ),
    c.SetPrimaryKey: _set_primary_key,
    c.AddForeignKey: _add_foreign_key,
    c.DropForeignKey: _drop_foreign_key,
    c.AddIndex: _add_index,
    c.DropIndex: _drop_index,
    c.AddCheck: _add_check,
    c.DropCheck: lambda change, _: _alter(change, f"DROP CONSTRAINT {quote(change.name)}"),
    c.AddEnum: _add_enum,
    c.DropEnum: lambda change, _: [f"DROP TYPE {quote(change.schema, change.table)}"],
}
