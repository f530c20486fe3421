"""The jobs of snapshots."""

from __future__ import annotations

from headwater.features.jobs.context import Task
from headwater.features.snapshots.service import capture, restore_job, scrub, verification

TASKS: dict[str, Task] = {
    "snapshot.take": capture.carry_out,
    "snapshot.restore": restore_job.carry_out,
    "snapshot.verify": verification.carry_out,
    "snapshot.scrub": scrub.carry_out,
}
