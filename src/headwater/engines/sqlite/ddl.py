"""The statements that create a Schema in an empty SQLite database: tables, indexes, views, triggers.

Foreign keys may name tables that are created later: SQLite looks them up when rows change. So may views and triggers,
but those that read a view are created after it anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headwater.catalog.model import Check, Column, ForeignKey, Index, Relation, Schema
from headwater.engines.sqlite import attributes as a

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")
_LITERAL = re.compile(r"[+-]?\s*[\d.][\w.+-]*$|'(?:[^']|'')*'$|[xX]'[0-9A-Fa-f]*'$|\"(?:[^\"]|\"\")*\"$|\w+$")
_KEYWORD_LIST = """
abort action add after all alter always analyze and as asc attach autoincrement before begin between by cascade case
cast check collate column commit conflict constraint create cross current current_date current_time current_timestamp
database default deferrable deferred delete desc detach distinct do drop each else end escape except exclude
exclusive exists explain fail filter first following for foreign from full generated glob group groups having if
ignore immediate in index indexed initially inner insert instead intersect into is isnull join key last left like
limit match materialized natural no not nothing notnull null nulls of offset on or order others outer over partition
plan pragma preceding primary query raise range recursive references regexp reindex release rename replace restrict
returning right rollback row rows savepoint select set table temp temporary then ties to transaction trigger
unbounded union unique update using vacuum values view virtual when where window with without
"""
_KEYWORDS = frozenset(_KEYWORD_LIST.split())


def quote(*names: str | None) -> str:
    """Return a quoted, qualified identifier; empty parts are left out."""
    return ".".join(_quoted(name) for name in names if name)


def _quoted(name: str) -> str:
    if _PLAIN.match(name) and name.lower() not in _KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def ddl(schema: Schema) -> tuple[str, ...]:
    """Return the statements that create a Schema."""
    return tuple(_statements(schema))


def restore_ddl(schema: Schema) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the statements before the rows (tables), and those after the rows."""
    whole = ddl(schema)
    first = tuple(create_table(relation) for relation in schema if relation.kind == "table")
    return first, whole[len(first) :]


def _statements(schema: Schema) -> Iterator[str]:
    tables = [relation for relation in schema if relation.kind == "table"]
    for table in tables:
        yield create_table(table)
    for table in tables:
        yield from create_indexes(table)
    yield from (create_view(relation) for relation in schema if relation.kind == "view")
    for relation in schema:
        yield from (trigger.definition for trigger in relation.triggers)


def create_table(table: Relation, name: str | None = None) -> str:
    """Return CREATE TABLE with all constraints, without separate indexes; `name` replaces its own name."""
    head = quote(name or table.name)
    if module := a.get(table.attrs, a.MODULE):
        return f"CREATE VIRTUAL TABLE {head} USING {module}"
    numbered = a.get(table.attrs, a.AUTOINCREMENT) is not None
    lines = [column_definition(column, key=numbered and column.name in table.primary_key) for column in table.columns]
    if table.primary_key and not numbered:
        terms = a.get(table.attrs, a.PRIMARY_KEY_TERMS) or f"({_names(table.primary_key)})"
        lines.append(f"{_named(a.get(table.attrs, a.PRIMARY_KEY_NAME))}PRIMARY KEY {terms}")
    lines += [_unique(index) for index in table.indexes if a.get(index.attrs, a.CONSTRAINT)]
    lines += [_check(check) for check in table.checks]
    lines += [_foreign_key(key) for key in table.foreign_keys]
    options = [
        word for name, word in ((a.WITHOUT_ROWID, "WITHOUT ROWID"), (a.STRICT, "STRICT")) if a.get(table.attrs, name)
    ]
    return f"CREATE TABLE {head} (\n    {f',{chr(10)}    '.join(lines)}\n)" + "".join(
        f" {', '.join(options)}" if options else ""
    )


def column_definition(column: Column, *, key: bool = False) -> str:
    """Return a column definition for CREATE TABLE and ADD COLUMN; with `key` it is the rowid."""
    parts = [quote(column.name)]
    parts += [column.type] if column.type else []
    parts += ["PRIMARY KEY AUTOINCREMENT"] if key else []
    if not column.nullable:
        conflict = a.get(column.attrs, a.CONFLICT)
        parts.append("NOT NULL" + (f" ON CONFLICT {conflict}" if conflict else ""))
    if column.default is not None:
        parts.append(f"DEFAULT {default(column.default)}")
    if collation := a.get(column.attrs, a.COLLATION):
        parts.append(f"COLLATE {collation}")
    if column.generated:
        storage = "STORED" if a.get(column.attrs, a.STORED) else "VIRTUAL"
        parts.append(f"GENERATED ALWAYS AS ({column.generated}) {storage}")
    return " ".join(parts)


def default(text: str) -> str:
    """Return a default for a DEFAULT clause: an expression needs parentheses."""
    return text if _LITERAL.match(text) else f"({text})"


def create_indexes(table: Relation) -> Iterator[str]:
    """Return CREATE INDEX for the indexes that are not part of a constraint."""
    yield from (create_index(table, index) for index in table.indexes if not a.get(index.attrs, a.CONSTRAINT))


def create_index(table: Relation, index: Index) -> str:
    """Return the statement for one index."""
    unique = "UNIQUE " if index.unique else ""
    where = f" WHERE {index.where}" if index.where else ""
    keys = ", ".join(name[1:-1] if name.startswith("(") else quote(name) for name in index.columns)
    name = index.name or standard_name(table.name, index.columns, unique=index.unique)
    return f"CREATE {unique}INDEX {quote(name)} ON {quote(table.name)} ({keys}){where}"


def create_view(view: Relation) -> str:
    """Return CREATE VIEW with the names of its columns."""
    columns = f" ({_names(tuple(column.name for column in view.columns))})" if view.columns else ""
    return f"CREATE VIEW {quote(view.name)}{columns} AS {view.definition}"


def standard_name(table: str, columns: tuple[str, ...], *, unique: bool) -> str:
    """Return the default name of an index or unique constraint without a name."""
    words = "_".join(re.sub(r"\W+", "_", column).strip("_") for column in columns)
    return f"{table}_{words}_{'key' if unique else 'idx'}"


def _named(name: str | None) -> str:
    return f"CONSTRAINT {quote(name)} " if name else ""


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(quote(name) for name in names)


def _unique(index: Index) -> str:
    keys = ", ".join(name[1:-1] if name.startswith("(") else quote(name) for name in index.columns)
    conflict = a.get(index.attrs, a.CONFLICT)
    return f"{_named(index.name)}UNIQUE ({keys})" + (f" ON CONFLICT {conflict}" if conflict else "")


def _check(check: Check) -> str:
    return f"{_named(check.name)}CHECK ({check.expression})"


def _foreign_key(key: ForeignKey) -> str:
    columns = f" ({_names(key.ref_columns)})" if key.ref_columns else ""
    rules = "".join(
        f" ON {word} {rule}" for word, rule in (("DELETE", key.on_delete), ("UPDATE", key.on_update)) if rule
    )
    deferred = " DEFERRABLE INITIALLY DEFERRED" if a.get(key.attrs, a.DEFERRABLE) else ""
    head = f"{_named(key.name)}FOREIGN KEY ({_names(key.columns)})"
    return f"{head} REFERENCES {quote(key.ref_table)}{columns}{rules}{deferred}"
