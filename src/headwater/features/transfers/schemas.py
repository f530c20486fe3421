"""The wire shapes of transfers."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from headwater.features.accounts.schemas import Wire
from headwater.features.jobs.schemas import JobOut

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
