"""The kinds of values that all engines share, whatever they call their types; every type mapping uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

KindName = Literal[
    "integer",
    "decimal",
    "float",
    "boolean",
    "text",
    "binary",
    "date",
    "time",
    "timestamp",
    "interval",
    "uuid",
    "json",
    "enum",
    "array",
    "bits",
    "other",
    "any",
]


@dataclass(frozen=True, slots=True)
class ValueKind:
    """The kind of the values of a column.

    `size` is bits of numbers, characters of texts, bytes of binaries; None is no limit. `any` is a value whose type
    differs by row, as in SQLite. `written` is the type as its own dialect spells it, for types that no other dialect
    has and for copies within a dialect. With `invalid_as_null`, values that other engines refuse become NULL.
    """

    name: KindName
    size: int | None = None
    scale: int | None = None
    unsigned: bool = False
    fixed: bool = False
    zoned: bool = False
    values: tuple[str, ...] = ()
    item: ValueKind | None = None
    written: str = ""
    invalid_as_null: bool = False


@dataclass(frozen=True, slots=True)
class TypeSpelling:
    """The type of a dialect for a kind: the losses, and which values it refuses.

    `stored_types` are the types that a document's value may have, for engines with documents instead of tables.
    """

    type: str
    changes: tuple[str, ...] = ()
    risk: str = ""
    stored_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObservedValues:
    """What is known about the stored values of columns (schema, table, name) whose kind their engine does not enforce.

    `checked` columns were read; `deviating` ones have values that are not of the kind: other numbers than 0 and 1 in
    a boolean, dates such as 0000-00-00.
    """

    checked: frozenset[tuple[str | None, str, str]] = frozenset()
    deviating: frozenset[tuple[str | None, str, str]] = frozenset()
