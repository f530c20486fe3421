"""The jobs of recovery."""

from __future__ import annotations

from headwater.features.jobs.context import Task
from headwater.features.recovery.service import basing, returning

TASKS: dict[str, Task] = {
    "recovery.base": basing.carry_out,
    "recovery.restore": returning.carry_out,
}
