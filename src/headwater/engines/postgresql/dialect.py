"""The dialect of PostgreSQL: its properties for the rest of Headwater."""

from __future__ import annotations

from headwater.catalog.dialect import Dialect, EditorHints
from headwater.catalog.grammar import Grammar
from headwater.engines.postgresql.spellings import canonical_expression, canonical_type
from headwater.engines.postgresql.type_mapping import TYPES

GRAMMAR = Grammar(
    lock=" FOR UPDATE",
    nested_comments=True,
    folds_names=True,
    has_ilike=True,
    needs_limit=False,
    client="psql",
    command_mark="\\",
    command_hints=(
        ("copy", "Use `headwater db import` and `headwater db export`."),
        ("c", "Name the other database in the command: `headwater sql OTHER`."),
        ("d", "Use \\d in the shell `headwater sql DATABASE`, or query information_schema."),
        ("i", "Run the file with `headwater sql DATABASE --file FILE`."),
    ),
)
DIALECT = Dialect(
    display_name="PostgreSQL",
    data_model="relational",
    sqlglot="postgres",
    grammar=GRAMMAR,
    types=TYPES,
    default_schema="public",
    max_identifier_length=63,
    identifier_bytes=True,
    has_named_enums=True,
    key_types="comparable",
    has_empty_tables=True,
    has_unsigned_counters=False,
    stores_zero_characters=False,
    limits_times_to_a_day=True,
    keeps_utc_offset=True,
    boolean_literals=("false", "true"),
    canonical_type=canonical_type,
    canonical_expression=canonical_expression,
    editor=EditorHints(
        editor_language="pgsql",
        formatter_dialect="postgresql",
        identity_type="bigint",
        column_types=(
            "text",
            "integer",
            "bigint",
            "numeric(12,2)",
            "boolean",
            "date",
            "timestamp with time zone",
            "uuid",
            "jsonb",
            "double precision",
        ),
        binary_types=("bytea",),
        fraction_digits=6,
        script_client="psql",
    ),
)
