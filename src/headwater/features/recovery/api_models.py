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
    """Moments that can be reached: from, up to."""

    earliest: datetime
    latest: datetime


class BaseOut(Wire):
    """A base backup: reachable is what comes after it, once `usable` says that its log is in the vault, too."""

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
    """A name that somebody wrote into the log; `lsn` is where."""

    name: str
    at: datetime
    lsn: str


class RecoveryStatusOut(Wire):
    """What is kept of a database, and which moments can be reached.

    There are several windows when parts of the log are missing between them. `lag_bytes` of the log are not in the
    vault yet; what was committed before `covered_at` is. `waiting` counts the parts in the spool. `problem` is what
    stood in the way last.
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
    """Whether the log is kept, for how many days, and every how many days a base backup is made."""

    enabled: bool
    window_days: Annotated[int, Field(ge=1, le=366)] = 7
    base_days: Annotated[int, Field(ge=1, le=31)] = 1


class PointIn(Input):
    """A point to come back to."""

    name: PointName


class RecoverIn(Input):
    """To which moment, and as what: one of a time with its zone, an LSN and the name of a point.

    `inclusive`: whether what happened exactly then is in it; without it, a time is, and what begins at an LSN is not.
    """

    name: Name
    time: AwareDatetime | None = None
    lsn: Annotated[Text, Field(max_length=17)] | None = None
    point: PointName | None = None
    inclusive: bool | None = None
    project_id: uuid.UUID | None = None


class RecoverPlanOut(Wire):
    """What a recovery would do; with `refusals` it would not begin."""

    target_name: str
    moment: str
    base_id: uuid.UUID | None
    base_bytes: int
    log_bytes: int
    sentences: list[str]
    refusals: list[str]


class RecoveredOut(Wire):
    """A recovery and what came of it; `last` is the time of the last change that was replayed, null when none was."""

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
