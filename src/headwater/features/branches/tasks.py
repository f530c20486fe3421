"""The jobs of branches."""

from __future__ import annotations

from headwater.features.branches.service import creation_job
from headwater.features.jobs.context import Task

TASKS: dict[str, Task] = {"branch.create": creation_job.run_job}
