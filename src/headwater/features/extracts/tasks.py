"""The jobs of extracts."""

from __future__ import annotations

from headwater.features.extracts.service import copies
from headwater.features.jobs.context import Task

TASKS: dict[str, Task] = {"snapshot.copy": copies.run_job}
