"""Request and response models of codebases, scans, usages and graphs."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from headwater.catalog.usages import SubType, Tier, UsageType, Via
from headwater.features.accounts.api_models import Wire
from headwater.features.jobs.api_models import JobOut, JobState


class FileCounts(Wire):
    """Numbers of files by their result."""

    total: int
    scanned: int
    skipped: int
    unsupported: int
    bytes: int


class LanguageOut(Wire):
    """The totals of one language."""

    language: str
    files: int
    lines: int
    bytes: int
    usages: int
    errors: int
    supported: bool


class ReaderOut(Wire):
    """How many models one reader found, and the folder with most of them."""

    reader: str
    path: str
    models: int


class SkippedGroup(Wire):
    """Files that were skipped for the same reason."""

    reason: str
    count: int
    examples: list[str]


class CommitOut(Wire):
    """The commit that a scan has read: from its repository, or as the uploader named it."""

    id: str
    branch: str = ""
    subject: str = ""
    authored_at: datetime | None = None


class ScanOut(Wire):
    """A complete scan."""

    id: uuid.UUID
    state: Literal["completed"] = "completed"
    started_at: datetime | None
    finished_at: datetime
    seconds: float
    files: FileCounts
    tables: int
    columns: int
    usages: int
    not_understood: int
    languages: list[LanguageOut]
    readers: list[ReaderOut]
    skipped: list[SkippedGroup]
    commit: CommitOut | None


class CodebaseOut(Wire):
    """A codebase with its newest complete scan; `state` is that of its newest job."""

    id: uuid.UUID
    project_id: uuid.UUID
    name: str
    filename: str
    size_bytes: int
    origin: Literal["upload", "git", "sample"]
    state: JobState
    job_id: uuid.UUID | None
    created_at: datetime
    scan: ScanOut | None


class CodebaseJobOut(Wire):
    """A codebase and the job that scans it."""

    codebase: CodebaseOut
    job: JobOut


class FileOut(Wire):
    """A file of a scan."""

    path: str
    language: str
    lines: int
    size_bytes: int
    usage_count: int
    status: Literal["scanned", "skipped", "unsupported"]
    reason: str


class EvidenceOut(Wire):
    """One step of the reasoning behind a usage."""

    text: str
    file_path: str | None = None
    line_number: int | None = None


class UsageOut(Wire):
    """A place in the code that uses a column. Lines count from 1, columns are character offsets from 0."""

    id: str
    column_id: uuid.UUID
    table_name: str
    column_name: str
    file_path: str
    line_number: int
    end_line: int
    start_column: int
    end_column: int
    symbol: str
    code_snippet: str
    language: str
    usage_type: UsageType
    sub_type: SubType | None
    via: Via
    tier: Tier
    evidence: list[EvidenceOut]


class FileViewOut(Wire):
    """A file with its text and usages; `truncated` is true if the text is cut off."""

    path: str
    language: str
    lines: int
    size_bytes: int
    content: str
    truncated: bool
    usages: list[UsageOut]


class ReferenceOut(Wire):
    """The column that a foreign key points to."""

    table: str
    column: str | None


class UsageCounts(Wire):
    """Numbers of usages by kind."""

    read: int = 0
    write: int = 0
    update: int = 0
    delete: int = 0
    join: int = 0
    filter: int = 0
    projection: int = 0


class ColumnSummaryOut(Wire):
    """A column with the numbers of its usages; all are zero if it is not used."""

    column_id: uuid.UUID
    table_name: str
    column_name: str
    type: str
    nullable: bool
    primary_key: bool
    references: ReferenceOut | None
    total: int
    counts: UsageCounts
    files: int
    languages: list[str]


class LineageOut(Wire):
    """A page of usages; `column_summaries` is complete on the first page and empty on the others."""

    usages: list[UsageOut]
    column_summaries: list[ColumnSummaryOut]
    next: str | None


class MissOut(Wire):
    """Text that looks like SQL or a model but could not be parsed."""

    id: str
    file_path: str
    line_number: int
    text: str
    reason: str


class SkippedOut(Wire):
    """A file that was skipped."""

    path: str
    reason: str
    size_bytes: int


class SchemaColumnOut(Wire):
    """A column of a schema."""

    column_id: uuid.UUID | None = None
    name: str
    type: str
    nullable: bool
    primary_key: bool
    default: str | None
    comment: str | None
    references: ReferenceOut | None


class SchemaIndexOut(Wire):
    """An index or unique constraint."""

    name: str | None
    columns: list[str]
    unique: bool


class ForeignKeyOut(Wire):
    """A foreign key."""

    columns: list[str]
    ref_table: str
    ref_columns: list[str]


class OriginOut(Wire):
    """The place of a declaration."""

    file: str
    line: int


class SchemaTableOut(Wire):
    """A table or view of a schema."""

    model_config = ConfigDict(populate_by_name=True)

    name: str
    schema_: str | None = Field(alias="schema")
    kind: str
    comment: str | None
    columns: list[SchemaColumnOut]
    indexes: list[SchemaIndexOut]
    foreign_keys: list[ForeignKeyOut]
    origins: list[OriginOut]


class EnumOut(Wire):
    """A type with a closed list of values."""

    name: str
    values: list[str]


class SchemaOut(Wire):
    """A schema."""

    source: str
    tables: list[SchemaTableOut]
    enums: list[EnumOut]


class SchemaSummaryOut(Wire):
    """A schema in a list."""

    id: uuid.UUID
    codebase_id: uuid.UUID
    name: str
    source: str
    tables: int
    columns: int
    created_at: datetime


def fields_of(row: Any, shape: type[Wire], **given: Any) -> dict[str, Any]:
    """Return the fields of a response model from a row, overridden by those that are given."""
    return {name: getattr(row, name) for name in shape.model_fields if name not in given} | given
