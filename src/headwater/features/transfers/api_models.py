"""The wire shapes of transfers."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from headwater.features.accounts.api_models import Wire
from headwater.features.jobs.api_models import JobOut

TableName = Annotated[str, Field(min_length=1, max_length=300)]


class CopyPlanIn(Wire):
    """What shall be copied: some tables, by their names with or without a schema, or all."""

    target_id: uuid.UUID
    tables: Annotated[list[TableName], Field(min_length=1, max_length=10_000)] | None = None


class CopyIn(CopyPlanIn):
    """A copy to begin; `accepted` says that what is lost is known, `confirmed` that a protected target is meant."""

    accepted: bool = False
    confirmed: bool = False


class ColumnPlanOut(Wire):
    """A column and what becomes of it."""

    name: str
    source_type: str
    target_type: str
    note: str = ""


class TablePlanOut(Wire):
    """A table and what becomes of it; `rows` is what the source estimates."""

    table: str
    target: str
    rows: int | None
    columns: list[ColumnPlanOut]


class LossOut(Wire):
    """Something that will not be as it was: in another form, not there, or refused when such values occur."""

    severity: Literal["changed", "left_out", "risk"]
    table: str
    object: str
    sentence: str


class CopyPlanOut(Wire):
    """What a copy would do."""

    tables: list[TablePlanOut]
    losses: list[LossOut]
    statements: list[str]


class ComparedOut(Wire):
    """A table on both sides after a copy: rows and order-independent checksums."""

    table: str
    target: str
    source_rows: int
    target_rows: int
    source_checksum: str
    target_checksum: str
    same: bool


class TransferOut(Wire):
    """A copy, an import or an export, and what came of it; `request` is what was asked for."""

    id: uuid.UUID
    kind: Literal["copy", "import", "export"]
    database_id: uuid.UUID
    target_id: uuid.UUID | None
    filename: str | None
    size_bytes: int | None
    created_at: datetime
    request: dict[str, Any]
    tables: list[ComparedOut] = Field(default_factory=list)
    result: dict[str, Any]
    job: JobOut | None


class FoundColumnOut(Wire):
    """A column of a file, what its values look like, and the type that would hold them."""

    name: str
    kind: str
    type: str


class ImportPreviewOut(Wire):
    """A file that was uploaded for an import: what it is, its columns, its first rows."""

    transfer: TransferOut
    format: Literal["csv", "ndjson", "json", "parquet", "sql"]
    columns: list[FoundColumnOut]
    rows: list[list[str | int | float | bool | None]]
    text: str = ""


class ImportColumnIn(Wire):
    """A column of the file, the column that it fills, and the type of that in a new table."""

    source: Annotated[str, Field(max_length=300)]
    target: Annotated[str, Field(min_length=1, max_length=63)]
    type: Annotated[str, Field(max_length=300)] = ""


class ImportIn(Wire):
    """How an uploaded file shall be imported; without `columns`, each fills its namesake."""

    table: Annotated[str, Field(max_length=63)] = ""
    schema_name: Annotated[str | None, Field(alias="schema", max_length=63)] = None
    create: bool = False
    columns: Annotated[list[ImportColumnIn], Field(max_length=2000)] = Field(default_factory=list)
    on_error: Literal["stop", "skip"] = "stop"
    confirmed: bool = False


class ExportTablesIn(Wire):
    """What shall be exported: some tables or all, each as a file of this format, together in a ZIP."""

    tables: Annotated[list[TableName], Field(min_length=1, max_length=10_000)] | None = None
    format: Literal["csv", "ndjson", "parquet", "sql"] = "csv"
