"""What a worker runs for policies at intervals: everything that is due by the policies of all databases."""

from __future__ import annotations

from headwater.features.policies.service import scheduler
from headwater.store.context import Context

EVERY_SECONDS = 15.0


async def run_maintenance(context: Context) -> None:
    """Run what is due by the policies of all databases."""
    await scheduler.tick(context)
