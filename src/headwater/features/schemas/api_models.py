"""Response models of schema drift."""

from __future__ import annotations

from typing import Literal

from headwater.features.accounts.api_models import Wire


class DriftLineOut(Wire):
    """Where a side declares something."""

    file: str
    line: int


class DifferenceOut(Wire):
    """One difference: what each side has, null for nothing, and the line that declares it."""

    table: str
    part: Literal[
        "table",
        "view",
        "column",
        "type",
        "null",
        "default",
        "primary_key",
        "foreign_key",
        "index",
        "check",
        "enum",
    ]
    name: str
    title: str
    a: str | None
    b: str | None
    at_a: DriftLineOut | None
    at_b: DriftLineOut | None


class RenameOut(Wire):
    """A rename that may have happened; `column` is null for a table, `score` is from 0 to 1."""

    table: str
    column: str | None
    new_name: str
    score: float
    reason: str


class DriftOut(Wire):
    """What differs between two schemas. `left_out` counts the differences that are not listed."""

    a: str
    b: str
    differences: list[DifferenceOut]
    left_out: int
    renames: list[RenameOut]
    not_compared: list[str]
