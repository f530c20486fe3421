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
    has and for copies within a dialect.
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


@dataclass(frozen=True, slots=True)
class TypeSpelling:
    """The type of a dialect for a kind: the losses, and which values it refuses.

    `stored_types` are the types that a document's value may have, for engines with documents instead of tables.
    """

    type: str
    changes: tuple[str, ...] = ()
    risk: str = ""
    stored_types: tuple[str, ...] = ()
