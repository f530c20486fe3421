"""A Schema as SQL: tables in declaration order, foreign keys at the end so that any order loads.

Types keep the spelling of their source; translating them to another dialect is an engine's task.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from headwater.catalog.model import Column, ForeignKey, Index, Relation, Schema
from headwater.engines import engine

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*$")
_RESERVED = frozenset(
    {
        "all",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "between",
        "both",
        "case",
        "cast",
        "check",
        "collate",
        "column",
        "constraint",
        "create",
        "current_date",
        "current_user",
        "default",
        "desc",
        "distinct",
        "do",
        "else",
        "end",
        "except",
        "false",
        "fetch",
        "for",
        "foreign",
        "from",
        "grant",
        "group",
        "having",
        "in",
        "initially",
        "intersect",
        "into",
        "is",
        "join",
        "key",
        "leading",
        "left",
        "like",
        "limit",
        "not",
        "null",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "primary",
        "references",
        "right",
        "select",
        "session",
        "session_user",
        "similar",
        "some",
        "table",
        "then",
        "to",
        "trailing",
        "true",
        "union",
        "unique",
        "user",
        "using",
        "values",
        "when",
        "where",
        "window",
        "with",
    }
)


def quote(name: str) -> str:
    """Return an identifier, in double quotes if they are necessary."""
    if _PLAIN.match(name) and name not in _RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def to_sql(schema: Schema) -> str:
    """Return CREATE statements for everything in the Schema, in an order that works.

    The engine of the Schema's dialect writes them. Without one, the text is standard SQL with the types as they are.
    """
    missing = [relation for relation in schema if not _is_complete(relation)]
    complete = replace(schema, relations=tuple(relation for relation in schema if _is_complete(relation)))
    notes = [_note(relation) for relation in missing]
    if complete.dialect:
        statements = engine(complete.dialect).ddl(_with_quoted_types(complete))
        return "\n\n".join([*notes, *(f"{statement};" for statement in statements)]) + "\n"
    return "\n\n".join([*notes, *_statements(_with_quoted_types(complete))]) + "\n"


def _is_complete(relation: Relation) -> bool:
    return relation.kind == "table" or bool(relation.definition)


def _note(relation: Relation) -> str:
    return f"-- The {relation.kind.replace('_', ' ')} {relation.qualified_name} is left out: its query is not known."


def _with_quoted_types(schema: Schema) -> Schema:
    """Return a Schema in which types that are enums are quoted and qualified, as ORM models do not write them."""
    enums = {enum.name: enum for enum in schema.enums}

    def quoted(column: Column) -> Column:
        enum = enums.get(column.type.removesuffix("[]"))
        if enum is None:
            return column
        return replace(column, type=_in_schema(enum.schema, enum.name) + ("[]" if column.type.endswith("[]") else ""))

    return schema.map_relations(lambda relation: replace(relation, columns=tuple(map(quoted, relation.columns))))


def _statements(schema: Schema) -> Iterator[str]:
    spaces = [relation.schema for relation in schema] + [enum.schema for enum in schema.enums]
    yield from (f"CREATE SCHEMA {quote(space)};" for space in dict.fromkeys(spaces) if space)
    for enum in schema.enums:
        values = ", ".join(_literal(value) for value in enum.values)
        yield f"CREATE TYPE {_in_schema(enum.schema, enum.name)} AS ENUM ({values});"
    tables = [relation for relation in schema if relation.kind == "table"]
    for table in tables:
        yield _create_table(table)
        yield from (_create_index(table, index) for index in table.indexes if not _is_constraint(index))
    for table in tables:
        yield from (_add_key(table, key) for key in table.foreign_keys)
    for view in schema:
        if view.kind in ("view", "materialized_view"):
            kind = view.kind.replace("_", " ").upper()
            yield f"CREATE {kind} {_qualified(view)} AS\n{view.definition};"


def _create_table(table: Relation) -> str:
    lines = [_column(column) for column in table.columns]
    if table.primary_key:
        lines.append(f"PRIMARY KEY ({_names(table.primary_key)})")
    lines += [f"UNIQUE ({_names(index.columns)})" for index in table.indexes if _is_constraint(index)]
    lines += [f"CHECK ({check.expression})" for check in table.checks]
    return f"CREATE TABLE {_qualified(table)} (\n    " + ",\n    ".join(lines) + "\n);"


def _column(column: Column) -> str:
    parts = [quote(column.name), column.type or "text"]
    if not column.nullable:
        parts.append("NOT NULL")
    if column.generated:
        parts.append(f"GENERATED ALWAYS AS ({column.generated}) STORED")
    elif column.identity and column.default is None:
        parts.append("GENERATED BY DEFAULT AS IDENTITY")
    elif column.default is not None:
        parts.append(f"DEFAULT {column.default}")
    return " ".join(parts)


def _is_constraint(index: Index) -> bool:
    return index.unique and not index.where and not any(name.startswith("(") for name in index.columns)


def _create_index(table: Relation, index: Index) -> str:
    words = "_".join(re.sub(r"\W+", "_", column).strip("_") for column in index.columns)
    name = quote(index.name or f"{table.name}_{words}_idx")
    where = f" WHERE {index.where}" if index.where else ""
    unique = "UNIQUE " if index.unique else ""
    return f"CREATE {unique}INDEX {name} ON {_qualified(table)} ({_names(index.columns)}){where};"


def _add_key(table: Relation, key: ForeignKey) -> str:
    target = f"{quote(key.ref_schema)}.{quote(key.ref_table)}" if key.ref_schema else quote(key.ref_table)
    remote = f" ({_names(key.ref_columns)})" if key.ref_columns else ""
    rules = "".join(
        f" ON {word} {rule}" for word, rule in (("DELETE", key.on_delete), ("UPDATE", key.on_update)) if rule
    )
    return (
        f"ALTER TABLE {_qualified(table)} ADD FOREIGN KEY ({_names(key.columns)}) REFERENCES {target}{remote}{rules};"
    )


def _qualified(relation: Relation) -> str:
    return _in_schema(relation.schema, relation.name)


def _in_schema(schema: str | None, name: str) -> str:
    return f"{quote(schema)}.{quote(name)}" if schema else quote(name)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(name if name.startswith("(") else quote(name) for name in names)


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
