"""The wire shapes of policies, their runs and alerts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from headwater.features.accounts.api_models import Input, Text, Wire
from headwater.features.jobs.api_models import JobOut
from headwater.features.snapshots.api_models import Label, Tables

Count = Annotated[int, Field(ge=0, le=10_000)]
Days = Annotated[int, Field(ge=1, le=366)]


class ScheduleIn(Input):
    """When to take snapshots: a cron expression of five fields, in an IANA time zone.

    A run that starts later than `grace_seconds` counts as missed: with `run_once` it starts as soon as Headwater runs
    again, with `skip` it is left out. `jitter_seconds` is the maximum random delay of each run.
    """

    cron: Annotated[Text, Field(min_length=1, max_length=200)]
    timezone: Annotated[Text, Field(max_length=100)] = "UTC"
    misfire: Literal["run_once", "skip"] = "run_once"
    grace_seconds: Annotated[int, Field(ge=60, le=7 * 86_400)] = 3600
    jitter_seconds: Annotated[int, Field(ge=0, le=86_400)] = 0


class RetentionIn(Input):
    """How many snapshots to keep: the last ones, the newest of each hour, day and so on, and all within some hours.

    Each rule is applied independently to all snapshots; periods without a snapshot do not count. Only snapshots taken
    by the policy are counted and deleted, unless `scope` is `every`. The newest and held snapshots are never deleted.
    """

    last: Count = 0
    hourly: Count = 0
    daily: Count = 0
    weekly: Count = 0
    monthly: Count = 0
    yearly: Count = 0
    within_hours: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    scope: Literal["scheduled", "every"] = "scheduled"


class VerifyIn(Input):
    """How to verify all snapshots every `every_days` days; `deep` reads `percent` of their pages each time.

    All pages must be read within 30 days.
    """

    kind: Literal["quick", "deep"] = "deep"
    every_days: Annotated[int, Field(ge=1, le=30)] = 1
    percent: Annotated[int, Field(ge=1, le=100)] = 4


class PolicyIn(Input):
    """The snapshot policy of a database. Null turns a part off: no schedule, all snapshots kept, no checks.

    `growth` raises an alert if a snapshot adds this many times the usual number of bytes.
    """

    schedule: ScheduleIn | None = None
    paused: bool = False
    label: Label = ""
    tables: Tables | None = None
    exclude: Tables | None = None
    retention: RetentionIn | None = None
    verify: VerifyIn | None = None
    drill_every_days: Days | None = None
    growth: Annotated[float, Field(gt=1, le=1000)] | None = 5.0


class PolicyRunOut(Wire):
    """A run of a policy and its outcome; `scheduled_for` is null if a user started it."""

    id: uuid.UUID
    kind: Literal["snapshot", "verify", "drill"]
    scheduled_for: datetime | None
    outcome: Literal["running", "complete", "failed", "cancelled", "skipped", "missed", "damaged"]
    detail: str
    snapshot_id: uuid.UUID | None
    job_id: uuid.UUID | None
    created_at: datetime
    finished_at: datetime | None


class StartedPolicyRunOut(PolicyRunOut):
    """A run that was started, with its job."""

    job: JobOut | None


class ScheduleOut(Wire):
    """When snapshots are taken."""

    cron: str
    timezone: str
    misfire: Literal["run_once", "skip"]
    grace_seconds: int
    jitter_seconds: int


class RetentionOut(Wire):
    """How many snapshots are kept."""

    last: int
    hourly: int
    daily: int
    weekly: int
    monthly: int
    yearly: int
    within_hours: int
    scope: Literal["scheduled", "every"]


class VerifyOut(Wire):
    """How all snapshots are verified."""

    kind: Literal["quick", "deep"]
    every_days: int
    percent: int


class PolicyOut(Wire):
    """The policy of a database, its next five runs (without jitter), and when the next checks are due."""

    database_id: uuid.UUID
    schedule: ScheduleOut | None
    paused: bool
    label: str
    tables: list[str] | None
    exclude: list[str] | None
    retention: RetentionOut | None
    verify: VerifyOut | None
    drill_every_days: int | None
    growth: float | None
    next: list[datetime]
    due_at: datetime | None
    verify_at: datetime | None
    drill_at: datetime | None
    last_run: PolicyRunOut | None
    created_at: datetime
    updated_at: datetime


class PolicyPreviewIn(Input):
    """The policy to preview; without one, the current policy of the database."""

    policy: PolicyIn | None = None


class PlannedOut(Wire):
    """Whether a policy would keep or delete a snapshot, and why."""

    id: uuid.UUID
    taken_at: datetime
    label: str
    held: bool
    scheduled: bool
    stored_bytes: int
    keep: bool
    reasons: list[str]


class PolicyPreviewOut(Wire):
    """What a policy would do: its next runs, and which snapshots it would keep and delete, newest first."""

    next: list[datetime]
    kept: int
    deleted: int
    snapshots: list[PlannedOut]


class AlertOut(Wire):
    """An alert; `times` is how often the problem has occurred. It is `resolved` once a later run succeeds."""

    id: uuid.UUID
    organization_id: uuid.UUID
    project_id: uuid.UUID | None
    database_id: uuid.UUID
    database_name: str
    kind: Literal[
        "failed", "missed", "grew", "damaged", "verify_failed", "drill_failed", "not_restorable", "not_running"
    ]
    status: Literal["open", "acknowledged", "resolved"]
    message: str
    times: int
    snapshot_id: uuid.UUID | None
    job_id: uuid.UUID | None
    created_at: datetime
    last_at: datetime
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
