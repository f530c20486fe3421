"""Response models of jobs."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from headwater.features.accounts.api_models import Wire

JobState = Literal["pending", "running", "completed", "failed", "cancelled"]


class ProgressOut(Wire):
    """The progress of a job; `detail` depends on the kind of job."""

    done: int = 0
    total: int = 0
    unit: str = ""
    phase: str = ""
    message: str = ""
    detail: dict[str, Any] = Field(default_factory=dict)


class JobOut(Wire):
    """A job."""

    id: uuid.UUID
    kind: str
    title: str
    state: JobState
    project_id: uuid.UUID | None
    codebase_id: uuid.UUID | None
    attempts: int
    max_attempts: int
    error: str | None
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: ProgressOut


class LogLineOut(Wire):
    """A line of a job's log."""

    id: int
    at: datetime
    level: Literal["info", "warning", "error"]
    message: str
