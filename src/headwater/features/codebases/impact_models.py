"""Request and response models of impact."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from headwater.features.accounts.api_models import Input, Wire

Name = Annotated[str, Field(min_length=1, max_length=300)]


class ImpactIn(Input):
    """A change to come: of a column (`table.column`) or table, with one of what happens to it, or SQL that says it."""

    column: Annotated[str, Field(min_length=1, max_length=600)] | None = None
    table: Name | None = None
    sql: Annotated[str, Field(min_length=1, max_length=1_000_000)] | None = None
    rename: Name | None = None
    drop: bool = False
    type: Name | None = None
    not_null: bool = False


class BreakOut(Wire):
    """A line that a change breaks, may break, or that carries the value on; `risk` is from 0 to 100.

    `endpoints` are the first of the HTTP endpoints that reach the line, `endpoint_count` is the number of all.
    """

    file_path: str
    line_number: int
    certainty: Literal["breaks", "may_break", "carries"]
    reason: str
    risk: int
    table_name: str
    column_name: str
    symbol: str
    kind: str
    language: str
    code_snippet: str
    is_test: bool
    endpoints: list[str]
    endpoint_count: int


class SchemaDependentOut(Wire):
    """An object of the schema that refers to what changes."""

    kind: str
    name: str
    reason: str


class ImpactCounts(Wire):
    """Numbers of lines by certainty."""

    breaks: int = 0
    may_break: int = 0
    carries: int = 0


class ImpactOut(Wire):
    """What a change breaks. `left_out` counts the lines of least risk that are not listed; an export has all."""

    change: list[str]
    counts: ImpactCounts
    breaks: list[BreakOut]
    left_out: int
    schema_: list[SchemaDependentOut] = Field(alias="schema")
    unseen: list[str]
