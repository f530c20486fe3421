"""The kinds of values that all engines share, whatever they call their types: every type mapping goes through them."""

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
    """What a column holds.

    `size` is bits of numbers, characters of texts, bytes of binaries; None is no limit. `any` is a value of whatever
    type each row gives it, as in SQLite. `written` is the type as its own dialect spells it, for types that no other
    dialect knows and for copies within a dialect.
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
    """A kind as a type of one dialect: what changes by that, and which values it refuses.

    `stored_types` are those that a document's value may have, where tables are documents.
    """

    type: str
    changes: tuple[str, ...] = ()
    risk: str = ""
    stored_types: tuple[str, ...] = ()
