"""Request and response models of transfers."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from headwater.core.transfer.choices import CopyChoices
from headwater.features.accounts.api_models import Input, Wire
from headwater.features.jobs.api_models import JobOut

TableName = Annotated[str, Field(min_length=1, max_length=300)]


class CopyPlanIn(Input):
    """What to copy: some tables, by their names with or without a schema, or all.

    `zero_dates` and `tinyint1` decide what becomes of values of MySQL that other engines do not have: dates such as
    0000-00-00 become NULL or end the copy, and `tinyint(1)` becomes a boolean, if all its values are 0 and 1, or a
    number.
    """

    target_id: uuid.UUID
    tables: Annotated[list[TableName], Field(min_length=1, max_length=10_000)] | None = None
    zero_dates: Literal["null", "refuse"] = "null"
    tinyint1: Literal["boolean", "number"] = "boolean"

    @property
    def choices(self) -> CopyChoices:
        """The choices."""
        return CopyChoices(self.zero_dates, self.tinyint1)


class CopyIn(CopyPlanIn):
    """A copy to start; `accepted` accepts the losses, `confirmed` confirms a write to a protected target."""

    accepted: bool = False
    confirmed: bool = False


class ColumnPlanOut(Wire):
    """A column and its type in the target."""

    name: str
    source_type: str
    target_type: str
    note: str = ""


class TablePlanOut(Wire):
    """A table and its name in the target; `rows` is the estimate of the source."""

    table: str
    target: str
    rows: int | None
    columns: list[ColumnPlanOut]


class LossOut(Wire):
    """Something that a copy changes or leaves out, or values that the target may refuse."""

    severity: Literal["changed", "left_out", "risk"]
    table: str
    object: str
    sentence: str


class CopyPlanOut(Wire):
    """The plan of a copy; `choices` are those of its request that make a difference."""

    tables: list[TablePlanOut]
    losses: list[LossOut]
    statements: list[str]
    choices: list[Literal["zero_dates", "tinyint1"]]


class ComparedOut(Wire):
    """A table in source and target after a copy: numbers of rows and order-independent checksums."""

    table: str
    target: str
    source_rows: int
    target_rows: int
    source_checksum: str
    target_checksum: str
    same: bool


class TransferOut(Wire):
    """A copy, an import or an export, with its request and its result.

    Of a copy, `tables` are compared, and `refused` are the objects that the target refused, each with its reason.
    `outcome` is null until a copy is complete: `incomplete` if something was refused, `different` if rows differ.
    """

    id: uuid.UUID
    kind: Literal["copy", "import", "export"]
    database_id: uuid.UUID
    target_id: uuid.UUID | None
    filename: str | None
    size_bytes: int | None
    created_at: datetime
    request: dict[str, Any]
    tables: list[ComparedOut] = Field(default_factory=list)
    refused: list[str] = Field(default_factory=list)
    outcome: Literal["equal", "incomplete", "different"] | None = None
    result: dict[str, Any]
    job: JobOut | None


class FoundColumnOut(Wire):
    """A column of a file, the kind of its values, and a suitable type."""

    name: str
    kind: str
    type: str


class CsvOptionsOut(Wire):
    """How a CSV file is read, as chosen or detected; `null` is the unquoted text that means NULL."""

    encoding: str
    delimiter: str
    quote: str
    null: str


class ImportPreviewOut(Wire):
    """A preview of a file that was uploaded for an import: its format, columns and first rows."""

    transfer: TransferOut
    format: Literal["csv", "ndjson", "json", "parquet", "sql", "archive"]
    columns: list[FoundColumnOut]
    rows: list[list[str | int | float | bool | None]]
    csv: CsvOptionsOut | None = None
    text: str = ""


class ImportColumnIn(Input):
    """A column of the file, its target column, and the type of the target column in a new table."""

    source: Annotated[str, Field(max_length=100_000)]
    target: Annotated[str, Field(min_length=1, max_length=100_000)]
    type: Annotated[str, Field(max_length=300)] = ""


class ImportIn(Input):
    """How to import an uploaded file; without `columns`, columns are matched by name.

    `table` may include its schema: `schema.table`.
    """

    table: Annotated[str, Field(max_length=130)] = ""
    schema_name: Annotated[str | None, Field(alias="schema", max_length=63)] = None
    create: bool = False
    columns: Annotated[list[ImportColumnIn], Field(max_length=2000)] = Field(default_factory=list)
    on_error: Literal["stop", "skip"] = "stop"
    confirmed: bool = False


class ExportTablesIn(Input):
    """What to export: some tables or all, each as a file of this format, together in a ZIP."""

    tables: Annotated[list[TableName], Field(min_length=1, max_length=10_000)] | None = None
    format: Literal["csv", "ndjson", "parquet", "sql"] = "csv"
