"""The wire shapes of recovery."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from headwater.features.accounts.api_models import Input, Text, Wire
from headwater.features.databases.api_models import Name
from headwater.features.jobs.api_models import JobOut

PointName = Annotated[Text, Field(min_length=1, max_length=63)]


class WindowOut(Wire):
    """A range of moments to which the database can be restored."""

    earliest: datetime
    latest: datetime


class BaseOut(Wire):
    """A base backup. Later moments can be restored once it is `usable`: the log that it needs is in the vault."""

    id: uuid.UUID
    status: Literal["taking", "complete", "failed"]
    usable: bool
    finished_at: datetime | None
    seconds: float | None
    raw_bytes: int
    stored_bytes: int
    new_bytes: int
    version: str
    created_at: datetime
    job: JobOut | None


class PointOut(Wire):
    """A named restore point, and its position (`lsn`) in the log."""

    name: str
    at: datetime
    lsn: str


class RecoveryStatusOut(Wire):
    """What is archived of a database, and the moments to which it can be restored.

    There are several windows if parts of the log are missing between them. All commits before `covered_at` are in the
    vault; `lag_bytes` of the log are not there yet. `waiting` is the number of log segments in the spool. `problem` is
    the error of the last attempt to archive, if it failed.
    """

    enabled: bool
    window_days: int
    base_days: int
    earliest: datetime | None
    latest: datetime | None
    windows: list[WindowOut]
    covered_at: datetime | None
    lag_bytes: int
    lag_seconds: float | None
    waiting: int
    log_bytes: int
    problem: str | None
    problem_at: datetime | None
    bases: list[BaseOut]
    points: list[PointOut]


class RecoveryIn(Input):
    """Whether point-in-time recovery is on, its retention in days, and the days between base backups."""

    enabled: bool
    window_days: Annotated[int, Field(ge=1, le=366)] = 7
    base_days: Annotated[int, Field(ge=1, le=31)] = 1


class PointIn(Input):
    """A restore point to create."""

    name: PointName


class RecoverIn(Input):
    """The moment to restore to (a time with its zone, an LSN, or the name of a restore point), and the new database.

    `inclusive` says whether transactions committed exactly then are included; by default they are for a time, and are
    not for an LSN.
    """

    name: Name
    time: AwareDatetime | None = None
    lsn: Annotated[Text, Field(max_length=17)] | None = None
    point: PointName | None = None
    inclusive: bool | None = None
    project_id: uuid.UUID | None = None


class RecoverPlanOut(Wire):
    """What a recovery would do. It cannot start if there are `refusals`."""

    target_name: str
    moment: str
    base_id: uuid.UUID | None
    base_bytes: int
    log_bytes: int
    sentences: list[str]
    refusals: list[str]


class RecoveredOut(Wire):
    """A recovery and its result; `last` is the time of the last replayed transaction, null if there was none."""

    id: uuid.UUID
    target_id: uuid.UUID | None
    target_name: str
    time: datetime | None
    lsn: str | None
    point: str | None
    inclusive: bool
    last: datetime | None
    seconds: float | None
    created_at: datetime
    job: JobOut | None
