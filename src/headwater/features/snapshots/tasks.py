"""The jobs of snapshots."""

from __future__ import annotations

from headwater.features.jobs.context import Task
from headwater.features.snapshots.service import restoring, scrubbing, taking, verifying

TASKS: dict[str, Task] = {
    "snapshot.take": taking.carry_out,
    "snapshot.restore": restoring.carry_out,
    "snapshot.verify": verifying.carry_out,
    "snapshot.scrub": scrubbing.carry_out,
}
