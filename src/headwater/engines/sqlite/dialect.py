"""The dialect of SQLite: its properties for the rest of Headwater."""

from __future__ import annotations

from headwater.catalog.dialect import Dialect, EditorHints
from headwater.catalog.grammar import Grammar
from headwater.engines.sqlite.spellings import canonical_expression, canonical_type
from headwater.engines.sqlite.type_mapping import TYPES

GRAMMAR = Grammar(
    nulls_first=True,
    hex_bytes=True,
    begin="BEGIN IMMEDIATE",
    client="sqlite3",
    command_mark=".",
    command_hints=(
        ("import", "Use `headwater db import`."),
        ("read", "Run the file with `headwater sql DATABASE --file FILE`."),
        ("schema", "Use `SELECT sql FROM sqlite_schema`."),
        ("tables", "Use \\d in the shell `headwater sql DATABASE`, or query sqlite_schema."),
    ),
)
DIALECT = Dialect(
    display_name="SQLite",
    data_model="relational",
    sqlglot="sqlite",
    grammar=GRAMMAR,
    types=TYPES,
    case_insensitive_tables=True,
    has_comments=False,
    has_enum_checks=True,
    counter_columns="primary_key",
    enforces_foreign_keys=False,
    case_insensitive_indexes=True,
    case_insensitive_columns=True,
    counter_attributes=(("autoincrement", "yes"),),
    copied_attributes=frozenset({"strict", "without_rowid"}),
    has_implicit_counters=True,
    has_unsigned_counters=False,
    canonical_type=canonical_type,
    canonical_expression=canonical_expression,
    has_free_types=True,
    editor=EditorHints(
        editor_language="sql",
        formatter_dialect="sqlite",
        identity_type="integer",
        column_types=("text", "integer", "real", "numeric", "blob", "boolean", "date", "datetime"),
        binary_types=("blob", "tinyblob", "mediumblob", "longblob", "binary", "varbinary"),
        script_client="sqlite3",
    ),
)
