"""The statements that create a Schema in an empty MySQL or MariaDB database.

Sequences come first, because defaults use them; then tables with their indexes, foreign keys, routines, views in the
order of their dependencies, triggers and events.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headwater.catalog.model import Check, Column, ForeignKey, Index, Relation, Schema, Sequence
from headwater.engines.mysql import attributes as a

_RAW = re.compile(
    r"[+-]?\s*[\d.][\w.+-]*$|(?:_\w+\s*)?'(?:[^'\\]|''|\\.)*'$|[xXbB]'[0-9A-Fa-f]*'$|null$|true$|false$|\(.*\)$"
    r"|(?:current_timestamp|now|localtime|localtimestamp)(?:\(\d*\))?(?:\s+on\s+update\s.*)?$",
    re.IGNORECASE | re.DOTALL,
)
_TEXTS = re.compile(r"(?:var)?char|(?:tiny|medium|long)?text|enum|set\b", re.IGNORECASE)


def quote(*names: str | None) -> str:
    """Return a quoted, qualified identifier; empty parts are left out."""
    return ".".join("`" + name.replace("`", "``") + "`" for name in names if name)


def literal(text: str) -> str:
    """Return a text as a string constant that is valid with and without NO_BACKSLASH_ESCAPES."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def ddl(schema: Schema) -> tuple[str, ...]:
    """Return the statements that create a Schema."""
    return tuple(_statements(schema))


def restore_ddl(schema: Schema) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the statements before the rows (sequences and tables), and those after the rows."""
    whole = ddl(schema)
    bare = len(schema.sequences) + sum(relation.kind == "table" for relation in schema)
    return whole[:bare], whole[bare:]


def _statements(schema: Schema) -> Iterator[str]:
    tables = [relation for relation in schema if relation.kind == "table"]
    yield from (create_sequence(sequence) for sequence in schema.sequences)
    yield from (create_table(table) for table in tables)
    for table in tables:
        yield from (add_foreign_key(table, key) for key in table.foreign_keys)
    yield from (routine.definition for routine in schema.routines if routine.definition)
    yield from (create_view(relation) for relation in schema if relation.kind == "view")
    for relation in schema:
        yield from (trigger.definition for trigger in relation.triggers)
    yield from (statement for name, statement in schema.attrs if name.startswith(a.EVENT))


def create_sequence(sequence: Sequence) -> str:
    """Return a complete CREATE SEQUENCE statement."""
    parts = [f"CREATE SEQUENCE {quote(sequence.name)}"]
    for words, name in (
        ("START WITH", a.START),
        ("MINVALUE", a.MINIMUM),
        ("MAXVALUE", a.MAXIMUM),
        ("INCREMENT BY", a.INCREMENT),
        ("CACHE", a.CACHE),
    ):
        parts += [f"{words} {value}"] if (value := a.get(sequence.attrs, name)) is not None else []
    return " ".join([*parts, "CYCLE" if a.get(sequence.attrs, a.CYCLE) else "NOCYCLE"])


def create_table(table: Relation) -> str:
    """Return CREATE TABLE with columns, indexes and checks; foreign keys come later."""
    lines = [column_definition(column, table) for column in table.columns]
    if table.primary_key:
        lines.append(f"PRIMARY KEY ({_names(table.primary_key)})")
    lines += [_index(table, index) for index in table.indexes]
    lines += [check_definition(check) for check in table.checks if not a.get(check.attrs, a.OF_COLUMN)]
    options = [f"ENGINE={a.get(table.attrs, a.ENGINE)}"] if a.get(table.attrs, a.ENGINE) else []
    options += [f"COLLATE={a.get(table.attrs, a.COLLATION)}"] if a.get(table.attrs, a.COLLATION) else []
    options += [clause] if (clause := a.get(table.attrs, a.OPTIONS)) else []
    options += [f"COMMENT={literal(table.comment)}"] if table.comment else []
    options += [clause] if (clause := a.get(table.attrs, a.PARTITIONS)) else []
    return f"CREATE TABLE {quote(table.name)} (\n    {f',{chr(10)}    '.join(lines)}\n) {' '.join(options)}".rstrip()


def column_definition(column: Column, table: Relation | None = None) -> str:
    """Return a column definition for CREATE TABLE, ADD COLUMN and MODIFY COLUMN, with its check."""
    get = dict(column.attrs).get
    parts = [quote(column.name), column.type or "text"]
    if (collation := get(a.COLLATION)) and _TEXTS.match(column.type):
        parts.append(f"COLLATE {collation}")
    if column.generated:
        parts.append(f"GENERATED ALWAYS AS ({column.generated}) {'STORED' if get(a.STORED) else 'VIRTUAL'}")
    if not column.nullable:
        parts += ["NOT NULL"] if not column.generated else []
    elif column.type.lower().startswith("timestamp"):
        parts.append("NULL")  # older servers make a timestamp NOT NULL by default
    parts += [f"DEFAULT {default(column.default)}"] if column.default is not None and not column.generated else []
    parts += [f"ON UPDATE {get(a.ON_UPDATE)}"] if get(a.ON_UPDATE) else []
    parts += ["AUTO_INCREMENT"] if column.identity else []
    parts += ["INVISIBLE"] if get(a.INVISIBLE) else []
    parts += [f"COMMENT {literal(column.comment)}"] if column.comment else []
    for check in table.checks if table else ():
        if a.get(check.attrs, a.OF_COLUMN) == column.name:
            parts.append(f"CHECK ({check.expression})")
    return " ".join(parts)


def default(text: str) -> str:
    """Return a default for a DEFAULT clause: MySQL requires an expression to be in parentheses."""
    return text if _RAW.match(text) else f"({text})"


def check_definition(check: Check) -> str:
    """Return a check as a table constraint."""
    name = f"CONSTRAINT {quote(check.name)} " if check.name else ""
    return f"{name}CHECK ({check.expression})" + (" NOT ENFORCED" if a.get(check.attrs, a.NOT_ENFORCED) else "")


def _index(table: Relation, index: Index) -> str:
    kind, rest = _index_parts(index)
    return f"{kind}KEY {quote(index.name or standard_name(table.name, index))} {rest}"


def create_index(table: Relation, index: Index) -> str:
    """Return the CREATE INDEX statement."""
    kind, rest = _index_parts(index)
    name = quote(index.name or standard_name(table.name, index))
    return f"ALTER TABLE {quote(table.name)} ADD {kind}INDEX {name} {rest}"


def _index_parts(index: Index) -> tuple[str, str]:
    method = a.get(index.attrs, a.METHOD)
    kind = f"{method} " if method in {"FULLTEXT", "SPATIAL"} else "UNIQUE " if index.unique else ""
    keys = ", ".join(name[1:-1] if name.startswith("(") else quote(name) for name in index.columns)
    rest = f"({keys})" + (f" USING {method}" if method and method not in {"FULLTEXT", "SPATIAL"} else "")
    hidden = a.get(index.attrs, a.INVISIBLE)
    rest += f" {hidden}" if hidden else ""
    return kind, rest + (f" COMMENT {literal(index.comment)}" if index.comment else "")


def standard_name(table: str, index: Index) -> str:
    """Return the default name of an index without a name."""
    words = "_".join(re.sub(r"\W+", "_", column).strip("_") for column in index.columns)
    return f"{table}_{words}_{'key' if index.unique else 'idx'}"[:64]


def add_foreign_key(table: Relation, key: ForeignKey) -> str:
    """Return the statement that adds a foreign key."""
    name = f"CONSTRAINT {quote(key.name)} " if key.name else ""
    referred = key.ref_columns or key.columns
    rules = "".join(
        f" ON {word} {rule}" for word, rule in (("DELETE", key.on_delete), ("UPDATE", key.on_update)) if rule
    )
    return (
        f"ALTER TABLE {quote(table.name)} ADD {name}FOREIGN KEY ({_names(key.columns)}) "
        f"REFERENCES {quote(key.ref_schema, key.ref_table)} ({_names(referred)}){rules}"
    )


def create_view(view: Relation) -> str:
    """Return the CREATE VIEW statement."""
    get = dict(view.attrs).get
    algorithm = f"ALGORITHM={get(a.ALGORITHM)} " if get(a.ALGORITHM) else ""
    security = f"SQL SECURITY {get(a.SECURITY)} " if get(a.SECURITY) else ""
    columns = f" ({_names(tuple(column.name for column in view.columns))})" if view.columns else ""
    option = f" WITH {get(a.CHECK_OPTION)} CHECK OPTION" if get(a.CHECK_OPTION) else ""
    return f"CREATE {algorithm}{security}VIEW {quote(view.name)}{columns} AS {view.definition}{option}"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(quote(name) for name in names)
