"""The jobs of merges."""

from __future__ import annotations

from headwater.features.jobs.context import Task
from headwater.features.merges.service import apply_job, prepare_job

TASKS: dict[str, Task] = {"merge.prepare": prepare_job.run_job, "merge.apply": apply_job.run_job}
