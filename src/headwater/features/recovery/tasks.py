"""The jobs of recovery."""

from __future__ import annotations

from headwater.features.jobs.context import Task
from headwater.features.recovery.service import base_backups, recovery_job

TASKS: dict[str, Task] = {
    "recovery.base": base_backups.run_job,
    "recovery.restore": recovery_job.run_job,
}
