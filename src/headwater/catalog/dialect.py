"""What the rest of Headwater has to know of an engine's SQL and of its limits; each engine fills in its own."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.catalog.grammar import Grammar


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One engine's dialect.

    Args:
        sqlglot: its name in sqlglot; empty when the engine speaks no SQL.
        grammar: how rows are read and edited with SQL; None when that is not done with SQL.
    """

    sqlglot: str = ""
    grammar: Grammar | None = None
