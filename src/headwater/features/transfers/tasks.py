"""The jobs of transfers."""

from __future__ import annotations

from headwater.features.jobs.context import Task
from headwater.features.transfers.service import copies, exports, loading

TASKS: dict[str, Task] = {
    "transfer.copy": copies.carry_out, "transfer.import": loading.carry_out, "transfer.export": exports.carry_out,
}  # fmt: skip
