"""The wire shapes of queries, results, plans, rows and edits."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, StringConstraints

from headwater.catalog.results import Kind
from headwater.core.query_builder import Query
from headwater.features.accounts.api_models import Input, Wire

Cell: TypeAlias = bool | int | float | str | None
Sql = Annotated[str, StringConstraints(max_length=5_000_000)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Words = Annotated[str, StringConstraints(max_length=500)]


class QueryIn(Input):
    """A text to run: one or more statements."""

    text: Sql
    parameters: list[Cell] | dict[str, Cell] | None = None
    max_rows: Annotated[int, Field(ge=1, le=100_000)] = 1000
    seconds: Annotated[float, Field(gt=0, le=3600)] = 60
    read_only: bool = False
    run_id: uuid.UUID | None = Field(None, description="Your own id for the run, by which it can be cancelled.")
    session: Words | None = Field(None, description="Runs of one session share a connection and its transaction.")
    confirmed: bool = Field(False, description="Says that a write to a protected database is meant.")


class ResultColumnOut(Wire):
    """A column of a result, and where its values come from when that is known."""

    name: str
    type: str
    kind: Kind
    schema_: str | None = Field(None, serialization_alias="schema")
    table: str | None
    column: str | None


class NoticeOut(Wire):
    """Something the server said beside the result."""

    text: str


class ResultOut(Wire):
    """The result of one statement; `columns` is null when it gives no rows."""

    statement: int
    start: int
    end: int
    command: str
    columns: list[ResultColumnOut] | None
    rows: list[list[Cell]]
    affected: int | None
    truncated: bool
    milliseconds: float
    notices: list[str]


class QueryProblem(Wire):
    """Why a statement was refused; `position` counts characters of the whole text from 0."""

    message: str
    hint: str | None
    detail: str
    code: str
    sqlstate: str
    position: int | None
    statement: int


class QueryOut(Wire):
    """What a run gave: the results up to its end or to the first error."""

    run_id: uuid.UUID
    results: list[ResultOut]
    error: QueryProblem | None
    milliseconds: float
    in_transaction: bool


class ExportIn(Input):
    """A single SELECT whose whole result is streamed."""

    text: Sql
    format: Literal["csv", "ndjson", "json", "arrow", "parquet"] = "csv"
    parameters: list[Cell] | dict[str, Cell] | None = None
    run_id: uuid.UUID | None = None


class ExplainIn(Input):
    """A statement whose plan is wanted; with `run` it is executed and rolled back."""

    text: Sql
    run: bool = False
    parameters: list[Cell] | dict[str, Cell] | None = None


class PlanNodeOut(Wire):
    """A node of a plan."""

    operation: str
    target: str
    detail: dict[str, str]
    cost: float | None
    rows_expected: float | None
    rows_actual: float | None
    loops: int
    milliseconds: float | None
    children: list[PlanNodeOut]


class AdviceOut(Wire):
    """Something to be said about a plan, with its figures; `statement` would mend it."""

    kind: str
    text: str
    figures: dict[str, float]
    statement: str | None


class PlanOut(Wire):
    """How the server would run a statement."""

    root: PlanNodeOut
    advice: list[AdviceOut]
    planning_ms: float | None
    execution_ms: float | None
    raw: str


class CheckIn(Input):
    """A text to be checked without running it."""

    text: Sql


class Finding(Wire):
    """Something wrong in a text, from character `start` to `end`, counted from 0."""

    start: int
    end: int
    severity: Literal["error", "warning"]
    message: str


class DrawnOut(Wire):
    """A query as it can be drawn; null when it cannot, because of `clause` ("": the whole text)."""

    query: Query | None
    clause: str
    message: str


class DrawnIn(Input):
    """A drawn query to be written."""

    query: Query


class WrittenOut(Wire):
    """A query as SQL."""

    text: str


class CheckOut(Wire):
    """What is wrong with a text."""

    findings: list[Finding]


class RunOut(Wire):
    """A run in the history."""

    id: uuid.UUID
    text: str
    state: Literal["ok", "failed", "cancelled"]
    error: str | None
    rows: int | None
    milliseconds: float
    started_at: datetime


class Chart(Input):
    """How a result is drawn; `auto` chooses by the kinds of its columns, and so does a column that is not named."""

    kind: Literal["auto", "table", "bar", "line", "area", "scatter", "number"] = "auto"
    x: Words | None = Field(None, description="The column along the bottom.")
    y: Annotated[list[Words], Field(max_length=12)] = Field(default_factory=list, description="The columns of values.")
    series: Words | None = Field(None, description="A column whose values each get a line or bar of their own.")
    aggregate: Literal["none", "sum", "avg", "count", "min", "max"] = Field(
        "none", description="What becomes of rows with the same x and series."
    )


class SavedQueryIn(Input):
    """A query to be kept."""

    name: Title
    text: Sql
    folder: Words = ""
    database_id: uuid.UUID | None = None
    shared: bool = False
    chart: Chart = Field(default_factory=Chart)


class SavedQueryChange(Input):
    """What to change of a kept query; what is left out stays."""

    name: Title | None = None
    text: Sql | None = None
    folder: Words | None = None
    database_id: uuid.UUID | None = None
    shared: bool | None = None
    chart: Chart | None = None


class SavedQueryOut(Wire):
    """A kept query; `mine` says whether it is the asking user's."""

    id: uuid.UUID
    project_id: uuid.UUID
    database_id: uuid.UUID | None
    owner_id: uuid.UUID
    mine: bool
    name: str
    folder: str
    text: str
    shared: bool
    chart: Chart
    updated_at: datetime


Operator = Literal["=", "!=", "<", "<=", ">", ">=", "contains", "starts", "in", "is null", "is not null"]


class FilterIn(Input):
    """A condition on one column; `in` takes `values`, the null tests take none."""

    column: Words
    operator: Operator
    value: Cell = None
    values: list[Cell] = Field(default_factory=list)


class SortIn(Input):
    """A column to sort by."""

    column: Words
    descending: bool = False


class RowsIn(Input):
    """A page of a table: filtered, sorted, from a cursor on, forwards."""

    table: Words
    schema_: Words | None = Field(None, alias="schema")
    filters: Annotated[list[FilterIn], Field(max_length=50, default_factory=list)]
    sort: Annotated[list[SortIn], Field(max_length=20, default_factory=list)]
    cursor: str | None = None
    # For the far jump of a scroll bar: rows skipped after the cursor. Costs the server their reading.
    skip: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    counts: bool = Field(True, description="Whether all rows that fit are counted: on a large table the longest part.")


class RowsOut(Wire):
    """Rows of a table. `key` names the columns that identify a row; empty: rows cannot be edited, `why` says why."""

    name: str = Field(description="The qualified name of the table, quoted as the engine wants it.")
    columns: list[ResultColumnOut]
    rows: list[list[Cell]]
    cut: list[list[int]] = Field(description="[row, column] of cells that are longer than shown.")
    key: list[str]
    why: str | None
    next: str | None
    count: int | None = Field(description="Rows in the whole table that fit the filters; null when not counted.")
    count_is_estimate: bool
    sql: str
    milliseconds: float


class EditIn(Input):
    """One staged edit. `was` holds what the editor showed: when it differs now, there is a conflict."""

    kind: Literal["insert", "update", "delete"]
    key: dict[str, Cell] = Field(default_factory=dict)
    was: dict[str, Cell] = Field(default_factory=dict)
    values: dict[str, Cell] = Field(default_factory=dict)


class EditsIn(Input):
    """Staged edits of one table: with `apply` in one transaction, else only their SQL."""

    table: Words
    schema_: Words | None = Field(None, alias="schema")
    edits: Annotated[list[EditIn], Field(min_length=1, max_length=1000)]
    apply: bool = False
    confirmed: bool = False


class EditConflict(Wire):
    """A row that somebody else changed or deleted since it was shown; `now` is what it holds (null: gone)."""

    edit: int
    now: dict[str, Cell] | None


class EditsOut(Wire):
    """The SQL of staged edits, and what came of it: all were applied, or none."""

    statements: list[str]
    applied: bool
    conflicts: list[EditConflict]
    error: str | None
    failed_edit: int | None


class CellIn(Input):
    """One whole value of a row."""

    table: Words
    schema_: Words | None = Field(None, alias="schema")
    key: dict[str, Cell]
    column: Words


class CellOut(Wire):
    """A whole value."""

    value: Cell


class SchemaChangesIn(Input):
    """Changes to a schema, as the catalog's change family in JSON (`kind` is the type's name)."""

    changes: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=500)]
    apply: bool = False
    confirmed: bool = False


class HazardOut(Wire):
    """What can go wrong when a change is applied."""

    kind: str
    text: str


class StepOut(Wire):
    """The statements of one change."""

    change: dict[str, Any]
    statements: list[str]
    hazards: list[HazardOut]
    transactional: bool


class SchemaChangesOut(Wire):
    """What changes would do, or did."""

    steps: list[StepOut]
    applied: bool
    error: str | None
    failed_step: int | None


class ServerSessionOut(Wire):
    """A session on the server."""

    id: str
    user: str
    database: str
    client: str
    state: str
    query: str
    seconds: float
    waits_for: str
    blocked_by: list[str]
