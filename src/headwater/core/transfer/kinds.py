"""The kinds of values that all engines share, whatever they call them: the hub of every mapping between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Name = Literal[
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
Severity = Literal["changed", "left_out", "risk"]
# Those with declared tables, which are copied from; and those that are copied to.
DIALECTS = ("postgres", "mysql", "sqlite")
TARGETS = (*DIALECTS, "mongodb")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a column holds. `size` is bits of numbers, characters of texts, bytes of binaries; None is no limit.

    `any` is whatever a value says that it is, as between two files of SQLite, which gives types to values. `written`
    is the type as its own dialect spells it, for what nobody else knows and for copies within a dialect.
    """

    name: Name
    size: int | None = None
    scale: int | None = None
    unsigned: bool = False
    fixed: bool = False
    zoned: bool = False
    values: tuple[str, ...] = ()
    item: Kind | None = None
    written: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that will not be on the other side as it was: said before anything is copied.

    `changed` is there in another form, `left_out` is not there, `risk` is refused if such values occur.
    """

    severity: Severity
    table: str
    object: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Spelling:
    """A kind as a type of one dialect, with what changes by that and what values it refuses."""

    type: str
    changed: str = ""
    risk: str = ""
