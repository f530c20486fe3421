"""The wire shapes of extracts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from headwater.features.accounts.api_models import Input, Wire
from headwater.features.query.api_models import Sql
from headwater.features.snapshots.api_models import Tables

Form = Literal["sql", "json", "ndjson", "csv", "parquet", "arrow"]


class SnapshotQueryIn(Input):
    """One SELECT in DuckDB's SQL on the tables of a snapshot; with `as_text`, all columns are read as text."""

    text: Sql
    max_rows: Annotated[int, Field(ge=1, le=100_000)] = 1000
    seconds: Annotated[float, Field(gt=0, le=3600)] = 60
    as_text: bool = False
    run_id: uuid.UUID | None = Field(None, description="An id that you choose for the run, to cancel it by.")


class SnapshotQueryExportIn(Input):
    """One SELECT whose whole result is streamed."""

    text: Sql
    format: Literal["csv", "ndjson", "json", "arrow", "parquet"] = "csv"
    as_text: bool = False
    run_id: uuid.UUID | None = None


class LinkIn(Input):
    """The file that a link downloads (all tables by default), and its lifetime in seconds."""

    format: Form = "sql"
    tables: Tables | None = None
    expires_in: Annotated[int, Field(ge=60, le=604_800)] = 3600


class LinkOut(Wire):
    """A new link. Anybody who has it can download the file until it expires or is revoked. It is shown only once."""

    id: uuid.UUID
    url: str = Field(description="The path of the download on this server.")
    expires_at: datetime


class ListedLinkOut(Wire):
    """A valid link without its token: who created it, its file, and how often it was used."""

    id: uuid.UUID
    format: Form
    tables: list[str] | None
    by: str
    created_at: datetime
    expires_at: datetime
    uses: int
    used_at: datetime | None
