"""Which jobs are wanted."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs are wanted; empty means all."""

    state: str | None = None
    kind: str | None = None
    project_id: uuid.UUID | None = None
