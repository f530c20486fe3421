"""The jobs of snapshots."""

from __future__ import annotations

from headwater.features.jobs.context import Task
from headwater.features.snapshots.service.capture import capture_job
from headwater.features.snapshots.service.proof import proof_job
from headwater.features.snapshots.service.restore import restore_job
from headwater.features.snapshots.service.verify import scrub, verification

TASKS: dict[str, Task] = {
    "snapshot.take": capture_job.run_job,
    "snapshot.prove": proof_job.run_job,
    "snapshot.restore": restore_job.run_job,
    "snapshot.verify": verification.run_job,
    "snapshot.scrub": scrub.run_job,
}
