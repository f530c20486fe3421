"""The jobs of transfers."""

from __future__ import annotations

from headwater.features.jobs.context import Task
from headwater.features.transfers.service import copies

TASKS: dict[str, Task] = {"transfer.copy": copies.carry_out}
