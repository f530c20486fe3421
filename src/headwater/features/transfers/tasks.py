"""The jobs of transfers."""

from __future__ import annotations

from headwater.features.jobs.context import Task
from headwater.features.transfers.service import copies, exports, import_job

TASKS: dict[str, Task] = {
    "transfer.copy": copies.carry_out, "transfer.import": import_job.carry_out, "transfer.export": exports.carry_out,
}  # fmt: skip
