"""The statements that create a Schema in an empty PostgreSQL database, in an order that works.

Schemas, extensions and types come first; functions before tables but with unchecked bodies, because defaults and checks
call them and they may use tables; then tables, owners of sequences, indexes, keys, views, triggers, policies and
comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from headwater.catalog.model import (
    Attributes,
    Check,
    Column,
    Domain,
    ForeignKey,
    Index,
    Relation,
    Routine,
    Schema,
    Sequence,
)
from headwater.engines.postgresql import attributes as a

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*$")
# Identifiers as PostgreSQL prints them: plain or quoted.
_NAMES = re.compile(r'"(?:[^"]|"")+"|\w[\w$]*')
_RESERVED_NAMES = """
all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze
from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit
localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references
returning right select session_user similar some symmetric system_user table tablesample then to trailing true union
unique user using variadic verbose when where window with
"""
_RESERVED = frozenset(_RESERVED_NAMES.split())


def quote(*names: str | None) -> str:
    """Return a quoted, qualified identifier; empty parts are left out."""
    return ".".join(_quoted(name) for name in names if name)


def _quoted(name: str) -> str:
    if _PLAIN.match(name) and name not in _RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as a string constant."""
    quoted = "'" + text.replace("'", "''") + "'"
    return " E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


def ddl(schema: Schema) -> tuple[str, ...]:
    """Return the statements that create a Schema."""
    return tuple(_statements(schema))


def restore_ddl(schema: Schema) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the statements before the rows (tables without keys), and those after the rows.

    Indexes are built once rather than grown; keys, triggers and policies would check or change the restored rows.
    """
    keyless = schema.map_relations(_without_key)
    bare = keyless.map_relations(
        lambda one: replace(
            one,
            indexes=(),
            foreign_keys=(),
            triggers=(),
            attrs=tuple(pair for pair in one.attrs if pair[0] != a.ROW_SECURITY and not pair[0].startswith(a.POLICY)),
        )
    )
    first = ddl(replace(bare, relations=tuple(relation for relation in bare if relation.kind == "table")))
    created = set(first)
    keys = [
        add_primary_key(relation)
        for relation in schema
        if relation.primary_key and not _without_key(relation).primary_key
    ]
    later = [
        statement for statement in ddl(keyless) if statement not in created or statement.startswith(("SET ", "RESET "))
    ]
    return first, (*keys, *later)


def _without_key(table: Relation) -> Relation:
    """Return a table without its primary key, unless the key belongs to inheritance or to temporal keys."""
    if any(name in dict(table.attrs) for name in (a.PARTITION_OF, a.PARTITION_BY, a.INHERITS, a.PRIMARY_KEY_PERIOD)):
        return table
    return replace(table, primary_key=(), attrs=tuple(pair for pair in table.attrs if pair[0] != a.PRIMARY_KEY_NAME))


def add_primary_key(table: Relation) -> str:
    """Return the statement that adds the primary key of a table."""
    name = a.get(table.attrs, a.PRIMARY_KEY_NAME)
    constraint = f"CONSTRAINT {quote(name)} " if name else ""
    return f"ALTER TABLE {quote(table.schema, table.name)} ADD {constraint}PRIMARY KEY ({_names(table.primary_key)})"


def _statements(schema: Schema) -> Iterator[str]:
    tables = [relation for relation in schema if relation.kind == "table"]
    views = [relation for relation in schema if relation.kind in {"view", "materialized_view"}]
    yield from _schemas(schema)
    yield from _types(schema)
    yield from (create_sequence(sequence) for sequence in schema.sequences if not a.get(sequence.attrs, a.OF_IDENTITY))
    if schema.routines:
        yield "SET check_function_bodies = off"
    relations = frozenset(_quoted(relation.name) for relation in schema)
    late = {id(routine) for routine in schema.routines if _mentions_relation(routine, relations)}
    yield from (routine.definition for routine in schema.routines if routine.definition and id(routine) not in late)
    yield from (create_table(table) for table in tables)
    yield from (
        own_sequence(sequence)
        for sequence in schema.sequences
        if sequence.owned_by and not a.get(sequence.attrs, a.OF_IDENTITY)
    )
    for table in tables:
        yield from (create_index(table, index) for index in table.indexes)
        yield from (add_check(table, check) for check in table.checks if a.get(check.attrs, a.NOT_VALID))
    for table in tables:
        yield from (add_foreign_key(table, key) for key in table.foreign_keys)
    yield from (routine.definition for routine in schema.routines if routine.definition and id(routine) in late)
    for view in views:
        yield create_view(view)
        yield from (create_index(view, index) for index in view.indexes)
    for relation in schema:
        yield from _triggers(relation)
        yield from _security(relation)
        yield from comments(relation)
    yield from _other_comments(schema)
    if schema.routines:
        yield "RESET check_function_bodies"


def _schemas(schema: Schema) -> Iterator[str]:
    names = (a.get(schema.attrs, a.SCHEMAS) or "").split(", ")
    used = {relation.schema for relation in schema.relations} | {enum.schema for enum in schema.enums}
    for name in sorted({*filter(None, names), *filter(None, used)} - {"public"}):
        yield f"CREATE SCHEMA {quote(name)}"
    for name, schema_name in a.starting(schema.attrs, a.EXTENSION).items():
        yield f"CREATE EXTENSION {quote(name)} SCHEMA {quote(schema_name)}"


def _types(schema: Schema) -> Iterator[str]:
    for enum in schema.enums:
        values = ", ".join(literal(value) for value in enum.values)
        yield f"CREATE TYPE {quote(enum.schema, enum.name)} AS ENUM ({values})"
    for domain in schema.domains:
        yield _create_domain(domain)
    for name, fields in a.starting(schema.attrs, a.COMPOSITE).items():
        yield f"CREATE TYPE {name} AS ({fields})"


def _create_domain(domain: Domain) -> str:
    parts = [f"CREATE DOMAIN {quote(domain.schema, domain.name)} AS {domain.type}"]
    parts += [f"COLLATE {collation}"] if (collation := a.get(domain.attrs, a.COLLATION)) else []
    parts += [f"DEFAULT {domain.default}"] if domain.default is not None else []
    parts += [] if domain.nullable else ["NOT NULL"]
    parts += [
        f"{f'CONSTRAINT {quote(check.name)} ' if check.name else ''}CHECK ({check.expression})"
        for check in domain.checks
    ]
    return " ".join(parts)


def create_sequence(sequence: Sequence) -> str:
    """Return a complete CREATE SEQUENCE statement."""
    get = a.getter(sequence.attrs)
    parts = [f"CREATE SEQUENCE {quote(sequence.schema, sequence.name)}"]
    parts += [f"AS {sequence.type}"] if sequence.type else []
    for words, name in (
        ("START WITH", a.START),
        ("INCREMENT BY", a.INCREMENT),
        ("MINVALUE", a.MINIMUM),
        ("MAXVALUE", a.MAXIMUM),
        ("CACHE", a.CACHE),
    ):
        parts += [f"{words} {value}"] if (value := get(name)) is not None else []
    return " ".join([*parts, *(["CYCLE"] if get(a.CYCLE) else [])])


def own_sequence(sequence: Sequence) -> str:
    """Return the statement that makes a column the owner of a sequence."""
    assert sequence.owned_by
    table, column = sequence.owned_by
    schema = a.get(sequence.attrs, "owner_schema") or sequence.schema
    return f"ALTER SEQUENCE {quote(sequence.schema, sequence.name)} OWNED BY {quote(schema, table, column)}"


def _mentions_relation(routine: Routine, relations: frozenset[str]) -> bool:
    """Return True if a routine takes or returns a table, which must exist then; its body is not checked."""
    if routine.definition and "BEGIN ATOMIC" in routine.definition:
        return True
    return not relations.isdisjoint(_NAMES.findall(f"{routine.arguments} {routine.returns}"))


def create_table(table: Relation) -> str:
    """Return CREATE TABLE with columns, primary key and checks; foreign keys and indexes come later."""
    get = a.getter(table.attrs)
    kind = "UNLOGGED TABLE" if get(a.UNLOGGED) else "TABLE"
    head = f"CREATE {kind} {quote(table.schema, table.name)}"
    if parent := get(a.PARTITION_OF):
        lines = [
            f"{quote(column.name)} DEFAULT {column.default}" for column in table.columns if column.default is not None
        ]
        lines += _checks(table)
        inner = f" (\n    {f',{chr(10)}    '.join(lines)}\n)" if lines else ""
        return f"{head} PARTITION OF {parent}{inner} {get(a.PARTITION_BOUND)}{_tail(table)}"
    lines = [column_definition(column) for column in table.columns]
    if table.primary_key:
        name = get(a.PRIMARY_KEY_NAME)
        constraint = f"CONSTRAINT {quote(name)} " if name else ""
        period = " WITHOUT OVERLAPS" if get(a.PRIMARY_KEY_PERIOD) else ""
        lines.append(f"{constraint}PRIMARY KEY ({_names(table.primary_key)}{period})")
    lines += _checks(table)
    inner = "(\n    " + ",\n    ".join(lines) + "\n)" if lines else "()"
    inherits = f" INHERITS ({parents})" if (parents := get(a.INHERITS)) else ""
    return f"{head} {inner}{inherits}{_tail(table)}"


def _tail(table: Relation) -> str:
    partition, storage = a.get(table.attrs, a.PARTITION_BY), a.get(table.attrs, a.STORAGE)
    return (f" PARTITION BY {partition}" if partition else "") + (f" WITH ({storage})" if storage else "")


def column_definition(column: Column) -> str:
    """Return a column definition for CREATE TABLE and ADD COLUMN."""
    parts = [quote(column.name), column.type or "text"]
    if collation := a.get(column.attrs, a.COLLATION):
        parts.append(f"COLLATE {collation}")
    if column.generated:
        storage = "VIRTUAL" if a.get(column.attrs, a.VIRTUAL) else "STORED"
        parts.append(f"GENERATED ALWAYS AS ({column.generated}) {storage}")
    elif column.identity:
        parts.append(f"GENERATED {(a.get(column.attrs, a.IDENTITY) or 'by default').upper()} AS IDENTITY")
    elif column.default is not None:
        parts.append(f"DEFAULT {column.default}")
    if not column.nullable:
        parts.append("NOT NULL")
    return " ".join(parts)


def _check(check: Check) -> str:
    name = f"CONSTRAINT {quote(check.name)} " if check.name else ""
    inherited = " NO INHERIT" if a.get(check.attrs, a.NO_INHERIT) else ""
    return f"{name}CHECK ({check.expression}){inherited}{_enforced(check.attrs)}"


def _checks(table: Relation) -> list[str]:
    """Return the checks in CREATE TABLE; NOT VALID checks can only be added later."""
    return [_check(check) for check in table.checks if not a.get(check.attrs, a.NOT_VALID)]


def add_check(table: Relation, check: Check) -> str:
    """Return the statement that adds a check to a table."""
    valid = " NOT VALID" if a.get(check.attrs, a.NOT_VALID) else ""
    return f"ALTER TABLE {quote(table.schema, table.name)} ADD {_check(check)}{valid}"


def create_index(relation: Relation, index: Index, *, concurrently: bool = False) -> str:
    """Return the statement for an index, or for the constraint that it belongs to."""
    get = a.getter(index.attrs)
    table = quote(relation.schema, relation.name)
    name = quote(index.name or standard_name(relation.name, index))
    include = f" INCLUDE ({get(a.INCLUDE)})" if get(a.INCLUDE) else ""
    nulls = " NULLS NOT DISTINCT" if get(a.NULLS_NOT_DISTINCT) else ""
    if excluded := get(a.EXCLUDE):
        return f"ALTER TABLE {table} ADD CONSTRAINT {name} {excluded}"
    if get(a.CONSTRAINT):
        return (
            f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE{nulls} "
            f"({_names(index.columns)}{' WITHOUT OVERLAPS' if get(a.PERIOD) else ''}){include}"
            f"{_deferred(index.attrs)}"
        )
    unique = "UNIQUE " if index.unique else ""
    method = f" USING {get(a.METHOD)}" if get(a.METHOD) else ""
    storage = f" WITH ({get(a.STORAGE)})" if get(a.STORAGE) else ""
    where = f" WHERE {index.where}" if index.where else ""
    how = "CONCURRENTLY " if concurrently else ""
    return (
        f"CREATE {unique}INDEX {how}{name} ON {table}{method} ({_keys(index.columns)}){include}{nulls}{storage}{where}"
    )


def standard_name(table: str, index: Index) -> str:
    """Return the default name of an index without a name."""
    words = "_".join(re.sub(r"\W+", "_", column).strip("_") for column in index.columns)
    return f"{table}_{words}_{'key' if index.unique else 'idx'}"[:63]


def add_foreign_key(table: Relation, key: ForeignKey) -> str:
    """Return the statement that adds a foreign key."""
    name = f"CONSTRAINT {quote(key.name)} " if key.name else ""
    period = bool(a.get(key.attrs, a.PERIOD))
    columns = f" ({_names(key.ref_columns, period=period)})" if key.ref_columns else ""
    match = f" MATCH {match_type}" if (match_type := a.get(key.attrs, a.MATCH)) else ""
    rules = "".join(
        f" ON {word} {rule}" for word, rule in (("DELETE", key.on_delete), ("UPDATE", key.on_update)) if rule
    )
    valid = " NOT VALID" if a.get(key.attrs, a.NOT_VALID) else _enforced(key.attrs)
    return (
        f"ALTER TABLE {quote(table.schema, table.name)} ADD {name}FOREIGN KEY "
        f"({_names(key.columns, period=period)}) REFERENCES "
        f"{quote(key.ref_schema, key.ref_table)}{columns}{match}{rules}{_deferred(key.attrs)}{valid}"
    )


def _deferred(attrs: Attributes) -> str:
    return {"immediate": " DEFERRABLE", "deferred": " DEFERRABLE INITIALLY DEFERRED"}.get(
        a.get(attrs, a.DEFERRABLE) or "", ""
    )


def _enforced(attrs: Attributes) -> str:
    return " NOT ENFORCED" if a.get(attrs, a.NOT_ENFORCED) else ""


def create_view(view: Relation) -> str:
    """Return the statement for a view or materialised view."""
    kind = "MATERIALIZED VIEW" if view.kind == "materialized_view" else "VIEW"
    storage = f" WITH ({options})" if (options := a.get(view.attrs, a.STORAGE)) else ""
    columns = f" ({_names(tuple(column.name for column in view.columns))})" if view.columns else ""
    return f"CREATE {kind} {quote(view.schema, view.name)}{columns}{storage} AS\n{view.definition}"


def _triggers(relation: Relation) -> Iterator[str]:
    name = quote(relation.schema, relation.name)
    for trigger in relation.triggers:
        yield trigger.definition
        if not trigger.enabled:
            yield f"ALTER TABLE {name} DISABLE TRIGGER {quote(trigger.name)}"


def _security(relation: Relation) -> Iterator[str]:
    name, mode = quote(relation.schema, relation.name), a.get(relation.attrs, a.ROW_SECURITY)
    if mode:
        yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"
    if mode == "forced":
        yield f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY"
    for policy, rest in a.starting(relation.attrs, a.POLICY).items():
        yield f"CREATE POLICY {quote(policy)} ON {name} {rest}"


def comments(relation: Relation) -> Iterator[str]:
    """Return the COMMENT statements of a relation, its columns, indexes, constraints and triggers."""
    name = quote(relation.schema, relation.name)
    kind = {"view": "VIEW", "materialized_view": "MATERIALIZED VIEW"}.get(relation.kind, "TABLE")
    if relation.comment:
        yield f"COMMENT ON {kind} {name} IS {literal(relation.comment)}"
    for column in relation.columns:
        if column.comment:
            yield f"COMMENT ON COLUMN {name}.{quote(column.name)} IS {literal(column.comment)}"
    for index in relation.indexes:
        if index.comment and index.name:
            of_constraint = a.get(index.attrs, a.CONSTRAINT) or a.get(index.attrs, a.EXCLUDE)
            on = f"CONSTRAINT {quote(index.name)} ON {name}" if of_constraint else ""
            yield f"COMMENT ON {on or f'INDEX {quote(relation.schema, index.name)}'} IS {literal(index.comment)}"
    for trigger in relation.triggers:
        if trigger.comment:
            yield f"COMMENT ON TRIGGER {quote(trigger.name)} ON {name} IS {literal(trigger.comment)}"


def _other_comments(schema: Schema) -> Iterator[str]:
    for enum in schema.enums:
        if enum.comment:
            yield f"COMMENT ON TYPE {quote(enum.schema, enum.name)} IS {literal(enum.comment)}"
    for domain in schema.domains:
        if domain.comment:
            yield f"COMMENT ON DOMAIN {quote(domain.schema, domain.name)} IS {literal(domain.comment)}"
    for sequence in schema.sequences:
        if sequence.comment:
            yield f"COMMENT ON SEQUENCE {quote(sequence.schema, sequence.name)} IS {literal(sequence.comment)}"
    for routine in schema.routines:
        if routine.comment:
            kind = {"procedure": "PROCEDURE", "aggregate": "AGGREGATE"}.get(routine.kind, "FUNCTION")
            name = quote(routine.schema, routine.name)
            yield f"COMMENT ON {kind} {name}({routine.arguments}) IS {literal(routine.comment)}"


def _names(names: tuple[str, ...], *, period: bool = False) -> str:
    """Return names separated by commas; with `period` the last is the range of a temporal key."""
    quoted = [quote(name) for name in names]
    return ", ".join([*quoted[:-1], f"PERIOD {quoted[-1]}"] if period else quoted)


def _keys(names: tuple[str, ...]) -> str:
    """Return the keys of an index: names quoted, expressions in their parentheses."""
    return ", ".join(name[1:-1] if name.startswith("(") else quote(name) for name in names)
