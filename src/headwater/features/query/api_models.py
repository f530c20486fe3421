"""Request and response models of queries, results, plans, rows and edits."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from headwater.catalog.effects import Effect
from headwater.catalog.results import Kind
from headwater.core.query_builder import Query
from headwater.features.accounts.api_models import NOT_BLANK, Change, Input, Wire
from headwater.features.query.change_schema import SchemaChange

Cell: TypeAlias = bool | int | float | str | None
Sql = Annotated[str, StringConstraints(max_length=5_000_000)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), NOT_BLANK]
Words = Annotated[str, StringConstraints(max_length=500)]


class QueryIn(Input):
    """One or more statements to run."""

    text: Sql
    parameters: list[Cell] | dict[str, Cell] | None = None
    max_rows: Annotated[int, Field(ge=1, le=100_000)] = 1000
    seconds: Annotated[float, Field(gt=0, le=3600)] = 60
    read_only: bool = False
    run_id: uuid.UUID | None = Field(None, description="An id of your choice, with which you can cancel the run.")
    session: Words | None = Field(
        None,
        description="Runs with the same session share a connection and its transaction. A run without one starts in a "
        "new session; a transaction that it leaves open is rolled back.",
    )
    confirmed: bool = Field(False, description="Confirms a write to a protected database.")


class ResultColumnOut(Wire):
    """A column of a result, and the table column of its values if that is known."""

    name: str
    type: str
    kind: Kind
    schema_: str | None = Field(None, serialization_alias="schema")
    table: str | None
    column: str | None


class NoticeOut(Wire):
    """A notice of the server."""

    text: str


class ResultOut(Wire):
    """The result of one statement; `columns` is null if it returns no rows."""

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
    effect: Effect = Field(description="Whether it was committed or rolled back, or is in an open transaction.")


class QueryProblem(Wire):
    """The error of a statement; `position` is a character offset in the whole text, counted from 0."""

    message: str
    hint: str | None
    detail: str
    code: str
    sqlstate: str
    position: int | None
    statement: int


class QueryOut(Wire):
    """The results of a run, up to its end or to the first error."""

    run_id: uuid.UUID
    results: list[ResultOut]
    error: QueryProblem | None
    milliseconds: float
    in_transaction: bool = Field(description="The session has an open transaction now, or a failed one.")
    rolled_back: bool = Field(
        description="An open transaction was rolled back: the run named no session, or its error ended the transaction."
    )


class ExportIn(Input):
    """A single SELECT whose complete result is streamed."""

    text: Sql
    format: Literal["csv", "ndjson", "json", "arrow", "parquet"] = "csv"
    parameters: list[Cell] | dict[str, Cell] | None = None
    run_id: uuid.UUID | None = None


class ExplainIn(Input):
    """A statement to explain; with `run` it is executed and rolled back."""

    text: Sql
    run: bool = False
    parameters: list[Cell] | dict[str, Cell] | None = None


class PlanNodeOut(Wire):
    """A node of a plan: rows are of one loop, `milliseconds` of all; `processes` of a parallel plan share them."""

    operation: str
    target: str
    detail: dict[str, str]
    cost: float | None
    rows_expected: float | None
    rows_actual: float | None
    loops: int
    processes: int
    milliseconds: float | None
    children: list[PlanNodeOut]


class AdviceOut(Wire):
    """Advice about a plan, with its figures; `statement` would fix the problem."""

    kind: str
    text: str
    figures: dict[str, float]
    statement: str | None


class PlanOut(Wire):
    """The query plan of a statement."""

    root: PlanNodeOut
    advice: list[AdviceOut]
    planning_ms: float | None
    execution_ms: float | None
    raw: str


class CheckIn(Input):
    """A text to check without running it."""

    text: Sql


class Finding(Wire):
    """A problem in a text, from character `start` to `end`, counted from 0."""

    start: int
    end: int
    severity: Literal["error", "warning"]
    message: str


class DrawnOut(Wire):
    """A query for the visual builder; null if the builder does not support `clause` ("": the whole text)."""

    query: Query | None
    clause: str
    message: str


class WrittenOut(Wire):
    """A query as SQL."""

    text: str


class CheckOut(Wire):
    """The problems in a text."""

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
    """The chart of a result; `auto` chooses by the types of the columns, and so does a column that is not set."""

    kind: Literal["auto", "table", "bar", "line", "area", "scatter", "number"] = "auto"
    x: Words | None = Field(None, description="The column of the x axis.")
    y: Annotated[list[Words], Field(max_length=12)] = Field(default_factory=list, description="Columns of the y axis.")
    series: Words | None = Field(None, description="A column that splits the values into series.")
    aggregate: Literal["none", "sum", "avg", "count", "min", "max"] = Field(
        "none", description="How rows with the same x and series are combined."
    )


class SavedQueryIn(Input):
    """A query to save."""

    name: Title
    text: Sql
    folder: Words = ""
    database_id: uuid.UUID | None = None
    shared: bool = False
    chart: Chart = Field(default_factory=Chart)


class SavedQueryChange(Change):
    """Changes to a saved query; omitted fields stay as they are."""

    NULLABLE = frozenset({"database_id"})

    name: Title | None = None
    text: Sql | None = None
    folder: Words | None = None
    database_id: uuid.UUID | None = None
    shared: bool | None = None
    chart: Chart | None = None


class SavedQueryOut(Wire):
    """A saved query; `mine` is true if it belongs to the current user."""

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
    """A condition on one column; `in` takes `values`, `is null` and `is not null` take none."""

    column: Words
    operator: Operator
    value: Cell = None
    values: list[Cell] = Field(default_factory=list)


class SortIn(Input):
    """A column to sort by."""

    column: Words
    descending: bool = False


class RowsIn(Input):
    """A page of a table, filtered and sorted, starting at a cursor."""

    table: Words
    schema_: Words | None = Field(None, alias="schema")
    filters: Annotated[list[FilterIn], Field(max_length=50, default_factory=list)]
    sort: Annotated[list[SortIn], Field(max_length=20, default_factory=list)]
    cursor: str | None = None
    # Rows to skip after the cursor, for jumps of a scroll bar. The server has to read them.
    skip: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    counts: bool = Field(
        True, description="Whether to count all matching rows; this is the slowest part on a large table."
    )


class RowsOut(Wire):
    """Rows of a table. `key` names the columns that identify a row; if empty, `why` says why rows are read-only."""

    name: str = Field(description="The qualified name of the table, quoted for the engine.")
    columns: list[ResultColumnOut]
    rows: list[list[Cell]]
    cut: list[list[int]] = Field(description="[row, column] of truncated cells.")
    key: list[str]
    why: str | None
    next: str | None
    count: int | None = Field(description="Number of rows in the table that match the filters; null if not counted.")
    count_is_estimate: bool
    sql: str
    milliseconds: float


class EditIn(Input):
    """A staged edit. `was` holds the values that the editor showed; if they have changed, there is a conflict."""

    kind: Literal["insert", "update", "delete"]
    key: dict[str, Cell] = Field(default_factory=dict)
    was: dict[str, Cell] = Field(default_factory=dict)
    values: dict[str, Cell] = Field(default_factory=dict)


class EditsIn(Input):
    """Staged edits of one table; `apply` runs them in one transaction, otherwise only their SQL is returned."""

    table: Words
    schema_: Words | None = Field(None, alias="schema")
    edits: Annotated[list[EditIn], Field(min_length=1, max_length=1000)]
    apply: bool = False
    confirmed: bool = False


class EditConflict(Wire):
    """A row that was changed or deleted since it was read; `now` holds its current values (null: deleted)."""

    edit: int
    now: dict[str, Cell] | None


class EditsOut(Wire):
    """The SQL of staged edits and their result: all were applied, or none."""

    statements: list[str]
    applied: bool
    conflicts: list[EditConflict]
    error: str | None
    failed_edit: int | None


class CellIn(Input):
    """The request of a complete value of a row."""

    table: Words
    schema_: Words | None = Field(None, alias="schema")
    key: dict[str, Cell]
    column: Words


class CellOut(Wire):
    """A complete value."""

    value: Cell


class SchemaChangesIn(Input):
    """Changes to a schema in JSON; `kind` is the name of the type of change."""

    changes: Annotated[list[SchemaChange], Field(min_length=1, max_length=500)]
    apply: bool = False
    confirmed: bool = False


class HazardOut(Wire):
    """A risk of applying a change."""

    kind: str
    text: str


class StepOut(Wire):
    """The statements of one change."""

    change: SchemaChange
    statements: list[str]
    hazards: list[HazardOut]
    transactional: bool


class SchemaChangesOut(Wire):
    """The steps of changes, and their result if they were applied."""

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
