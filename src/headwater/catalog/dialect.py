"""The language and limits of an engine, as data for the rest of Headwater; each engine provides its own.

Code outside `engines/` asks a dialect and never compares its name: a new engine changes no other file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from headwater.catalog.grammar import Grammar
from headwater.catalog.model import Relation
from headwater.catalog.spellings import plain_expression, plain_type
from headwater.catalog.value_kinds import KindName, TypeSpelling, ValueKind

Convert: TypeAlias = Callable[[Any, ValueKind], Any]
# What had to change in a table, as a loss: its severity, the column or index, and a sentence.
TableChange: TypeAlias = tuple[Literal["changed", "left_out", "risk"], str, str]
DataModel = Literal["relational", "document", "key_value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeMapping:
    """How types and values of a dialect correspond to the shared kinds.

    Args:
        read: returns the kind of a type; None if no types are declared, so that nothing can be copied from there.
        spell: returns the type for a kind; the flag says whether the column is part of a key or an index.
        decoders: turn a value that a session gives into the canonical value of its kind, where that is special.
        encoders: turn a canonical value into one that a session loads, where that is special.
        reducers: drop what the dialect cannot store of a canonical value; the plan of a copy has said so before.
        parse_array: parses the text of an array; None when arrays are JSON.
        json_array: returns the engine's text of an array that is written as JSON, or None if it is not; None when
            arrays are JSON.
        native_arrays: whether arrays are lists on both ways.
        same_dialect: returns the kind by which a value is copied between two databases of this dialect.
        source_risk: returns which values the target refuses (empty: none); None when the target decides.
        source_change: returns what a copy to another dialect changes in values of a kind (empty: nothing).
        lax_kinds: kinds whose columns may have values that other engines refuse; see `ObservedValues`.
        invalid: tells which values of a lax kind are such values.
        constant: returns a value of `TransferSource.scan` as an SQL constant; None when the grammar is enough.
    """

    spell: Callable[[ValueKind, bool], TypeSpelling]
    read: Callable[[str], ValueKind] | None = None
    decoders: Mapping[KindName, Convert] = field(default_factory=dict)
    encoders: Mapping[KindName, Convert] = field(default_factory=dict)
    reducers: Mapping[KindName, Convert] = field(default_factory=dict)
    parse_array: Callable[[str], list[Any]] | None = None
    json_array: Callable[[str, ValueKind], str | None] | None = None
    native_arrays: bool = False
    same_dialect: Callable[[ValueKind], ValueKind] = lambda kind: kind
    source_risk: Callable[[ValueKind, Dialect], str | None] = lambda kind, target: None
    source_change: Callable[[ValueKind, Dialect], str] = lambda kind, target: ""
    lax_kinds: frozenset[KindName] = frozenset()
    invalid: Mapping[KindName, Callable[[Any], bool]] = field(default_factory=dict)
    constant: Callable[[Any], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorHints:
    """Settings of the query editor and the forms of the web UI; see `EngineOut` in `features/databases`.

    Args:
        editor_language: the language in Monaco.
        formatter_dialect: the dialect in sql-formatter; None when texts cannot be formatted.
        statement_unit: what runs at the cursor: a statement, a block of lines, or a line.
        starter_query: the first text of an editor.
        identity_type: the type of an auto-incrementing id of a new table.
        column_types: suggestions for new columns, most used first.
        binary_types: base names of the types whose values are bytes.
        fraction_digits: digits of a second where a time type names none; None when every value has its own.
        script_client: the program that loads an exported script.
    """

    editor_language: str
    formatter_dialect: str | None = None
    statement_unit: Literal["statement", "block", "line"] = "statement"
    starter_query: str = "select 1 as one;\n"
    identity_type: str | None = None
    column_types: tuple[str, ...] = ()
    binary_types: tuple[str, ...] = ()
    fraction_digits: int | None = None
    script_client: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dialect:
    """The dialect of one engine; two dialects are the same only if they are the same object.

    Args:
        display_name: the engine as users read it in a sentence.
        data_model: what a database contains.
        sqlglot: the dialect in sqlglot; empty when the engine speaks no SQL.
        grammar: SQL for reading and editing rows; None if the engine does not use SQL for that.
        types: how types and values are copied; None if nothing can be copied.
        editor: what the UI needs to know.
        default_schema: the schema in which tables are created; None when there are no schemas.
        max_identifier_length: how long names may be, in bytes when `identifier_bytes`, else in characters.
        identifier_quote: the quote character of names.
        case_insensitive_tables: whether names of tables that differ by case are the same.
        has_comments: whether tables and columns have comments.
        has_named_enums: whether an enum is a named type.
        has_enum_checks: whether an enum becomes a check.
        has_partial_indexes: whether an index may have a condition.
        has_deferrable_keys: whether foreign keys can be checked at the end of a transaction.
        has_set_default: whether foreign keys can set defaults.
        sets_required_columns_to_null: whether a foreign key with SET NULL may be declared on columns that are NOT NULL.
        refers_to_any_index: whether foreign keys refer to columns of any index; else it must be unique.
        key_types: which columns a foreign key connects: of the same type, of types that can be compared, or any.
        counter_columns: which columns may number their rows: any, one that begins an index, or the only column of the
            primary key.
        unindexable: which kinds have no index, as words behind "an index"; empty when all have.
        declares_json_by_check: whether a JSON column is a text with a check, as MariaDB has it.
        has_table_collations: whether a table says how its texts are compared.
        binary_collation: the collation by code point that new tables get.
        table_attributes: attributes that new tables get.
        counter_attributes: attributes that new tables with a counter get.
        copied_attributes: attributes that are copied between databases of this dialect.
        has_implicit_counters: whether an integer primary key numbers its rows automatically.
        has_unsigned_counters: whether counters may be unsigned.
        ignores_trailing_spaces: whether keys that differ by spaces at their end are the same.
        computed_defaults: types whose defaults are written in parentheses.
        stores_zero_characters: whether texts may contain a NUL character.
        limits_times_to_a_day: whether times of day below 0 and above 24 hours are refused.
        keeps_utc_offset: whether constants of timestamps include their zone.
        timestamp_digits: digits of a second in a timestamp.
        max_row_megabytes: the largest row; None if there is no practical limit.
        fit_table: returns a planned table within the limits of the engine, and what had to change for that.
        has_counter_checks: whether a check may use a column that numbers its rows, or that a foreign key changes.
        has_empty_tables: whether a table may have no columns.
        enforces_foreign_keys: whether all stored rows obey the foreign keys.
        case_insensitive_indexes: whether names of indexes that differ by case are the same.
        case_insensitive_columns: whether names of columns that differ by case are the same.
        current_date: the default expression for the current date.
        has_precise_now: whether CURRENT_TIMESTAMP accepts a precision.
        boolean_literals: false and true as defaults.
        canonical_type: returns the one spelling of a type, so that types of the same meaning can be compared.
        canonical_expression: returns the one spelling of a default, a condition or another expression.
        has_free_types: whether any word is a type, so that an unknown one is no mistake.
        indexes_foreign_keys: whether a foreign key gets an index if its columns have none.
    """

    display_name: str
    data_model: DataModel
    editor: EditorHints
    sqlglot: str = ""
    grammar: Grammar | None = None
    types: TypeMapping | None = None
    default_schema: str | None = None
    max_identifier_length: int = 200
    identifier_bytes: bool = False
    identifier_quote: str = '"'
    case_insensitive_tables: bool = False
    has_comments: bool = True
    has_named_enums: bool = False
    has_enum_checks: bool = False
    has_partial_indexes: bool = True
    has_deferrable_keys: bool = True
    has_set_default: bool = True
    sets_required_columns_to_null: bool = True
    refers_to_any_index: bool = False
    key_types: Literal["same", "comparable", "any"] = "any"
    counter_columns: Literal["any", "indexed", "primary_key"] = "any"
    unindexable: str = ""
    declares_json_by_check: bool = False
    has_table_collations: bool = False
    binary_collation: str | None = None
    table_attributes: tuple[tuple[str, str], ...] = ()
    counter_attributes: tuple[tuple[str, str], ...] = ()
    copied_attributes: frozenset[str] = frozenset()
    has_implicit_counters: bool = False
    has_unsigned_counters: bool = True
    ignores_trailing_spaces: bool = False
    computed_defaults: tuple[str, ...] = ()
    stores_zero_characters: bool = True
    limits_times_to_a_day: bool = False
    keeps_utc_offset: bool = False
    timestamp_digits: int = 6
    max_row_megabytes: int | None = None
    fit_table: Callable[[Relation], tuple[Relation, list[TableChange]]] = lambda table: (table, [])
    has_counter_checks: bool = True
    has_empty_tables: bool = False
    enforces_foreign_keys: bool = True
    case_insensitive_indexes: bool = False
    case_insensitive_columns: bool = False
    current_date: str = "CURRENT_DATE"
    has_precise_now: bool = False
    boolean_literals: tuple[str, str] = ("0", "1")
    canonical_type: Callable[[str], str] = plain_type
    canonical_expression: Callable[[str], str] = plain_expression
    has_free_types: bool = False
    indexes_foreign_keys: bool = False
