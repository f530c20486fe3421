"""The jobs of transfers."""

from __future__ import annotations

from headwater.features.jobs.context import Task
from headwater.features.transfers.service import copies, exports, import_job

TASKS: dict[str, Task] = {
    "transfer.copy": copies.run_job,
    "transfer.import": import_job.run_job,
    "transfer.export": exports.run_job,
}
