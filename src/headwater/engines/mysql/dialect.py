"""The dialect of MySQL and MariaDB: its properties for the rest of Headwater."""

from __future__ import annotations

from headwater.catalog.dialect import Dialect, EditorHints
from headwater.catalog.grammar import Grammar
from headwater.engines.mysql.limits import fit
from headwater.engines.mysql.spellings import canonical_expression, canonical_type
from headwater.engines.mysql.type_mapping import TYPES

GRAMMAR = Grammar(
    text="char",
    nulls_first=True,
    compares_rows=False,
    hex_bytes=True,
    backslashes=True,
    lock=" FOR UPDATE",
    no_values="() VALUES ()",
    transactional_ddl=False,
    client="mysql",
    command_mark="\\",
    command_hints=((".", "Run the file with `headwater sql DATABASE --file FILE`."),),
    orders_nulls=False,
)
DIALECT = Dialect(
    display_name="MySQL",
    data_model="relational",
    sqlglot="mysql",
    grammar=GRAMMAR,
    types=TYPES,
    max_identifier_length=64,
    identifier_quote="`",
    has_partial_indexes=False,
    has_deferrable_keys=False,
    has_set_default=False,
    sets_required_columns_to_null=False,
    refers_to_any_index=True,
    key_types="same",
    counter_columns="indexed",
    has_counter_checks=False,
    case_insensitive_indexes=True,
    case_insensitive_columns=True,
    fit_table=fit,
    unindexable="of JSON",
    declares_json_by_check=True,
    has_table_collations=True,
    binary_collation="utf8mb4_bin",
    # Different texts must stay different: in the usual collations `a` equals `A`.
    table_attributes=(("collation", "utf8mb4_bin"), ("engine", "InnoDB")),
    ignores_trailing_spaces=True,
    computed_defaults=("text", "json"),
    current_date="(CURRENT_DATE)",
    has_precise_now=True,
    canonical_type=canonical_type,
    canonical_expression=canonical_expression,
    indexes_foreign_keys=True,
    editor=EditorHints(
        editor_language="mysql",
        formatter_dialect="mariadb",
        identity_type="bigint",
        column_types=(
            "varchar(255)",
            "text",
            "int",
            "bigint",
            "decimal(12,2)",
            "tinyint(1)",
            "date",
            "datetime(6)",
            "json",
            "double",
        ),
        binary_types=("tinyblob", "blob", "mediumblob", "longblob", "binary", "varbinary"),
        fraction_digits=0,
        script_client="mysql",
    ),
)
