"""The job that exports what is stored about a user."""

from __future__ import annotations

from headwater.features.jobs.context import Task
from headwater.features.personal_data.service import exports
from headwater.features.personal_data.service.export_files import KIND

TASKS: dict[str, Task] = {KIND: exports.run_job}
