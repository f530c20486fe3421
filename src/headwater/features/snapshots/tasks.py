"""The jobs of snapshots."""

from __future__ import annotations

from headwater.features.jobs.context import Task
from headwater.features.snapshots.service import capture, restore_job, scrub, verification

TASKS: dict[str, Task] = {
    "snapshot.take": capture.run_job,
    "snapshot.restore": restore_job.run_job,
    "snapshot.verify": verification.run_job,
    "snapshot.scrub": scrub.run_job,
}
